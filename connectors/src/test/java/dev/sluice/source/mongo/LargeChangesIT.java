package dev.sluice.source.mongo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.mongodb.TransactionOptions;
import com.mongodb.WriteConcern;
import com.mongodb.client.ClientSession;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Filters;
import dev.sluice.change.OperationTime;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.source.mongo.LargeChanges.Found;
import dev.sluice.testkit.TestingServers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonString;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.Document;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// Changes of which no event fits into 16 MB, on whatever version of MongoDB runs here.
class LargeChangesIT {
    /// Too large for every version, and not so large that 4.4 and 5.0 can't even leave it out.
    private static final int TOO_LARGE = 6_000_000;

    private static final List<String> BOTH = List.of("a", "b");

    private final String name = "large_" + UUID.randomUUID().toString().substring(0, 8);
    private final MongoClient client =
            MongoClients.create(TestingServers.mongo().uri());
    /// What is written is in what a majority has at once; the default of 4.4 does not wait for that.
    private final MongoDatabase database = client.getDatabase(name).withWriteConcern(WriteConcern.MAJORITY);
    private final MongoCollection<BsonDocument> a = database.getCollection("a", BsonDocument.class);
    private final MongoCollection<BsonDocument> b = database.getCollection("b", BsonDocument.class);
    private final MongoSource source = new MongoSource(TestingServers.mongo().uri(), name);

    @AfterEach
    void close() {
        database.drop();
        source.close();
        client.close();
    }

    @Test
    @DisplayName("the first of several is found, by its operation time and its collection, with no cursor left open")
    void theFirst() {
        BsonTimestamp from = insert(a, new BsonInt32(0));
        for (int i = 1; i < 50; i++) {
            insert(i % 2 == 0 ? a : b, new BsonInt32(i));
        }
        insert(a, key('j', 1_000_000));
        assertThat(changes().first(from, BOTH)).isEmpty();
        long open = openCursors();
        BsonTimestamp first = insert(b, key('k', TOO_LARGE));
        insert(a, new BsonInt32(50));
        BsonTimestamp second = insert(a, key('l', TOO_LARGE));
        b.deleteOne(Filters.eq("_id", key('k', TOO_LARGE)));
        BsonTimestamp deleted = newest();
        insert(b, new BsonInt32(51));

        assertThat(changes().first(from, BOTH)).contains(new Found(first, List.of("b")));
        assertThat(changes().first(first, BOTH)).contains(new Found(first, List.of("b")));
        assertThat(changes().first(from, List.of("a"))).contains(new Found(second, List.of("a")));
        assertThat(changes().first(new BsonTimestamp(second.getValue() + 1), BOTH))
                .contains(new Found(deleted, List.of("b")));
        assertThat(changes().first(new BsonTimestamp(deleted.getValue() + 1), BOTH))
                .isEmpty();
        assertThat(changes().at(first, BOTH)).containsExactly("b");
        assertThat(changes().at(new BsonTimestamp(first.getValue() + 1), BOTH)).isEmpty();
        assertThat(openCursors()).isEqualTo(open);
        // Those that are passed are not found again.
        assertThat(new LargeChanges(client, name, Map.of("b", first)).first(from, BOTH))
                .contains(new Found(second, List.of("a")));
        assertThat(new LargeChanges(client, name, Map.of("b", deleted, "a", deleted)).first(from, BOTH))
                .isEmpty();
        assertThat(changes().first(from, BOTH).orElseThrow().forPeople()).hasSizeLessThan(200);
    }

    @Test
    @DisplayName("of a transaction over several collections, it is only the collection whose change is too large")
    void inATransaction() {
        insert(a, new BsonInt32(0));
        BsonTimestamp from = insert(b, new BsonInt32(0));
        try (ClientSession session = client.startSession()) {
            session.withTransaction(
                    () -> {
                        b.insertOne(session, new BsonDocument("_id", new BsonInt32(1)));
                        a.insertOne(session, new BsonDocument("_id", key('t', TOO_LARGE)));
                        b.insertOne(session, new BsonDocument("_id", new BsonInt32(2)));
                        return null;
                    },
                    TransactionOptions.builder()
                            .writeConcern(WriteConcern.MAJORITY)
                            .build());
        }
        assertThat(changes().first(from, BOTH)).contains(new Found(newest(), List.of("a")));
    }

    @Test
    @DisplayName("a reading of the past passes what fits, and names the change that does not")
    void aReadingNamesIt() {
        BsonTimestamp from = insert(a, new BsonInt32(0));
        for (int i = 0; i < 8; i++) {
            insert(a, key((char) ('a' + i), 1_200_000));
        }
        BsonTimestamp before = newest();
        BsonTimestamp large = insert(a, key('k', TOO_LARGE));
        BsonTimestamp after = insert(b, new BsonInt32(1));

        assertThat(read(from, before, List.of("a"))).isEqualTo(9);
        assertThat(read(from, after, List.of("b"))).isEqualTo(1);
        assertThatThrownBy(() -> read(from, after, List.of("a")))
                .isInstanceOfSatisfying(
                        SluiceException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.CHANGE_TOO_LARGE))
                .hasMessageContaining("a at operation time")
                .hasMessageContaining(OperationTime.text(large))
                .message()
                .hasSizeLessThan(200);
    }

    @Test
    @DisplayName("documents are read by more keys than fit into one command")
    void readByKeys() {
        List<BsonValue> ids = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            ids.add(key((char) ('a' + i), 3_200_000));
            insert(a, ids.getLast());
        }
        ids.add(new BsonInt32(1));

        assertThat(source.read("a", ids, Long.MAX_VALUE, null).documents()).hasSize(6);
        assertThat(source.existingIds("a", ids)).containsExactlyInAnyOrderElementsOf(ids.subList(0, 6));
    }

    private int read(BsonTimestamp from, BsonTimestamp upTo, List<String> collections) {
        int events = 0;
        try (StreamHistory.Reading reading = source.history().read(from, upTo, collections)) {
            while (!reading.complete()) {
                events += reading.next(100).size();
            }
        }
        return events;
    }

    private LargeChanges changes() {
        return source.largeChanges();
    }

    private BsonTimestamp insert(MongoCollection<BsonDocument> into, BsonValue id) {
        into.insertOne(new BsonDocument("_id", id));
        return newest();
    }

    private static BsonString key(char letter, int length) {
        return new BsonString(String.valueOf(letter).repeat(length));
    }

    private BsonTimestamp newest() {
        return source.hello().lastWrite();
    }

    private long openCursors() {
        Document status = client.getDatabase("admin").runCommand(new Document("serverStatus", 1));
        return ((Number) status.getEmbedded(List.of("metrics", "cursor", "open", "total"), Object.class)).longValue();
    }
}
