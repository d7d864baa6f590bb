package dev.sluice.service.pipeline;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/// What the log says once a minute in peace, so that it shows by itself that the process lives, how fast it is, and how
/// far behind. For one thread.
final class MinuteLine {
    private static final Duration EVERY = Duration.ofMinutes(1);

    private final PipelineStatus status;
    private long saidAt;
    private long applied;

    /// @param now nanoseconds, of a clock that does not jump
    MinuteLine(PipelineStatus status, long now) {
        this.status = status;
        this.saidAt = now;
        this.applied = status.changesApplied();
    }

    /// @param now of the same clock
    /// @return empty before a minute has passed since the last one
    Optional<String> next(long now) {
        long took = now - saidAt;
        if (took < EVERY.toNanos()) {
            return Optional.empty();
        }
        long changes = status.changesApplied() - applied;
        saidAt = now;
        applied += changes;
        return Optional.of(text(changes, took / 1e9, status.lag().seconds(), status.headroom()));
    }

    private String text(long changes, double seconds, double lag, PipelineStatus.Headroom headroom) {
        return String.format(
                Locale.ROOT,
                "Pipeline %s, %s: %,d changes applied in %.0f s (%,.0f/s), lag %s, headroom %s.",
                status.pipeline(),
                status.state().name(),
                changes,
                seconds,
                changes / seconds,
                Double.isNaN(lag) ? "not known" : String.format(Locale.ROOT, "%.1f s", lag),
                headroom.whole()
                        ? "all of the oplog"
                        : Double.isNaN(headroom.seconds())
                                ? "not known"
                                : String.format(Locale.ROOT, "%.1f h", headroom.seconds() / 3_600));
    }
}
