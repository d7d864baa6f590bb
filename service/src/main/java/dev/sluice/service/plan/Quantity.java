package dev.sluice.service.plan;

import java.time.Duration;
import java.util.Locale;

/// Sizes and times as people say them, longer times with their seconds.
final class Quantity {
    private static final String[] UNITS = {"B", "kB", "MB", "GB", "TB", "PB"};

    private Quantity() {}

    static String bytes(long bytes) {
        double amount = bytes;
        int unit = 0;
        while (amount >= 1_000 && unit < UNITS.length - 1) {
            amount /= 1_000;
            unit++;
        }
        return unit == 0
                ? bytes + " B"
                : String.format(Locale.ROOT, amount < 10 ? "%.1f %s" : "%.0f %s", amount, UNITS[unit]);
    }

    static String time(Duration time) {
        long seconds = time.toSeconds();
        if (seconds < 120) {
            return seconds + " s";
        }
        if (seconds < 2 * 3_600) {
            return seconds / 60 + " min (" + seconds + " s)";
        }
        return seconds < 48 * 3_600
                ? String.format(Locale.ROOT, "%.1f h (%,d s)", seconds / 3_600.0, seconds)
                : String.format(Locale.ROOT, "%.1f days (%,d s)", seconds / 86_400.0, seconds);
    }
}
