package dev.sluice.backfill;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.ReplaceOptions;
import dev.sluice.change.Change;
import dev.sluice.control.BackfillStore;
import dev.sluice.control.DeadLetterStore;
import dev.sluice.control.PostgresCopyProgress;
import dev.sluice.control.PostgresResyncList;
import dev.sluice.control.ResyncStore;
import dev.sluice.control.ResyncStore.Cause;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.postgres.StreamSink;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.testkit.TestTarget;
import dev.sluice.testkit.TestingServers;
import dev.sluice.verify.FullComparison;
import dev.sluice.verify.TableDifference;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.bson.BsonDocument;
import org.bson.BsonNull;
import org.bson.BsonTimestamp;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Documents of which only one can have its rows, by unique indexes that the mapping does not name, or as the one row
/// of
/// several documents (`conflict`): which one it is depends on neither the way nor the order in which they come.
@SuppressWarnings("NullAway.Init")
class RivalsIT {
    private static final String MAPPING = """
            mapping: test
            database: test
            collections:
              tokens:
                table: tokens
                key: {column: id, type: bigint}
                columns: {name: text, mail: text, n: integer, born: {type: timestamptz, misfit: reject}}
                children:
                  scopes: {from: scopes, parent: token, ordinal: place, columns: {scope: text}}
            """;
    private static final String TABLES = """
            CREATE TABLE tokens (id bigint PRIMARY KEY, name text UNIQUE, mail text, n integer CHECK (n < 1000),
              born timestamptz);
            CREATE UNIQUE INDEX ON tokens (lower(mail)) WHERE mail <> '';
            CREATE TABLE scopes (token bigint REFERENCES tokens ON DELETE CASCADE, place integer, scope text UNIQUE,
              PRIMARY KEY (token, place));
            """;

    /// Posts refer to writers, and only one of a pair of writers has a row.
    private static final String WRITERS = """
            mapping: test
            database: test
            collections:
              writers:
                table: writers
                key: {column: id, type: bigint}
                dedupe: {by: [pair]}
                columns: {name: text, pair: integer, n: integer, born: {type: timestamptz, misfit: reject}}
              posts:
                table: posts
                key: {column: id, type: bigint}
                columns:
                  by: {type: bigint, reference: {table: writers, take: id, orphan: skip}}
                  seen_by: {type: bigint, reference: {table: writers, take: id}}
              kept:
                table: kept
                key: {column: id, type: bigint}
                on_delete: keep
                columns: {name: text, born: {type: timestamptz, misfit: reject}}
            """;
    private static final String WRITER_TABLES = """
            CREATE TABLE writers (id bigint PRIMARY KEY, name text, pair integer, n integer CHECK (n < 1000),
              born timestamptz);
            CREATE TABLE posts (id bigint PRIMARY KEY, by bigint NOT NULL REFERENCES writers, seen_by bigint
              REFERENCES writers);
            CREATE TABLE kept (id bigint PRIMARY KEY, name text UNIQUE, born timestamptz);
            """;

    /// What becomes a dead letter: by the mapping, and by PostgreSQL.
    private static final List<String> UNFIT = List.of("born: 'never'", "n: 2000");

    private static final String PEOPLE = """
            mapping: test
            database: test
            collections:
              people:
                table: people
                key: {column: id, type: text}
                conflict: [name]
                dedupe: {by: [name], prefer: [{column: since, order: lowest}]}
                on_delete: keep
                columns: {name: text, since: integer, n: integer}
                children:
                  addresses: {from: mails, parent: owner, ordinal: place, columns: {mail: text}}
            """;
    private static final String PEOPLE_TABLES = """
            CREATE TABLE people (id text PRIMARY KEY DEFAULT 'made' || gen_random_uuid(), name text NOT NULL UNIQUE,
              since integer, n integer);
            CREATE TABLE addresses (owner text, place integer, mail text, PRIMARY KEY (owner, place));
            CREATE TABLE bills (of_user text NOT NULL REFERENCES people (name) ON DELETE RESTRICT);
            """;

    private TestTarget target;
    private MongoSource source;
    private MongoDatabase database;
    private String collection = "tokens";
    private MongoCollection<BsonDocument> documents;
    private StreamSink stream;
    private Resync resync;
    private long epoch;
    private int second = 10;

