package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.MongoChangeStreamCursor;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import com.mongodb.client.model.changestream.ChangeStreamDocument;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import org.bson.BsonTimestamp;
import org.bson.Document;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A collection is taken out of the mapping while the pipeline's position is at a change of it, so that the
/// stream of today leaves out the very event with which it goes on. mongod answers a resume of that kind with
/// error 280.
@SuppressWarnings("NullAway.Init")
class RemovedCollectionIT {
    private static LiveServers servers;

    @BeforeAll
    static void startServers() {
        servers = LiveServers.start();
    }

    @AfterAll
    static void stopServers() {
        servers.close();
    }

    @TempDir
    private Path folder = Path.of("");

    @Test
    @DisplayName(
            "run, replay of one collection and verify after a kill -9 go on, nothing is lost, and no line complains")
    void everythingGoesOn() throws SQLException, InterruptedException, IOException {
        try (LiveSystem system = servers.system("demo")) {
            insertUser(system, "first");
            try (ServiceProcess before = ServiceProcess.run(system)) {
                system.awaitFresh(before);
                before.killHard();
            }
            Map<String, String> withoutOrders = Map.of(
                    "SLUICE_MAPPING", DemoMapping.copy(folder, text -> text.substring(0, text.indexOf("  orders:"))));
            moveToAChangeOfTheRemoved(system);
            insertUser(system, "while nobody ran");

            try (ServiceProcess run = ServiceProcess.run(system, withoutOrders)) {
                system.awaitFresh(run);
                assertThat(users(system)).isEqualTo(2);
                try (ServiceProcess replay = ServiceProcess.command(
                        system, withoutOrders, "replay", "--from", "1h", "--collection", "users")) {
                    assertThat(replay.awaitExit(120)).as(replay.output()).isZero();
                    assertThat(replay.output()).contains("their rows are equal to them");
                    Discretion.assertKept(replay.output());
                }
                insertUser(system, "while it ran");
                system.awaitFresh(run);
                run.killHard();
                assertQuiet(run);
            }
            moveToAChangeOfTheRemoved(system);
            try (ServiceProcess verify = ServiceProcess.command(system, withoutOrders, "verify")) {
                assertThat(verify.awaitExit(120)).as(verify.output()).isZero();
                Discretion.assertKept(verify.output());
            }
            insertUser(system, "last");
            try (ServiceProcess again = ServiceProcess.run(system, withoutOrders)) {
                system.awaitFresh(again);
                assertThat(users(system)).isEqualTo(4);
                again.terminate();
                assertThat(again.awaitExit(60)).as(again.output()).isZero();
                assertQuiet(again);
            }
        }
    }

    @Test
    @DisplayName(
            "a collection that is put back is copied again: what happened meanwhile is in its rows, and is not said to"
                    + " be before it is")
    void putBack() throws SQLException, InterruptedException, IOException {
        try (LiveSystem system = servers.system("demo")) {
            MongoCollection<Document> orders = system.database().getCollection("orders");
            insertUser(system, "first");
            for (long i = 1; i <= 3; i++) {
                orders.insertOne(new Document("_id", i).append("status", "new").append("placedAt", Instant.EPOCH));
            }
            try (ServiceProcess before = ServiceProcess.run(system)) {
                system.awaitFresh(before);
                before.killHard();
            }
            Map<String, String> withoutOrders = Map.of(
                    "SLUICE_MAPPING", DemoMapping.copy(folder, text -> text.substring(0, text.indexOf("  orders:"))));
            orders.updateOne(Filters.eq("_id", 1L), Updates.set("status", "changed"));
            orders.deleteOne(Filters.eq("_id", 2L));
            orders.insertOne(new Document("_id", 4L).append("status", "new").append("placedAt", Instant.EPOCH));
            insertUser(system, "meanwhile");
            try (ServiceProcess run = ServiceProcess.run(system, withoutOrders)) {
                system.awaitFresh(run);
                assertThat(system.number("SELECT count(*) FROM sluice.watermark WHERE collection = 'orders'"))
                        .isZero();
                run.killHard();
            }

            try (ServiceProcess again = ServiceProcess.run(system)) {
                system.awaitFresh(again);
                await().atMost(Duration.ofSeconds(60))
                        .failFast(again::mustLive)
                        .untilAsserted(() -> assertThat(system.text(
                                        "SELECT string_agg(id || ' ' || status, ', ' ORDER BY id) FROM orders"))
                                .isEqualTo("1 changed, 3 new, 4 new"));
                assertThat(again.output()).contains("Back in the mapping: orders.");
                again.terminate();
                assertThat(again.awaitExit(60)).as(again.output()).isZero();
            }
            assertThat(system.differences()).isEmpty();
        }
    }

    /// That the collection is not copied is worth a warning, and nothing else is.
    private static void assertQuiet(ServiceProcess process) {
        assertThat(process.complaints())
                .as(process.output())
                .allMatch(line -> line.contains("neither maps nor ignores"));
        Discretion.assertKept(process.output());
    }

    /// While no process runs, since a heartbeat would move it on.
    private static void moveToAChangeOfTheRemoved(LiveSystem system) throws SQLException {
        MongoCollection<Document> orders = system.database().getCollection("orders");
        try (MongoChangeStreamCursor<ChangeStreamDocument<Document>> stream =
                orders.watch().cursor()) {
            orders.insertOne(new Document("_id", Discretion.MARKER + orders.countDocuments()));
            ChangeStreamDocument<Document> change = stream.next();
            BsonTimestamp time = Objects.requireNonNull(change.getClusterTime());
            system.execute("UPDATE sluice.position SET resume_token = '"
                    + change.getResumeToken().toJson() + "', cluster_time_seconds = " + time.getTime()
                    + ", cluster_time_increment = " + time.getInc());
        }
    }

    private static void insertUser(LiveSystem system, String name) {
        MongoCollection<Document> users = system.database().getCollection("users");
        users.insertOne(new Document("_id", Discretion.MARKER + users.countDocuments()).append("name", name));
    }

    private static long users(LiveSystem system) throws SQLException {
        return system.number("SELECT count(*) FROM users");
    }
}
