package dev.sluice.service.pipeline;

import dev.sluice.control.ActivityStore;
import dev.sluice.control.ActivityStore.Activity;
import java.sql.Connection;
import java.sql.SQLException;

/// Tells those who look from another process what this one does. For one thread.
final class ActivityReport {
    private final PipelineStatus status;
    private final ActivityStore store;
    private final RecentLatencies latencies;

    ActivityReport(Pipeline pipeline) {
        this.status = pipeline.status();
        this.store = new ActivityStore(pipeline.name());
        this.latencies = new RecentLatencies(status);
    }

    /// To be called about once a second.
    ///
    /// @param connection in auto-commit mode
    void report(Connection connection) throws SQLException {
        latencies.look();
        PipelineState state = status.state();
        store.tell(
                connection,
                new Activity(
                        state.name(),
                        StateText.of(status, state),
                        status.changesApplied(),
                        latencies.millis(50),
                        latencies.millis(99)));
    }
}