    private void open() throws SQLException {
        open(MAPPING, TABLES);
    }

    private void open(String mapping, String tables) throws SQLException {
        target = TestTarget.of(mapping, tables);
        collection = target.targets().getFirst().collection();
        database = TestingServers.mongoDatabase();
        documents = database.getCollection(collection, BsonDocument.class);
        source = new MongoSource(TestingServers.mongo().uri(), database.getName());
        epoch = target.takeOver();
        stream = target.streamSink(epoch);
        resync = new Resync(
                source,
                new PostgresResyncList(target.connection(), TestTarget.PIPELINE),
                target.chunkSink(epoch),
                target.targets(),
                Fenced.beside(target.fences(), () -> null, () -> false));
    }

    @AfterEach
    void close() {
        database.drop();
        source.close();
        target.close();
    }

    /// The ways that documents take.
    enum Way {
        COPIED,
        STREAMED,
        STREAMED_BACKWARDS,
        STREAMED_AT_ONCE_BACKWARDS,
        COPIED_AFTER_THE_LAST,
        TAKEN_ANEW_AFTER_THE_LAST,
        RETRIED_AFTER_THE_LAST
    }

    @Test
    @DisplayName("the document with the least _id has its rows, the others are dead letters, whichever way they come")
    void onEveryWay() throws SQLException {
        open();
        List<BsonDocument> inOrder = List.of(
                parse("{_id: 2, name: 'a', mail: 'X@x', n: 1, scopes: [{scope: 'r'}, {scope: 'w'}]}"),
                // Behind the first by name, and in nobody's way then.
                parse("{_id: 10, name: 'a', mail: 'y@y', n: 2}"),
                parse("{_id: 11, name: 'b', mail: 'Y@Y', n: 3}"),
                // By an expression, by an element, and by two at once.
                parse("{_id: 12, name: 'c', mail: 'x@X', n: 4}"),
                parse("{_id: 13, name: 'd', n: 5, scopes: [{scope: 'z'}, {scope: 'w'}]}"),
                parse("{_id: 14, name: 'b', mail: 'x@x', n: 6}"),
                parse("{_id: 15, name: 'e', mail: '', n: 7}"),
                parse("{_id: 16, name: 'f', mail: '', n: 8, scopes: [{scope: 'z'}]}"));
        documents.insertMany(inOrder);
        List<BsonDocument> backwards = new ArrayList<>(inOrder);
        Collections.reverse(backwards);
        for (Way way : Way.values()) {
            target.execute("TRUNCATE tokens, scopes, sluice.dead_letter");
            new BackfillStore(TestTarget.PIPELINE).restart(target.connection(), "tokens");
            switch (way) {
                case COPIED -> copy();
                case STREAMED -> one(inOrder);
                case STREAMED_BACKWARDS -> one(backwards);
                case STREAMED_AT_ONCE_BACKWARDS -> apply(backwards);
                case COPIED_AFTER_THE_LAST -> {
                    apply(backwards.subList(0, 4));
                    copy();
                }
                case TAKEN_ANEW_AFTER_THE_LAST -> {
                    apply(backwards.subList(0, 4));
                    new ResyncStore(TestTarget.PIPELINE).askForAll(target.connection(), "tokens", "asked", false);
                }
                case RETRIED_AFTER_THE_LAST -> {
                    one(backwards.subList(0, 7));
                    one(inOrder.subList(0, 1));
                    retry();
                }
            }
            drainList();
            assertRight("2", "11", "15", "16");
            drainList();
            assertRight("2", "11", "15", "16");
        }
    }

    @Test
    @DisplayName("when the one that has the rows is deleted or gives the value up, the next one comes in by itself")
    void theNextComesIn() throws SQLException {
        open();
        put("{_id: 1, name: 'a'}", "{_id: 2, name: 'a', n: 2}", "{_id: 3, name: 'a', n: 3}");
        drainList();
        assertRight("1");

        delete("1");
        drainList();
        assertRight("2");
        assertThat(resync.resynced()).containsOnlyKeys(Cause.DUPLICATE);

        put("{_id: 2, name: 'b', n: 2}");
        drainList();
        assertRight("2", "3");

        // What is written without giving the value up brings nobody.
        put("{_id: 4, name: 'b'}");
        drainList();
        int attempts = attempts();
        put("{_id: 2, name: 'b', n: 22}");
        drainList();
        assertThat(attempts()).isEqualTo(attempts);

        // An older one comes back.
        put("{_id: 1, name: 'b', n: 1}");
        drainList();
        assertRight("1", "3");
        put("{_id: 1, name: 'c', n: 1}");
        drainList();
        assertRight("1", "2", "3");
        target.execute("ALTER TABLE tokens DROP CONSTRAINT tokens_name_key");
        drainList();
        assertRight("1", "2", "3", "4");
    }

