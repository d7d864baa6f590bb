package dev.sluice.backfill;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.client.MongoDatabase;
import dev.sluice.backfill.Prune.Pruned;
import dev.sluice.change.Change;
import dev.sluice.mapping.KeyResult;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.Fence;
import dev.sluice.sink.postgres.ChunkSink;
import dev.sluice.sink.postgres.StreamSink;
import dev.sluice.sink.postgres.staging.KeptKeys;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.testkit.TestTarget;
import dev.sluice.testkit.TestingServers;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonObjectId;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.types.ObjectId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// Rows that no document explains go; all others stay.
@SuppressWarnings("NullAway.Init")
class PruneIT {
    private static final String MAPPING = """
            mapping: test
            database: test
            collections:
              things:
                table: things
                key: {column: id, type: uuid}
                columns:
                  n: integer
                children:
                  thing_parts:
                    from: parts
                    parent: thing_id
                    ordinal: position
                    columns:
                      name: text
              numbers:
                table: numbers
                key: {column: id, type: bigint}
                columns:
                  n: integer
              kept:
                table: kept
                key: {column: id, type: bigint}
                on_delete: keep
                columns: {n: integer}
              accounts:
                table: accounts
                key: {column: id, type: bigint}
                conflict: [n]
                columns: {n: integer}
                children:
                  mails: {from: mails, parent: account, ordinal: place, columns: {mail: text}}
            """;
    private static final String TABLES = """
            CREATE TABLE things (id uuid PRIMARY KEY, n integer);
            CREATE TABLE thing_parts (thing_id uuid, position integer, name text, PRIMARY KEY (thing_id, position));
            CREATE TABLE numbers (id integer PRIMARY KEY, n integer);
            CREATE TABLE kept (id integer PRIMARY KEY, n integer);
            CREATE TABLE accounts (id integer PRIMARY KEY, n integer UNIQUE);
            CREATE TABLE mails (account bigint, place integer, mail text, PRIMARY KEY (account, place));
            """;

    private TestTarget target;
    private MongoSource source;
    private MongoDatabase database;
    private ChunkSink sink;
    private StreamSink stream;

    @BeforeEach
    void open() throws SQLException {
        target = TestTarget.of(MAPPING, TABLES);
        database = TestingServers.mongoDatabase();
        source = new MongoSource(TestingServers.mongo().uri(), database.getName());
        long epoch = target.takeOver();
        sink = target.chunkSink(epoch);
        stream = target.streamSink(epoch);
    }

    @AfterEach
    void close() {
        database.drop();
        source.close();
        target.close();
    }

    @Test
    void rowsOfDocumentsThatAreGoneGoWithTheirChildRows() throws SQLException {
        List<BsonValue> ids = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            ids.add(new BsonObjectId(new ObjectId()));
            put("things", ids.get(i), "parts: [{name: 'a'}]");
        }
        for (BsonValue gone : ids.subList(0, 20)) {
            database.getCollection("things").deleteOne(new BsonDocument("_id", gone));
        }
        assertThat(count("things")).isEqualTo(20);
        assertThat(prune("things", () -> false)).isEqualTo(new Pruned(20, true));

