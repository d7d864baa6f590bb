package dev.sluice.source.mongo;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.client.MongoChangeStreamCursor;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.changestream.ChangeStreamDocument;
import dev.sluice.change.IdBracket;
import dev.sluice.change.IdRange;
import dev.sluice.change.Position;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.sandbox.SandboxReplicaSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.bson.BsonInt32;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.Document;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// Reads from secondaries, one of which is behind.
class SecondaryReadIT {
    private static final BsonInt32 TWO = new BsonInt32(2);
    private static final Duration BEHIND = Duration.ofSeconds(2);

    @Test
    @DisplayName("what a secondary shows that is behind the position is waited for, whatever is read")
    void waitsForTheSecondary() {
        try (LaggingSet set = LaggingSet.start()) {
            MongoCollection<Document> things = set.things();
            MongoSource source = set.source();
            Position position;
            try (MongoChangeStreamCursor<ChangeStreamDocument<Document>> stream =
                    things.watch().cursor()) {
                set.behindApplies(false);
                things.insertOne(new Document("_id", 2));
                ChangeStreamDocument<Document> change = stream.next();
                position = Position.of(change.getResumeToken(), change.getClusterTime());
            }
            BsonTimestamp notBefore = Objects.requireNonNull(position.newestOperation());
            assertThat(stale(source))
                    .as("the test: a read that asks for nothing is from before")
                    .isTrue();
            CompletableFuture<Void> catchesUp = CompletableFuture.runAsync(
                    () -> set.behindApplies(true),
                    CompletableFuture.delayedExecutor(BEHIND.toMillis(), TimeUnit.MILLISECONDS));

            for (int i = 0; i < 10; i++) {
                assertThat(source.read("things", List.of(TWO), 1 << 20, notBefore)
                                .documents())
                        .hasSize(1);
                assertThat(source.read("things", IdRange.all(IdBracket.NUMBER), 10, 1 << 20, notBefore)
                                .documents())
                        .hasSize(2);
                assertThat(source.ids("things", IdRange.all(IdBracket.NUMBER), 10, notBefore))
                        .hasSize(2);
                List<BsonValue> ids = new ArrayList<>();
                source.forEachId("things", notBefore, ids::add);
                assertThat(ids).hasSize(2);
            }
            catchesUp.join();
        }
    }

    @Test
    @DisplayName("the past of the stream is read to its end from a secondary that is behind")
    void historyOfASecondary() {
        try (LaggingSet set = LaggingSet.start()) {
            MongoCollection<Document> things = set.things();
            MongoSource source = set.source();
            Position from = source.currentPosition();
            set.behindApplies(false);
            things.insertOne(new Document("_id", 2));
            CompletableFuture<Void> catchesUp = CompletableFuture.runAsync(
                    () -> set.behindApplies(true),
                    CompletableFuture.delayedExecutor(BEHIND.toMillis(), TimeUnit.MILLISECONDS));

            for (int i = 0; i < 6; i++) {
                List<StreamHistory.Event> events = new ArrayList<>();
                try (StreamHistory.Reading reading = source.history()
                        .read(
                                Objects.requireNonNull(from.clusterTime()),
                                source.hello().lastWrite(),
                                List.of("things"))) {
                    while (!reading.complete()) {
                        events.addAll(reading.next(100));
                    }
                }
                assertThat(events).hasSize(1);
            }
            source.requireResumable(from);
            catchesUp.join();
        }
    }

    private static boolean stale(MongoSource source) {
        for (int i = 0; i < 50; i++) {
            if (source.read("things", List.of(TWO), 1 << 20, null).documents().isEmpty()) {
                return true;
            }
        }
        return false;
    }

    /// A replica set of three with one document, of which one secondary can be made to stay behind.
    ///
    /// @param things where the document is, as the majority has it
    /// @param source reads from secondaries
    private record LaggingSet(
            SandboxReplicaSet members,
            MongoClient client,
            MongoCollection<Document> things,
            MongoSource source,
            MongoClient behind)
            implements AutoCloseable {
        static LaggingSet start() {
            SandboxMongo.Options options =
                    SandboxMongo.Options.DEFAULTS.withArguments(List.of("--setParameter", "enableTestCommands=1"));
            SandboxReplicaSet members = SandboxReplicaSet.start(3, options);
            MongoClient client = MongoClients.create(members.uri() + "&w=majority");
            MongoCollection<Document> things = client.getDatabase("shop").getCollection("things");
            things.insertOne(new Document("_id", 1));
            return new LaggingSet(
                    members,
                    client,
                    things,
                    new MongoSource(members.uri() + "&readPreference=secondary&localThresholdMS=10000", "shop"),
                    MongoClients.create(members.secondaries().getFirst().uri()));
        }

        /// Has the secondary stop applying what it fetches, or go on.
        void behindApplies(boolean on) {
            behind.getDatabase("admin")
                    .runCommand(new Document("configureFailPoint", "rsSyncApplyStop")
                            .append("mode", on ? "off" : "alwaysOn"));
        }

        @Override
        public void close() {
            behind.close();
            source.close();
            client.close();
            members.close();
        }
    }
}
