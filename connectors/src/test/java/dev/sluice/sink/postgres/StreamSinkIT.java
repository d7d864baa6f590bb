package dev.sluice.sink.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.change.Change;
import dev.sluice.change.IdText;
import dev.sluice.change.Position;
import dev.sluice.change.Watermark;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.positions.PositionStore;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.WriteSummary;
import dev.sluice.testkit.TestTarget;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

@SuppressWarnings("NullAway.Init")
class StreamSinkIT {
    private static final String WATERMARKS =
            "SELECT collection, cluster_time, through_seconds, through_increment FROM sluice.watermark ORDER BY 1";

    private TestTarget target;
    private StreamSink sink;
    private int clock = 1;

    @BeforeEach
    void open() throws SQLException {
        target = TestTarget.demo();
        sink = target.streamSink(target.takeOver());
    }

    @AfterEach
    void close() {
        target.close();
    }

    @Nested
    class Rows {
        @Test
        void childRowsOfNoElementGoWhereverTheyAre() throws SQLException {
            String lines = "{_id: 1, placedAt: {$date: '2020-01-01T00:00:00Z'},"
                    + " lines: [{sku: 'A'}, 'no object', {sku: 'C'}]}";
            apply(order(lines));
            target.execute(
                    "INSERT INTO order_lines (order_id, ordinal, sku, quantity, unit_price) VALUES (1, -1, 'before', 1, 1), (1, 1, 'gap', 1, 1),"
                            + " (1, 3, 'beyond', 1, 1), (1, 9, 'beyond', 1, 1)");

            apply(order(lines));

            assertThat(target.rows("SELECT ordinal, sku FROM order_lines ORDER BY 1"))
                    .containsExactly("0|A", "2|C");
        }

        @Test
        void anInsertBecomesARow() throws SQLException {
            apply(
                    user(
                            "{_id: 'u1', email: 'a@example.org', age: 7, balance: {$numberDecimal: '12.50'}, tags: ['x', null],"
                                    + " address: {city: 'Ulm', 'geo.lat': 48.4}, signedUpAt: {$date: '2020-01-02T03:04:05.678Z'}, nick: 'Al'}"));

            assertThat(target.rows("SELECT id, email, name, age, balance, active, city, latitude, tags, rest,"
                            + " to_char(signed_up_at, 'YYYY-MM-DD HH24:MI:SS.MS') FROM users"))
                    .containsExactly(
                            "u1|a@example.org||7|12.50|t|Ulm|48.4|{x,NULL}|{\"nick\": \"Al\"}|2020-01-02 03:04:05.678");
        }

        @Test
        void anUpdateChangesTheRow() throws SQLException {
            apply(user("{_id: 'u1', email: 'a@example.org', age: 7}"));
            apply(user("{_id: 'u1', email: 'b@example.org', age: 8}"));

            assertThat(target.rows("SELECT id, email, age FROM users")).containsExactly("u1|b@example.org|8");
        }

        @Test
        void fieldsThatAreGoneBecomeNullOrTheirDefault() throws SQLException {
            apply(
                    user(
                            "{_id: 'u1', email: 'a@example.org', age: 7, active: false, tags: ['x'], preferences: {a: 1}, nick: 'Al'}"));
            apply(user("{_id: 'u1'}"));

            assertThat(target.rows("SELECT email, age, active, tags, preferences, rest FROM users"))
                    .containsExactly("|NULL|t|{}|NULL|{}");
        }

        @Test
        @DisplayName("what was staged is gone with each commit, and the staging tables stay small")
        void stagingIsEmptied() throws SQLException {
            String text = "x".repeat(2_000);
            for (int i = 0; i < 600; i++) {
                apply(user("{_id: 'u" + i % 7 + "', email: '" + i + "@example.org', name: '" + text + i + "'}"));
            }
            List<Change> many = new ArrayList<>();
            for (int i = 0; i < 3_000; i++) {
                many.add(user("{_id: 'm" + i + "', name: '" + text + "'}"));
            }
            apply(many.toArray(Change[]::new));
            apply(user("{_id: 'u1', email: 'last@example.org'}"));

            assertThat(target.rows("SELECT count(*), max(email) FROM users")).containsExactly("3007|last@example.org");
            // Each of the 600 would have left a page of its own and one of TOAST.
            assertThat(target.rows("SELECT count(*) > 1, max(pg_table_size(oid)) < 2000000 FROM pg_class"
                            + " WHERE relpersistence = 't' AND relname LIKE 'sluice!_stage!_%' ESCAPE '!'"))
                    .containsExactly("t|t");
        }

