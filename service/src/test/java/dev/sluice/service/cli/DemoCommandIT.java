package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.service.cli.Cli.Result;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class DemoCommandIT {
    private static final Duration SOON = Duration.ofSeconds(90);
    private static final Pattern SETTINGS =
            Pattern.compile("export SLUICE_MAPPING=demo MONGO_URI='(.*)' POSTGRES_URI=(.*)");

    @Test
    @DisplayName("it prints the settings for other commands, by which reads are moved there once the gate opens")
    void readsCanBeMoved() {
        try (Cli demo = Cli.start(Cli.with(Servers.asSandboxes(), "SLUICE_HTTP_PORT", "0"), "demo", "--for", "10m")) {
            Matcher printed = await().atMost(SOON).until(() -> SETTINGS.matcher(demo.out()), Matcher::find);
            Map<String, String> settings = Cli.settings(
                    "SLUICE_MAPPING", "demo", "MONGO_URI", printed.group(1), "POSTGRES_URI", printed.group(2));

            await().atMost(SOON)
                    .pollInterval(Duration.ofSeconds(1))
                    .until(() -> Cli.runHere(settings, "gate", "users").exitCode() == 0);
            Result moved = Cli.runHere(settings, "cutover", "users");

            assertThat(moved.exitCode()).as(moved.out() + moved.err()).isZero();
            demo.interrupt();
            Result ended = demo.await();
            assertThat(ended.exitCode()).as(ended.out() + ended.err()).isZero();
            assertThat(ended.out()).contains("Both sides are equal");
        }
    }
}
