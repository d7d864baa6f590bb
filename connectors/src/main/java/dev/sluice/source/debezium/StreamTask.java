package dev.sluice.source.debezium;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import io.debezium.bean.StandardBeanNames;
import io.debezium.config.CommonConnectorConfig;
import io.debezium.config.Configuration;
import io.debezium.config.Field;
import io.debezium.connector.base.ChangeEventQueue;
import io.debezium.connector.common.BaseSourceTask;
import io.debezium.connector.common.CdcSourceTaskContext;
import io.debezium.connector.common.DebeziumHeaderProducer;
import io.debezium.connector.mongodb.CollectionId;
import io.debezium.connector.mongodb.MongoDbChangeEventSourceFactory;
import io.debezium.connector.mongodb.MongoDbConnectorConfig;
import io.debezium.connector.mongodb.MongoDbErrorHandler;
import io.debezium.connector.mongodb.MongoDbEventMetadataProvider;
import io.debezium.connector.mongodb.MongoDbOffsetContext;
import io.debezium.connector.mongodb.MongoDbPartition;
import io.debezium.connector.mongodb.MongoDbSchema;
import io.debezium.connector.mongodb.MongoDbTaskContext;
import io.debezium.connector.mongodb.metrics.MongoDbChangeEventSourceMetricsFactory;
import io.debezium.document.DocumentReader;
import io.debezium.pipeline.ChangeEventSourceCoordinator;
import io.debezium.pipeline.DataChangeEvent;
import io.debezium.pipeline.ErrorHandler;
import io.debezium.pipeline.EventDispatcher;
import io.debezium.pipeline.notification.NotificationService;
import io.debezium.pipeline.signal.SignalProcessor;
import io.debezium.pipeline.source.spi.StreamingChangeEventSource;
import io.debezium.pipeline.spi.Offsets;
import io.debezium.schema.SchemaFactory;
import io.debezium.schema.SchemaNameAdjuster;
import io.debezium.snapshot.SnapshotterService;
import io.debezium.util.Clock;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;

/// Does the same as Debezium's own task, which can't be extended, with three differences: events
/// are read by a [StreamReader], their records are [EventRecord]s, and the position is not tested
/// by opening an additional stream.
public final class StreamTask extends BaseSourceTask<MongoDbPartition, MongoDbOffsetContext> {
    /// How soon a failure of the reading thread is passed on. Each look costs half a millisecond in the engine.
    private static final Duration POLL = Duration.ofMillis(200);

    private final CountDownLatch stopped = new CountDownLatch(1);
    private @Nullable MongoDbTaskContext taskContext;
    private @Nullable ErrorHandler errorHandler;
    private @Nullable ChangeEventQueue<DataChangeEvent> queue;

    @Override
    public String version() {
        return StreamTask.class.getSimpleName();
    }

    @Override
    protected String connectorName() {
        return "mongodb";
    }

    @Override
    public CdcSourceTaskContext<? extends CommonConnectorConfig> preStart(Configuration config) {
        MongoDbTaskContext context = new MongoDbTaskContext(config);
        taskContext = context;
        return context;
    }

