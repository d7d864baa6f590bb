package dev.sluice.source.debezium;

import com.mongodb.MongoNamespace;
import com.mongodb.client.MongoClient;
import com.mongodb.client.model.changestream.ChangeStreamDocument;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.source.mongo.ExactKeys;
import io.debezium.config.Configuration;
import io.debezium.connector.mongodb.CollectionId;
import io.debezium.connector.mongodb.MongoDbConnectorConfig;
import io.debezium.connector.mongodb.MongoDbOffsetContext;
import io.debezium.connector.mongodb.MongoDbPartition;
import io.debezium.connector.mongodb.connection.MongoDbConnectionContext;
import io.debezium.connector.mongodb.recordemitter.MongoDbChangeRecordEmitter;
import io.debezium.pipeline.EventDispatcher;
import io.debezium.pipeline.source.spi.DataChangeEventListener;
import io.debezium.pipeline.source.spi.StreamingChangeEventSource;
import io.debezium.util.Clock;
import java.time.Duration;
import java.util.Objects;
import org.apache.kafka.connect.source.SourceRecord;
import org.bson.BsonDocument;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// Lets the engine make its records from what an [EventFetcher] reads. Replaces Debezium's
/// own reader, which buffers events by number and not by bytes, converts documents to JSON, ends on an
/// event that is too large, and logs its exceptions.
///
/// Documents do not pass through the engine: it gets empty documents, and the bytes are passed on directly.
final class StreamReader implements StreamingChangeEventSource<MongoDbPartition, MongoDbOffsetContext> {
    private static final Duration LOOK = Duration.ofMillis(100);

    /// How many events the engine gets before it is asked whether it is to stop.
    private static final int STEP = 256;

    private final StreamRun run;
    private final MongoDbConnectorConfig config;
    private final Configuration properties;
    private final EventDispatcher<MongoDbPartition, CollectionId> dispatcher;
    private final DirectQueue made;
    private @Nullable MongoDbOffsetContext offset;

    StreamReader(
            StreamRun run,
            MongoDbConnectorConfig config,
            Configuration properties,
            EventDispatcher<MongoDbPartition, CollectionId> dispatcher,
            DirectQueue made) {
        this.run = run;
        this.config = config;
        this.properties = properties;
        this.dispatcher = dispatcher;
        this.made = made;
    }

    @Override
    public void init(@Nullable MongoDbOffsetContext from) {
        offset = from == null ? MongoDbOffsetContext.empty(config) : from;
    }

    @Override
    @SuppressWarnings("NullAway") // what the engine's contract says before the first event
    public MongoDbOffsetContext getOffsetContext() {
        return offset;
    }

    @Override
    public void execute(
            ChangeEventSourceContext context, MongoDbPartition partition, @Nullable MongoDbOffsetContext unused)
            throws InterruptedException {
        // For a JMX attribute that is not used it would convert every event to text.
        dispatcher.setEventListener(DataChangeEventListener.NO_OP());
        MongoDbOffsetContext at = offset == null ? MongoDbOffsetContext.empty(config) : offset;
        try (MongoClient client = new MongoDbConnectionContext(properties).getMongoClient()) {
            EventFetcher fetcher = new EventFetcher(
                    client, run, at.lastResumeToken() == null ? at.lastTimestamp() : null, at.lastResumeTokenDoc());
            HandOver<Fetched> fetched = fetcher.start();
            try {
                while (context.isRunning() && !run.arrivals().isClosed()) {
                    for (Fetched next : fetched.take(STEP, LOOK, Duration.ZERO)) {
                        pass(next, partition, at);
                    }
                }
            } finally {
                fetcher.close();
            }
        } catch (RuntimeException | Error e) {
            run.arrivals().put(new Arrival.Broken(e));
        }
    }

    private void pass(Fetched fetched, MongoDbPartition partition, MongoDbOffsetContext at)
            throws InterruptedException {
        switch (fetched) {
            case Fetched.Event event -> {
                SourceRecord record = record(event.change(), partition, at);
                RawBsonDocument document = event.change().getFullDocument();
                run.arrivals()
                        .put(new Arrival.Recorded(
                                record, ExactKeys.id(event.change()), document, event.lastOfItsTime(), event.lease()));
            }
            case Fetched.OfCollection changed -> run.arrivals().put(new Arrival.OfCollection(changed.change()));
            case Fetched.Nothing nothing -> run.arrivals().put(nothing.reached());
            case Fetched.End end -> run.arrivals().put(new Arrival.Broken(end.failure()));
        }
    }

    private SourceRecord record(
            ChangeStreamDocument<RawBsonDocument> change, MongoDbPartition partition, MongoDbOffsetContext at)
            throws InterruptedException {
        ChangeStreamDocument<BsonDocument> empty = new ChangeStreamDocument<>(
                change.getOperationTypeString(),
                change.getResumeToken(),
                change.getNamespaceDocument(),
                change.getNamespaceTypeString(),
                null,
                change.getFullDocument() == null ? null : new BsonDocument(),
                null,
                ExactKeys.key(change),
                change.getClusterTime(),
                null,
                change.getTxnNumber(),
                change.getLsid(),
                change.getWallTime(),
                null,
                null);
        at.changeStreamEvent(empty);
        MongoNamespace namespace =
                Objects.requireNonNull(empty.getNamespace(), "a change of a document has a namespace");
        CollectionId collection = new CollectionId(namespace.getDatabaseName(), namespace.getCollectionName());
        dispatcher.dispatchDataChangeEvent(
                partition, collection, new MongoDbChangeRecordEmitter(partition, at, Clock.system(), empty, config));
        SourceRecord record = made.take();
        if (record == null) {
            throw new SluiceException(
                    FailureKind.ENGINE, "The engine made no record of a change of " + collection.name() + ".");
        }
        return record;
    }
}
