package dev.sluice.verify;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.ReplaceOptions;
import dev.sluice.backfill.Fenced;
import dev.sluice.backfill.Resync;
import dev.sluice.change.Change;
import dev.sluice.change.Position;
import dev.sluice.control.PostgresResyncList;
import dev.sluice.sink.RowChange;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.testkit.TestTarget;
import dev.sluice.testkit.TestingServers;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.BsonTimestamp;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Verifications while no process runs the pipeline, by the change stream from the stored position on, of documents
/// that are one row, and of rows that are no document's.
@SuppressWarnings("NullAway.Init")
class RivalsInFlightIT {
    private static final String MAPPING = """
            mapping: test
            database: test
            collections:
              pets:
                table: pets
                key: {column: id, type: text}
                dedupe: {by: [name], prefer: [{column: since, order: lowest}]}
                columns: {name: text, since: integer}
              accounts:
                table: accounts
                key: {column: id, type: text}
                conflict: [name]
                dedupe: {by: [name], prefer: [{column: since, order: lowest}]}
                columns: {name: text, since: integer}
                children:
                  mails: {from: mails, parent: account, ordinal: place, columns: {mail: text}}
            """;
    private static final String TABLES = """
            CREATE TABLE pets (id text PRIMARY KEY, name text, since integer);
            CREATE TABLE accounts (id text PRIMARY KEY, name text UNIQUE, since integer);
            CREATE TABLE mails (account text, place integer, mail text, PRIMARY KEY (account, place))
            """;

    private TestTarget target;
    private MongoDatabase database;
    private MongoSource source;
    private long epoch;

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

    @ParameterizedTest
    @ValueSource(strings = {"pets", "accounts"})
    @DisplayName("a document whose row another one takes that is not applied yet is undecided, and not drift; others"
            + " that differ are drift")
    void winnerInFlight(String collection) throws Exception {
        applied(collection, "{_id: 'l', name: 'a', since: 5}", "{_id: 'm', name: 'b', since: 5}");
        written(collection, "{_id: 'w', name: 'a', since: 1}");

        Verifier.Result found = verify(collection);

        assertThat(found.drift()).isEmpty();
        assertThat(found.undecided()).isEqualTo(2);

        target.execute("UPDATE " + collection + " SET since = 6 WHERE id = 'm'");
        assertThat(verify(collection).drift()).isEqualTo(Map.of(Drift.Kind.DIFFERENT, 1L));
        target.execute("UPDATE " + collection + " SET since = 5 WHERE id = 'm'");

        applied(collection, "{_id: 'w', name: 'a', since: 1}");
        assertThat(verify(collection).equal()).isTrue();
        assertThat(target.rows("SELECT id FROM " + collection + " ORDER BY id")).containsExactly("m", "w");
    }

    @ParameterizedTest
    @ValueSource(strings = {"pets", "accounts"})
    @DisplayName("so is one whose row another one takes by a change, or leaves")
    void changedInFlight(String collection) throws Exception {
        applied(
                collection,
                "{_id: 'l', name: 'a', since: 5}",
                "{_id: 'w', name: 'b', since: 1}",
                "{_id: 'x', name: 'c', since: 1}",
                "{_id: 'y', name: 'c', since: 2}");
        written(collection, "{_id: 'w', name: 'a', since: 1}", "{_id: 'x', name: 'd', since: 1}");

        Verifier.Result found = verify(collection);

        assertThat(found.drift()).isEmpty();
        assertThat(found.undecided()).isPositive();
        applied(collection, "{_id: 'w', name: 'a', since: 1}", "{_id: 'x', name: 'd', since: 1}");
        resync();
        assertThat(verify(collection).equal()).isTrue();
        assertThat(target.rows("SELECT id FROM " + collection + " ORDER BY id")).containsExactly("w", "x", "y");
    }