    @Test
    @DisplayName("a document that is left out leaves nothing behind: neither the row that it had before, which may keep"
            + " others out, nor values that its row landed without")
    void leavesNothingBehind() throws SQLException {
        open();
        put("{_id: 1, name: 'a'}", "{_id: 5, name: 'b', n: 'five'}");
        assertThat(target.rows("SELECT path FROM sluice.quarantine")).containsExactly("n");

        // What it wants now is another's.
        put("{_id: 5, name: 'a', n: 'five'}");
        assertRight("1");
        assertThat(target.rows("SELECT path FROM sluice.quarantine")).isEmpty();
        put("{_id: 7, name: 'b', n: 'seven'}");
        assertRight("1", "7");

        // It has to give its row up.
        put("{_id: 6, name: 'b', n: 6}");
        drainList();
        assertRight("1", "6");
        assertThat(target.rows("SELECT path FROM sluice.quarantine")).isEmpty();
    }

    @Test
    @DisplayName(
            "a document that a change makes unfit gives its row up, so that its rival has one, whichever way it comes")
    void unfit() throws SQLException {
        open();
        for (String unfit : UNFIT) {
            for (Way way : Way.values()) {
                target.execute("TRUNCATE tokens, scopes, sluice.dead_letter, sluice.quarantine");
                documents.deleteMany(new BsonDocument());
                put("{_id: 1, name: 'a', mail: 'm', n: 'x', scopes: [{scope: 'r'}]}", "{_id: 5, name: 'a'}");
                assertRight("1");
                BsonDocument bad = parse("{_id: 1, name: 'z', scopes: [{scope: 'q'}], " + unfit + "}");
                documents.replaceOne(parse("{_id: 1}"), bad);
                take(way, bad);
                drainList();
                assertRight("5");
                assertThat(target.rows("SELECT scope FROM scopes")).isEmpty();
                assertThat(target.rows("SELECT path FROM sluice.quarantine")).isEmpty();

                // It is fit again, and comes first.
                put("{_id: 1, name: 'a', n: 1}");
                drainList();
                assertRight("1");
            }
        }
    }

    /// Brings a changed document on its way.
    private void take(Way way, BsonDocument changed) throws SQLException {
        switch (way) {
            case STREAMED -> one(List.of(changed));
            case STREAMED_BACKWARDS ->
                one(documents.find().into(new ArrayList<>()).reversed());
            case STREAMED_AT_ONCE_BACKWARDS ->
                apply(documents.find().into(new ArrayList<>()).reversed());
            case COPIED, COPIED_AFTER_THE_LAST -> {
                new BackfillStore(TestTarget.PIPELINE).restart(target.connection(), collection);
                copy();
            }
            case TAKEN_ANEW_AFTER_THE_LAST ->
                new ResyncStore(TestTarget.PIPELINE).askForAll(target.connection(), collection, "asked", false);
            case RETRIED_AFTER_THE_LAST -> {
                one(List.of(changed));
                retry();
            }
        }
    }

