package dev.sluice.control;

import dev.sluice.change.Chunk;
import dev.sluice.positions.PositionStore;
import dev.sluice.positions.Transaction;
import dev.sluice.postgres.Replicas;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/// As PostgreSQL keeps it (`sluice.backfill`, `sluice.backfill_chunk`).
public final class PostgresCopyProgress implements CopyProgress {
    private final Connection connection;
    private final BackfillStore store;
    private final PositionStore positions;
    private final long epoch;
    private final Replicas replicas;

    /// @param connection in auto-commit mode
    /// @param epoch the one in which this process took the pipeline over
    public PostgresCopyProgress(Connection connection, String pipeline, long epoch) {
        this.connection = connection;
        this.store = new BackfillStore(pipeline);
        this.positions = new PositionStore(pipeline);
        this.epoch = epoch;
        this.replicas = new Replicas(connection);
    }

    @Override
    public boolean done(String collection) throws SQLException {
        return store.done(connection, collection);
    }

    @Override
    public void begin(String collection) throws SQLException {
        store.begin(connection, collection);
    }

    @Override
    public boolean isCut(String collection) throws SQLException {
        return store.isCut(connection, collection);
    }

    @Override
    public void cut(String collection, List<Chunk> chunks) throws SQLException {
        write(() -> store.cut(connection, collection, chunks));
    }

    @Override
    public List<Chunk> unfinished(String collection) throws SQLException {
        return store.unfinished(connection, collection);
    }

    @Override
    public int nextNumber(String collection) throws SQLException {
        return store.nextNumber(connection, collection);
    }

    @Override
    public long copied(String collection) throws SQLException {
        return store.copied(connection, collection);
    }

    @Override
    public void start(String collection, long estimatedDocuments) throws SQLException {
        store.start(connection, collection, estimatedDocuments);
    }

    @Override
    public void finish(String collection) throws SQLException {
        write(() -> store.finish(connection, collection));
    }

    /// A part of the work that is one transaction.
    @FunctionalInterface
    private interface Writing {
        void run() throws SQLException;
    }

    /// Fenced by the epoch (promise 4): chunks that another process reads meanwhile are not replaced, and what it
    /// has begun to copy again is not noted as copied.
    private void write(Writing writing) throws SQLException {
        Transaction.run(connection, () -> {
            positions.hold(connection, epoch);
            writing.run();
        });
    }

    @Override
    public boolean replicasAreLate() throws SQLException {
        return replicas.areLate();
    }
}
