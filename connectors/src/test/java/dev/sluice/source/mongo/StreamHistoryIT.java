package dev.sluice.source.mongo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.mongodb.WriteConcern;
import com.mongodb.client.MongoChangeStreamCursor;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.changestream.ChangeStreamDocument;
import dev.sluice.change.Position;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.source.mongo.StreamHistory.Event;
import dev.sluice.testkit.TestingServers;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.Document;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// The past of a change stream, read to its end.
class StreamHistoryIT {
    private static final int OTHERS = 60_000;

    @Test
    @DisplayName("many changes of other collections between two of ours are no end of the stream")
    void readsToTheEnd() {
        String name = "history_" + UUID.randomUUID().toString().substring(0, 8);
        try (MongoClient client = MongoClients.create(TestingServers.mongo().uri());
                MongoSource source = new MongoSource(TestingServers.mongo().uri(), name)) {
            MongoDatabase database = client.getDatabase(name);
            database.createCollection("ours");
            Position before = source.currentPosition();
            insert(database, "ours", 0, 2_000);
            for (int i = 0; i < OTHERS; i += 1_000) {
                insert(database, "others", i, 1_000);
            }
            insert(database, "ours", 2_000, 2_000);
            BsonTimestamp now = source.hello().lastWrite();
            insert(database, "ours", 4_000, 10);

            assertThat(read(source, before, now, "ours")).hasSize(4_000);
            assertThat(read(source, before, now, "others")).hasSize(OTHERS);
            assertThat(read(source, before, source.hello().lastWrite(), "ours")).hasSize(4_010);
        }
    }

    @Test
    @DisplayName("a dropped database is an event like others, and what comes after it is read too")
    void readsPastADroppedDatabase() {
        String name = "history_" + UUID.randomUUID().toString().substring(0, 8);
        try (MongoClient client = MongoClients.create(TestingServers.mongo().uri());
                MongoSource source = new MongoSource(TestingServers.mongo().uri(), name)) {
            MongoDatabase database = client.getDatabase(name);
            insert(database, "ours", 0, 1);
            Position before = source.currentPosition();
            insert(database, "ours", 1, 1);
            database.drop();
            insert(database, "ours", 2, 3);

            List<Event> events = new ArrayList<>();
            try (StreamHistory.Reading reading = source.history()
                    .read(
                            Objects.requireNonNull(before.clusterTime()),
                            source.hello().lastWrite(),
                            List.of("ours"))) {
                while (!reading.complete()) {
                    events.addAll(reading.next(100));
                }
            }
            assertThat(events).filteredOn(Event.OfDocument.class::isInstance).hasSize(4);
            assertThat(events).filteredOn(Event.OfCollection.class::isInstance).isNotEmpty();
        }
    }

    @Test
    @DisplayName(
            "a position at a change of another collection, which the reading leaves out, is a beginning like others")
    void readsFromAnotherCollectionsChange() {
        String name = "history_" + UUID.randomUUID().toString().substring(0, 8);
        try (MongoClient client = MongoClients.create(TestingServers.mongo().uri());
                MongoSource source = new MongoSource(TestingServers.mongo().uri(), name)) {
            MongoDatabase database = client.getDatabase(name);
            insert(database, "ours", 0, 1);
            Position at = positionOfAnInsert(database, "others");
            insert(database, "ours", 1, 3);
            insert(database, "others", 10, 3);

            assertThat(read(source, at, source.hello().lastWrite(), "ours")).hasSize(3);
            source.requireResumable(at);
        }
    }

    @Test
    @DisplayName(
            "a position of which there is no operation, as another replica set's, is no lost history and said to be unknown")
    void aPositionOfAnotherReplicaSet() {
        String name = "history_" + UUID.randomUUID().toString().substring(0, 8);
        try (MongoClient client = MongoClients.create(TestingServers.mongo().uri());
                MongoSource source = new MongoSource(TestingServers.mongo().uri(), name)) {
            MongoDatabase database = client.getDatabase(name);
            Position at = positionOfAnInsert(database, "others");
            BsonTimestamp time = Objects.requireNonNull(at.clusterTime());
            String token = at.resumeToken().getString("_data").getValue();
            String other = token.substring(0, 10) + "00FFFFFF" + token.substring(18);
            BsonTimestamp never = new BsonTimestamp(time.getTime(), 0xFFFFFF);
            await().until(() -> {
                database.getCollection("others").insertOne(new Document());
                return source.hello().lastWrite().compareTo(never) > 0;
            });

            assertThatThrownBy(() -> source.requireResumable(
                            Position.of(new BsonDocument("_data", new BsonString(other)), null)))
                    .isInstanceOfSatisfying(
                            SluiceException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.SOURCE_REPLACED))
                    .hasMessageNotContaining(other);
            source.requireResumable(at);
        }
    }

    /// The position of a stream whose last event was the insert.
    static Position positionOfAnInsert(MongoDatabase database, String collection) {
        try (MongoChangeStreamCursor<ChangeStreamDocument<Document>> cursor =
                database.watch().cursor()) {
            insert(database, collection, 0, 1);
            ChangeStreamDocument<Document> change = cursor.next();
            return Position.of(change.getResumeToken(), change.getClusterTime());
        }
    }

    private static Set<BsonValue> read(MongoSource source, Position from, BsonTimestamp upTo, String collection) {
        Set<BsonValue> ids = new HashSet<>();
        try (StreamHistory.Reading reading =
                source.history().read(Objects.requireNonNull(from.clusterTime()), upTo, List.of(collection))) {
            while (!reading.complete()) {
                for (Event event : reading.next(5_000)) {
                    if (event instanceof Event.OfDocument document) {
                        ids.add(document.id());
                    }
                }
            }
        }
        return ids;
    }

    /// Waits until a majority has it: before MongoDB 5.0 a write does not by itself, and what the majority does
    /// not have yet is not history.
    private static void insert(MongoDatabase database, String collection, int first, int count) {
        database.getCollection(collection)
                .withWriteConcern(WriteConcern.MAJORITY)
                .insertMany(IntStream.range(first, first + count)
                        .mapToObj(i -> new Document("_id", i))
                        .toList());
    }
}
