package dev.sluice.service.pipeline;

import dev.sluice.change.Position;
import dev.sluice.evolution.OpenChanges;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.positions.EarlierWriters;
import dev.sluice.positions.PipelineLock;
import dev.sluice.positions.PositionStore;
import dev.sluice.sink.postgres.check.TargetTables;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;

/// The right to write a pipeline: its lock, and a target that was checked since. Rows can be written after
/// the epoch is raised, too. That is the last step, so that a process that finds that it can't work
/// does not fence out another one. For one thread.
final class Ownership implements Start.Claim, AutoCloseable {
    private final PipelineLock lock;
    private final Connection connection;
    private final PositionStore positions;
    private final TargetTables tables;
    private final OpenChanges openChanges;

    private Ownership(PipelineSpec pipeline, PipelineLock lock, Connection connection, TargetTables tables) {
        this.lock = lock;
        this.connection = connection;
        this.positions = new PositionStore(pipeline.name());
        this.tables = tables;
        this.openChanges = OpenChanges.of(pipeline);
    }

    /// @param waiting what to do while another process holds the pipeline
    /// @return empty when `waiting` gave up
    /// @throws dev.sluice.failure.SluiceException when the target is not as the mapping has it
    static Optional<Ownership> take(PipelineSpec pipeline, PipelineLock.Waiting waiting)
            throws SQLException, InterruptedException {
        PipelineLock lock = PipelineLock.take(pipeline.connector()::open, pipeline.name(), waiting)
                .orElse(null);
        if (lock == null) {
            return Optional.empty();
        }
        Connection connection = null;
        try {
            connection = pipeline.connector().open();
            TargetTables tables = TargetTables.check(pipeline.connector(), connection, pipeline.targets());
            return Optional.of(new Ownership(pipeline, lock, connection, tables));
        } catch (SQLException | RuntimeException e) {
            if (connection != null) {
                connection.close();
            }
            lock.close();
            throw e;
        }
    }

    /// For bookkeeping, in auto-commit mode.
    Connection connection() {
        return connection;
    }

    /// The target's tables as they were when the pipeline was taken over.
    TargetTables tables() {
        return tables;
    }

    PipelineLock lock() {
        return lock;
    }

    @Override
    public long takeOver() throws SQLException {
        return takeOver(changes -> changes.requireNoneBefore(connection, position()), epoch -> {});
    }

    @Override
    public Position position() throws SQLException {
        return positions
                .load(connection)
                .orElseThrow(
                        () -> new IllegalStateException("a pipeline is taken over after its first position is stored"));
    }

    /// What belongs into the transaction that takes the pipeline over.
    @FunctionalInterface
    interface Step {
        void run(long epoch) throws SQLException;
    }

    /// Which open changes of collections forbid to write.
    @FunctionalInterface
    interface Look {
        /// @throws dev.sluice.failure.SluiceException of kind COLLECTION_CHANGED when one forbids it
        void require(OpenChanges changes) throws SQLException;
    }

    /// Fences out every earlier writer, unless an open change of a collection forbids to write. Waits for their
    /// open transactions, and ends them when that takes longer than a living process needs ([EarlierWriters]).
    ///
    /// @return the epoch that this process's transactions carry
    /// @throws dev.sluice.failure.SluiceException of kind COLLECTION_CHANGED when an open change forbids it;
    ///     then no earlier writer is fenced out
    long takeOver(Look look, Step also) throws SQLException {
        return inTransaction(() -> {
            look.require(openChanges);
            long epoch = positions.takeOver(connection, Pipeline.owner());
            also.run(epoch);
            return epoch;
        });
    }

    /// Checks that an epoch is still the current one. Waits for open transactions of an earlier run of this
    /// process, and ends them, likewise.
    ///
    /// @throws dev.sluice.failure.SluiceException of kind FENCED_OUT when it is not
    @Override
    public long hold(long epoch) throws SQLException {
        return inTransaction(() -> {
            positions.awaitWriters(connection);
            positions.hold(connection, epoch);
            return epoch;
        });
    }

    @FunctionalInterface
    private interface Work {
        long run() throws SQLException;
    }

    private long inTransaction(Work work) throws SQLException {
        connection.setAutoCommit(false);
        try (EarlierWriters ended = lock.endEarlierWriters(connection)) {
            long epoch = work.run();
            connection.commit();
            return epoch;
        } catch (SQLException | RuntimeException e) {
            connection.rollback();
            throw e;
        } finally {
            connection.setAutoCommit(true);
        }
    }

    @Override
    public void close() throws SQLException {
        try (lock) {
            connection.close();
        }
    }
}
