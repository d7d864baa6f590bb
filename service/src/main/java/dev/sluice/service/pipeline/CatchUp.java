package dev.sluice.service.pipeline;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;

/// When the rows will have caught up, from how fast the watermark has gained on the clock lately. Any
/// thread.
final class CatchUp {
    private static final Duration WINDOW = Duration.ofSeconds(30);
    private static final Duration EVERY = Duration.ofMillis(500);

    /// Over less than this nothing can be said.
    private static final Duration LEAST = Duration.ofSeconds(2);

    /// What does not gain over this long has stopped gaining. Longer than a transaction takes.
    private static final Duration RECENT = Duration.ofSeconds(5);

    /// A watermark that gains less than this a second keeps up, and does not catch up.
    private static final double GAIN_LEAST = 0.02;

    private record Sample(Instant clock, Instant watermark) {
        double lag() {
            return seconds(Duration.between(watermark, clock));
        }
    }

    private final Deque<Sample> samples = new ArrayDeque<>();

    /// Notes where the watermark is.
    ///
    /// @param clock now, by MongoDB's clock
    synchronized void onMoved(Instant clock, Instant watermark) {
        Sample last = samples.peekLast();
        if (last != null && Duration.between(last.clock(), clock).compareTo(EVERY) < 0) {
            return;
        }
        samples.addLast(new Sample(clock, watermark));
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

    /// Seconds until the watermark is at the clock if it goes on as since it was furthest behind within the
    /// last half minute: infinite when it does not gain, NaN when that can't be said yet.
    ///
    /// @param clock now, by MongoDB's clock
    synchronized double seconds(Instant clock, Instant watermark) {
        Sample first = samples.peekFirst();
        if (first == null || Duration.between(first.clock(), clock).compareTo(LEAST) < 0) {
            return Double.NaN;
        }
        double lag = seconds(Duration.between(watermark, clock));
        Sample peak = peak(clock);
        double elapsed = seconds(Duration.between(peak.clock(), clock));
        boolean gains =
                elapsed * 1_000 >= LEAST.toMillis() && lag < recent(clock).lag();
        double gain = gains ? (peak.lag() - lag) / elapsed : 0;
        return gain < GAIN_LEAST ? Double.POSITIVE_INFINITY : lag / gain;
    }

    /// When it was furthest behind: within the window, or at its beginning when nothing moved within.
    private Sample peak(Instant clock) {
        Instant from = clock.minus(WINDOW);
        Sample peak = samples.getFirst();
        for (Sample sample : samples) {
            if (isBefore(peak, from) || sample.lag() >= peak.lag()) {
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
