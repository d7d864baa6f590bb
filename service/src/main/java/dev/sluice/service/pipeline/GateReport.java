package dev.sluice.service.pipeline;

import dev.sluice.gate.GateStore;
import dev.sluice.gate.GateStore.Measured;
import java.sql.Connection;
import java.sql.SQLException;

/// Tells the gates that a process runs the pipeline, and what only that process can measure; looks at their conditions
/// then. For one thread.
final class GateReport {
    /// Where looking at the conditions takes long it is done less often, so that it takes no more than one part in so
    /// many of the time.
    private static final int SHARE = 20;

    private final Pipeline pipeline;
    private final GateStore gates;
    private final MovedReads moved;
    private long observeAt = System.nanoTime();

    GateReport(Pipeline pipeline) {
        this.pipeline = pipeline;
        this.gates = new GateStore(pipeline.name());
        this.moved = new MovedReads(pipeline.name());
    }

    /// To be called about once a second.
    ///
    /// @param connection in auto-commit mode
    void report(Connection connection) throws SQLException {
        gates.measured(connection, measured());
        long now = System.nanoTime();
        if (now - observeAt >= 0) {
            gates.observe(connection);
            moved.look(connection);
            observeAt = System.nanoTime() + SHARE * (System.nanoTime() - now);
        }
    }

    private Measured measured() {
        PipelineStatus.Headroom headroom = pipeline.status().headroom();
        Double seconds = headroom.whole() ? Double.POSITIVE_INFINITY : (Double) headroom.seconds();
        return new Measured(
                seconds.isNaN() ? null : seconds,
                pipeline.clock().sinceAnswer().toMillis() / 1_000.0,
                pipeline.rechecks());
    }
}
