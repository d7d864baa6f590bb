package dev.sluice.service.pipeline;

import dev.sluice.change.ChangeBatch;
import dev.sluice.change.CollectionChange;
import dev.sluice.change.Position;
import dev.sluice.evolution.SchemaWatch;
import dev.sluice.evolution.SourceCheck;
import dev.sluice.failure.Failures;
import dev.sluice.memory.MemoryBudget;
import dev.sluice.source.ChangeSource;
import dev.sluice.source.debezium.DebeziumChangeSource;
import dev.sluice.source.debezium.EngineProperties;
import dev.sluice.source.mongo.MongoSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// Opens the change stream of a run, and stops it at a change of a collection at which the mapping says to
/// stop.
final class StreamReader implements DataFlow.Opening {
    private final Pipeline pipeline;
    private final SourceCheck sourceCheck;
    private final Map<String, BsonTimestamp> passed;
    private volatile SchemaWatch.@Nullable Stop stoppedAt;

    /// @param passed by collection, up to which operation the stream leaves out what MongoDB can't send
    StreamReader(Pipeline pipeline, SourceCheck sourceCheck, Map<String, BsonTimestamp> passed) {
        this.pipeline = pipeline;
        this.sourceCheck = sourceCheck;
        this.passed = Map.copyOf(passed);
    }

    @Override
    public ChangeSource open(MemoryBudget memory, Position from, ChangeSource.Handler batches) {
        MongoSource source = pipeline.spec().source();
        EngineProperties engine = EngineProperties.defaults(
                        pipeline.name(),
                        source.uriWithReplicaSet(),
                        source.database(),
                        pipeline.spec().collections())
                .withPassed(passed)
                .withRelevant(pipeline.relevantFields());
        ChangeSource stream = DebeziumChangeSource.start(engine, memory, from, new Handler(batches));
        pipeline.status().lag().onReading(stream::pending);
        return stream;
    }

    /// Records where the stream stopped at a change of a collection, when everything before it is applied: the
    /// next run does not have to read up to it again.
    void noteStop(Connection bookkeeping, DataFlow flow) throws SQLException {
        SchemaWatch.Stop stop = stoppedAt;
        if (stop != null && flow.applier().isDrained()) {
            try (SchemaWatch schema = new SchemaWatch(pipeline.spec(), bookkeeping)) {
                schema.reached(stop.change());
            }
        }
    }

    /// Takes what the stream delivers, on its thread.
    private final class Handler implements ChangeSource.Handler {
        private final ChangeSource.Handler batches;
        private final UnreadUpdates unread = new UnreadUpdates();

        Handler(ChangeSource.Handler batches) {
            this.batches = batches;
        }

        @Override
        public void onBatch(ChangeBatch batch, MemoryBudget.Lease lease) throws InterruptedException {
            unread.add(batch.changes());
            batches.onBatch(batch, lease);
        }

        @Override
        public void onCollectionChange(CollectionChange change) {
            try (Connection connection = pipeline.spec().connector().open();
                    SchemaWatch schema = new SchemaWatch(pipeline.spec(), connection)) {
                stoppedAt = schema.arriveAt(change, unread.take(change.collection()))
                        .orElse(null);
            } catch (SQLException e) {
                throw Failures.classify(e);
            }
            if (stoppedAt != null) {
                throw stoppedAt.failure();
            }
        }

        @Override
        public void onReconnected() {
            sourceCheck.require(pipeline.spec().connector());
        }

        @Override
        public void onIrrelevant(String collection) {
            pipeline.status().onIrrelevant(collection);
        }
    }
}