    @Test
    @DisplayName(
            "what refers to the row of a document that becomes unfit waits for it, as in a fresh copy, and the other"
                    + " one of a pair has a row")
    void unfitAndReferredTo() throws SQLException {
        open(WRITERS, WRITER_TABLES);
        for (String unfit : UNFIT) {
            target.execute("TRUNCATE writers, posts, sluice.dead_letter, sluice.waiting");
            documents.deleteMany(new BsonDocument());
            database.getCollection("posts").deleteMany(new BsonDocument());
            put("{_id: 1, pair: 7}", "{_id: 2, pair: 7}", "{_id: 3}");
            collection = "posts";
            documents = database.getCollection(collection, BsonDocument.class);
            put("{_id: 10, by: {$numberLong: '1'}}", "{_id: 11, by: {$numberLong: '3'}, seen_by: {$numberLong: '1'}}");
            drainList();
            assertThat(target.rows("SELECT * FROM posts ORDER BY id")).containsExactly("10|1|NULL", "11|3|1");
            collection = "writers";
            documents = database.getCollection(collection, BsonDocument.class);

            put("{_id: 1, pair: 7, " + unfit + "}");
            drainList();
            assertThat(target.rows("SELECT id FROM writers ORDER BY id")).containsExactly("2", "3");
            assertThat(target.rows("SELECT * FROM posts")).containsExactly("11|3|NULL");
            assertThat(target.rows("SELECT row_key, kind FROM sluice.waiting ORDER BY 1"))
                    .containsExactly("10|reference", "11|reference");
            assertThat(target.rows("SELECT document_key FROM sluice.dead_letter"))
                    .containsExactly("{\"$numberLong\":\"1\"}");

            put("{_id: 1, pair: 7}");
            drainList();
            assertThat(target.rows("SELECT id FROM writers ORDER BY id")).containsExactly("1", "3");
            assertThat(target.rows("SELECT * FROM posts ORDER BY id")).containsExactly("10|1|NULL", "11|3|1");
        }
    }

    @Test
    @DisplayName("where rows stay without their documents, or would take rows of others along, an unfit document keeps"
            + " the row that it had, and says why it is a dead letter")
    void unfitAndKept() throws SQLException {
        open(WRITERS, WRITER_TABLES);
        target.execute("CREATE TABLE theirs (u bigint REFERENCES writers);");
        put("{_id: 1, name: 'a'}", "{_id: 2, name: 'b'}", "{_id: 3, name: 'c'}");
        target.execute("INSERT INTO theirs VALUES (2)");
        apply(List.of(parse("{_id: 1, born: 'never'}"), parse("{_id: 2, born: 'never'}"), parse("{_id: 3, n: 2000}")));
        assertThat(target.rows("SELECT id, name FROM writers")).containsExactly("2|b");
        assertThat(target.rows("SELECT reason FROM sluice.dead_letter WHERE document_key LIKE '%2%'"))
                .singleElement()
                .asString()
                .contains("born");

        collection = "kept";
        documents = database.getCollection(collection, BsonDocument.class);
        put("{_id: 1, name: 'a'}", "{_id: 1, name: 'b', born: 'never'}");
        assertThat(target.rows("SELECT id, name FROM kept")).containsExactly("1|a");
    }

    @ParameterizedTest
    @DisplayName("in any order, copied in the middle, the rows are those of the least documents that fit together")
    @ValueSource(longs = {1, 3})
    void inAnyOrder(long seed) throws SQLException {
        open();
        Random random = new Random(seed);
        for (int round = 0; round < 30; round++) {
            List<BsonDocument> changed = new ArrayList<>();
            for (int i = random.nextInt(5); i >= 0; i--) {
                int id = random.nextInt(12);
                changed.removeIf(d -> d.getInt32("_id").getValue() == id);
                changed.add(
                        random.nextInt(4) == 0
                                ? parse("{_id: " + id + "}")
                                : parse("{_id: " + id + ", name: 'n" + random.nextInt(6) + "', mail: '"
                                        + "mM".charAt(random.nextInt(2)) + random.nextInt(6) + "', scopes: [{scope: 's"
                                        + random.nextInt(9) + "'}]}"));
            }
            List<RowChange> rows = new ArrayList<>();
            for (BsonDocument document : changed) {
                if (document.size() == 1) {
                    documents.deleteOne(document);
                    rows.add(mapped(new Change.Delete("tokens", document.get("_id", BsonNull.VALUE), time(), 0)));
                } else {
                    documents.replaceOne(
                            Filters.eq("_id", document.get("_id")), document, new ReplaceOptions().upsert(true));
                    rows.add(upserted(document));
                }
            }
            second++;
            stream.apply(rows, TestTarget.at(second, 0), null);
            if (round == 12) {
                copy();
            }
            if (random.nextInt(3) == 0) {
                resync.drain();
            }
        }
        drainList();
        assertRight(expected().toArray(String[]::new));
    }

