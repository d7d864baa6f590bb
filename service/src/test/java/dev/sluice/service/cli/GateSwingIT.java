package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.MongoCollection;
import dev.sluice.gate.Gate;
import dev.sluice.gate.GateStore;
import dev.sluice.service.cli.Servers.Place;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.bson.Document;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// A lag that goes up and down around the limit of the gate.
@Tag("long")
class GateSwingIT {
    private static final Duration SOON = Duration.ofMinutes(3);
    private static final Duration SWINGING = Duration.ofMinutes(10);
    private static final long LOCKED_MILLIS = 6_500;
    private static final long FREE_MILLIS = 1_500;
    private static final double LIMIT_SECONDS = 5;

    @Test
    @DisplayName("a lag that swings around the limit for ten minutes shuts the gate once; it opens when that is over")
    void doesNotFlap() throws Exception {
        Place place = Servers.place();
        assertThat(Cli.runHere(place.settings(), "migrate").exitCode()).isZero();
        MongoCollection<Document> users = place.mongo().getCollection("users");
        users.insertOne(new Document("_id", "u").append("email", "u@example.org"));
        AtomicBoolean over = new AtomicBoolean();
        try (Cli run = Cli.start(place.settings(), "run")) {
            await().atMost(SOON).pollInterval(Duration.ofMillis(500)).until(() -> GateCommandIT.isOpen(place, "users"));
            place.execute("INSERT INTO sluice.gate_limit (pipeline, collection, condition, max_value, reopens_at)"
                    + " VALUES ('" + GateCommandIT.pipeline(place) + "', 'users', 'fresh', " + LIMIT_SECONDS + ", 3)");
            Thread writer = Thread.ofPlatform().daemon(true).start(() -> write(users, over));
            Thread swing = Thread.ofPlatform().daemon(true).start(() -> swing(place, over));
            try {
                Seen seen = watch(place);

                assertThat(seen.crossings())
                        .as("times that the lag went over the limit")
                        .isGreaterThan(50);
                assertThat(seen.changes())
                        .as("times that the gate shut or opened")
                        .isEqualTo(1);
                assertThat(run.running()).as(run.err()).isTrue();
            } finally {
                over.set(true);
                swing.join();
                writer.join();
            }
            await().atMost(SOON).until(() -> GateCommandIT.isOpen(place, "users"));
        }
    }

    /// @param changes of the gate, from open to shut or back
    /// @param crossings of the limit, upwards
    private record Seen(int changes, int crossings) {}

    private static Seen watch(Place place) throws SQLException, InterruptedException {
        GateStore gates = new GateStore(GateCommandIT.pipeline(place));
        boolean open = true;
        boolean above = false;
        int changes = 0;
        int crossings = 0;
        long until = System.nanoTime() + SWINGING.toNanos();
        try (Connection connection = Servers.connect(place.postgresUri())) {
            while (System.nanoTime() < until) {
                Gate gate = gates.of(connection, List.of("users"))
                        .values()
                        .iterator()
                        .next();
                changes += gate.open() == open ? 0 : 1;
                open = gate.open();
                boolean aboveNow = gate.conditions().stream()
                        .anyMatch(c -> c.name().equals("fresh") && c.value() != null && c.value() > LIMIT_SECONDS);
                crossings += aboveNow && !above ? 1 : 0;
                above = aboveNow;
                TimeUnit.MILLISECONDS.sleep(100);
            }
        }
        return new Seen(changes, crossings);
    }

    private static void write(MongoCollection<Document> users, AtomicBoolean over) {
        for (int n = 0; !over.get(); n++) {
            users.updateOne(new Document("_id", "u"), new Document("$set", new Document("age", n)));
            pause(50);
        }
    }

    /// Keeps the stream from writing, again and again.
    private static void swing(Place place, AtomicBoolean over) {
        try (Connection connection = Servers.connect(place.postgresUri());
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            while (!over.get()) {
                statement.execute("LOCK TABLE users IN EXCLUSIVE MODE");
                pause(LOCKED_MILLIS);
                connection.rollback();
                pause(FREE_MILLIS);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void pause(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
