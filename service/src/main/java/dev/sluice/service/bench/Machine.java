package dev.sluice.service.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What figures were shown on, and when.
///
/// @param sluice the version of the program whose bench it is
/// @param mongo the server, with its version
/// @param postgres the server, with its version
/// @param cores that this JVM may use; the servers share them when they run here too
/// @param memoryMb of the machine, or of the container this JVM is in; null where the JVM does not say
/// @param heapMaxMb most memory the JVM may take for objects
/// @param begun when the servers had started
/// @param ended when the last figure was there
record Machine(
        String sluice,
        String mongo,
        String postgres,
        int cores,
        @Nullable Long memoryMb,
        long heapMaxMb,
        String jvm,
        String system,
        Moment begun,
        Moment ended) {
    private static final DateTimeFormatter MINUTE =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm", Locale.ROOT).withZone(ZoneOffset.UTC);

    /// A moment of a measurement, to the second.
    ///
    /// @param load the system's load average of the last minute; null where it does not say
    record Moment(Instant at, @Nullable Double load) {
        static Moment now() {
            double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
            return new Moment(Instant.now().truncatedTo(ChronoUnit.SECONDS), load < 0 ? null : load);
        }

        private String forPeople() {
            return MINUTE.format(at) + " UTC"
                    + (load == null ? "" : String.format(Locale.ROOT, " (load average %.1f)", load));
        }
    }

    /// Called when the last figure is there.
    static Machine of(Servers servers) {
        Runtime runtime = Runtime.getRuntime();
        String version = Machine.class.getPackage().getImplementationVersion();
        return new Machine(
                version == null ? "(development build)" : version,
                servers.mongo().description(),
                servers.postgres().description(),
                runtime.availableProcessors(),
                ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
                        ? system.getTotalMemorySize() >> 20
                        : null,
                runtime.maxMemory() >> 20,
                System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"),
                System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"),
                servers.begun(),
                Moment.now());
    }

    String forPeople() {
        String end = System.lineSeparator();
        return "Sluice " + sluice + " on " + mongo + "; " + postgres + "; " + cores
                + (cores == 1 ? " core, " : " cores, ")
                + (memoryMb == null ? "" : String.format(Locale.ROOT, "%,d MB of memory, ", memoryMb))
                + String.format(Locale.ROOT, "%,d MB of heap at most, ", heapMaxMb) + jvm + ", " + system + "." + end
                + "Begun " + begun.forPeople() + ", ended " + ended.forPeople() + ".";
    }
}
