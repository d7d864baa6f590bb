package dev.sluice.service.pipeline;

import dev.sluice.backfill.Backfill;
import dev.sluice.backfill.Fenced;
import dev.sluice.backfill.Lanes;
import dev.sluice.control.PostgresCopyProgress;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.postgres.FreeConnections;
import dev.sluice.postgres.KeptConnections;
import dev.sluice.sink.CollectionTarget;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.function.BooleanSupplier;

/// One lane of a copy, with a connection of its own and sessions for what each collection may write. For
/// one thread.
final class CopyLane implements Lanes.Lane {
    /// A lane has a connection for its progress and one for its rows. Others want some, too.
    private static final int CONNECTIONS_PER_LANE = 4;

    private final Copy copy;
    private final Connection connection;
    private final KeptConnections sessions;

    /// What is copied, and how.
    ///
    /// @param epoch the one in which this process took the pipeline over
    record Copy(PipelineSpec pipeline, long epoch, Fenced fenced, Backfill.Limits limits, Backfill.Listener listener) {
        /// The lanes that there are at once: as many as a large collection has workers, and no more than
        /// PostgreSQL has connections for.
        ///
        /// @param connection to ask PostgreSQL
        Lanes lanes(Connection connection) throws SQLException {
            int most = Math.clamp(FreeConnections.of(connection) / CONNECTIONS_PER_LANE, 1, limits.workersMax());
            return new Lanes(fenced.threads(), most, target -> pipeline.source().estimate(target.collection()));
        }

        private Copy orStopped(BooleanSupplier also) {
            return new Copy(pipeline, epoch, fenced.orStopped(also), limits, listener);
        }
    }

    private CopyLane(Copy copy, Connection connection) {
        this.copy = copy;
        this.connection = connection;
        this.sessions = new KeptConnections(copy.pipeline().connector());
    }

    /// @param ending whether the lane has to stop
    static CopyLane open(Copy copy, BooleanSupplier ending) throws SQLException {
        return new CopyLane(copy.orStopped(ending), copy.pipeline().connector().open());
    }

    /// In auto-commit mode, for the lane's thread.
    Connection connection() {
        return connection;
    }

    @Override
    public boolean copy(CollectionTarget target) throws SQLException, InterruptedException {
        PipelineSpec touched = copy.pipeline().touching(List.of(target));
        try (Backfill backfill = new Backfill(
                touched.source(),
                new PostgresCopyProgress(connection, touched.name(), copy.epoch()),
                new Backfill.Writing(
                        () -> touched.openChunks(
                                sessions, copy.epoch(), copy.fenced().stopped()),
                        copy.fenced()),
                copy.limits(),
                copy.listener())) {
            return backfill.copy(target);
        }
    }

    @Override
    public void close() throws SQLException {
        try (connection) {
            sessions.close();
        }
    }
}