    @Test
    @DisplayName(
            "a row that others keep, or whose going would take rows along unsaid, stays: the other is a dead letter")
    void whatMayNotGo() throws SQLException {
        open();
        target.execute("CREATE TABLE theirs (token bigint REFERENCES tokens ON DELETE CASCADE);");
        put("{_id: 5, name: 'a'}");
        target.execute("INSERT INTO theirs VALUES (5)");
        put("{_id: 1, name: 'a'}");
        drainList();
        assertThat(target.rows("SELECT id FROM tokens")).containsExactly("5");
        assertThat(target.rows("SELECT token FROM theirs")).containsExactly("5");
        assertThat(target.rows("SELECT document_key, behind_key FROM sluice.dead_letter"))
                .containsExactly("{\"$numberLong\":\"1\"}|5");
    }

    @Test
    @DisplayName("of several documents that are one row, the preferred has it on every way; a row of nobody's is taken")
    void oneRow() throws SQLException {
        open(PEOPLE, PEOPLE_TABLES);
        List<BsonDocument> inOrder = List.of(
                parse("{_id: 'c', name: 'u', since: 3, n: 1, mails: [{mail: 'c1'}, {mail: 'c2'}]}"),
                parse("{_id: 'b', name: 'u', since: 1, n: 2, mails: [{mail: 'b'}]}"),
                parse("{_id: 'a', name: 'u', since: 2, n: 3, mails: [{mail: 'a'}]}"),
                parse("{_id: 'd', name: 'v', since: 5, n: 4}"),
                parse("{_id: 'e', name: 'v', since: 5, n: 5}"));
        documents.insertMany(inOrder);
        List<BsonDocument> backwards = new ArrayList<>(inOrder);
        Collections.reverse(backwards);
        for (Way way : Way.values()) {
            target.execute("TRUNCATE people, addresses, bills, sluice.document_row, sluice.waiting");
            new BackfillStore(TestTarget.PIPELINE).restart(target.connection(), collection);
            // As a trigger makes them; something refers to them.
            target.execute("INSERT INTO people (name) VALUES ('u'), ('v'); INSERT INTO bills VALUES ('u'), ('v')");
            switch (way) {
                case COPIED -> copy();
                case STREAMED -> one(inOrder);
                case STREAMED_BACKWARDS -> one(backwards);
                case STREAMED_AT_ONCE_BACKWARDS -> apply(backwards);
                case COPIED_AFTER_THE_LAST -> {
                    apply(backwards.subList(0, 2));
                    copy();
                }
                case TAKEN_ANEW_AFTER_THE_LAST, RETRIED_AFTER_THE_LAST -> {
                    one(inOrder.subList(0, 1));
                    one(inOrder.subList(4, 5));
                    new ResyncStore(TestTarget.PIPELINE).askForAll(target.connection(), collection, "asked", false);
                }
            }
            drainList();
            assertPeople(way.name(), "b|u|2", "d|v|4");
            assertThat(target.rows("SELECT owner, mail FROM addresses")).containsExactly("b|b");
            assertThat(target.rows("SELECT row_key FROM sluice.waiting ORDER BY 1"))
                    .containsExactly("a", "c", "e");
        }
        // The row stays, and the next one has it.
        delete("'b'");
        drainList();
        assertPeople("deleted", "a|u|3", "d|v|4");
        target.execute("TRUNCATE bills");
        put("{_id: 'a', name: 'w', since: 2, n: 3}");
        drainList();
        assertPeople("moved", "a|w|3", "c|u|1", "d|v|4");
        put("{_id: 'b', name: 'u', since: 1, n: 22}");
        drainList();
        assertPeople("back", "a|w|3", "b|u|22", "d|v|4");
    }

    private void assertPeople(String when, String... rows) throws SQLException {
        assertThat(target.rows("SELECT id, name, n FROM people ORDER BY id"))
                .as(when)
                .containsExactly(rows);
        assertThat(target.rows("SELECT reason FROM sluice.dead_letter"))
                .as(when)
                .isEmpty();
        FullComparison comparison = new FullComparison(source, target.connection(), TestTarget.PIPELINE);
        assertThat(comparison.compare(target.target(collection))).as(when).allMatch(TableDifference::equal);
    }

