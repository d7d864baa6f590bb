package dev.sluice.verify;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import dev.sluice.memory.MemoryBudget;
import dev.sluice.positions.PipelineLock;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.testkit.TestTarget;
import dev.sluice.testkit.TestingServers;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonString;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// Looking again and again at rows that differ, while nobody runs the pipeline.
@SuppressWarnings("NullAway.Init")
class SettlementIT {
    private static final int COUNT = 6;

    private TestTarget target;
    private MongoDatabase database;
    private MongoSource source;
    private Connection connection;
    private Settlement settlement;
    private final Set<Object> inFlight = new HashSet<>();

    @BeforeEach
    void everyRowDiffers() throws SQLException {
        target = TestTarget.of("""
                mapping: test
                database: test
                collections:
                  things:
                    table: things
                    key: {column: id, type: bigint}
                    columns:
                      n: integer
                      body: text
                """, "CREATE TABLE things (id bigint PRIMARY KEY, n integer, body text)");
        database = TestingServers.mongoDatabase();
        source = new MongoSource(TestingServers.mongo().uri(), database.getName());
        connection = target.connection();
        connection.setAutoCommit(false);
        settlement = new Settlement(
                target.pipeline(source),
                connection,
                RowComparison.createLasting(connection, target.targets(), target.targets()),
                (collection, keys) -> inFlight,
                () -> false);
        target.execute("INSERT INTO things (id) SELECT generate_series(1, " + COUNT + ")");
    }

    @AfterEach
    void close() throws SQLException {
        connection.close();
        database.drop();
        source.close();
        target.close();
    }

    /// The driver changes over to PostgreSQL's binary form when a statement was executed five times.
    @Test
    @DisplayName("what differs is told the tenth time as it was the first")
    void manyLooks() {
        insert(1);

        for (int look = 0; look < 10; look++) {
            assertThat(settlement.look(target.target("things"), suspects()).values())
                    .as("look %d", look)
                    .hasSize(COUNT)
                    .allMatch(Verdict.Drifted.class::isInstance);
        }
    }

    @Test
    @DisplayName("documents that are too large to be read together are each looked at, in few looks")
    void largeDocuments() {
        insert((int) Math.min(MemoryBudget.piece(), 15 << 20));

        Map<Suspect, Verdict> settled = settlement.settle(target.target("things"), suspects(), 1);

        assertThat(settled).hasSize(COUNT);
        assertThat(settled.values()).allMatch(Verdict.Drifted.class::isInstance);
    }

    @Test
    @DisplayName("a large document that stays undecided does not keep others from being looked at")
    void undecided() {
        insert((int) Math.min(MemoryBudget.piece(), 15 << 20));
        inFlight.add(1L);

        Map<Suspect, Verdict> settled = settlement.settle(target.target("things"), suspects(), 3);

        assertThat(settled.remove(suspects().getFirst())).isInstanceOf(Verdict.Undecided.class);
        assertThat(settled).hasSize(COUNT - 1);
        assertThat(settled.values()).allMatch(Verdict.Drifted.class::isInstance);
    }

    @Test
    @DisplayName("what is equal is known at once, also while a process has the pipeline and applies nothing")
    void equalAtOnce() throws SQLException, InterruptedException {
        insert(1);
        target.execute("UPDATE things SET n = 1, body = 'x'");
        try (PipelineLock lock = PipelineLock.take(new PostgresConnector(target.uri())::open, TestTarget.PIPELINE)) {
            Map<Suspect, Verdict> looked = settlement.look(target.target("things"), suspects());

            assertThat(lock.isHeld()).isTrue();
            assertThat(settlement.pipelineRuns()).isTrue();
            assertThat(looked).hasSize(COUNT);
            assertThat(looked.values()).allMatch(Verdict.Equal.class::isInstance);
        }
    }

    private static List<Suspect> suspects() {
        List<Suspect> suspects = new ArrayList<>();
        for (int i = 1; i <= COUNT; i++) {
            suspects.add(new Suspect(String.valueOf(i), "{\"$numberLong\":\"" + i + "\"}"));
        }
        return suspects;
    }

    private void insert(int bytes) {
        MongoCollection<BsonDocument> things = database.getCollection("things", BsonDocument.class);
        for (int i = 1; i <= COUNT; i++) {
            things.insertOne(new BsonDocument("_id", new BsonInt64(i))
                    .append("n", new BsonInt32(1))
                    .append("body", new BsonString("x".repeat(bytes))));
        }
    }
}