    @Test
    @DisplayName("rows that another writer has inserted, where the mapping allows such, are no drift, and a repair"
            + " leaves them and their child rows; rows of documents that are gone are drift")
    void notOurs() throws Exception {
        applied("accounts", "{_id: 'a', name: 'a'}", "{_id: 'b', name: 'b'}", "{_id: 'c', name: 'c'}");
        target.execute("INSERT INTO accounts VALUES ('theirs', 'x'), ('others', 'y');"
                + " INSERT INTO mails VALUES ('theirs', 0, 'm'), ('gone', 0, 'm')");
        // As a restore would have left it.
        database.getCollection("accounts").deleteOne(Filters.eq("_id", "c"));
        advance();

        for (Mode mode : List.of(Mode.FULL, Mode.SAMPLE)) {
            Verifier.Result found = verify("accounts", mode);
            assertThat(found.drift()).as(mode.text()).containsKey(Drift.Kind.EXTRA);
            assertThat(target.rows("SELECT row_key FROM sluice.drift WHERE table_name = 'public.accounts'"))
                    .as(mode.text())
                    .containsExactly("c");
        }
        Verifier.Result found = verify("accounts");
        assertThat(target.rows("SELECT row_key FROM sluice.drift WHERE table_name = 'public.mails'"))
                .containsExactly("gone");
        new Repair(target.pipeline(source), new SincePosition(target.pipeline(source)), left -> resync(), () -> false)
                .repair(target.target("accounts"), "a test", found.id());

        assertThat(target.rows("SELECT id FROM accounts ORDER BY id")).containsExactly("a", "b", "others", "theirs");
        assertThat(target.rows("SELECT account FROM mails")).containsExactly("theirs");
        assertThat(verify("accounts").equal()).isTrue();
    }

    private Verifier.Result verify(String collection) throws InterruptedException {
        return verify(collection, Mode.FULL);
    }

    private Verifier.Result verify(String collection, Mode mode) throws InterruptedException {
        return new Verifier(
                        target.pipeline(source),
                        new SincePosition(target.pipeline(source)),
                        (t, progress) -> {},
                        () -> false)
                .verify(target.target(collection), new Verifier.Wish(mode, Origin.ASKED, 100, 1, 1, true));
    }

    private List<BsonDocument> written(String collection, String... some) {
        List<BsonDocument> documents = new ArrayList<>();
        MongoCollection<BsonDocument> written = database.getCollection(collection, BsonDocument.class);
        for (String json : some) {
            BsonDocument document = BsonDocument.parse(json);
            written.replaceOne(Filters.eq("_id", document.get("_id")), document, new ReplaceOptions().upsert(true));
            documents.add(document);
        }
        return documents;
    }

    /// As the stream does it: the position is behind them.
    private void applied(String collection, String... some) throws SQLException {
        List<RowChange> changes = new ArrayList<>();
        for (BsonDocument document : written(collection, some)) {
            changes.add(Objects.requireNonNull(target.mapper()
                    .map(new Change.Upsert(
                            collection,
                            Objects.requireNonNull(document.get("_id")),
                            document,
                            new BsonTimestamp(1, 0),
                            0))));
        }
        apply(changes);
    }

    /// Moves the position behind all that was written.
    private void advance() throws SQLException {
        apply(List.of());
    }

    private void apply(List<RowChange> changes) throws SQLException {
        // An operation of its own, since the position's is read again.
        database.getCollection("elsewhere").insertOne(new org.bson.Document());
        BsonTimestamp last = Objects.requireNonNull(source.hello().lastWrite());
        target.streamSink(epoch)
                .apply(changes, new Position(new BsonDocument("_data", new BsonString("a test")), last), null);
    }

    private void resync() throws SQLException {
        new Resync(
                        source,
                        new PostgresResyncList(target.connection(), TestTarget.PIPELINE),
                        target.chunkSink(epoch),
                        target.targets(),
                        Fenced.beside(target.fences(), () -> null, () -> false))
                .drain();
    }
}
