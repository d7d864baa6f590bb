package dev.sluice.service.pipeline;

import dev.sluice.failure.FailureKind;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;

/// Whether and when to retry after a run failed: at once, then with growing waits (back-off). A run that worked
/// resets the back-off and the count, so that one outage has one count. Failures that may or may not pass are counted
/// separately, so an outage before them does not use up their retries. For one thread.
final class Retries {
    private static final Duration FIRST_WAIT = Duration.ofMillis(500);
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);

    /// A run that lasted this long has worked, so the retries of failures that may not pass are counted
    /// from zero. Committed work alone does not prove that: the stream works while the copy fails at the
    /// same document each time.
    private static final Duration IN_ORDER = Duration.ofSeconds(30);

    private static final int A_FEW = 5;

    private final InstantSource clock;
    private Instant started;
    private Duration next = FIRST_WAIT;
    private int failures;
    private int doubtful;

    Retries(InstantSource clock) {
        this.clock = clock;
        this.started = clock.instant();
    }

    /// A run begins.
    void onStart() {
        started = clock.instant();
    }

    /// @param worked whether the run that failed had committed something, if only the position of an idle stream. How
    ///     long it lasted says nothing of it: a run that waits for a server to answer lasts too
    /// @return how long to wait before the next; empty when trying again can't help
    Optional<Duration> afterFailure(FailureKind kind, boolean worked) {
        Duration lasted = Duration.between(started, clock.instant());
        if (worked) {
            next = FIRST_WAIT;
            failures = 0;
        }
        if (lasted.compareTo(IN_ORDER) > 0) {
            doubtful = 0;
        }
        failures++;
        boolean again = switch (kind.retry()) {
            case FOREVER -> true;
            case A_FEW_TIMES -> ++doubtful < A_FEW;
            case NEVER -> false;
        };
        if (!again) {
            return Optional.empty();
        }
        Duration wait = next;
        Duration doubled = wait.multipliedBy(2);
        next = doubled.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : doubled;
        return Optional.of(wait);
    }

    /// Failures since a run worked, the last one included.
    int failures() {
        return failures;
    }
}