        @Test
        void aDeleteRemovesTheRow() throws SQLException {
            apply(user("{_id: 'u1'}"), user("{_id: 'u2'}"));
            WriteSummary summary = apply(delete("users", "'u1'"));

            assertThat(summary.deleted()).isOne();
            assertThat(target.rows("SELECT id FROM users")).containsExactly("u2");
        }

        @Test
        void aDeleteOfWhatWasNeverThereDoesNothing() throws SQLException {
            WriteSummary summary = apply(delete("users", "'nobody'"), delete("orders", "'not a number'"));

            assertThat(summary).isEqualTo(WriteSummary.NOTHING);
            assertThat(deadLetters()).isEmpty();
        }

        @Test
        void aDocumentDeletedAndInsertedAgainInOneBatchIsThere() throws SQLException {
            apply(user("{_id: 'u1', age: 1}"));
            apply(delete("users", "'u1'"), user("{_id: 'u1', age: 2}"));
            assertThat(target.rows("SELECT id, age FROM users")).containsExactly("u1|2");

            apply(user("{_id: 'u1', age: 3}"), delete("users", "'u1'"));
            assertThat(target.rows("SELECT id, age FROM users")).isEmpty();
        }

        @Test
        void ofSeveralChangesOfADocumentInABatchTheLastWins() throws SQLException {
            WriteSummary summary =
                    apply(user("{_id: 'u1', age: 1}"), user("{_id: 'u1', age: 3}"), user("{_id: 'u1', age: 2}"));

            assertThat(summary.rows()).isOne();
            assertThat(target.rows("SELECT id, age FROM users")).containsExactly("u1|2");
        }

        @Test
        void anUpdateWhoseDocumentIsGoneLeavesTheRowToTheDeleteThatFollows() throws SQLException {
            apply(user("{_id: 'u1', age: 1}"));
            apply(new Change.Unresolved("users", IdText.parse("'u1'"), time(), 0));

            assertThat(target.rows("SELECT id, age FROM users")).containsExactly("u1|1");
        }

        @Test
        void anIdIsTheSameWhetherTheChangeSaysIntOrLong() throws SQLException {
            apply(order("{_id: {$numberLong: '7'}, placedAt: {$date: '2020-01-01T00:00:00Z'}}"));
            apply(new Change.Delete("orders", new BsonInt32(7), time(), 0));

            assertThat(target.rows("SELECT id FROM orders")).isEmpty();
        }

        @Test
        void collectionsOutsideTheMappingAreNotMapped() {
            assertThat(target.mapper().map(upsert("baskets", "{_id: 1}"))).isNull();
        }
    }

    @Nested
    class Children {
        @Test
        void anArrayBecomesRowsInItsOrder() throws SQLException {
            apply(orderWithLines(1, "A", "B", "A"));

            assertThat(lines()).containsExactly("1|0|A", "1|1|B", "1|2|A");
        }

        @Test
        void rowsBeyondTheEndOfAShrunkenArrayGo() throws SQLException {
            apply(orderWithLines(1, "A", "B", "C"), orderWithLines(2, "X", "Y"));
            apply(orderWithLines(1, "C"));

            assertThat(lines()).containsExactly("1|0|C", "2|0|X", "2|1|Y");
        }

        @Test
        void anArrayThatIsEmptiedOrGoneLeavesNoRows() throws SQLException {
            apply(orderWithLines(1, "A", "B"), orderWithLines(2, "X"));
            apply(orderWithLines(1), order("{_id: 2, placedAt: {$date: '2020-01-01T00:00:00Z'}}"));

            assertThat(target.rows("SELECT id FROM orders ORDER BY id")).containsExactly("1", "2");
            assertThat(lines()).isEmpty();
        }

