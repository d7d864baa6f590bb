package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.SandboxMongo;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import org.bson.Document;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// What the program writes when MongoDB goes away, comes back, and when it is stopped: one line of ours for
/// each, none of the libraries it uses, and nothing of a document (promise 10).
class OneVoiceIT {
    private static final Duration BOUND = Duration.ofMinutes(2);
    private static final String MARKER = "marker-of-a-key";
    private static final Pattern COMPLAINT = Pattern.compile("^\\d\\d:\\d\\d:\\d\\d\\.\\d{3} (WARN|ERROR)");

    @Test
    @DisplayName("an outage of MongoDB is one WARN of ours, a stop none, and no line holds a key or a token")
    void oneLineForEach() throws Exception {
        try (LiveSystem system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS);
                ServiceProcess service = ServiceProcess.run(system)) {
            insert(system, MARKER + "-1");
            awaitRows(system, service, 1);
            system.mongo().stop();
            await().atMost(BOUND)
                    .failFast(service::mustLive)
                    .until(() -> !complaints(service).isEmpty());
            assertThat(complaints(service)).as(service.output()).hasSize(1);
            assertThat(service.output()).doesNotContain("\tat ", "Caused by");
            system.mongo().startAgain();
            insert(system, MARKER + "-2");
            awaitRows(system, service, 2);
            service.terminate();

            assertThat(service.awaitExit(60)).as(service.output()).isZero();
            assertThat(complaints(service)).as(service.output()).hasSize(1);
            byte[] key = MARKER.getBytes(StandardCharsets.UTF_8);
            assertThat(service.output())
                    .doesNotContain(MARKER)
                    .doesNotContainIgnoringCase(HexFormat.of().formatHex(key))
                    // The part of it that does not depend on where in a token it begins.
                    .doesNotContain(Base64.getEncoder().withoutPadding().encodeToString(key), "resume_token", "_data");
        }
    }

    private static void insert(LiveSystem system, String id) {
        system.database().getCollection("users").insertOne(new Document("_id", id).append("name", "Somebody"));
    }

    private static void awaitRows(LiveSystem system, ServiceProcess service, long rows) {
        await().atMost(BOUND)
                .failFast(service::mustLive)
                .until(() -> system.number("SELECT count(*) FROM users") == rows);
    }

    private static List<String> complaints(ServiceProcess service) {
        return service.output()
                .lines()
                .filter(line -> COMPLAINT.matcher(line).find())
                .toList();
    }
}