    /// The least documents that fit together, by the unique indexes of the tables.
    private List<String> expected() {
        Map<Integer, BsonDocument> byId = new TreeMap<>();
        documents.find().forEach(d -> byId.put(d.getInt32("_id").getValue(), d));
        TreeSet<String> taken = new TreeSet<>();
        List<String> in = new ArrayList<>();
        byId.values().removeIf(document -> document.containsKey("born"));
        byId.forEach((id, document) -> {
            List<String> wanted = new ArrayList<>();
            wanted.add("name " + document.getString("name").getValue());
            wanted.add("mail " + document.getString("mail").getValue().toLowerCase(Locale.ROOT));
            document.getArray("scopes")
                    .forEach(s -> wanted.add(
                            "scope " + s.asDocument().getString("scope").getValue()));
            if (Collections.disjoint(taken, wanted)) {
                taken.addAll(wanted);
                in.add(id.toString());
            }
        });
        return in;
    }

    /// These have rows, and all others are dead letters.
    private void assertRight(String... ids) throws SQLException {
        assertThat(target.rows("SELECT id FROM tokens ORDER BY id")).containsExactly(ids);
        List<String> others = new ArrayList<>();
        documents
                .find()
                .forEach(d -> others.add(String.valueOf(d.getInt32("_id").getValue())));
        others.removeAll(List.of(ids));
        assertThat(target.rows("SELECT document_key::jsonb ->> '$numberLong' FROM sluice.dead_letter"))
                .containsExactlyInAnyOrderElementsOf(others);
        FullComparison comparison = new FullComparison(source, target.connection(), TestTarget.PIPELINE);
        for (CollectionTarget collection : target.targets()) {
            assertThat(comparison.compare(collection)).allMatch(TableDifference::equal);
        }
    }

    private int attempts() {
        return Integer.parseInt(
                target.rows("SELECT sum(attempts) FROM sluice.dead_letter").getFirst());
    }

    private void drainList() {
        resync.drain();
        resync.sweep();
        assertThat(target.rows("SELECT * FROM sluice.resync")).isEmpty();
    }

    private void retry() throws SQLException {
        DeadLetterStore letters = new DeadLetterStore(TestTarget.PIPELINE);
        letters.retry(target.connection(), letters.list(target.connection(), null, 100), "a test");
    }

    private void put(String... some) throws SQLException {
        for (String json : some) {
            BsonDocument document = parse(json);
            documents.replaceOne(Filters.eq("_id", document.get("_id")), document, new ReplaceOptions().upsert(true));
            one(List.of(document));
        }
    }

    private void delete(String id) throws SQLException {
        BsonDocument gone = parse("{_id: " + id + "}");
        documents.deleteOne(gone);
        second++;
        stream.apply(
                List.of(mapped(new Change.Delete(collection, Objects.requireNonNull(gone.get("_id")), time(), 0))),
                TestTarget.at(second, 0),
                null);
    }

    private void one(List<BsonDocument> some) throws SQLException {
        for (BsonDocument document : some) {
            apply(List.of(document));
        }
    }

    private void apply(List<BsonDocument> some) throws SQLException {
        second++;
        stream.apply(some.stream().map(this::upserted).toList(), TestTarget.at(second, 0), null);
    }

    private RowChange upserted(BsonDocument document) {
        return mapped(new Change.Upsert(collection, Objects.requireNonNull(document.get("_id")), document, time(), 0));
    }

    private RowChange mapped(Change change) {
        return Objects.requireNonNull(target.mapper().map(change));
    }

    private BsonTimestamp time() {
        return new BsonTimestamp(second, 0);
    }

    private static BsonDocument parse(String json) {
        return BsonDocument.parse(json);
    }

    private void copy() throws SQLException {
        try (Backfill backfill = new Backfill(
                source,
                new PostgresCopyProgress(target.connection(), TestTarget.PIPELINE, epoch),
                new Backfill.Writing(
                        () -> target.chunkSink(epoch), Fenced.beside(target.fences(), () -> null, () -> false)),
                Backfill.Limits.adaptive().withDocuments(3).withWorkers(2),
                new Silent())) {
            backfill.copy(target.target(collection));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static final class Silent implements Backfill.Listener {
        @Override
        public void onEstimate(CollectionTarget target, long documents, long alreadyCopied) {}

        @Override
        public void onChunk(CollectionTarget target, Backfill.Done done) {}

        @Override
        public void onDone(CollectionTarget target) {}
    }
}
