package dev.sluice.sink.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.change.Change;
import dev.sluice.change.Chunk;
import dev.sluice.change.IdBracket;
import dev.sluice.change.IdText;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.sink.Fence;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.StoppedException;
import dev.sluice.sink.WriteLimits;
import dev.sluice.sink.WriteSummary;
import dev.sluice.sink.postgres.staging.ChunkRows;
import dev.sluice.testkit.TestTarget;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.bson.BsonDocument;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Rows that PostgreSQL refuses: found in short transactions, parked with the position and not before, and
/// never a whole table of them.
@SuppressWarnings("NullAway.Init")
class RefusedRowsIT {
    private TestTarget target;
    private int clock = 1;

    @BeforeEach
    void open() {
        target = TestTarget.demo();
    }

    @AfterEach
    void close() {
        target.close();
    }

    @Test
    @DisplayName("10,000 updates of which a trigger refuses 1,000")
    void aThousandRefusedRowsAreFoundInShortTransactions() throws SQLException, InterruptedException {
        refuseNegativeAges();
        StreamSink sink = target.streamSink(target.takeOver());
        List<Integer> numbers =
                new ArrayList<>(IntStream.range(0, 10_000).boxed().toList());
        Collections.shuffle(numbers, new Random(14));
        Set<Integer> refused = new HashSet<>(numbers.subList(0, 1_000));
        apply(sink, users(10_000, i -> 1));
        List<RowChange> updates = mapped(users(10_000, i -> refused.contains(i) ? -1 : 2));
        WriteSummary summary;
        long started = System.nanoTime();
        double longest;
        String statement;
        try (Transactions transactions = Transactions.watch(target)) {
            summary = sink.apply(updates, TestTarget.at(++clock, 0), null);
            longest = transactions.longestSeconds();
            statement = transactions.statementOfLongest();
        }
        System.out.printf(
                Locale.ROOT,
                "10,000 updates of which a trigger refuses 1,000: %.1f s, longest transaction %.2f s%n",
                (System.nanoTime() - started) / 1e9,
                longest);

        assertThat(summary.deadLetters()).isEqualTo(1_000);
        assertThat(target.rows("SELECT count(*) FROM sluice.dead_letter")).containsExactly("1000");
        assertThat(target.rows("SELECT age, count(*) FROM users GROUP BY age")).containsExactly("2|9000");
        assertThat(target.position()).contains(TestTarget.at(clock, 0));
        assertThat(longest)
                .as("seconds of the longest transaction, at %s", statement)
                .isLessThan(5);
    }

    @Nested
    class Order {
        @Test
        void aUniqueValueGoesFromOneDocumentToAnotherBesideRefusedOnes() throws SQLException {
            refuseNegativeAges();
            target.execute("CREATE UNIQUE INDEX ON users (email)");
            StreamSink sink = target.streamSink(target.takeOver());
            apply(sink, user("a", "x", 1), user("b", "y", 1), user("c", "z", 1));
            apply(
                    sink,
                    user("c", "w", -1),
                    user("a", "free", 1),
                    user("b", "x", 1),
                    user("d", "v", -1),
                    user("a", "y", 1),
                    delete("users", "'c'"),
                    user("e", "z", 1));

            assertThat(target.rows("SELECT id, email FROM users ORDER BY id")).containsExactly("a|y", "b|x", "e|z");
            assertThat(deadLetters()).containsExactly("users|\"d\"");
        }

        @Test
        void aDocumentDeletedAndInsertedAgainIsThereAndOneRefusedAtLastHasNoRow() throws SQLException {
            refuseNegativeAges();
            StreamSink sink = target.streamSink(target.takeOver());
            apply(sink, user("a", "1", 1), user("b", "1", 1), user("c", "1", 1));
            apply(
                    sink,
                    delete("users", "'a'"),
                    user("b", "2", -1),
                    user("a", "2", 2),
                    user("c", "2", 2),
                    user("b", "3", 3),
                    user("c", "3", -1));

            assertThat(target.rows("SELECT id, email, age FROM users ORDER BY id"))
                    .containsExactly("a|2|2", "b|3|3");
            assertThat(deadLetters()).containsExactly("users|\"c\"");
        }