        @Test
        void aDeleteTakesTheChildRowsAlong() throws SQLException {
            // Not by the cascade of a foreign key, which a target need not have.
            target.execute("ALTER TABLE order_lines DROP CONSTRAINT order_lines_order_id_fkey");
            apply(orderWithLines(1, "A", "B"), orderWithLines(2, "X"));
            apply(delete("orders", "1"));

            assertThat(lines()).containsExactly("2|0|X");
        }

        @Test
        @DisplayName(
                "an element that is appended, changed or taken off the end leaves the other rows as they are, unlocked")
        void theOthersStay() throws SQLException {
            apply(orderWithLines(1, "A", "B", "C"));
            List<String> before = target.rows("SELECT ctid FROM order_lines ORDER BY ordinal");

            apply(orderWithLines(1, "A", "B", "C", "D"));
            apply(orderWithLines(1, "A", "B", "C", "X"));
            apply(orderWithLines(1, "A", "B", "C"));

            assertThat(lines()).containsExactly("1|0|A", "1|1|B", "1|2|C");
            assertThat(target.rows("SELECT ctid FROM order_lines ORDER BY ordinal"))
                    .isEqualTo(before);
            // What a transaction locks has its number.
            assertThat(target.rows("SELECT DISTINCT xmax FROM order_lines")).containsExactly("0");
        }

        @Test
        @DisplayName("a column that is altered to another type meanwhile makes no dead letter")
        void alteredMeanwhile() throws SQLException {
            apply(orderWithLines(1, "A", "B"));
            target.execute("ALTER TABLE order_lines ALTER sku TYPE varchar(40)");

            WriteSummary summary = apply(orderWithLines(1, "A", "C", "D"), orderWithLines(2, "X"));
            apply(orderWithLines(1, "A"));

            assertThat(summary.deadLetters()).isZero();
            assertThat(lines()).containsExactly("1|0|A", "2|0|X");
        }

        @Test
        @DisplayName("rows that somebody has changed, put in or taken out are put right by the next update")
        void tamperedChildren() throws SQLException {
            apply(orderWithLines(1, "A", "B", "C"));
            target.execute("UPDATE order_lines SET sku = 'a' WHERE ordinal = 0");
            target.execute("DELETE FROM order_lines WHERE ordinal = 1");
            target.execute(
                    "INSERT INTO order_lines (order_id, ordinal, sku, quantity, unit_price) VALUES (1, 7, 'Z', 1, 1)");

            apply(orderWithLines(1, "A", "B", "C"));

            assertThat(lines()).containsExactly("1|0|A", "1|1|B", "1|2|C");
        }

        @Test
        void aGrownArrayGrowsInTheTable() throws SQLException {
            apply(orderWithLines(1, "A"));
            apply(orderWithLines(1, "A", "B"));

            assertThat(lines()).containsExactly("1|0|A", "1|1|B");
        }
    }

    @Nested
    class UniqueValues {
        @BeforeEach
        void emailsAreUnique() {
            target.execute("CREATE UNIQUE INDEX ON users (email)");
        }

        @Test
        void aValueHandedFromOneDocumentToAnotherWithinABatchLands() throws SQLException {
            apply(user("{_id: 'u1', email: 'x'}"));
            apply(user("{_id: 'u1', email: 'y'}"), user("{_id: 'u2', email: 'x'}"));

            assertThat(emails()).containsExactly("u1|y", "u2|x");
            assertThat(deadLetters()).isEmpty();
        }

        @Test
        void soItDoesWhenTheGiverChangesOnceMoreAfterwards() throws SQLException {
            apply(user("{_id: 'u1', email: 'x'}"));
            apply(
                    user("{_id: 'u1', email: 'y'}"),
                    user("{_id: 'u2', email: 'x'}"),
                    user("{_id: 'u1', email: 'y', age: 5}"));

            assertThat(emails()).containsExactly("u1|y", "u2|x");
            assertThat(target.rows("SELECT age FROM users WHERE id = 'u1'")).containsExactly("5");
            assertThat(deadLetters()).isEmpty();
        }

