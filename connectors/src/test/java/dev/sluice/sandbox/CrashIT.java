package dev.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The servers must not outlive a JVM that had no chance to clean up.
class CrashIT {

    private static final Duration START_BOUND = Duration.ofMinutes(10);
    private static final Duration STOP_BOUND = Duration.ofMinutes(1);

    @TempDir
    Path folder = Path.of("");

    /// The JVM that is killed: starts both servers, writes their process ids, and waits.
    static final class Victim {

        private Victim() {}

        @SuppressWarnings("resource") // Left open on purpose.
        public static void main(String[] arguments) throws Exception {
            SandboxPostgres postgres = SandboxPostgres.start();
            SandboxMongo mongo = SandboxMongo.start();
            Path file = Path.of(arguments[0]);
            Path partial = file.resolveSibling("partial");
            Files.writeString(partial, text(postgres.pid()) + " " + text(mongo.pid()));
            Files.move(partial, file);
            Thread.currentThread().join();
        }

        private static String text(OptionalLong pid) {
            return pid.isPresent() ? Long.toString(pid.getAsLong()) : "none";
        }
    }

    @Test
    void serversEndWithAKilledJvm() throws IOException {
        Path pids = folder.resolve("pids");
        Path log = folder.resolve("log");
        Process victim = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Djava.io.tmpdir=" + folder,
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        Victim.class.getName(),
                        pids.toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            await().atMost(START_BOUND)
                    .failFast("the child JVM ended", () -> !victim.isAlive())
                    .until(() -> Files.exists(pids));
            List<String> written = List.of(Files.readString(pids).split(" "));
            // In a container or given from outside, the servers are no processes of ours.
            assumeThat(written).doesNotContain("none");
            List<ProcessHandle> servers = written.stream()
                    .map(pid -> ProcessHandle.of(Long.parseLong(pid)).orElseThrow())
                    .toList();
            assertThat(servers).hasSize(2).allMatch(ProcessHandle::isAlive);

            victim.destroyForcibly();

            await().atMost(STOP_BOUND).until(() -> servers.stream().noneMatch(ProcessHandle::isAlive));
            // The directories, which the guards remove last.
            await().atMost(STOP_BOUND).until(() -> left("sluice-sandbox-").isEmpty());
        } finally {
            victim.destroyForcibly();
            if (Files.exists(log)) {
                System.out.println(Files.readString(log, StandardCharsets.UTF_8));
            }
        }
    }

    private List<Path> left(String prefix) throws IOException {
        try (var files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().startsWith(prefix))
                    .toList();
        }
    }
}
