package dev.sluice.cutover;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How long reads took, counted in classes that grow by a fifth each: from 0.1 ms to a minute a
/// percentile is known to about a tenth of it, whoever counted, and counts can be added. For one thread.
public final class ReadTimes {
    private static final double FIRST_MILLIS = 0.1;
    private static final double GROWTH = 1.2;
    private static final int CLASSES = 76;

    private final long[] reads = new long[CLASSES];

    /// @param counts as [#counts] gives them; fewer stand for zeros behind them, and more are the
    ///     longest
    public static ReadTimes of(List<Long> counts) {
        ReadTimes times = new ReadTimes();
        for (int i = 0; i < counts.size(); i++) {
            times.reads[Math.min(i, CLASSES - 1)] += counts.get(i);
        }
        return times;
    }

    /// @param millis negative ones count as 0
    public void add(double millis) {
        double steps = Math.log(millis / FIRST_MILLIS) / Math.log(GROWTH);
        // Below the first class the logarithm is negative, of 0 infinite, of less no number.
        int index = steps >= 0 ? (int) Math.min(CLASSES - 1, Math.floor(steps) + 1) : 0;
        reads[index]++;
    }

    public ReadTimes plus(ReadTimes other) {
        ReadTimes sum = new ReadTimes();
        Arrays.setAll(sum.reads, i -> reads[i] + other.reads[i]);
        return sum;
    }

    /// By class: the first has the reads of less than 0.1 ms, each other those up to 1.2 times as much
    /// as the one before.
    public List<Long> counts() {
        return Arrays.stream(reads).boxed().toList();
    }

    public long total() {
        return Arrays.stream(reads).sum();
    }

    /// The time within which so many of them were done.
    ///
    /// @param percent over 0, up to 100
    /// @return milliseconds: the middle of its class; null where there is none
    public @Nullable Double percentile(double percent) {
        long total = total();
        long wanted = Math.max(1, (long) Math.ceil(total * percent / 100));
        long seen = 0;
        for (int i = 0; i < CLASSES; i++) {
            seen += reads[i];
            if (total > 0 && seen >= wanted) {
                double upper = FIRST_MILLIS * Math.pow(GROWTH, i);
                return i == 0 ? upper : upper / Math.sqrt(GROWTH);
            }
        }
        return null;
    }
}
