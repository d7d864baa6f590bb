package dev.sluice.service.pipeline;

import dev.sluice.after.AfterOutcome;
import dev.sluice.after.AfterProgress;
import dev.sluice.after.AfterRun;
import dev.sluice.after.AfterStatement;
import dev.sluice.failure.SluiceException;
import dev.sluice.service.text.Counted;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Does what comes after the copy while the pipeline runs: as soon as every collection is copied, beside the stream.
/// Not a part of a run: one that begins anew, since MongoDB was away, would break off an index that takes hours.
final class AfterCopy implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AfterCopy.class);
    private static final Duration LOOK_EVERY = Duration.ofSeconds(1);
    private static final Duration POLL_EVERY = Duration.ofMillis(100);

    /// Where something is left that this process can't do.
    private static final Duration AFTER_FAILURE = Duration.ofSeconds(15);

    private static final Duration CLOSE = Duration.ofSeconds(10);

    private final PipelineStatus status;
    private final Pipeline pipeline;
    private final AfterRun run;
    private final AfterRun.Limits limits;
    private final Thread thread =
            Thread.ofPlatform().name("sluice-after").daemon(true).unstarted(this::work);

    /// Said once.
    private final Set<String> said = new HashSet<>();

    private boolean registered;
    private volatile boolean ending;

    private AfterCopy(Pipeline pipeline, AfterRun run, AfterRun.Limits limits) {
        this.pipeline = pipeline;
        this.status = pipeline.status();
        this.run = run;
        this.limits = limits;
    }

    static AfterCopy start(Pipeline pipeline, AfterRun run, AfterRun.Limits limits) {
        AfterCopy after = new AfterCopy(pipeline, run, limits);
        after.thread.start();
        return after;
    }

    private void work() {
        try {
            while (!ending) {
                rest(status.leads() ? whileLeading() : LOOK_EVERY);
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    /// Looks, and does what is due, until another process may lead.
    ///
    /// @return how long to rest
    private Duration whileLeading() throws InterruptedException {
        try (Connection connection = pipeline.spec().connector().open()) {
            while (!ending && status.leads()) {
                if (!registered) {
                    // Before everything is copied: the gate has to know what is to come.
                    run.register(connection);
                    registered = true;
                }
                rest(run.isDue(connection, limits) ? judge(run.run(limits, new ToLog(), () -> ending)) : LOOK_EVERY);
            }
            registered = false;
            return LOOK_EVERY;
        } catch (SQLException | SluiceException away) {
            // The pipeline itself reports that a server is away; what was under way is done by the next look.
            LOG.debug("What comes after the copy could not be done", away);
            return AFTER_FAILURE;
        }
    }

    private Duration judge(AfterOutcome outcome) {
        switch (outcome) {
            case AfterOutcome.Done done -> {
                LOG.info(
                        "After the copy: {} applied, {} analyzed.",
                        Counted.of(done.statements(), "statement"),
                        Counted.of(done.tables(), "table"));
                said.clear();
                return LOOK_EVERY;
            }
            case AfterOutcome.Open open -> {
                for (SluiceException failure : open.failures()) {
                    if (said.add(String.valueOf(failure.getMessage()))) {
                        LOG.warn("{}", failure.forPeople());
                    }
                }
                if (!open.notAllowed().isEmpty() && said.add(open.notAllowed().toString())) {
                    LOG.info("After the copy: {}", open.notAllowedForPeople());
                }
                if (!limits.apply() && said.add("AUTO_MIGRATE")) {
                    LOG.info(
                            "After-migrations are left, and AUTO_MIGRATE is false: `sluice migrate --after` applies them.");
                }
            }
            case AfterOutcome.Held held -> {
                if (said.add(held.holder())) {
                    LOG.info("What comes after the copy is done by {}.", held.holder());
                }
            }
            case AfterOutcome.NotCopied left -> {}
            case AfterOutcome.Stopped stopped ->
                LOG.info("What comes after the copy was broken off; the next start of a process does it.");
        }
        return AFTER_FAILURE;
    }

    private void rest(Duration length) throws InterruptedException {
        long until = System.nanoTime() + length.toNanos();
        while (!ending && System.nanoTime() < until) {
            Thread.sleep(POLL_EVERY);
        }
    }

    @Override
    public void close() {
        ending = true;
        try {
            thread.join(CLOSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static final class ToLog implements AfterRun.Listener {
        @Override
        public void onBegin(AfterStatement statement) {
            LOG.info("After the copy: {} begins ({}).", statement.name(), statement.beginning());
        }

        @Override
        public void onDone(AfterStatement statement, Duration took) {
            LOG.info("After the copy: {} is applied; it took {} ms.", statement.name(), took.toMillis());
        }

        @Override
        public void onWaits(AfterStatement statement, String what) {
            LOG.info("After the copy: {} waits. {}", statement.name(), what);
        }

        @Override
        public void onAnalyzed(String table) {
            LOG.debug("Analyzed {}.", table);
        }

        @Override
        public void onProgress(AfterProgress progress) {
            // In the status.
        }
    }
}