        @Test
        void aRowThatComesBeforeTheOneItRefersToIsTriedAgain() throws SQLException {
            refuseNegativeAges();
            target.execute("ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id)");
            StreamSink sink = target.streamSink(target.takeOver());
            List<Change> changes = new ArrayList<>();
            for (int i = 0; i < 80; i++) {
                changes.add(order(i, "u" + i));
            }
            changes.add(user("bad", "", -1));
            for (int i = 0; i < 80; i++) {
                changes.add(user("u" + i, "", 1));
            }
            apply(sink, changes);

            assertThat(target.rows("SELECT count(*) FROM orders")).containsExactly("80");
            assertThat(deadLetters()).containsExactly("users|\"bad\"");
            List<Change> gone = new ArrayList<>();
            for (int i = 0; i < 80; i++) {
                gone.add(delete("users", "'u" + i + "'"));
            }
            gone.add(user("worse", "", -1));
            for (int i = 0; i < 80; i++) {
                gone.add(delete("orders", String.valueOf(i)));
            }
            apply(sink, gone);

            assertThat(target.rows("SELECT count(*) FROM users")).containsExactly("0");
            assertThat(deadLetters()).containsExactly("users|\"bad\"", "users|\"worse\"");
        }
    }

    @Nested
    class Interrupted {
        @Test
        void betweenTwoStepsNeitherThePositionNorADeadLetterIsThere() throws SQLException {
            refuseNegativeAges();
            StreamSink sink = target.streamSink(target.takeOver());
            apply(sink, users(200, i -> 1));
            List<Change> changes = users(200, i -> i % 20 == 7 ? -1 : 2);
            StreamSink stopping = target.streamSink(target.takeOver()).within(new WriteLimits(1, atStep(60, () -> {
                throw new StoppedException();
            })));
            assertThatThrownBy(() -> stopping.apply(mapped(changes), TestTarget.at(9, 0), null))
                    .isInstanceOf(StoppedException.class);

            assertThat(target.position()).contains(TestTarget.at(clock, 0));
            assertThat(target.rows("SELECT count(*) > 0 FROM users WHERE age = 2"))
                    .containsExactly("t");
            assertThat(deadLetters()).isEmpty();
            apply(target.streamSink(target.takeOver()), changes);
            assertThat(deadLetters()).hasSize(10);
            assertThat(target.rows("SELECT count(*) FROM users WHERE age = 2")).containsExactly("190");
        }

        @Test
        void aStopIsHeardInALongStatement() throws SQLException {
            target.execute("""
                    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                      PERFORM pg_sleep(0.5); RETURN NEW; END $$;
                    CREATE TRIGGER slow BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION slow();
                    """);
            AtomicBoolean stopped = new AtomicBoolean(true);
            StreamSink sink = target.streamSink(target.takeOver()).within(new WriteLimits(1, stopped::get));
            long started = System.nanoTime();
            assertThatThrownBy(() -> apply(sink, users(50, i -> 1))).isInstanceOf(StoppedException.class);

            assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(Duration.ofSeconds(5));
            assertThat(target.rows("SELECT count(*) FROM users")).containsExactly("0");
            assertThat(target.position()).contains(TestTarget.at(1, 0));
        }

        @Test
        void whoIsFencedOutBetweenTwoStepsWritesNothingMore() throws SQLException {
            refuseNegativeAges();
            StreamSink sink = target.streamSink(target.takeOver()).within(new WriteLimits(1, atStep(12, () -> {
                target.takeOver();
                target.execute("DELETE FROM users");
            })));
            SluiceException failure = catchThrowableOfType(
                    SluiceException.class, () -> apply(sink, users(200, i -> i % 20 == 7 ? -1 : 2)));

            assertThat(failure.kind()).isEqualTo(FailureKind.FENCED_OUT);
            assertThat(target.rows("SELECT count(*) FROM users")).containsExactly("0");
            assertThat(deadLetters()).isEmpty();
        }

        @ParameterizedTest
        @ValueSource(longs = {1, 2, 3, 4, 5, 6})
        void brokenOffAnywhereAndReadAgainInOtherBatchesTheRowsAreTheSame(long seed) throws SQLException {
            refuseNegativeAges();
            target.execute("ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id)");
            Random random = new Random(seed);
            List<Change> changes = new ArrayList<>();
            for (int i = 0; i < 150; i++) {
                changes.add(arbitrary(random));
            }
            StreamSink one = target.streamSink(target.takeOver());
            apply(one, changes);
            List<String> rows = target.contents();
            List<String> parked = deadLetters();
            target.execute("TRUNCATE users, orders, order_lines; DELETE FROM sluice.dead_letter");
            for (int crash = 0; crash < 4; crash++) {
                int at = 1 + random.nextInt(60);
                StreamSink broken = target.streamSink(target.takeOver()).within(new WriteLimits(1, atStep(at, () -> {
                    throw new IllegalStateException("broken off");
                })));
                try {
                    apply(broken, changes);
                } catch (IllegalStateException e) {
                    assertThat(deadLetters()).isEmpty();
                }
                target.execute("DELETE FROM sluice.dead_letter");
            }
            StreamSink again = target.streamSink(target.takeOver());
            apply(again, changes);

            assertThat(target.contents()).isEqualTo(rows);
            assertThat(deadLetters()).isEqualTo(parked);
        }

