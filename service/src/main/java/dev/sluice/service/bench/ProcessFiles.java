package dev.sluice.service.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/// What Linux shows of a running process in its files (`proc_pid_stat(5)`, `proc_pid_status(5)`). Empty where
/// there is no such process, or no Linux.
///
/// @param root where its files are
record ProcessFiles(Path root) {
    /// `USER_HZ`, which is 100 on every architecture that a JDK 25 is for.
    private static final double TICKS_PER_SECOND = 100;

    /// Counted from the state, which follows the name in brackets; the name may hold blanks and brackets itself.
    private static final int USER_TIME = 11;

    private static final int TIMES = 4;

    ProcessFiles() {
        this(Path.of("/proc"));
    }

    /// CPU of the process, user and system, and of its children that it has waited for.
    Optional<Double> cpuSeconds(long pid) {
        try {
            String stat = Files.readString(root.resolve(pid + "/stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            return Optional.of(Stream.of(fields)
                            .skip(USER_TIME)
                            .limit(TIMES)
                            .mapToLong(Long::parseLong)
                            .sum()
                    / TICKS_PER_SECOND);
        } catch (IOException gone) {
            return Optional.empty();
        }
    }

    /// The most memory that the process has held since it runs its program.
    Optional<Long> peakRssBytes(long pid) {
        try (Stream<String> lines = Files.lines(root.resolve(pid + "/status"))) {
            return lines.filter(line -> line.startsWith("VmHWM:"))
                    .findFirst()
                    .map(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10);
        } catch (IOException | java.io.UncheckedIOException gone) {
            return Optional.empty();
        }
    }
}