        @Test
        void soItDoesWhenTwoSwapThroughAThirdValue() throws SQLException {
            apply(user("{_id: 'u1', email: 'x'}"), user("{_id: 'u2', email: 'y'}"));
            apply(user("{_id: 'u1', email: 'z'}"), user("{_id: 'u2', email: 'x'}"), user("{_id: 'u1', email: 'y'}"));

            assertThat(emails()).containsExactly("u1|y", "u2|x");
            assertThat(deadLetters()).isEmpty();
        }

        @Test
        void soItDoesWhenTheGiverIsDeleted() throws SQLException {
            apply(user("{_id: 'u1', email: 'x'}"));
            apply(delete("users", "'u1'"), user("{_id: 'u2', email: 'x'}"));

            assertThat(emails()).containsExactly("u2|x");
        }

        @Test
        void ofAConflictOnlyTheOneDocumentIsParked() throws SQLException {
            List<Change> changes = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                changes.add(user("{_id: 'u%02d', email: 'e%d'}".formatted(i, i == 31 ? 30 : i)));
            }
            WriteSummary summary = apply(changes.toArray(Change[]::new));

            assertThat(summary.deadLetters()).isOne();
            assertThat(target.rows("SELECT count(*) FROM users")).containsExactly("49");
            assertThat(target.rows("SELECT document_key, operation, document, sqlstate FROM sluice.dead_letter"))
                    .containsExactly("\"u31\"|upsert|{\"_id\": \"u31\", \"email\": \"e30\"}|23505");
            assertThat(position()).isEqualTo(TestTarget.at(clock, 0));
        }

        @Test
        void theReasonOfADeadLetterNamesTheConstraintAndNoValue() throws SQLException {
            apply(user("{_id: 'u1', email: 'secret@example.org'}"), user("{_id: 'u2', email: 'secret@example.org'}"));

            assertThat(target.rows("SELECT reason FROM sluice.dead_letter"))
                    .singleElement()
                    .asString()
                    .contains("users_email_idx")
                    .doesNotContain("secret");
        }

        @Test
        void aLaterStateThatFitsSettlesADeadLetter() throws SQLException {
            apply(user("{_id: 'u1', email: 'x'}"), user("{_id: 'u2', email: 'x'}"));
            assertThat(deadLetters()).containsExactly("users|\"u2\"");
            apply(user("{_id: 'u2', email: 'y'}"));

            assertThat(deadLetters()).isEmpty();
            assertThat(emails()).containsExactly("u1|x", "u2|y");
        }

        @Test
        void aLaterStateThatFitsSettlesADeadLetterOfTheSameBatch() throws SQLException {
            apply(user("{_id: 'u1', email: 'x'}"), user("{_id: 'u2', email: 'x'}"), user("{_id: 'u3', email: 'x'}"));
            apply(
                    user("{_id: 'u3', email: 'x', age: 1}"),
                    user("{_id: 'u4', email: 'x'}"),
                    user("{_id: 'u3', email: 'z'}"));

            assertThat(emails()).containsExactly("u1|x", "u3|z");
            assertThat(deadLetters()).containsExactlyInAnyOrder("users|\"u2\"", "users|\"u4\"");
        }

        @Test
        void aDeleteSettlesADeadLetter() throws SQLException {
            apply(user("{_id: 'u1', email: 'x'}"), user("{_id: 'u2', email: 'x'}"));
            apply(delete("users", "'u2'"));

            assertThat(deadLetters()).isEmpty();
            assertThat(emails()).containsExactly("u1|x");
        }

        @Test
        void aSinkOfALaterProcessSettlesIt() throws SQLException {
            apply(user("{_id: 'u1', email: 'x'}"), user("{_id: 'u2', email: 'x'}"));
            sink = target.streamSink(target.takeOver());
            apply(user("{_id: 'u2', email: 'y'}"));

            assertThat(deadLetters()).isEmpty();
        }

