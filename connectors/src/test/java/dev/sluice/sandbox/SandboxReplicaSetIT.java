package dev.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.ReadConcern;
import com.mongodb.ReadPreference;
import com.mongodb.WriteConcern;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import dev.sluice.sandbox.SandboxReplicaSet.Member;
import dev.sluice.source.mongo.MongoSource;
import java.time.Duration;
import org.bson.Document;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init")
class SandboxReplicaSetIT {

    private SandboxReplicaSet set;

    @BeforeAll
    void start() {
        set = SandboxReplicaSet.start(3);
    }

    @AfterAll
    void close() {
        set.close();
    }

    @BeforeEach
    void whole() {
        set.awaitHealthy();
        assertThat(set.secondaries()).hasSize(2);
    }

    @Test
    @DisplayName("What a majority has acknowledged is read from a secondary")
    void replicates() {
        try (MongoClient client = MongoClients.create(set.uri())) {
            MongoCollection<Document> shelf = shelf(client);
            shelf.withWriteConcern(WriteConcern.W3).insertOne(new Document("_id", "everywhere"));
            assertThat(shelf.withReadPreference(ReadPreference.secondary())
                            .find(new Document("_id", "everywhere"))
                            .first())
                    .isNotNull();
        }
        assertThat(set.description()).startsWith("MongoDB ").endsWith(", replica set of 3");
    }

    @Test
    @DisplayName("How late its secondaries are is told")
    void lag() {
        try (MongoSource source = new MongoSource(set.uri(), "lag")) {
            assertThat(source.replicaLag())
                    .hasValueSatisfying(lag -> assertThat(lag).isLessThan(Duration.ofSeconds(10)));
        }
    }

    @Test
    @DisplayName("After a step-down another member takes writes")
    void stepsDown() {
        Member old = set.primary();
        assertThat(set.stepDown()).isNotSameAs(old);
        mustTakeWrites("stepped down");
    }

    @Test
    @DisplayName("After a kill -9 of the primary another member takes writes, and the old one comes back")
    void killed() {
        Member old = set.primary();
        old.kill();
        assertThat(old.pid()).isEmpty();
        assertThat(set.primary()).isNotSameAs(old);
        mustTakeWrites("killed");
        old.startAgain();
        set.awaitHealthy();
    }

    @Test
    @DisplayName("A suspended primary is replaced, and follows when it goes on")
    void paused() {
        Member old = set.primary();
        old.pause();
        assertThat(set.primary()).isNotSameAs(old);
        mustTakeWrites("paused");
        old.resume();
        set.awaitHealthy();
    }

    @Test
    @DisplayName("What a primary that was cut off wrote alone is gone afterwards")
    void rollsBack() {
        mustTakeWrites("kept");
        set.rollBack(old -> shelf(old)
                .withWriteConcern(WriteConcern.W1.withJournal(true))
                .insertOne(new Document("_id", "rolled back")));
        try (MongoClient client = MongoClients.create(set.uri())) {
            MongoCollection<Document> majority = shelf(client).withReadConcern(ReadConcern.MAJORITY);
            assertThat(majority.find(new Document("_id", "kept")).first()).isNotNull();
            assertThat(majority.find(new Document("_id", "rolled back")).first())
                    .isNull();
        }
    }

    private void mustTakeWrites(String id) {
        try (MongoClient client = MongoClients.create(set.uri())) {
            shelf(client).withWriteConcern(WriteConcern.MAJORITY).insertOne(new Document("_id", id));
        }
    }

    private static MongoCollection<Document> shelf(MongoClient client) {
        return client.getDatabase("sandbox_it").getCollection("shelf");
    }
}
