package dev.sluice.service.pipeline;

import dev.sluice.failure.FailureKind;
import java.time.Duration;
import java.util.Optional;

/// Whether and when a run that broke off is tried again: at once, then less and less often. Failures that may or
/// may not pass are counted by themselves, so an outage before them does not use up their tries. For one thread.
final class Retries {
    private static final Duration FIRST_WAIT = Duration.ofMillis(500);
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);

    /// A run that lasted this long was in order, so the next failure is a new story.
    private static final Duration IN_ORDER = Duration.ofSeconds(30);

    private static final int A_FEW = 5;

    private Duration next = FIRST_WAIT;
    private int failures;
    private int doubtful;

    /// @param lasted how long the run that failed had been going
    /// @return how long to wait before the next; empty when trying again can't help
    Optional<Duration> afterFailure(FailureKind kind, Duration lasted) {
        if (lasted.compareTo(IN_ORDER) > 0) {
            next = FIRST_WAIT;
            failures = 0;
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

    /// Failures since a run was in order.
    int failures() {
        return failures;
    }
}
