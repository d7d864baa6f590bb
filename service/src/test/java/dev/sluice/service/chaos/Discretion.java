package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;

/// That nothing of a document gets into what a program writes (promise 10), and nothing of the libraries it
/// uses.
final class Discretion {
    /// Belongs into the `_id`s of a test's documents.
    static final String MARKER = "marker-of-a-key";

    private Discretion() {}

    /// No key, in no form that a resume token has it in; no resume token; no stack trace.
    static void assertKept(String output) {
        byte[] key = MARKER.getBytes(StandardCharsets.UTF_8);
        assertThat(output)
                .doesNotContain(MARKER)
                .doesNotContainIgnoringCase(HexFormat.of().formatHex(key))
                // The part of it that does not depend on where in a token it begins.
                .doesNotContain(Base64.getEncoder().withoutPadding().encodeToString(key), "resume_token", "_data")
                .doesNotContain("\tat ", "Caused by", "Exception", "io.debezium", "com.mongodb");
    }
}