        private Change arbitrary(Random random) {
            int id = random.nextInt(6);
            return switch (random.nextInt(8)) {
                case 0 -> delete("orders", String.valueOf(id));
                case 1, 2 -> order(id, "u" + random.nextInt(6));
                case 3 -> upsert("orders", "{_id: " + id + ", placedAt: 'soon'}");
                default -> user("u" + id, "e" + random.nextInt(9), random.nextInt(4) == 0 ? -1 : random.nextInt(90));
            };
        }
    }

    @Nested
    class TooMany {
        @Test
        void anAddedColumnStopsTheStreamAndParksNothing() throws SQLException {
            StreamSink sink = target.streamSink(target.takeOver());
            apply(sink, users(300, i -> 1));
            target.execute("ALTER TABLE users ADD COLUMN tenant text NOT NULL DEFAULT ''");
            target.execute("ALTER TABLE users ALTER COLUMN tenant DROP DEFAULT");
            List<Change> changes = new ArrayList<>();
            for (int i = 0; i < 5_000; i++) {
                changes.add(user("new" + i, "secret", 1));
            }
            SluiceException failure = catchThrowableOfType(SluiceException.class, () -> apply(sink, changes));

            assertThat(failure.kind()).isEqualTo(FailureKind.ROWS_REFUSED);
            assertThat(failure).hasMessageContainingAll("users", "column tenant", "23502", " of the last ");
            assertThat(failure).hasMessageNotContaining("secret");
            assertThat(deadLetters()).isEmpty();
            assertThat(target.position()).contains(TestTarget.at(clock - 1, 0));
            // With the table put right, it goes on from where it was.
            target.execute("ALTER TABLE users ALTER COLUMN tenant SET DEFAULT ''");
            apply(target.streamSink(target.takeOver()), changes);
            assertThat(target.rows("SELECT count(*) FROM users")).containsExactly("5300");
        }

        @Test
        void changesThatComeOneByOneParkAsManyAsItTakesToKnow() throws SQLException {
            refuseNegativeAges();
            StreamSink sink = target.streamSink(target.takeOver());
            apply(sink, users(10, i -> 1));
            SluiceException failure = catchThrowableOfType(SluiceException.class, () -> {
                for (int i = 0; i < 200; i++) {
                    apply(sink, user("new" + i, "", -1));
                }
            });

            assertThat(failure.kind()).isEqualTo(FailureKind.ROWS_REFUSED);
            assertThat(failure).hasMessageContainingAll("50 of the last 60 rows", "refuse_age", "P0001");
            assertThat(deadLetters()).hasSize(49);
        }

        @Test
        void aFewBadRowsAreData() throws SQLException {
            refuseNegativeAges();
            StreamSink sink = target.streamSink(target.takeOver());
            apply(sink, users(600, i -> i < 49 ? -1 : 1));
            assertThat(deadLetters()).hasSize(49);
            // One in six, for as long as it may be.
            apply(sink, users(1_500, i -> i < 49 || i % 6 == 0 ? -1 : 2));
            assertThat(target.rows("SELECT count(*) FROM users WHERE age = 2")).containsExactly("1210");
        }

        @Test
        void rowsRefusedForDifferentReasonsDoNotAddUp() throws SQLException {
            target.execute(IntStream.range(0, 10)
                    .mapToObj(i -> "ALTER TABLE users ADD CONSTRAINT c" + i + " CHECK (age <> " + -i + " - 1);")
                    .reduce("", String::concat));
            StreamSink sink = target.streamSink(target.takeOver());
            apply(sink, users(400, i -> -(i % 10) - 1));

            assertThat(deadLetters()).hasSize(400);
        }

