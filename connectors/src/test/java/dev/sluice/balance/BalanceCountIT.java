package dev.sluice.balance;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.client.MongoDatabase;
import dev.sluice.change.Change;
import dev.sluice.sink.RowChange;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.testkit.TestTarget;
import dev.sluice.testkit.TestingServers;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bson.BsonDocument;
import org.bson.BsonTimestamp;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// Each term of the equation, made on purpose and counted.
@SuppressWarnings("NullAway.Init")
class BalanceCountIT {
    private static final String MAPPING = """
            mapping: test
            database: test
            collections:
              people:
                table: people
                key: {column: id, type: text}
                skip: [{from: state, when: equals, values: [draft], reason: a draft}]
                columns:
                  name: text
                  state: text
                  born: {type: timestamptz, misfit: reject}
              kept:
                table: kept
                on_delete: keep
                key: {column: id, type: text}
                columns: {name: text, born: {type: timestamptz, misfit: reject}}
              pets:
                table: pets
                key: {column: id, type: text}
                dedupe: {by: [chip]}
                columns:
                  chip: text
                  owner: {type: text, reference: {table: kept, match: id, take: id, orphan: skip}}
                  friend: {type: text, reference: {table: kept, match: id, take: id, orphan: empty}}
              accounts:
                table: accounts
                key: {column: id, type: text}
                conflict: [login]
                dedupe: {by: [login]}
                on_delete: keep
                columns: {login: text}
            """;

    private static final String TABLES = """
            CREATE TABLE people (id text PRIMARY KEY, name text, state text, born timestamptz);
            CREATE TABLE kept (id text PRIMARY KEY, name text, born timestamptz);
            CREATE TABLE pets (id text PRIMARY KEY, chip text, owner text, friend text);
            CREATE TABLE accounts (id text PRIMARY KEY, login text UNIQUE)
            """;

    private TestTarget target;
    private MongoDatabase database;
    private MongoSource source;
    private long epoch;
    private int second = 1;

    @BeforeEach
    void emptySides() {
        target = TestTarget.of(MAPPING, TABLES);
        database = TestingServers.mongoDatabase();
        source = new MongoSource(TestingServers.mongo().uri(), database.getName());
        epoch = target.takeOver();
    }

    @AfterEach
    void close() {
        database.drop();
        source.close();
        target.close();
    }

    @Test
    @DisplayName("documents that all have rows are as many as the rows")
    void plain() throws SQLException {
        put("kept", "{_id: 'a'}", "{_id: 'b'}");

        assertThat(count("kept")).isEqualTo(of(Map.of(Term.DOCUMENTS, 2L, Term.ROWS, 2L)));
    }

    @Test
    @DisplayName(
            "skipped documents and dead letters have no row; a row that is kept though its document is a dead letter"
                    + " is a term, and so is one that should go")
    void skippedAndDeadLetters() throws SQLException {
        put(
                "people",
                "{_id: 'a'}",
                "{_id: 'b', state: 'draft'}",
                "{_id: 'c', state: 'draft'}",
                "{_id: 'd', born: 'x'}");
        put("people", "{_id: 'e'}");
        put("people", "{_id: 'e', born: 'never'}");
        assertThat(target.rows("SELECT document_key FROM sluice.dead_letter ORDER BY 1"))
                .containsExactly("\"d\"", "\"e\"");

        assertThat(count("people"))
                .isEqualTo(of(Map.of(Term.DOCUMENTS, 5L, Term.ROWS, 1L, Term.SKIPPED, 2L, Term.DEAD_LETTERS, 2L)));

        target.execute("INSERT INTO people (id) VALUES ('e')");
        assertThat(count("people"))
                .isEqualTo(of(Map.of(
                        Term.DOCUMENTS,
                        5L,
                        Term.ROWS,
                        2L,
                        Term.WITHOUT_DOCUMENT,
                        1L,
                        Term.SKIPPED,
                        2L,
                        Term.DEAD_LETTERS,
                        2L)));

        target.execute(
                "DELETE FROM people WHERE id = 'e'; DELETE FROM sluice.dead_letter WHERE document_key = '\"e\"'");
        assertThat(count("people"))
                .as("rejected, and not applied yet")
                .isEqualTo(of(Map.of(
                        Term.DOCUMENTS,
                        5L,
                        Term.ROWS,
                        1L,
                        Term.SKIPPED,
                        2L,
                        Term.DEAD_LETTERS,
                        1L,
                        Term.WITHOUT_ROW,
                        1L)));

        // Discarded: the mapping says that there is no row.
        target.execute("INSERT INTO sluice.audit (pipeline, collection, actor, action, detail) VALUES ('"
                + TestTarget.PIPELINE + "', 'people', 'a', 'discard', '{\"document_key\": \"\\\"e\\\"\"}')");
        assertThat(count("people"))
                .isEqualTo(of(Map.of(Term.DOCUMENTS, 5L, Term.ROWS, 1L, Term.SKIPPED, 3L, Term.DEAD_LETTERS, 1L)));

        put("kept", "{_id: 'a'}", "{_id: 'b'}");
        put("kept", "{_id: 'a', born: 'never'}");
        assertThat(count("kept"))
                .isEqualTo(of(Map.of(Term.DOCUMENTS, 2L, Term.ROWS, 2L, Term.KEPT, 1L, Term.DEAD_LETTERS, 1L)));
    }

