package dev.sluice.service.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.sluice.failure.SluiceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a process took is known after its end, too.
class ColdProcessTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /// Works until it has taken a good third of a second of CPU as it measures that itself, and says how much it was.
    private static final String BUSY = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; times >\"$0\"";

    private final Path folder;

    ColdProcessTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    void theCpuOfAnEndedProcessIsWhatItHasMeasuredItself() throws IOException, InterruptedException {
        Path own = folder.resolve("own");
        try (ColdProcess process = ColdProcess.start(List.of("/bin/sh", "-c", BUSY, own.toString()), Map.of())) {
            ColdProcess.Usage usage = process.awaitGoodEnd(PATIENCE);

            assertThat(usage.cpuSeconds()).isBetween(firstLine(own) * 0.9, firstLine(own) * 1.1 + 0.05);
            assertThat(usage.seconds()).isGreaterThan(0);
        }
    }

    @Test
    void theCpuOfItsChildrenCounts() throws IOException, InterruptedException {
        Path own = folder.resolve("own");
        List<String> command = List.of("/bin/sh", "-c", "/bin/sh -c '" + BUSY + "' \"$0\"; exit 0", own.toString());
        try (ColdProcess process = ColdProcess.start(command, Map.of())) {
            assertThat(process.awaitGoodEnd(PATIENCE).cpuSeconds()).isGreaterThan(firstLine(own) * 0.9);
        }
    }

    @Test
    void aRunningProcessShowsTheSameAsItsEnd() throws IOException, InterruptedException {
        assumeThat(Path.of("/proc/self/stat")).exists();
        Path own = folder.resolve("own");
        List<String> command = List.of("/bin/sh", "-c", BUSY + "; sleep 60", own.toString());
        try (ColdProcess process = ColdProcess.start(command, Map.of())) {
            while (!Files.exists(own) || Files.size(own) == 0) {
                process.requireRunning();
                Thread.onSpinWait();
            }
            ColdProcess.Usage usage = process.now();

            assertThat(usage.cpuSeconds()).isBetween(firstLine(own) * 0.9, firstLine(own) * 1.1 + 0.05);
            assertThat(usage.peakRssBytes()).isBetween(100L << 10, 100L << 20);
        }
    }

    @Test
    void aProcessThatEndsBadlyIsSaidWithItsLastWords() {
        List<String> command = List.of("/bin/sh", "-c", "echo one; echo two >&2; exit 3");
        try (ColdProcess process = ColdProcess.start(command, Map.of())) {
            assertThatThrownBy(() -> process.awaitGoodEnd(PATIENCE))
                    .isInstanceOf(SluiceException.class)
                    .hasMessageContaining("ended with 3")
                    .hasMessageContaining("one | two");
        }
    }

    @Test
    void whatWasKilledIsGone() throws InterruptedException {
        try (ColdProcess process = ColdProcess.start(List.of("/bin/sh", "-c", "sleep 60; true"), Map.of())) {
            process.kill();

            assertThat(process.runs()).isFalse();
            assertThatThrownBy(process::now).isInstanceOf(SluiceException.class);
        }
    }

    @Test
    void aBenchThatIsStoppedLeavesNoProcessBehind() throws IOException, InterruptedException {
        Process bench = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        Stopped.class.getName(),
                        folder.resolve("pid").toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("said").toFile())
                .start();

        assertThat(bench.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(folder.resolve("pid"))
                .as(Files.readString(folder.resolve("said")))
                .exists();
        long pid = Long.parseLong(Files.readString(folder.resolve("pid")).strip());
        ProcessHandle.of(pid)
                .ifPresent(left -> left.onExit().orTimeout(10, TimeUnit.SECONDS).join());
    }

    /// Ends while what it has started still runs.
    static final class Stopped {
        public static void main(String... arguments) {
            Path pid = Path.of(arguments[0]);
            List<String> command =
                    List.of("/bin/sh", "-c", "echo $$ >\"$0.now\"; mv \"$0.now\" \"$0\"; sleep 60; true", arguments[0]);
            ColdProcess.start(command, Map.of());
            while (!Files.exists(pid)) {
                Thread.onSpinWait();
            }
            System.exit(0);
        }
    }

    @Test
    void theNameOfAProgramMayLookLikeFields() throws IOException {
        Files.createDirectories(folder.resolve("7"));
        Files.writeString(
                folder.resolve("7/stat"),
                "7 (a) R 1 (b) S 1 7 7 0 -1 4194304 1000 2000 0 0 150 50 20 30 20 0 1 0 100 1 1 18446744073709551615");
        Files.writeString(folder.resolve("7/status"), "Name:\ta) R 1 (b\nVmPeak:\t 9 kB\nVmHWM:\t   2048 kB\n");
        ProcessFiles files = new ProcessFiles(folder);

        assertThat(files.cpuSeconds(7)).hasValue(2.5);
        assertThat(files.peakRssBytes(7)).hasValue(2L << 20);
        assertThat(files.cpuSeconds(8)).isEmpty();
        assertThat(files.peakRssBytes(8)).isEmpty();
    }

    @Test
    void thePausesOfACollectorAreReadFromItsLog() {
        Pauses pauses = Pauses.of(List.of(
                "[0.005s][info][gc] Using G1",
                "[0.812s][info][gc] GC(0) Pause Young (Normal) (G1 Evacuation Pause) 26M->5M(388M) 4.250ms",
                "[0.912s][info][gc] GC(1) Concurrent Mark Cycle 12.500ms",
                "[1.912s][info][gc] GC(1) Pause Remark 40M->40M(388M) 10.750ms",
                "[2.912s][info][gc] GC(2) Pause Young (Allocation Failure) 40M->30M(388M) 5.000ms"));

        assertThat(pauses).isEqualTo(new Pauses(3, 10.75, 20.0, 1));
    }

    private static double firstLine(Path times) throws IOException {
        Path asTheLast = Files.createTempFile(times.getParent(), "times", "");
        Files.write(asTheLast, Files.readAllLines(times).reversed());
        Double seconds = ColdProcess.cpuOfEnded(asTheLast);
        return seconds == null ? 0 : seconds;
    }
}