        @Test
        void documentsThatAreParkedAlreadySayNothingNew() throws SQLException {
            refuseNegativeAges();
            StreamSink sink = target.streamSink(target.takeOver());
            apply(sink, users(40, i -> -1));
            apply(sink, users(40, i -> -2));
            apply(sink, users(40, i -> -3));

            assertThat(target.rows("SELECT DISTINCT attempts FROM sluice.dead_letter"))
                    .containsExactly("3");
        }

        @Test
        void whoWantsThemParkedGetsThat() throws SQLException {
            refuseNegativeAges();
            StreamSink sink = target.streamSink(target.takeOver()).within(new WriteLimits(1, () -> false));
            apply(sink, users(120, i -> -1));

            assertThat(deadLetters()).hasSize(120);
        }

        @Test
        void aChunkIsNotDoneAndParksNothing() throws SQLException {
            target.execute("ALTER TABLE orders ADD COLUMN tenant text NOT NULL");
            ChunkSink chunks = target.chunkSink(target.takeOver());
            try (Fence.Flight flight = target.fence("orders").open()) {
                SluiceException failure = catchThrowableOfType(
                        SluiceException.class,
                        () -> chunks.apply(
                                new Chunk("orders", 0, IdBracket.NUMBER, null, null), orders(500), true, flight));
                assertThat(failure.kind()).isEqualTo(FailureKind.ROWS_REFUSED);
                assertThat(failure).hasMessageContainingAll("orders", "column tenant", "23502");
                failure = catchThrowableOfType(
                        SluiceException.class, () -> chunks.resync(orders(500).changes(), List.of(), flight));
                assertThat(failure.kind()).isEqualTo(FailureKind.ROWS_REFUSED);
            }
            assertThat(deadLetters()).isEmpty();
            assertThat(target.rows("SELECT count(*) FROM sluice.backfill_chunk WHERE state = 'done'"))
                    .containsExactly("0");
        }
    }

    @Nested
    class Chunks {
        private final Chunk chunk = new Chunk("orders", 0, IdBracket.NUMBER, null, null);

        @Test
        void refusedRowsAreParkedWithTheDoneMarker() throws SQLException {
            target.execute("ALTER TABLE orders ADD CHECK (id % 50 <> 7)");
            ChunkSink chunks = target.chunkSink(target.takeOver());
            try (Fence.Flight flight = target.fence("orders").open()) {
                WriteSummary summary = chunks.apply(chunk, orders(500), true, flight);
                assertThat(summary.deadLetters()).isEqualTo(10);
            }
            assertThat(deadLetters()).hasSize(10);
            assertThat(target.rows("SELECT count(*) FROM orders")).containsExactly("490");
            assertThat(target.rows("SELECT state, documents FROM sluice.backfill_chunk"))
                    .containsExactly("done|500");
        }

        @Test
        void brokenOffBetweenTwoStepsItIsNotDone() throws SQLException {
            target.execute("ALTER TABLE orders ADD CHECK (id % 50 <> 7)");
            ChunkSink chunks = target.chunkSink(target.takeOver()).within(new WriteLimits(1, atStep(20, () -> {
                throw new StoppedException();
            })));
            try (Fence.Flight flight = target.fence("orders").open()) {
                assertThatThrownBy(() -> chunks.apply(chunk, orders(500), true, flight))
                        .isInstanceOf(StoppedException.class);
            }
            assertThat(deadLetters()).isEmpty();
            assertThat(target.rows("SELECT count(*) FROM sluice.backfill_chunk WHERE state = 'done'"))
                    .containsExactly("0");
        }

        @Test
        void whatTheStreamBringsBetweenTwoStepsStays() throws SQLException {
            target.execute("ALTER TABLE orders ADD CHECK (id % 50 <> 7)");
            long epoch = target.takeOver();
            StreamSink stream = target.streamSink(epoch);
            // Late: 7 was refused by then and 10 is written, 490 is not written yet.
            ChunkSink chunks = target.chunkSink(epoch).within(new WriteLimits(1, atStep(60, () -> {
                try {
                    apply(stream, delete("orders", "7"), delete("orders", "10"), order(490, "of the stream"));
                } catch (SQLException e) {
                    throw new IllegalStateException(e);
                }
            })));
            try (Fence.Flight flight = target.fence("orders").open()) {
                chunks.apply(chunk, orders(500), true, flight);
            }
            assertThat(target.rows("SELECT id, user_id FROM orders WHERE id IN (7, 10, 490)"))
                    .containsExactly("490|of the stream");
            assertThat(deadLetters()).hasSize(9).noneMatch(letter -> letter.contains("\"7\""));
        }
    }

