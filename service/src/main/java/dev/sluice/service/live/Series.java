package dev.sluice.service.live;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The last numbers of one kind, one for each second, of which the oldest go. Four bytes each. For
/// one thread, or under a lock.
final class Series {
    private final float[] values;
    private long added;

    /// @param length how many are kept; at least 1
    Series(int length) {
        this.values = new float[length];
    }

    /// @param value null and NaN for unknown
    void add(@Nullable Double value) {
        values[(int) (added % values.length)] = value == null ? Float.NaN : value.floatValue();
        added++;
    }

    /// The oldest first, null for unknown.
    ///
    /// @param most how many at most, the newest of them
    List<@Nullable Float> newest(int most) {
        int count = (int) Math.min(Math.min(most, values.length), added);
        List<@Nullable Float> newest = new ArrayList<>(count);
        for (long i = added - count; i < added; i++) {
            float value = values[(int) (i % values.length)];
            newest.add(Float.isNaN(value) ? null : value);
        }
        return newest;
    }

    /// The mean of the newest that are known; NaN where none is.
    double mean(int most) {
        double sum = 0;
        int known = 0;
        for (Float value : newest(most)) {
            if (value != null) {
                sum += value;
                known++;
            }
        }
        return known == 0 ? Double.NaN : sum / known;
    }
}
