package dev.sluice.service.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/// Time, CPU time and peak memory of this process between two moments. The servers are processes of their
/// own and are not in it. For one measurement at a time, since there is one peak for the process; any
/// thread.
final class ProcessMeter {
    private static final Path CLEAR = Path.of("/proc/self/clear_refs");
    private static final Path STATUS = Path.of("/proc/self/status");

    /// Linux, `proc_pid_clear_refs(5)`: sets the peak back to what is held now.
    private static final String RESET_PEAK = "5";

    private final long started = System.nanoTime();
    private final @Nullable Double cpuBefore = cpuSeconds();
    private final boolean peakIsOurs;

    private ProcessMeter(boolean peakIsOurs) {
        this.peakIsOurs = peakIsOurs;
    }

    /// Collects garbage, so that garbage of one contender counts neither in the memory nor in the time of
    /// the next one. Takes a moment, so not while a contender is measured.
    @SuppressWarnings("PMD.DoNotCallGarbageCollectionExplicitly")
    static void collectGarbage() {
        System.gc();
    }

    static ProcessMeter start() {
        return new ProcessMeter(resetPeak());
    }

    /// What was taken since the start, for so many rows or changes.
    Sample stop(long count) {
        double seconds = (System.nanoTime() - started) / 1e9;
        Double now = cpuSeconds();
        return new Sample(
                count,
                seconds,
                now == null || cpuBefore == null ? null : now - cpuBefore,
                peakIsOurs ? peakRssBytes() : null);
    }

    private static @Nullable Double cpuSeconds() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
                        && system.getProcessCpuTime() >= 0
                ? system.getProcessCpuTime() / 1e9
                : null;
    }

    private static boolean resetPeak() {
        try {
            Files.writeString(CLEAR, RESET_PEAK, StandardOpenOption.WRITE);
            return true;
        } catch (IOException noLinuxOrNotAllowed) {
            return false;
        }
    }

    private static @Nullable Long peakRssBytes() {
        try {
            for (String line : Files.readAllLines(STATUS)) {
                if (line.startsWith("VmHWM:")) {
                    return Long.parseLong(line.replaceAll("\\D", "")) << 10;
                }
            }
            return null;
        } catch (IOException e) {
            return null;
        }
    }
}