    @Test
    @DisplayName("rows without a document are kept where the mapping keeps them, and else are what they are")
    void withoutDocument() throws SQLException {
        put("kept", "{_id: 'a'}", "{_id: 'b'}");
        put("pets", "{_id: 'p', owner: 'a', chip: '1'}");
        database.getCollection("kept").deleteOne(BsonDocument.parse("{_id: 'b'}"));
        database.getCollection("pets").deleteOne(BsonDocument.parse("{_id: 'p'}"));

        assertThat(count("kept")).isEqualTo(of(Map.of(Term.DOCUMENTS, 1L, Term.ROWS, 2L, Term.KEPT, 1L)));
        assertThat(count("pets")).isEqualTo(of(Map.of(Term.ROWS, 1L, Term.WITHOUT_DOCUMENT, 1L)));
    }

    @Test
    @DisplayName("a document without a row and without a reason is counted as one, and not as if it had a row")
    void withoutRow() throws SQLException {
        put("people", "{_id: 'a'}", "{_id: 'b'}");
        target.execute("DELETE FROM people WHERE id = 'b'");
        database.getCollection("people", BsonDocument.class)
                .insertMany(
                        List.of(BsonDocument.parse("{_id: 'c'}"), BsonDocument.parse("{_id: 'd', state: 'draft'}")));

        assertThat(count("people"))
                .isEqualTo(of(Map.of(Term.DOCUMENTS, 4L, Term.ROWS, 1L, Term.SKIPPED, 1L, Term.WITHOUT_ROW, 2L)));
    }

    @Test
    @DisplayName("who waits for a row, and whose row another document has, has none; who lacks only a value has one")
    void waitingAndDeduplicated() throws SQLException {
        put("kept", "{_id: 'a'}");
        put(
                "pets",
                "{_id: 'p1', owner: 'a', chip: '1'}",
                "{_id: 'p2', owner: 'a', chip: '1'}",
                "{_id: 'p3', owner: 'nobody', chip: '1'}",
                "{_id: 'p4', owner: 'nobody', chip: '4'}",
                "{_id: 'p5', owner: 'a', chip: '5', friend: 'nobody'}",
                "{_id: 'p6', owner: 'a', chip: '5', friend: 'nobody'}");

        assertThat(count("pets"))
                .isEqualTo(of(Map.of(Term.DOCUMENTS, 6L, Term.ROWS, 2L, Term.WAITING, 2L, Term.DEDUPLICATED, 2L)));
    }

