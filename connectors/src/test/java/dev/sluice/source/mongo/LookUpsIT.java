package dev.sluice.source.mongo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Collation;
import com.mongodb.client.model.CreateCollectionOptions;
import dev.sluice.bson.ExactBson;
import dev.sluice.testkit.OddBytes;
import dev.sluice.testkit.TestingServers;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.IntStream;
import org.bson.BsonBinary;
import org.bson.BsonDocument;
import org.bson.BsonDouble;
import org.bson.BsonInt32;
import org.bson.BsonString;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.Document;
import org.bson.RawBsonDocument;
import org.bson.types.Binary;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// Documents of many changes, read with one command from a real server.
class LookUpsIT {
    private final MongoClient client =
            MongoClients.create(TestingServers.mongo().uri());
    private final String name = "lookups_" + UUID.randomUUID().toString().substring(0, 8);
    private final MongoDatabase database = client.getDatabase(name);
    private final MongoCollection<Document> things = database.getCollection("things");
    private final LookUps lookUps = new LookUps(client, name);

    @AfterEach
    void drop() {
        database.drop();
        lookUps.close();
        client.close();
    }

    /// Null where a version of MongoDB can't be asked by it.
    private @Nullable BsonBinary uuid() {
        if (!LookUps.arePossible(client)) {
            return null;
        }
        return Objects.requireNonNull(client.getDatabase(name)
                        .listCollections(BsonDocument.class)
                        .filter(new BsonDocument("name", new BsonString("things")))
                        .first())
                .getDocument("info")
                .getBinary("uuid");
    }

    private BsonTimestamp now() {
        return MongoSource.lastWrite(client);
    }

    private static List<BsonValue> ids(int from, int to) {
        return IntStream.range(from, to).<BsonValue>mapToObj(BsonInt32::new).toList();
    }

    @Test
    @DisplayName("documents that there are come with all their bytes, the others are neither found nor unread")
    void found() {
        things.insertMany(IntStream.range(0, 500)
                .mapToObj(id -> new Document("_id", id).append("n", id * 2))
                .toList());

        LookUps.Found found = lookUps.read("things", uuid(), ids(400, 600), now());

        assertThat(found.documents()).hasSize(100);
        assertThat(Objects.requireNonNull(found.document(new BsonInt32(450)))
                        .getInt32("n")
                        .getValue())
                .isEqualTo(900);
        assertThat(found.document(new BsonInt32(550))).isNull();
        assertThat(found.unread()).isEmpty();
    }

    @Test
    @DisplayName(
            "after a drop and after a rename there is nothing, though another collection has the name and the `_id`s")
    void anotherCollection() {
        things.insertOne(new Document("_id", 1));
        BsonBinary dropped = uuid();
        assumeThat(dropped).isNotNull();
        things.drop();
        assertThat(lookUps.read("things", dropped, ids(0, 5), now()).documents())
                .isEmpty();

        things.insertOne(new Document("_id", 1));
        assertThat(lookUps.read("things", dropped, ids(0, 5), now()).documents())
                .isEmpty();
        assertThat(lookUps.read("things", uuid(), ids(0, 5), now()).documents()).hasSize(1);
    }

    @Test
    @DisplayName("1 and 1.0 are one to MongoDB, and `a` and `A` to a collation; to us they are two documents")
    void alike() {
        database.createCollection(
                "things",
                new CreateCollectionOptions()
                        .collation(Collation.builder()
                                .locale("en")
                                .collationStrength(com.mongodb.client.model.CollationStrength.SECONDARY)
                                .build()));
        things.insertOne(new Document("_id", 1.0));
        things.insertOne(new Document("_id", "A"));

        List<BsonValue> asked = List.of(new BsonInt32(1), new BsonString("a"));
        assertThat(lookUps.read("things", uuid(), asked, now()).documents()).isEmpty();
        List<BsonValue> exact = List.of(new BsonDouble(1), new BsonString("A"));
        assertThat(lookUps.read("things", uuid(), exact, now()).documents()).hasSize(2);
    }

    @Test
    @DisplayName("`_id`s with bytes that are not UTF-8, and documents as `_id`s, find their own documents")
    void oddIds() {
        List<RawBsonDocument> documents = List.of(
                OddBytes.withId("63e9", new BsonDocument()),
                OddBytes.withId("63e8", new BsonDocument()),
                new RawBsonDocument(
                        BsonDocument.parse("{_id: {a: 1, b: 2}}"), new org.bson.codecs.BsonDocumentCodec()));
        MongoCollection<RawBsonDocument> raw = database.getCollection("things", RawBsonDocument.class);
        raw.insertMany(documents);
        List<BsonValue> ids = documents.stream().map(ExactBson::id).toList();

        LookUps.Found found = lookUps.read("things", uuid(), ids, now());

        assertThat(ids)
                .allMatch(id ->
                        ExactBson.id(Objects.requireNonNull(found.document(id))).equals(id));
    }

    @Test
    @DisplayName("what does not fit into one answer of 16 MB is unread, and comes when it is asked for by itself")
    void large() {
        for (int id = 0; id < 4; id++) {
            things.insertOne(new Document("_id", id).append("bytes", new Binary(new byte[6_000_000])));
        }

        LookUps.Found found = lookUps.read("things", uuid(), ids(0, 6), now());

        assertThat(found.documents()).hasSize(2);
        // Whether the last two are there nobody has said.
        assertThat(found.unread()).hasSize(4);
        for (BsonValue id : ids(2, 4)) {
            assertThat(lookUps.read("things", uuid(), List.of(id), now()).documents())
                    .hasSize(1);
        }
        assertThat(lookUps.read("things", uuid(), ids(4, 6), now()).unread()).isEmpty();
    }

    @Test
    @DisplayName("a replica set of version 6.0 can be asked that way, an older one can't")
    void possible() {
        String version = client.getDatabase("admin")
                .runCommand(new Document("buildInfo", 1))
                .getString("version");

        assertThat(LookUps.arePossible(client)).isEqualTo(Integer.parseInt(version.split("\\.")[0]) >= 6);
    }
}
