package dev.sluice.service.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The pauses of a collector, as its log (`-Xlog:gc`) has them.
///
/// @param longestMillis 0 where there is none
/// @param overTenMillis how many were longer than 10 ms
record Pauses(int count, double longestMillis, double totalMillis, int overTenMillis) {
    private static final Pattern PAUSE = Pattern.compile("Pause .* (\\d+\\.\\d+)ms$");
    private static final double LONG_MILLIS = 10;

    /// @return null where there is no log: the process was not started by a JVM that understands it
    static @Nullable Pauses of(Path log) {
        try {
            return of(Files.readAllLines(log));
        } catch (IOException none) {
            return null;
        }
    }

    static Pauses of(List<String> log) {
        double[] millis = log.stream()
                .flatMap(Pauses::millis)
                .mapToDouble(Double::doubleValue)
                .toArray();
        double longest = 0;
        double total = 0;
        int over = 0;
        for (double pause : millis) {
            longest = Math.max(longest, pause);
            total += pause;
            over += pause > LONG_MILLIS ? 1 : 0;
        }
        return new Pauses(millis.length, longest, total, over);
    }

    private static Stream<Double> millis(String line) {
        Matcher matcher = PAUSE.matcher(line);
        return matcher.find() ? Stream.of(Double.parseDouble(matcher.group(1))) : Stream.empty();
    }
}
