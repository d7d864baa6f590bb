package dev.sluice.service.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A token in a file is replaced while Sluice runs.
class LiveTokensTest {
    private final AtomicLong nanos = new AtomicLong();
    private final Path file;

    LiveTokensTest(@TempDir Path folder) {
        this.file = folder.resolve("token");
    }

    @Test
    @DisplayName("a file that has changed counts within a second, and is looked at no more often")
    void replaced() throws IOException {
        LiveTokens tokens = of("old, older");
        assertThat(tokens.now().operate()).containsExactly("old", "older");

        Files.writeString(file, "newer\n");
        assertThat(tokens.now().operate()).as("at once").containsExactly("old", "older");
        pass(Duration.ofSeconds(1));
        assertThat(tokens.now().operate()).containsExactly("newer");
        assertThat(tokens.now().read()).as("from no file").containsExactly("look");
    }

    @Test
    @DisplayName("a file that is empty or gone opens nothing: the tokens that were in it hold on")
    void emptied() throws IOException {
        LiveTokens tokens = of("old");
        Files.writeString(file, " ,\n");
        pass(Duration.ofSeconds(1));
        assertThat(tokens.now().operate()).containsExactly("old");

        Files.writeString(file, "");
        pass(Duration.ofSeconds(1));
        assertThat(tokens.now().operate()).containsExactly("old");

        Files.delete(file);
        pass(Duration.ofSeconds(1));
        assertThat(tokens.now().operate()).containsExactly("old");

        Files.writeString(file, "again");
        pass(Duration.ofSeconds(1));
        assertThat(tokens.now().operate()).containsExactly("again");
    }

    private LiveTokens of(String text) throws IOException {
        Files.writeString(file, text);
        Settings settings = Settings.read(
                Map.of("SLUICE_API_TOKEN_FILE", file.toString(), "SLUICE_API_READ_TOKEN", "look"), Map.of());
        return new LiveTokens(settings.tokens(), nanos::get);
    }

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }
}