    @Override
    @SuppressWarnings({"unchecked", "deprecation"}) // properties of no field of Debezium's are read in no other way
    protected ChangeEventSourceCoordinator<MongoDbPartition, MongoDbOffsetContext> start(Configuration config) {
        StreamRun run = StreamRun.registered(String.valueOf(config.getString(CommittedOffset.REFERENCE)));
        if (run == null) {
            throw new SluiceException(FailureKind.ENGINE, "The engine was not started by Sluice.");
        }
        MongoDbTaskContext context = Objects.requireNonNull(taskContext);
        MongoDbConnectorConfig settings = new MongoDbConnectorConfig(config);
        SchemaNameAdjuster names = settings.schemaNameAdjuster();
        MongoDbSchema schema = new MongoDbSchema(
                settings,
                context,
                settings.getTopicNamingStrategy(MongoDbConnectorConfig.TOPIC_NAMING_STRATEGY),
                settings.getSourceInfoStructMaker().schema(),
                names);
        Offsets<MongoDbPartition, MongoDbOffsetContext> offsets =
                getPreviousOffsets(new MongoDbPartition.Provider(settings), new MongoDbOffsetContext.Loader(settings));
        registerServiceProviders(settings.getServiceRegistry());
        settings.getBeanRegistry().add(StandardBeanNames.CONNECTOR_CONFIG, settings);
        settings.getBeanRegistry().add(StandardBeanNames.DATABASE_SCHEMA, schema);
        settings.getBeanRegistry().add(StandardBeanNames.OFFSETS, offsets);
        settings.getBeanRegistry().add(StandardBeanNames.CDC_SOURCE_TASK_CONTEXT, context);

        DirectQueue direct = new DirectQueue();
        ChangeEventQueue<DataChangeEvent> records = new ChangeEventQueue.Builder<DataChangeEvent>()
                .pollInterval(Duration.ZERO)
                .maxBatchSize(settings.getMaxBatchSize())
                .maxQueueSize(settings.getMaxQueueSize())
                .maxQueueSizeInBytes(settings.getMaxQueueSizeInBytes())
                .queueProvider(direct)
                .loggingContextSupplier(() -> context.configureLoggingContext("sluice"))
                .build();
        queue = records;
        ErrorHandler errors = new MongoDbErrorHandler(settings, records, errorHandler);
        errorHandler = errors;
        MongoDbEventMetadataProvider metadata = new MongoDbEventMetadataProvider();
        SignalProcessor<MongoDbPartition, MongoDbOffsetContext> signals = new SignalProcessor<>(
                StreamConnector.class,
                settings,
                Map.of(),
                getAvailableSignalChannels(),
                DocumentReader.defaultReader(),
                offsets);
        SnapshotterService snapshotter = settings.getServiceRegistry().tryGetService(SnapshotterService.class);
        EventDispatcher<MongoDbPartition, CollectionId> dispatcher = new EventDispatcher<>(
                settings,
                settings.getTopicNamingStrategy(MongoDbConnectorConfig.TOPIC_NAMING_STRATEGY),
                new EventSchema(),
                records,
                collection -> true,
                DataChangeEvent::new,
                metadata,
                names,
                signals,
                settings.getServiceRegistry().tryGetService(DebeziumHeaderProducer.class));
        NotificationService<MongoDbPartition, MongoDbOffsetContext> notifications = new NotificationService<>(
                getNotificationChannels(), settings, SchemaFactory.get(), dispatcher::enqueueNotification);
        MongoDbChangeEventSourceMetricsFactory metrics = new MongoDbChangeEventSourceMetricsFactory();
        StreamReader reader = new StreamReader(run, settings, config, dispatcher, direct);
        ChangeEventSourceCoordinator<MongoDbPartition, MongoDbOffsetContext> coordinator =
                new ChangeEventSourceCoordinator<>(
                        offsets,
                        errors,
                        StreamConnector.class,
                        settings,
                        new MongoDbChangeEventSourceFactory(
                                settings,
                                errors,
                                dispatcher,
                                Clock.system(),
                                context,
                                schema,
                                metrics.getStreamingMetrics(context, records, metadata, Collections::emptySet),
                                snapshotter) {
                            @Override
                            public StreamingChangeEventSource<MongoDbPartition, MongoDbOffsetContext>
                                    getStreamingChangeEventSource() {
                                return reader;
                            }
                        },
                        metrics,
                        dispatcher,
                        schema,
                        signals,
                        notifications,
                        snapshotter);
        coordinator.start(context, records, metadata);
        return coordinator;
    }

    /// The engine asks again and again, and gets what failed; its records go another way. The wait is
    /// here, since the queue's own spins for the last millisecond: a twentieth of a processor.
    @Override
    protected List<SourceRecord> doPoll() throws InterruptedException {
        boolean over = stopped.await(POLL.toMillis(), TimeUnit.MILLISECONDS);
        return over ? List.of() : pollRecords(Objects.requireNonNull(queue));
    }

    @Override
    protected Optional<ErrorHandler> getErrorHandler() {
        return Optional.ofNullable(errorHandler);
    }

    @Override
    protected void doStop() {
        stopped.countDown();
        if (queue != null) {
            queue.close();
        }
    }

    @Override
    protected Iterable<Field> getAllConfigurationFields() {
        return MongoDbConnectorConfig.ALL_FIELDS;
    }
}
