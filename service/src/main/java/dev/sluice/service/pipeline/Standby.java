package dev.sluice.service.pipeline;

import dev.sluice.change.Position;
import dev.sluice.control.BackfillStore;
import dev.sluice.failure.SluiceException;
import dev.sluice.positions.LockHolder;
import dev.sluice.positions.PipelineLock;
import dev.sluice.positions.PositionStore;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A process that waits for a pipeline that another one writes. It reports which process it waits for, and
/// reads the leader's watermark, so that its status, its lag and `GET /api/await` answer as the leader's
/// do. For one thread.
final class Standby implements PipelineLock.Waiting, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Standby.class);

    /// How often the lock is tried.
    private static final Duration TRY_EVERY = Duration.ofMillis(500);

    private static final Duration CLOCK_EVERY = Duration.ofSeconds(1);

    private final Pipeline pipeline;
    private final PipelineStatus status;
    private final CountDownLatch stop;
    private final PositionStore positions;
    private final BackfillStore backfills;
    private final CountDownLatch closed = new CountDownLatch(1);
    private @Nullable Instant since;
    private int session;

    Standby(Pipeline pipeline, CountDownLatch stop) {
        this.pipeline = pipeline;
        this.status = pipeline.status();
        this.stop = stop;
        this.positions = new PositionStore(pipeline.name());
        this.backfills = new BackfillStore(pipeline.name());
    }

    /// @throws SluiceException of kind FENCED_OUT when this process is not to stand by
    @Override
    public boolean goOn(LockHolder holder, Connection connection) throws SQLException, InterruptedException {
        if (!pipeline.standsBy()) {
            throw PipelineLock.heldBy(pipeline.name(), holder);
        }
        String who = holder.forPeople();
        if (session != holder.session()) {
            session = holder.session();
            LOG.info(
                    "Standing by: the pipeline {} is written by {}. This process takes over when that one ends.",
                    pipeline.name(),
                    who);
        }
        return rest(who, connection);
    }

    /// Waits until the position has not moved for a while. A process that was fenced out does so: where the
    /// lock has no effect because of a pooler, two processes would otherwise take the pipeline from each
    /// other for ever. A visible holder is proof that the lock works.
    ///
    /// @return false when it was stopped
    boolean awaitQuiet(Connection connection, Duration quiet) throws SQLException, InterruptedException {
        while (!positions.isQuiet(connection, quiet) && !PipelineLock.isTaken(connection, pipeline.name())) {
            String owner = positions.owner(connection);
            if (since == null) {
                LOG.info("Standing by: the pipeline {} was taken over by {}.", pipeline.name(), owner);
            }
            if (!rest(owner == null ? "another process" : owner, connection)) {
                return false;
            }
        }
        return true;
    }

    private boolean rest(String who, Connection connection) throws SQLException, InterruptedException {
        if (since == null) {
            since = Instant.now();
            Thread.ofPlatform().name("sluice-clock").daemon(true).start(this::followClock);
        }
        pipeline.onStandby();
        if (pipeline.endIfSuperseded(connection)) {
            return false;
        }
        status.enter(new PipelineState.Standby(who, since));
        follow(connection);
        return !stop.await(TRY_EVERY.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void follow(Connection connection) throws SQLException {
        status.restoreWatermark(positions.watermark(connection));
        Position position = positions.load(connection).orElse(null);
        if (position != null) {
            status.onPosition(position);
        }
        backfills.done(connection).forEach(status::onBackfillDone);
    }

    /// MongoDB's time, by which the lag is; on a thread of its own, since a MongoDB that is away must not
    /// keep this process from taking over.
    private void followClock() {
        try {
            do {
                try {
                    pipeline.clock().onHello(pipeline.spec().source().hello());
                } catch (SluiceException away) {
                    LOG.debug("MongoDB did not answer: {}", away.getMessage());
                }
            } while (!closed.await(CLOCK_EVERY.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closed.countDown();
        if (since != null && stop.getCount() > 0) {
            LOG.info(
                    "No longer standing by for the pipeline {}, after {} s.",
                    pipeline.name(),
                    Duration.between(since, Instant.now()).toSeconds());
        }
    }
}
