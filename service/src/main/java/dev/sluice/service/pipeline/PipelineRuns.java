package dev.sluice.service.pipeline;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.postgres.ReadOnlySetting;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The runs of a pipeline, one after the other. For one thread.
final class PipelineRuns implements Supervisor.Runs {
    private static final Logger LOG = LoggerFactory.getLogger(PipelineRuns.class);

    private final Pipeline pipeline;
    private final CountDownLatch stop;

    PipelineRuns(Pipeline pipeline, CountDownLatch stop) {
        this.pipeline = pipeline;
        this.stop = stop;
    }

    /// Waits while the pipeline is paused, leaves out the collections whose writes have moved, and has
    /// nothing left to do where another mapping is in force.
    @Override
    public boolean hasWork() throws InterruptedException {
        try {
            new Paused(pipeline, stop).await();
            if (stop.getCount() == 0 || isSuperseded()) {
                return false;
            }
            if (!pipeline.leaveOutMoved()) {
                LOG.info(
                        "The writes of all collections have moved to PostgreSQL: the pipeline {} has nothing left to do.",
                        pipeline.name());
                return false;
            }
            return true;
        } catch (SluiceException e) {
            if (e.kind() == FailureKind.MISSING_RIGHT) {
                // The run names every right that is missing.
                return true;
            }
            throw e;
        }
    }

    private boolean isSuperseded() {
        try (Connection connection = pipeline.spec().connector().open()) {
            return pipeline.endIfSuperseded(connection);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    @Override
    public void run() throws InterruptedException {
        new PipelineRun(pipeline, pipeline.beginRun()).run();
    }

    /// Until this process has had the pipeline, a setting that makes it read only is a mistake; later, an outage like
    /// any other, which a person may have made on purpose.
    @Override
    public SluiceException explain(SluiceException failure) {
        return pipeline.hasStarted()
                ? failure
                : ReadOnlySetting.explain(pipeline.spec().connector(), failure);
    }

    @Override
    public void onFencedOut() {
        pipeline.onFencedOut();
    }
}
