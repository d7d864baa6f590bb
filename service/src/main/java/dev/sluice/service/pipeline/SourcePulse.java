package dev.sluice.service.pipeline;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.service.pipeline.PipelineStatus.Silence;
import dev.sluice.source.mongo.MongoPulse;
import dev.sluice.source.mongo.MongoSource;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Watches whether MongoDB answers, from the pipeline's start to its end, and tells the status when it does not: a
/// connection that a hanging server keeps open fails only after a minute, and until then nothing else would be said
/// than that the stream goes on. One thread asks, on a connection of its own; another one ticks and judges.
final class SourcePulse implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SourcePulse.class);

    /// A MongoDB that is silent for longer than this hangs, and an election is over.
    static final Duration SILENCE_MAX = Duration.ofSeconds(15);

    /// The stream itself soon reports a MongoDB that refuses or closes connections. The rest is a stream that waits,
    /// such as for a primary.
    private static final Duration REFUSAL_MAX = Duration.ofSeconds(30);

    private static final Duration ASK_EVERY = Duration.ofSeconds(1);
    private static final Duration TICK_EVERY = Duration.ofMillis(250);

    /// Time without CPU time of this length is told. Shorter ones are usual on a busy machine.
    private static final Duration PAUSE_LEAST = Duration.ofSeconds(5);

    private static final Duration CLOSE = Duration.ofSeconds(1);

    private final MongoSource source;
    private final PipelineStatus status;
    private final RunningTime running;
    private final Thread asking =
            Thread.ofPlatform().name("sluice-pulse").daemon(true).unstarted(this::ask);
    private final Thread ticking =
            Thread.ofPlatform().name("sluice-tick").daemon(true).unstarted(this::judge);
    private volatile Answer last;
    private volatile @Nullable String reason;
    private volatile boolean refused;
    private boolean told;

    /// @param ran how long the process had run then
    private record Answer(Duration ran, Instant time) {}

    private SourcePulse(MongoSource source, PipelineStatus status, RunningTime running) {
        this.source = source;
        this.status = status;
        this.running = running;
        this.last = new Answer(running.total(), Instant.now());
    }

    static SourcePulse start(MongoSource source, PipelineStatus status, RunningTime running) {
        SourcePulse pulse = new SourcePulse(source, status, running);
        pulse.asking.start();
        pulse.ticking.start();
        return pulse;
    }

    private void ask() {
        try (MongoPulse pulse = source.pulse()) {
            while (!Thread.currentThread().isInterrupted()) {
                try {
                    pulse.ask();
                    onAnswer();
                } catch (SluiceException failure) {
                    if (failure.kind() == FailureKind.SOURCE_UNREACHABLE) {
                        reason = inOneLine(failure);
                        refused = !MongoPulse.isTimeOut(failure);
                        LOG.debug("MongoDB did not answer: {}", failure.getMessage());
                    } else {
                        // That it refuses is an answer, and the stream's affair.
                        onAnswer();
                    }
                }
                Thread.sleep(ASK_EVERY);
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    /// Without what the kind says: that MongoDB does not answer is said already.
    private static String inOneLine(SluiceException failure) {
        return String.valueOf(failure.getMessage())
                .strip()
                .replaceAll("\\s*\n\\s*", " ")
                .replaceFirst("\\.$", "");
    }

    private void onAnswer() {
        last = new Answer(running.total(), Instant.now());
        reason = null;
        refused = false;
    }

    private void judge() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                Duration paused = running.tick();
                if (paused.compareTo(PAUSE_LEAST) > 0) {
                    LOG.info(
                            "This process got no CPU time for {} s: it or the machine was suspended, or the machine"
                                    + " was too busy. Nothing is lost.",
                            paused.toSeconds());
                }
                tell(last);
                Thread.sleep(TICK_EVERY);
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    private void tell(Answer answer) {
        Duration silence = running.total().minus(answer.ran());
        boolean silent = silence.compareTo(SILENCE_MAX) > 0;
        status.onSource(silent ? new Silence(answer.time(), reason) : null);
        Duration longest = refused ? REFUSAL_MAX : SILENCE_MAX;
        if (silence.compareTo(longest) > 0 && !told && status.works()) {
            told = true;
            LOG.warn(
                    "MongoDB has not answered for {} s. Nothing is lost: what was read is applied, and the stream goes"
                            + " on from there when it answers.",
                    longest.toSeconds());
        } else if (!silent && told) {
            told = false;
            LOG.info("MongoDB answers again.");
        }
    }

    @Override
    public void close() {
        asking.interrupt();
        ticking.interrupt();
        try {
            ticking.join(CLOSE);
            asking.join(CLOSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        status.onSource(null);
    }
}
