package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.client.MongoCollection;
import dev.sluice.failure.FailureKind;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.service.pipeline.PipelineState;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bson.Document;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// Promise 6: no silent start from now, no silent skip.
class HistoryLostIT {
    @Test
    @DisplayName("a position the oplog no longer holds: a loud stop with the gap and the remedy, and the remedy works")
    void loudStop() throws SQLException, InterruptedException {
        SandboxMongo.Options shortOplog = SandboxMongo.Options.DEFAULTS.withOplogMegabytes(1);
        try (LiveSystem system = LiveSystem.start("demo", shortOplog)) {
            MongoCollection<Document> users = system.database().getCollection("users");
            users.insertOne(user(0));
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                running.awaitApplied();
            }
            String position = system.text("SELECT resume_token FROM sluice.position");
            // Deleted where nobody will ever hear of it.
            users.deleteOne(new Document("_id", "u0"));
            // Lazily pruned in the stand-in: many more than the limit, in many writes.
            for (int batch = 0; batch < 40; batch++) {
                List<Document> documents = new ArrayList<>();
                for (int i = 0; i < 100; i++) {
                    documents.add(user(1 + batch * 100 + i));
                }
                users.insertMany(documents);
            }
            try (RunningPipeline again = RunningPipeline.start(system)) {
                assertThat(again.awaitEnd()).isInstanceOfSatisfying(PipelineState.Failed.class, failed -> {
                    assertThat(failed.kind()).isEqualTo(FailureKind.HISTORY_LOST);
                    assertThat(failed.message())
                            .contains("Sluice was at 20")
                            .contains("the oplog now starts at 20")
                            .contains("are gone");
                    assertThat(failed.forPeople()).contains("sluice backfill --resync --prune");
                });
            }
            assertThat(system.text("SELECT resume_token FROM sluice.position")).isEqualTo(position);
            // Reading anew beside the stream is no way back: there is no stream.
            try (ServiceProcess beside = ServiceProcess.start(
                    List.of("resync"),
                    List.of(),
                    Map.of(
                            "MONGO_URI", system.mongo().uri(),
                            "POSTGRES_URI", system.postgresUri(),
                            "SLUICE_MAPPING", "demo"))) {
                assertThat(beside.awaitExit(60)).as(beside.output()).isEqualTo(3);
                assertThat(beside.output()).contains("sluice backfill --resync --prune");
            }

            try (ServiceProcess resync = ServiceProcess.start(
                    List.of("backfill", "--resync", "--prune"),
                    List.of(),
                    Map.of(
                            "MONGO_URI", system.mongo().uri(),
                            "POSTGRES_URI", system.postgresUri(),
                            "SLUICE_MAPPING", "demo"))) {
                assertThat(resync.awaitExit(60)).as(resync.output()).isZero();
            }
            users.insertOne(user(1_000_000));
            try (RunningPipeline mended = RunningPipeline.start(system)) {
                mended.awaitStreaming();
                mended.awaitApplied();
            }
            assertThat(system.differences()).isEmpty();
        }
    }

    private static Document user(int n) {
        return new Document("_id", "u" + n).append("email", n + "@shop.example").append("signedUpAt", Instant.EPOCH);
    }
}
