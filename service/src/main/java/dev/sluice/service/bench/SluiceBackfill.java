package dev.sluice.service.bench;

import dev.sluice.backfill.Backfill;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.positions.PositionStore;
import dev.sluice.schema.Mapping;
import dev.sluice.service.pipeline.Pipeline;
import dev.sluice.sink.ChangeMapper;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.Fence;
import dev.sluice.sink.WriteSummary;
import dev.sluice.sink.postgres.BackfillStore;
import dev.sluice.sink.postgres.ChunkSink;
import dev.sluice.sink.postgres.PostgresConnector;
import dev.sluice.source.mongo.MongoSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Sluice's own copy of one collection, as `sluice backfill` makes it: position, epoch, fences, chunks and
/// their bookkeeping included.
final class SluiceBackfill {
    private static final String PIPELINE = "bench";

    private final MongoSource source;
    private final PostgresConnector connector;
    private final List<CollectionTarget> targets;
    private final CollectionTarget target;

    SluiceBackfill(MongoSource source, PostgresConnector connector, Mapping mapping, String collection) {
        this.source = source;
        this.connector = connector;
        this.targets = Pipeline.targets(mapping);
        this.target = targets.stream()
                .filter(t -> t.collection().equals(collection))
                .findFirst()
                .orElseThrow();
    }

    /// Copies the collection into its empty tables.
    void copy() throws SQLException {
        try (Connection connection = connector.open()) {
            run(connection);
        }
    }

    /// Copies it once more over what is there.
    void copyAgain() throws SQLException {
        try (Connection connection = connector.open()) {
            new BackfillStore(PIPELINE).restart(connection, target.collection());
            run(connection);
        }
    }

    private void run(Connection connection) throws SQLException {
        PositionStore positions = new PositionStore(PIPELINE);
        positions.initialise(connection, source.currentPosition());
        connection.setAutoCommit(false);
        long epoch = positions.takeOver(connection, Pipeline.owner());
        connection.commit();
        connection.setAutoCommit(true);
        Map<String, CollectionTarget> byName = new HashMap<>();
        targets.forEach(t -> byName.put(t.collection(), t));
        try (ChunkSink sink = new ChunkSink(connector.open(), PIPELINE, epoch, targets)) {
            boolean done = new Backfill(
                            source,
                            connection,
                            sink,
                            new BackfillStore(PIPELINE),
                            new ChangeMapper(byName),
                            targets.stream().map(t -> new Fence()).toList(),
                            () -> null,
                            Backfill.Limits.DEFAULT,
                            new Silent(),
                            () -> false)
                    .copy(target);
            if (!done) {
                throw new SluiceException(FailureKind.UNEXPECTED, "The copy ended before its end.");
            }
        }
    }

    private static final class Silent implements Backfill.Listener {
        @Override
        public void onEstimate(CollectionTarget target, long documents, long alreadyCopied) {}

        @Override
        public void onChunk(CollectionTarget target, int documents, WriteSummary summary) {}

        @Override
        public void onDone(CollectionTarget target) {}
    }
}
