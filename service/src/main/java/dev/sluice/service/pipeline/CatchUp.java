package dev.sluice.service.pipeline;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;

/// Estimates when the rows will have caught up, from how fast the delay has shrunk lately. The delay is
/// the lag or the number of changes that wait. Any thread.
final class CatchUp {
    private static final Duration WINDOW = Duration.ofSeconds(30);
    private static final Duration EVERY = Duration.ofMillis(500);

    /// Over less than this there is no estimate.
    private static final Duration LEAST = Duration.ofSeconds(2);

    /// If the delay does not shrink for this long, it has stopped shrinking. Longer than a transaction takes.
    private static final Duration RECENT = Duration.ofSeconds(5);

    /// A stream that gains less than this per second keeps up, and does not catch up.
    private static final double GAIN_LEAST = 0.02;

    private record Sample(Instant clock, double behind) {}

    private final Deque<Sample> samples = new ArrayDeque<>();

    /// Records how far it is behind.
    ///
    /// @param clock now, by any clock, as long as it is the same
    synchronized void onMoved(Instant clock, double behind) {
        Sample last = samples.peekLast();
        if (last != null && Duration.between(last.clock(), clock).compareTo(EVERY) < 0) {
            return;
        }
        samples.addLast(new Sample(clock, behind));
        // The newest of those outside is kept: while nothing moves it says that nothing moves.
        Instant from = clock.minus(WINDOW);
        while (samples.size() > 1 && isBefore(second(), from)) {
            samples.removeFirst();
        }
    }

    private Sample second() {
        return samples.stream().skip(1).findFirst().orElseThrow();
    }

    private static boolean isBefore(Sample sample, Instant time) {
        return sample.clock().isBefore(time);
    }

    /// Seconds until nothing is left, at the rate since the largest delay within the last half
    /// minute: infinite when the delay does not shrink, NaN when it is not known yet.
    synchronized double seconds(Instant clock, double behind) {
        Sample first = samples.peekFirst();
        if (first == null || Duration.between(first.clock(), clock).compareTo(LEAST) < 0) {
            return Double.NaN;
        }
        Sample peak = peak(clock);
        double elapsed = seconds(Duration.between(peak.clock(), clock));
        boolean gains =
                elapsed * 1_000 >= LEAST.toMillis() && behind < recent(clock).behind();
        double gain = gains ? (peak.behind() - behind) / elapsed : 0;
        return gain < GAIN_LEAST ? Double.POSITIVE_INFINITY : behind / gain;
    }

    /// When it was furthest behind: within the window, or at its beginning when nothing moved within.
    private Sample peak(Instant clock) {
        Instant from = clock.minus(WINDOW);
        Sample peak = samples.getFirst();
        for (Sample sample : samples) {
            if (isBefore(peak, from) || sample.behind() >= peak.behind()) {
                peak = sample;
            }
        }
        return peak;
    }

    /// What was a moment ago: the oldest sample of that moment, or the newest before when nothing moved.
    private Sample recent(Instant clock) {
        Instant from = clock.minus(RECENT);
        Instant to = clock.minus(LEAST);
        Sample recent = samples.getFirst();
        for (Sample sample : samples) {
            if (isBefore(recent, from) && !sample.clock().isAfter(to)) {
                recent = sample;
            }
        }
        return recent;
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }
}
