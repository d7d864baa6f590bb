package dev.sluice.service.pipeline;

import java.time.Duration;
import java.util.Optional;

/// The time in which this process could not write, from the first run that failed to the next commit: an operator
/// who reads the log has to see that it is over, and how long it was. Any thread.
final class Outage {
    private int failures;
    private long retries;
    private long since;
    private long commits;

    /// An outage that is over.
    ///
    /// @param failures runs that failed in it
    record Over(Duration took, int failures) {}

    /// A run has failed, and another one will be tried.
    ///
    /// @param commitsSoFar of this process
    /// @param now nanoseconds, of a clock that does not jump
    synchronized void failed(long commitsSoFar, long now) {
        if (failures == 0) {
            since = now;
        }
        failures++;
        retries++;
        commits = commitsSoFar;
    }

    /// Runs that failed since the process began.
    synchronized long retries() {
        return retries;
    }

    /// @param commitsSoFar of this process
    /// @param now of the same clock
    /// @return an outage that has ended since the last call
    synchronized Optional<Over> over(long commitsSoFar, long now) {
        if (failures == 0 || commitsSoFar <= commits) {
            return Optional.empty();
        }
        Over over = new Over(Duration.ofNanos(now - since), failures);
        failures = 0;
        return Optional.of(over);
    }
}
