package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.MongoCollection;
import dev.sluice.failure.FailureKind;
import dev.sluice.service.pipeline.PipelineState;
import dev.sluice.testkit.ShortOplog;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.bson.Document;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// Promise 6: no silent start from now, no silent skip.
class HistoryLostIT {
    private static final String REMEDY = "sluice backfill --resync --prune";

    @Test
    @DisplayName("a position the oplog no longer holds: a loud stop with the gap and the remedy, and the remedy works")
    void loudStop() throws SQLException, InterruptedException {
        try (LiveSystem system = LiveSystem.start("demo", ShortOplog.OPTIONS)) {
            MongoCollection<Document> users = system.database().getCollection("users");
            users.insertOne(user(0));
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                running.awaitApplied();
            }
            String position = String.valueOf(system.text("SELECT resume_token FROM sluice.position"));
            // Deleted where nobody will ever hear of it.
            users.deleteOne(new Document("_id", "u0"));
            ShortOplog.forgetEverything(system.client());
            users.insertOne(user(1));
            try (RunningPipeline again = RunningPipeline.start(system)) {
                assertThat(again.awaitEnd()).isInstanceOfSatisfying(PipelineState.Failed.class, failed -> {
                    assertThat(failed.kind()).isEqualTo(FailureKind.HISTORY_LOST);
                    assertThat(failed.message())
                            .contains("Sluice was at 20")
                            .contains("the oplog now starts at 20")
                            .contains("are gone");
                    assertThat(failed.forPeople()).contains("sluice backfill --resync --prune");
                });
                await().until(() -> again.pipeline().status().headroom().seconds() < 0);
            }
            assertThat(system.text("SELECT resume_token FROM sluice.position")).isEqualTo(position);
            assertThat(sluice(system, 1, "plan")).contains("mongo_position", "the oplog now starts at 20", REMEDY);
            // A resync while the stream runs is no way back: there is no stream.
            assertThat(sluice(system, 3, "resync")).contains(REMEDY);
            assertThat(sluice(system, 1, "replay", "--from", position)).contains("the oplog now starts at 20");
            sluice(system, 0, "backfill", "--resync", "--prune");
            users.insertOne(user(1_000_000));
            try (RunningPipeline mended = RunningPipeline.start(system)) {
                mended.awaitStreaming();
                mended.awaitApplied();
            }
            assertThat(system.differences()).isEmpty();
        }
    }

    private static String sluice(LiveSystem system, int exit, String... command) throws InterruptedException {
        try (ServiceProcess process = ServiceProcess.start(
                List.of(command),
                List.of(),
                Map.of(
                        "MONGO_URI", system.mongo().uri(),
                        "POSTGRES_URI", system.postgresUri(),
                        "SLUICE_MAPPING", "demo"))) {
            assertThat(process.awaitExit(120)).as(process.output()).isEqualTo(exit);
            return process.output();
        }
    }

    private static Document user(int n) {
        return new Document("_id", "u" + n).append("email", n + "@shop.example").append("signedUpAt", Instant.EPOCH);
    }
}
