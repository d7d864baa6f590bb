package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.service.cli.Cli.Result;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The program with the libraries that are in the image, which brings no servers.
class ImageIT {
    @ParameterizedTest
    @ValueSource(strings = {"demo", "warm", "bench backfill", "bench stream", "bench latency", "bench verify"})
    @DisplayName("a command that brings servers of its own says that it is not part of the image, and ends with 3")
    void withoutServers(String command) {
        Result result = Cli.runInImage(Map.of(), command.split(" "));

        assertThat(result.exitCode()).as(result.err()).isEqualTo(3);
        assertThat(result.err().strip())
                .isEqualTo(
                        "`sluice " + command + "` is not part of this image, since it brings servers of its own; run it"
                                + " from a build of the repository.");
    }

    @Test
    @DisplayName("the help in the image lists the other commands only")
    void help() {
        Result help = Cli.runInImage(Map.of(), "--help");

        assertThat(help.exitCode()).as(help.err()).isZero();
        assertThat(help.out())
                .contains("\n  run ", "\n  quarantine ")
                .doesNotContain("\n  demo ", "\n  bench ", "\n  warm ");
    }
}
