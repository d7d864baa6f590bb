package dev.sluice.source.debezium;

import com.mongodb.client.MongoClient;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.source.mongo.LookUps;
import dev.sluice.source.mongo.StreamEvent;
import io.debezium.config.Configuration;
import io.debezium.connector.mongodb.CollectionId;
import io.debezium.connector.mongodb.MongoDbConnectorConfig;
import io.debezium.connector.mongodb.MongoDbOffsetContext;
import io.debezium.connector.mongodb.MongoDbPartition;
import io.debezium.connector.mongodb.connection.MongoDbConnectionContext;
import io.debezium.pipeline.EventDispatcher;
import io.debezium.pipeline.source.spi.DataChangeEventListener;
import io.debezium.pipeline.source.spi.StreamingChangeEventSource;
import java.time.Duration;
import org.apache.kafka.connect.source.SourceRecord;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// Lets the engine make its records from what an [EventFetcher] reads. Replaces Debezium's
/// own reader, which buffers events by number and not by bytes, converts documents to JSON, ends on an
/// event that is too large, and logs its exceptions.
///
/// Documents pass through the engine as their bytes ([EventRecord]).
final class StreamReader implements StreamingChangeEventSource<MongoDbPartition, MongoDbOffsetContext> {
    private static final Duration LOOK = Duration.ofMillis(100);

    /// How many events the engine gets before it is asked whether it is to stop, and documents of
    /// updates are read together at most.
    private static final int STEP = 1_000;

    private static final NoOffset OFFSET = new NoOffset();

    private final StreamRun run;
    private final MongoDbConnectorConfig config;
    private final Configuration properties;
    private final EventDispatcher<MongoDbPartition, CollectionId> dispatcher;
    private final DirectQueue made;
    private final Together<Arrival> together;
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
        this.together = new Together<>(run.arrivals());
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
        try (MongoClient client = new MongoDbConnectionContext(properties).getMongoClient();
                LookUps lookUps = new LookUps(client, run.settings().database())) {
            EventFetcher fetcher = new EventFetcher(
                    client, run, at.lastResumeToken() == null ? at.lastTimestamp() : null, at.lastResumeTokenDoc());
            UpdatedDocuments documents = new UpdatedDocuments(lookUps::read);
            HandOver<Fetched> fetched = fetcher.start();
            try {
                while (context.isRunning() && !run.arrivals().isClosed()) {
                    documents.complete(
                            fetched.take(STEP, LOOK, Duration.ZERO),
                            (next, document) -> pass(next, document, fetcher, partition));
                    together.handOver();
                }
            } finally {
                fetcher.close();
            }
        } catch (RuntimeException | Error e) {
            together.add(new Arrival.Broken(e));
            together.handOver();
        }
    }

    private void pass(
            Fetched fetched, @Nullable RawBsonDocument lookedUp, EventFetcher fetcher, MongoDbPartition partition)
            throws InterruptedException {
        switch (fetched) {
            case Fetched.Event event -> {
                StreamEvent change = event.change();
                RawBsonDocument document = event.lookUp() ? lookedUp : change.document();
                if (event.lookUp()) {
                    event.lease().grow(EventFetcher.held(change, document), fetcher::ahead, together::handOver);
                }
                fetcher.passedOn(change);
                together.add(new Arrival.Recorded(
                        record(change, document, partition), event.lastOfItsTime(), event.lease()));
            }
            case Fetched.OfCollection changed -> together.add(new Arrival.OfCollection(changed.change()));
            case Fetched.Nothing nothing -> together.add(nothing.reached());
            case Fetched.End end -> together.add(new Arrival.Broken(end.failure()));
        }
    }

    private SourceRecord record(StreamEvent change, @Nullable RawBsonDocument document, MongoDbPartition partition)
            throws InterruptedException {
        CollectionId collection = new CollectionId(run.settings().database(), change.collection());
        dispatcher.dispatchDataChangeEvent(
                partition, collection, new EventEmitter(partition, OFFSET, change, document));
        SourceRecord record = made.take();
        if (record == null) {
            throw new SluiceException(
                    FailureKind.ENGINE, "The engine made no record of a change of " + collection.name() + ".");
        }
        return record;
    }
}