    @Test
    @DisplayName("a row that was there before its document is nobody's, until its document takes it over")
    void nobodys() throws SQLException {
        target.execute("INSERT INTO accounts VALUES ('x', 'ada'), ('y', 'bob')");
        put("accounts", "{_id: 'a', login: 'ada'}", "{_id: 'b', login: 'ada'}", "{_id: 'c', login: 'cyd'}");
        database.getCollection("accounts").deleteOne(BsonDocument.parse("{_id: 'c'}"));

        assertThat(count("accounts"))
                .isEqualTo(of(Map.of(
                        Term.DOCUMENTS, 2L, Term.ROWS, 3L, Term.KEPT, 1L, Term.NOT_OURS, 1L, Term.DEDUPLICATED, 1L)));
    }

    @Test
    @DisplayName("of documents whose ids are written alike one has the row, and the other is a dead letter")
    void alike() throws SQLException {
        put("kept", "{_id: '42'}", "{_id: 42}", "{_id: 'a'}");

        assertThat(count("kept")).isEqualTo(of(Map.of(Term.DOCUMENTS, 3L, Term.ROWS, 2L, Term.DEAD_LETTERS, 1L)));
    }

    @Test
    @DisplayName("a count is kept with its time, and an older one does not take its place")
    void kept() throws SQLException {
        put("kept", "{_id: 'a'}");
        BalanceStore store = new BalanceStore(TestTarget.PIPELINE);
        target.execute("INSERT INTO sluice.backfill (pipeline, collection, state) VALUES ('test', 'kept', 'done')");
        Balance counted = Objects.requireNonNull(
                counter().ofCopied(target.targets(), () -> false).get("kept"));
        store.put(target.connection(), "kept", new Balance(9, 9, 0, 0, 0, 0, 0, 0, 0, 0, Instant.EPOCH));

        assertThat(store.all(target.connection())).as("of what is copied").containsOnly(Map.entry("kept", counted));
        assertThat(counted.countedAt())
                .isBetween(Instant.now().minusSeconds(60), Instant.now().plusSeconds(60));
    }

    @Test
    @DisplayName("one that is stopped has counted nothing")
    void stopped() throws SQLException {
        try (Connection connection = target.connector().openForLongWork()) {
            assertThat(counter().count(connection, target.target("kept"), () -> true))
                    .isEmpty();
        }
    }

    private BalanceCount counter() {
        return new BalanceCount(target.pipeline(source));
    }

    /// Without its time.
    private Balance count(String collection) throws SQLException {
        try (Connection connection = target.connector().openForLongWork()) {
            Balance balance = counter()
                    .count(connection, target.target(collection), () -> false)
                    .orElseThrow();
            assertThat(balance.addsUp()).as("%s", balance).isTrue();
            return at(balance, Instant.EPOCH);
        }
    }

    private static Balance at(Balance b, Instant time) {
        return new Balance(
                b.documents(),
                b.rows(),
                b.kept(),
                b.withoutDocument(),
                b.notOurs(),
                b.deadLetters(),
                b.waiting(),
                b.skipped(),
                b.deduplicated(),
                b.withoutRow(),
                time);
    }

    private static Balance of(Map<Term, Long> terms) {
        long[] n = Arrays.stream(Term.values())
                .mapToLong(t -> terms.getOrDefault(t, 0L))
                .toArray();
        return new Balance(n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], Instant.EPOCH);
    }

    /// Writes documents to MongoDB, and what they become to PostgreSQL.
    private void put(String collection, String... documents) throws SQLException {
        List<RowChange> changes = new ArrayList<>();
        for (String json : documents) {
            BsonDocument document = BsonDocument.parse(json);
            BsonDocument id = new BsonDocument("_id", Objects.requireNonNull(document.get("_id")));
            database.getCollection(collection, BsonDocument.class)
                    .replaceOne(id, document, new com.mongodb.client.model.ReplaceOptions().upsert(true));
            changes.add(Objects.requireNonNull(target.mapper()
                    .map(new Change.Upsert(
                            collection,
                            Objects.requireNonNull(document.get("_id")),
                            document,
                            new BsonTimestamp(second, 0),
                            0))));
        }
        second++;
        target.streamSink(epoch).apply(changes, TestTarget.at(second, 0), null);
    }
}
