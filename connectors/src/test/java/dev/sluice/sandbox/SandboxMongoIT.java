package dev.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.MongoChangeStreamCursor;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.changestream.ChangeStreamDocument;
import java.time.Duration;
import java.util.UUID;
import org.bson.BsonDocument;
import org.bson.Document;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init")
class SandboxMongoIT {

    private static final Duration BOUND = Duration.ofSeconds(30);

    private SandboxMongo mongo;

    @BeforeAll
    void start() {
        mongo = SandboxMongo.start();
    }

    @AfterAll
    void close() {
        mongo.close();
    }

    @Test
    void answersAndNamesItsReplicaSet() {
        assertThat(mongo.uri()).contains("replicaSet=");
        assertThat(mongo.description()).startsWith("MongoDB ");
        try (MongoClient client = MongoClients.create(mongo.uri())) {
            MongoCollection<Document> shelf = shelf(client);
            shelf.insertOne(new Document("a", 1));
            assertThat(shelf.countDocuments()).isOne();
        }
    }

    @Test
    void changeStreamsSeeChanges() {
        try (MongoClient client = MongoClients.create(mongo.uri())) {
            MongoCollection<Document> shelf = shelf(client);
            try (MongoChangeStreamCursor<ChangeStreamDocument<Document>> changes =
                    shelf.watch().cursor()) {
                shelf.insertOne(new Document("a", "seen"));
                assertThat(nextValue(changes)).isEqualTo("seen");
            }
        }
    }

    @Test
    void resumesOverARestart() {
        assumeThat(mongo.restartable()).isTrue();
        String database = "sandbox_" + UUID.randomUUID().toString().substring(0, 8);
        BsonDocument token;
        try (MongoClient client = MongoClients.create(mongo.uri())) {
            MongoCollection<Document> shelf = client.getDatabase(database).getCollection("shelf");
            try (MongoChangeStreamCursor<ChangeStreamDocument<Document>> changes =
                    shelf.watch().cursor()) {
                shelf.insertOne(new Document("a", "before"));
                assertThat(nextValue(changes)).isEqualTo("before");
                token = changes.getResumeToken();
            }
            shelf.insertOne(new Document("a", "unseen"));
        }

        mongo.stop();
        assertThat(mongo.pid()).isEmpty();
        mongo.startAgain();

        try (MongoClient client = MongoClients.create(mongo.uri())) {
            MongoCollection<Document> shelf = client.getDatabase(database).getCollection("shelf");
            assertThat(shelf.countDocuments()).isEqualTo(2);
            shelf.insertOne(new Document("a", "after"));
            try (MongoChangeStreamCursor<ChangeStreamDocument<Document>> changes =
                    shelf.watch().resumeAfter(token).cursor()) {
                assertThat(nextValue(changes)).isEqualTo("unseen");
                assertThat(nextValue(changes)).isEqualTo("after");
            }
        }
    }

    private static MongoCollection<Document> shelf(MongoClient client) {
        return client.getDatabase("sandbox_" + UUID.randomUUID().toString().substring(0, 8))
                .getCollection("shelf");
    }

    private static String nextValue(MongoChangeStreamCursor<ChangeStreamDocument<Document>> changes) {
        ChangeStreamDocument<Document> change = await().atMost(BOUND).until(changes::tryNext, next -> next != null);
        Document document = change.getFullDocument();
        if (document == null) {
            throw new AssertionError("An insert without its document: " + change);
        }
        return document.getString("a");
    }
}