    private static final class Transactions implements AutoCloseable {
        private final AtomicBoolean done = new AtomicBoolean();
        private final Thread watching;
        private volatile double longest;
        private volatile String statementOfLongest = "";

        private Transactions(TestTarget target) {
            watching = Thread.ofPlatform().start(() -> watch(target.connector()));
        }

        static Transactions watch(TestTarget target) {
            return new Transactions(target);
        }

        private void watch(PostgresConnector connector) {
            try (Connection connection = connector.open();
                    Statement statement = connection.createStatement()) {
                while (!done.get()) {
                    try (ResultSet row = statement.executeQuery(
                            "SELECT extract(epoch FROM clock_timestamp() - xact_start) AS age, query FROM pg_stat_activity"
                                    + " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                                    // Autovacuum has long ones.
                                    // An idle session may still show when its last transaction began.
                                    + " AND backend_type = 'client backend' AND state <> 'idle'"
                                    + " ORDER BY 1 DESC LIMIT 1")) {
                        if (row.next() && row.getDouble(1) > longest) {
                            longest = row.getDouble(1);
                            statementOfLongest = row.getString(2);
                        }
                    }
                }
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        }

        /// What it was at when it was last seen.
        String statementOfLongest() {
            return statementOfLongest;
        }

        double longestSeconds() {
            return longest;
        }

        @Override
        public void close() throws InterruptedException {
            done.set(true);
            watching.join();
        }
    }

    /// Is asked before each step; does something before one of them. Never stops by itself.
    private static BooleanSupplier atStep(int number, Runnable action) {
        Thread test = Thread.currentThread();
        int[] asked = {0};
        return () -> {
            // Asked from elsewhere too, while a step runs.
            if (Thread.currentThread() == test && ++asked[0] == number) {
                action.run();
            }
            return false;
        };
    }

    private void refuseNegativeAges() {
        target.execute("""
                CREATE FUNCTION refuse_age() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                  IF NEW.age < 0 THEN RAISE EXCEPTION 'age % of %', NEW.age, NEW.id; END IF;
                  RETURN NEW; END $$;
                CREATE TRIGGER refuse_age BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION refuse_age();
                """);
    }

    private WriteSummary apply(StreamSink sink, Change... changes) throws SQLException {
        return apply(sink, List.of(changes));
    }

    private WriteSummary apply(StreamSink sink, List<Change> changes) throws SQLException {
        return sink.apply(mapped(changes), TestTarget.at(++clock, 0), null);
    }

    private List<RowChange> mapped(List<Change> changes) {
        return changes.stream()
                .map(c -> Objects.requireNonNull(target.mapper().map(c)))
                .toList();
    }

    private interface Ages {
        int of(int number);
    }

    private List<Change> users(int count, Ages ages) {
        return IntStream.range(0, count)
                .mapToObj(i -> user("u%05d".formatted(i), "e" + i, ages.of(i)))
                .toList();
    }

    private ChunkRows orders(int count) {
        ChunkRows rows = new ChunkRows(target.target("orders"));
        rows.map(IntStream.range(0, count)
                .mapToObj(i -> RawBsonDocument.parse(orderJson(i, "u" + i)))
                .toList());
        return rows;
    }

    private Change user(String id, String email, int age) {
        return upsert("users", "{_id: '%s', email: '%s', age: %d}".formatted(id, email, age));
    }

    private Change order(int id, String user) {
        return upsert("orders", orderJson(id, user));
    }

    private static String orderJson(int id, String user) {
        return "{_id: {$numberLong: '%d'}, userId: '%s', placedAt: {$date: '2020-01-01T00:00:00Z'}, lines: [{sku: 'A'}]}"
                .formatted(id, user);
    }

    private Change upsert(String collection, String json) {
        BsonDocument document = BsonDocument.parse(json);
        BsonValue id = Objects.requireNonNull(document.get("_id"));
        return new Change.Upsert(collection, id, document, new BsonTimestamp(clock, 0), 0);
    }

    private Change delete(String collection, String id) {
        return new Change.Delete(collection, IdText.parse(id), new BsonTimestamp(clock, 0), 0);
    }

    private List<String> deadLetters() {
        return target.rows("SELECT collection, document_key FROM sluice.dead_letter ORDER BY 1, 2");
    }
}