        @Test
        void failingAgainCountsAnAttemptAndKeepsTheNewestState() throws SQLException {
            apply(user("{_id: 'u1', email: 'x'}"), user("{_id: 'u2', email: 'x'}"));
            apply(user("{_id: 'u2', email: 'x', age: 9}"));

            assertThat(target.rows("SELECT attempts, document FROM sluice.dead_letter"))
                    .containsExactly("2|{\"_id\": \"u2\", \"email\": \"x\", \"age\": {\"$numberInt\": \"9\"}}");
        }

        private List<String> emails() {
            return target.rows("SELECT id, email FROM users ORDER BY id");
        }
    }

    @Nested
    class Parking {
        @Test
        void aDocumentTheMappingRejectsIsParkedAndTheOthersLand() throws SQLException {
            WriteSummary summary =
                    apply(orderWithLines(1, "A"), order("{_id: 2, placedAt: 'soon'}"), orderWithLines(3, "C"));

            assertThat(summary.deadLetters()).isOne();
            assertThat(target.rows("SELECT id FROM orders ORDER BY id")).containsExactly("1", "3");
            assertThat(target.rows("SELECT collection, document_key, reason, sqlstate FROM sluice.dead_letter"))
                    .singleElement()
                    .asString()
                    .startsWith("orders|")
                    .contains("placed_at")
                    .endsWith("|NULL")
                    .doesNotContain("soon");
        }

        @Test
        void aRejectedStateHasNoRowUntilAGoodOneComes() throws SQLException {
            apply(orderWithLines(1, "A"));
            apply(order("{_id: 1, placedAt: 'soon'}"));
            assertThat(target.rows("SELECT id, placed_at FROM orders")).isEmpty();
            assertThat(lines()).isEmpty();

            apply(order("{_id: 1, placedAt: {$date: '2021-01-01T00:00:00Z'}}"));
            assertThat(deadLetters()).isEmpty();
            assertThat(target.rows("SELECT id, placed_at FROM orders")).containsExactly("1|2021-01-01 00:00:00+00");
        }

        @Test
        void anIdThatCanBeNoKeyIsParkedAndForgottenWithItsDocument() throws SQLException {
            apply(order("{_id: 'seven', placedAt: {$date: '2020-01-01T00:00:00Z'}}"));
            assertThat(deadLetters()).containsExactly("orders|\"seven\"");
            apply(delete("orders", "'seven'"));

            assertThat(deadLetters()).isEmpty();
        }

        @Test
        void ofARejectedAndAGoodStateInOneBatchTheLastCounts() throws SQLException {
            apply(order("{_id: 1, placedAt: 'soon'}"), orderWithLines(1, "A"));
            assertThat(deadLetters()).isEmpty();
            apply(orderWithLines(1, "B"), order("{_id: 1, placedAt: 'soon'}"));

            assertThat(deadLetters()).hasSize(1);
            assertThat(target.rows("SELECT id FROM orders")).isEmpty();
            assertThat(lines()).isEmpty();
        }

        @Test
        void aValueThatDoesNotFitIsKeptLosslesslyWhileItsRowLands() throws SQLException {
            apply(user("{_id: 'u1', age: {$numberLong: '3000000000'}, address: {city: 'a\\u0000b'}, name: 'x'}"));

            assertThat(target.rows("SELECT id, age, city, name FROM users")).containsExactly("u1|NULL|NULL|x");
            assertThat(target.rows("SELECT document_key, column_name, path, bson_type, value FROM sluice.quarantine"
                            + " ORDER BY column_name"))
                    .containsExactly(
                            "\"u1\"|users.age|age|int64|{\"$numberLong\": \"3000000000\"}",
                            "\"u1\"|users.city|address.city|string|\"a\\u0000b\"");
            assertThat(target.rows("SELECT reason FROM sluice.quarantine"))
                    .noneMatch(reason -> reason.contains("3000000000"));
        }

        @Test
        void aQuarantinedValueIsForgottenWhenItsDocumentIsMended() throws SQLException {
            apply(
                    user("{_id: 'u1', age: {$numberLong: '3000000000'}}"),
                    user("{_id: 'u2', age: {$numberLong: '3000000000'}}"));
            apply(user("{_id: 'u1', age: 30}"));

            assertThat(target.rows("SELECT document_key FROM sluice.quarantine"))
                    .containsExactly("\"u2\"");
            assertThat(target.rows("SELECT age FROM users WHERE id = 'u1'")).containsExactly("30");
            apply(delete("users", "'u2'"));
            assertThat(target.rows("SELECT document_key FROM sluice.quarantine"))
                    .isEmpty();
        }

        @Test
        void aMisfitInAChildRowNamesItsPlace() throws SQLException {
            apply(
                    order(
                            "{_id: 1, placedAt: {$date: '2020-01-01T00:00:00Z'}, lines: [{sku: 'A'}, {sku: 'B', quantity: 'many'}]}"));

            assertThat(lines()).containsExactly("1|0|A", "1|1|B");
            assertThat(target.rows("SELECT path, value FROM sluice.quarantine"))
                    .containsExactly("lines[1].quantity|\"many\"");
        }

        @Test
        void whatATriggerOfTheTargetRefusesIsParked() throws SQLException {
            target.execute("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.age = 13 THEN"
                    + " RAISE EXCEPTION 'age % of %', NEW.age, NEW.email; END IF; RETURN NEW; END $$;"
                    + " CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION refuse()");
            apply(user("{_id: 'u1', age: 12}"), user("{_id: 'u2', age: 13, email: 'secret'}"), user("{_id: 'u3'}"));

            assertThat(target.rows("SELECT id FROM users ORDER BY id")).containsExactly("u1", "u3");
            assertThat(target.rows("SELECT document_key, sqlstate FROM sluice.dead_letter"))
                    .containsExactly("\"u2\"|P0001");
            assertThat(target.rows("SELECT reason FROM sluice.dead_letter"))
                    .noneMatch(reason -> reason.contains("secret"));
        }
    }

    @Nested
    class Together {
        @Test
        void thePositionMovesWithTheRows() throws SQLException {
            apply(user("{_id: 'u1'}"));
            assertThat(position()).isEqualTo(TestTarget.at(clock, 0));
        }

        @Test
        void aHeartbeatMovesOnlyThePosition() throws SQLException {
            sink.apply(List.of(), TestTarget.at(77, 3), null);
            assertThat(position()).isEqualTo(TestTarget.at(77, 3));
        }

        @Test
        void theWatermarkMovesForwardsOnly() throws SQLException {
            copied("orders", "users");
            sink.apply(List.of(), TestTarget.at(77, 0), watermark("2026-01-01T00:00:10Z", 20, 7));
            sink.apply(List.of(), TestTarget.at(78, 0), watermark("2026-01-01T00:00:05Z", 20, 8));
            sink.apply(List.of(), TestTarget.at(78, 0), watermark("2026-01-01T00:00:05Z", 19, 9));
            sink.apply(List.of(), TestTarget.at(78, 0), new Watermark(Instant.parse("2026-01-01T00:00:11Z"), null));

            assertThat(target.rows(WATERMARKS))
                    .containsExactly("orders|2026-01-01 00:00:11+00|20|8", "users|2026-01-01 00:00:11+00|20|8");
        }

        @Test
        void nothingIsSaidOfACollectionThatIsNotCopied() throws SQLException {
            copied("users");
            sink.apply(List.of(), TestTarget.at(77, 0), watermark("2026-01-01T00:00:10Z", 20, 7));

            assertThat(target.rows(WATERMARKS))
                    .containsExactly("orders|NULL|NULL|NULL", "users|2026-01-01 00:00:10+00|20|7");
            assertThat(target.rows(
                            "SELECT (sluice.applied_through('orders') IS NULL)::text, sluice.applied_through('users')"))
                    .containsExactly("true|2026-01-01 00:00:10+00");
        }

        @Test
        void whatIsStoredOfTheWatermarkIsFoundAgain() throws SQLException {
            copied("orders", "users");
            // Beyond 2038, where seconds no longer fit into 31 bits.
            Watermark late =
                    new Watermark(Instant.parse("2040-01-01T00:00:10.5Z"), new BsonTimestamp((int) 2_208_988_810L, 3));
            sink.apply(List.of(), TestTarget.at(77, 0), late);

            try (Connection connection = target.connector().open()) {
                assertThat(new PositionStore(TestTarget.PIPELINE).watermark(connection))
                        .isEqualTo(late);
            }
        }

        private static Watermark watermark(String time, int seconds, int increment) {
            return new Watermark(Instant.parse(time), new BsonTimestamp(seconds, increment));
        }

        private void copied(String... collections) throws SQLException {
            for (String collection : collections) {
                target.execute("INSERT INTO sluice.backfill (pipeline, collection, state) VALUES ('"
                        + TestTarget.PIPELINE + "', '" + collection + "', 'done')");
            }
        }

        @Test
        void aBatchThatFailsLeavesNeitherRowsNorPosition() throws SQLException {
            apply(user("{_id: 'u1'}"));
            Position before = position();
            target.execute("DROP TABLE order_lines");

            assertThatThrownBy(() -> apply(user("{_id: 'u2'}"), orderWithLines(1, "A")))
                    .isInstanceOfSatisfying(
                            SQLException.class,
                            e -> assertThat(Failures.classify(e).kind()).isEqualTo(FailureKind.MISSING_TABLE));
            assertThat(target.rows("SELECT id FROM users")).containsExactly("u1");
            assertThat(target.rows("SELECT id FROM orders")).isEmpty();
            assertThat(position()).isEqualTo(before);
            assertThat(deadLetters()).isEmpty();
        }

        @Test
        void theSinkGoesOnAfterABatchThatFailed() throws SQLException {
            target.execute("ALTER TABLE users RENAME TO away");
            assertThatThrownBy(() -> apply(user("{_id: 'u1'}"))).isInstanceOf(SQLException.class);
            target.execute("ALTER TABLE away RENAME TO users");
            apply(user("{_id: 'u1'}"));

            assertThat(target.rows("SELECT id FROM users")).containsExactly("u1");
        }

        @Test
        void anOlderEpochIsRefusedAndWritesNothing() throws SQLException {
            apply(user("{_id: 'u1'}"));
            Position before = position();
            target.takeOver();

            assertThatThrownBy(() -> apply(user("{_id: 'u2'}")))
                    .isInstanceOfSatisfying(
                            SluiceException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.FENCED_OUT));
            assertThatThrownBy(() -> sink.apply(mapped(user("{_id: 'u3'}")), null, null))
                    .isInstanceOfSatisfying(
                            SluiceException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.FENCED_OUT));
            assertThat(target.rows("SELECT id FROM users")).containsExactly("u1");
            assertThat(position()).isEqualTo(before);
        }

        @Test
        void aRowThatWouldNotChangeIsNotWritten() throws SQLException {
            Change[] changes = {
                user("{_id: 'u1', email: 'x', tags: ['a'], preferences: {b: [1, {c: null}]}, balance: 1.5}"),
                orderWithLines(1, "A", "B")
            };
            apply(changes);
            List<String> before = target.versions();
            WriteSummary again = apply(changes);

            assertThat(again.rows()).isZero();
            assertThat(target.versions()).hasSize(4).isEqualTo(before);
        }

        @Test
        void aRowThatDiffersInScaleOrABlankAtTheEndIsWritten() throws SQLException {
            apply(user("{_id: 'u1', email: 'x'}"));
            assertThat(apply(user("{_id: 'u1', email: 'x '}")).rows()).isOne();
            assertThat(target.rows("SELECT email || '.' FROM users")).containsExactly("x .");
        }
    }

    @Nested
    class Replaying {
        @Test
        void aBatchAppliedTwiceLeavesTheSameRows() throws SQLException {
            Change[] changes = {
                user("{_id: 'u1', email: 'x', age: {$numberLong: '3000000000'}}"),
                orderWithLines(1, "A", "B"),
                delete("users", "'u2'"),
                order("{_id: 2, placedAt: 'soon'}")
            };
            apply(changes);
            List<String> once = target.contents();
            List<String> parked = deadLetters();
            apply(changes);

            assertThat(target.contents()).isEqualTo(once);
            assertThat(deadLetters()).isEqualTo(parked);
            assertThat(target.rows("SELECT count(*) FROM sluice.quarantine")).containsExactly("1");
        }

        @Test
        void aWindowReplayedFromAnOlderPointLeavesTheSameRows() throws SQLException {
            RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
            List<Change[]> batches = new ArrayList<>();
            for (int b = 0; b < 12; b++) {
                Change[] batch = new Change[15];
                for (int i = 0; i < batch.length; i++) {
                    batch[i] = arbitrary(random);
                }
                batches.add(batch);
            }
            for (Change[] batch : batches) {
                apply(batch);
            }
            List<String> once = target.contents();
            List<String> parked = deadLetters();
            // However the changes are cut into batches the second time.
            List<Change> window = batches.subList(4, 12).stream()
                    .flatMap(java.util.Arrays::stream)
                    .toList();
            for (int from = 0; from < window.size(); from += 7) {
                apply(window.subList(from, Math.min(window.size(), from + 7)).toArray(Change[]::new));
            }

            assertThat(target.contents()).isEqualTo(once);
            assertThat(deadLetters()).isEqualTo(parked);
        }

        private Change arbitrary(RandomGenerator random) {
            int id = random.nextInt(8);
            return switch (random.nextInt(5)) {
                case 0 -> delete("users", "'u" + id + "'");
                case 1 -> delete("orders", String.valueOf(id));
                case 2 -> user("{_id: 'u" + id + "', email: 'e" + random.nextInt(100) + "'}");
                case 3 ->
                    random.nextInt(4) == 0
                            ? order("{_id: " + id + ", placedAt: 'soon'}")
                            : order("{_id: " + id + ", placedAt: {$date: '2020-01-01T00:00:00Z'}, total: "
                                    + random.nextInt(9) + "}");
                default -> {
                    String[] skus = new String[random.nextInt(4)];
                    java.util.Arrays.setAll(skus, i -> "S" + random.nextInt(9));
                    yield orderWithLines(id, skus);
                }
            };
        }
    }

    private WriteSummary apply(Change... changes) throws SQLException {
        return sink.apply(mapped(changes), TestTarget.at(++clock, 0), null);
    }

    private List<RowChange> mapped(Change... changes) {
        return java.util.Arrays.stream(changes)
                .map(c -> Objects.requireNonNull(target.mapper().map(c)))
                .toList();
    }

    private Change user(String document) {
        return upsert("users", document);
    }

    private Change order(String document) {
        return upsert("orders", document);
    }

    private Change orderWithLines(int id, String... skus) {
        String lines = java.util.Arrays.stream(skus)
                .map(s -> "{sku: '" + s + "', quantity: 1}")
                .toList()
                .toString();
        return order("{_id: " + id + ", placedAt: {$date: '2020-01-01T00:00:00Z'}, lines: " + lines + "}");
    }

    private Change upsert(String collection, String json) {
        BsonDocument document = BsonDocument.parse(json);
        BsonValue id = Objects.requireNonNull(document.get("_id"));
        return new Change.Upsert(collection, id, document, time(), 0);
    }

    private Change delete(String collection, String id) {
        return new Change.Delete(collection, IdText.parse(id), time(), 0);
    }

    private BsonTimestamp time() {
        return new BsonTimestamp(clock, 0);
    }

    private Position position() {
        return target.position().orElseThrow();
    }

    private List<String> lines() {
        return target.rows("SELECT order_id, ordinal, sku FROM order_lines ORDER BY 1, 2");
    }

    private List<String> deadLetters() {
        return target.rows("SELECT collection, document_key FROM sluice.dead_letter ORDER BY 1, 2");
    }
}
