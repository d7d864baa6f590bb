package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `./sluice test` that is stopped, with a script in the place of Maven.
@DisplayName("The launcher that is told to stop")
class LauncherStopIT {
    private static final Duration BOUND = Duration.ofSeconds(60);

    /// Works without end, with a process of its own below it that does not listen to signals.
    private static final String MAVEN = """
            #!/bin/sh
            trap '' TERM
            sh -c 'trap "" TERM; echo $$ >below.pid; while :; do sleep 1; done' &
            echo $$ >maven.pid
            trap 'exit 1' TERM
            while :; do sleep 1; done
            """;

    @Test
    @DisplayName("ends Maven with all that it has started, leaves no mark of a run, and ends as whoever was told to")
    void stopped(@TempDir Path folder) throws IOException, InterruptedException {
        Path root = Files.createDirectories(folder.resolve("a sluice"));
        Files.copy(Path.of("..", "sluice"), root.resolve("sluice"));
        Path maven = Files.writeString(root.resolve("mvnw"), MAVEN);
        assertThat(maven.toFile().setExecutable(true)).isTrue();
        ProcessBuilder builder = new ProcessBuilder(root.resolve("sluice").toString(), "test")
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("said").toFile());
        builder.environment().put("SLUICE_JAVA_HOME", System.getProperty("java.home"));
        Process launcher = builder.start();
        try {
            await().atMost(BOUND).untilAsserted(() -> {
                assertThat(pid(root, "maven")).isPositive();
                assertThat(pid(root, "below")).isPositive();
            });
            List<Long> below = List.of(pid(root, "maven"), pid(root, "below"));
            assertThat(root.resolve(".sluice/test.started")).exists();

            launcher.destroy();

            assertThat(launcher.waitFor(BOUND.toSeconds(), TimeUnit.SECONDS)).isTrue();
            assertThat(launcher.exitValue())
                    .as(Files.readString(folder.resolve("said")))
                    .isEqualTo(143);
            await().atMost(BOUND)
                    .untilAsserted(() -> assertThat(below)
                            .allSatisfy(pid -> assertThat(ProcessHandle.of(pid).filter(ProcessHandle::isAlive))
                                    .isEmpty()));
            assertThat(root.resolve(".sluice/test.started")).doesNotExist();
        } finally {
            launcher.destroyForcibly();
        }
    }

    private static long pid(Path root, String name) throws IOException {
        Path file = root.resolve(name + ".pid");
        return Files.exists(file) ? Long.parseLong("0" + Files.readString(file).strip()) : 0;
    }
}