        assertThat(target.rows("SELECT id::text FROM things"))
                .containsExactlyInAnyOrderElementsOf(
                        ids.subList(20, 50).stream().map(this::key).toList());
        assertThat(target.rows("SELECT count(*) FROM thing_parts")).containsExactly("30");
        assertThat(prune("things", () -> false)).isEqualTo(new Pruned(0, true));
    }

    @Test
    void rowsThatSomebodyElseHasPutThereGoHoweverManyTheyAre() throws SQLException {
        put("numbers", new BsonInt32(5), "n: 1");
        target.execute("INSERT INTO numbers SELECT i, 0 FROM generate_series(-2000, 2000) i WHERE i <> 5");
        assertThat(count("numbers")).isEqualTo(4_000);
        assertThat(prune("numbers", () -> false)).isEqualTo(new Pruned(4_000, true));
        assertThat(target.rows("SELECT id FROM numbers")).containsExactly("5");
    }

    @Test
    @DisplayName("rows that stay by the mapping stay: those of deleted documents where it keeps them, and those that no"
            + " document ever had where it allows such, with their child rows")
    void rowsThatStay() throws SQLException {
        for (String collection : List.of("kept", "accounts")) {
            put(collection, new BsonInt32(1), "n: 1, mails: [{mail: 'a'}]");
            put(collection, new BsonInt32(2), "n: 2, mails: [{mail: 'b'}]");
            database.getCollection(collection).deleteOne(new BsonDocument("_id", new BsonInt32(2)));
            target.execute("INSERT INTO " + collection + " VALUES (7, 7)");
        }
        target.execute("INSERT INTO mails VALUES (7, 0, 'theirs')");

        assertThat(count("kept")).isZero();
        assertThat(prune("kept", () -> false)).isEqualTo(new Pruned(0, true));
        assertThat(count("accounts")).isEqualTo(1);
        assertThat(prune("accounts", () -> false)).isEqualTo(new Pruned(1, true));

        assertThat(target.rows("SELECT id FROM kept ORDER BY id")).containsExactly("1", "2", "7");
        assertThat(target.rows("SELECT id FROM accounts ORDER BY id")).containsExactly("1", "7");
        assertThat(target.rows("SELECT mail FROM mails ORDER BY 1")).containsExactly("a", "theirs");
    }

    @Test
    @DisplayName("a row that a foreign key keeps stays, and keeps none of the others")
    void keptByAForeignKey() throws SQLException {
        put("numbers", new BsonInt32(5), "n: 1");
        target.execute("INSERT INTO numbers SELECT i, 0 FROM generate_series(10, 59) i;"
                + " CREATE TABLE labels (number integer REFERENCES numbers); INSERT INTO labels VALUES (17), (40)");

        assertThat(prune("numbers", () -> false)).isEqualTo(new Pruned(48, true));

        assertThat(target.rows("SELECT id FROM numbers ORDER BY id")).containsExactly("5", "17", "40");
    }

    @Test
    void childRowsWithoutAParentGo() throws SQLException {
        put("things", new BsonObjectId(new ObjectId()), "parts: [{name: 'a'}]");
        target.execute("INSERT INTO thing_parts VALUES (gen_random_uuid(), 0, 'stray')");
        prune("things", () -> false);
        assertThat(target.rows("SELECT name FROM thing_parts")).containsExactly("a");
    }

    @Test
    void whatTheStreamHasJustBroughtStays() throws SQLException {
        target.execute("INSERT INTO numbers VALUES (1, 0), (2, 0)");
        CollectionTarget numbers = target.target("numbers");
        try (Fence.Flight flight = target.fence("numbers").open()) {
            // Its document came after the _ids were read.
            apply(new Change.Upsert(
                    "numbers", new BsonInt32(1), BsonDocument.parse("{_id: 1, n: 9}"), new BsonTimestamp(5, 1), 1));
            assertThat(sink.prune(numbers, List.of(1L, 2L), flight)).isOne();
        }
        assertThat(target.rows("SELECT id, n FROM numbers")).containsExactly("1|9");
    }

    @Test
    void stoppedItSaysSoAndDeletesNothingItIsNotSureOf() throws SQLException {
        put("numbers", new BsonInt32(5), "n: 1");
        assertThat(prune("numbers", () -> true)).isEqualTo(new Pruned(0, false));
        assertThat(target.rows("SELECT id FROM numbers")).containsExactly("5");
    }

    private Pruned prune(String collection, BooleanSupplier stopped) throws SQLException {
        Connection connection = target.connection();
        return new Prune(
                        source,
                        of -> KeptKeys.create(connection, of),
                        sink,
                        target.targets(),
                        Fenced.beside(target.fences(), () -> null, stopped))
                .prune(target.target(collection));
    }

    private long count(String collection) throws SQLException {
        return Prune.count(source, target.connection(), target.targets(), target.target(collection));
    }

    private void put(String collection, BsonValue id, String fields) throws SQLException {
        BsonDocument document = new BsonDocument("_id", id);
        document.putAll(BsonDocument.parse("{" + fields + "}"));
        database.getCollection(collection, BsonDocument.class).insertOne(document);
        apply(new Change.Upsert(collection, id, document, new BsonTimestamp(4, 1), 1));
    }

    private void apply(Change change) throws SQLException {
        stream.apply(List.of(Objects.requireNonNull(target.mapper().map(change))), TestTarget.at(2, 1), null);
    }

    private String key(BsonValue id) {
        return ((KeyResult.Key) target.target("things").mapper().key(id)).key().toString();
    }
}
