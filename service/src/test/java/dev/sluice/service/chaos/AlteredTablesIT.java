package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import dev.sluice.backfill.Backfill;
import dev.sluice.control.ResyncStore.Cause;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.replay.Replay;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.service.pipeline.CopyRun;
import dev.sluice.service.pipeline.PipelineState;
import dev.sluice.service.pipeline.ReplayRun;
import dev.sluice.service.pipeline.VerifyRun;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.verify.Mode;
import dev.sluice.verify.Origin;
import dev.sluice.verify.Verifier;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.bson.BsonTimestamp;
import org.bson.Document;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The target's tables are altered under a running stream, copy, verification and replay.
@SuppressWarnings("NullAway.Init")
class AlteredTablesIT {
    private static final int USERS = 12_000;

    private static LiveSystem system;

    @BeforeAll
    static void start() throws SQLException {
        system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS);
        system.database()
                .getCollection("users")
                .insertMany(
                        IntStream.range(0, USERS).mapToObj(i -> user("u" + i)).toList());
        system.database()
                .getCollection("orders")
                .insertOne(new Document("_id", 1L)
                        .append("userId", "u1")
                        .append("placedAt", Instant.EPOCH)
                        .append("lines", List.of(new Document("sku", "a").append("quantity", 1))));
    }

    @AfterAll
    static void stop() {
        system.close();
    }

    private static Document user(String id) {
        return new Document("_id", id)
                .append("email", id + "@shop.example")
                .append("age", 30)
                .append("signedUpAt", Date.from(Instant.EPOCH))
                .append("address", new Document("city", "Łódź"));
    }

    /// Changes of a table after which the mapping can't write it.
    enum Breaking {
        DROP_COLUMN(
                "ALTER TABLE users DROP COLUMN city",
                "ALTER TABLE users ADD COLUMN city text",
                "public.users.city does not exist, and the mapping writes it (collection users).",
                "public.users.city (text) was dropped."),
        RENAME_COLUMN(
                "ALTER TABLE users RENAME COLUMN city TO town",
                "ALTER TABLE users RENAME COLUMN town TO city",
                "public.users.city does not exist, and the mapping writes it (collection users).",
                "public.users.city was renamed to town."),
        RETYPE_COLUMN(
                "ALTER TABLE users ALTER COLUMN signed_up_at TYPE bigint USING 0",
                "ALTER TABLE users ALTER COLUMN signed_up_at TYPE timestamptz USING NULL",
                "public.users.signed_up_at is bigint, the mapping writes timestamptz",
                "public.users.signed_up_at was timestamp with time zone and is bigint."),
        GENERATE_COLUMN(
                "ALTER TABLE users DROP COLUMN city; ALTER TABLE users ADD COLUMN city text GENERATED ALWAYS AS ('x') STORED",
                "ALTER TABLE users DROP COLUMN city; ALTER TABLE users ADD COLUMN city text",
                "public.users.city is GENERATED ALWAYS by an expression",
                "public.users.city (text) was dropped. public.users.city (text) was added."),
        FOLD_KEY(
                "CREATE EXTENSION IF NOT EXISTS citext; ALTER TABLE users ALTER COLUMN id TYPE citext",
                "ALTER TABLE users ALTER COLUMN id TYPE text",
                "public.users.id is the key and is citext",
                "public.users.id was text and is citext."),
        DROP_KEY(
                "ALTER TABLE users DROP CONSTRAINT users_pkey",
                "ALTER TABLE users ADD PRIMARY KEY (id)",
                "public.users has no unique index on (id)",
                ""),
        RENAME_TABLE(
                "ALTER TABLE users RENAME TO people",
                "ALTER TABLE people RENAME TO users",
                "public.users does not exist. It is the table of the collection users in the mapping.",
                "the table public.users was renamed to public.people."),
        REPLACE_BY_VIEW(
                "ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT * FROM people GROUP BY id",
                "DROP VIEW users; ALTER TABLE people RENAME TO users",
                "public.users is a view",
                "the table public.users was replaced by another."),
        DROP_TABLE(
                "CREATE TABLE kept (LIKE users INCLUDING ALL); DROP TABLE users",
                "ALTER TABLE kept RENAME TO users; ALTER INDEX kept_pkey RENAME TO users_pkey",
                "public.users does not exist. It is the table of the collection users in the mapping.",
                "the table public.users was dropped.");

        private final String deed;
        private final String undone;
        private final String needed;
        private final String changed;

        Breaking(String deed, String undone, String needed, String changed) {
            this.deed = deed;
            this.undone = undone;
            this.needed = needed;
            this.changed = changed;
        }

        private void isSaidBy(FailureKind kind, String message) {
            assertThat(kind).as(message).isEqualTo(FailureKind.MISSING_TABLE);
            assertThat(message).contains(needed).contains(changed);
            if (!changed.isEmpty()) {
                assertThat(message).contains("\nSince the start: ").contains("Undo that, or change the mapping.");
            }
            assertThat(kind.remedy()).doesNotContainIgnoringCase("undo").contains("sluice plan");
        }
    }

    /// Changes of a table after which the mapping can write it all the same.
    enum Harmless {
        WIDEN("ALTER TABLE users ALTER COLUMN age TYPE bigint", "ALTER TABLE users ALTER COLUMN age TYPE integer"),
        RETYPE(
                "ALTER TABLE users ALTER COLUMN email TYPE varchar(500)",
                "ALTER TABLE users ALTER COLUMN email TYPE text"),
        ADD("ALTER TABLE users ADD COLUMN note text", "ALTER TABLE users DROP COLUMN note"),
        SWAP(
                "BEGIN; CREATE TABLE fresh (LIKE users INCLUDING ALL); INSERT INTO fresh SELECT * FROM users;"
                        + " DROP TABLE users; ALTER TABLE fresh RENAME TO users; ALTER INDEX fresh_pkey RENAME TO users_pkey; COMMIT",
                "SELECT 1");

        private final String deed;
        private final String undone;

        Harmless(String deed, String undone) {
            this.deed = deed;
            this.undone = undone;
        }
    }

    private static void touch() {
        system.database().getCollection("users").updateOne(Filters.eq("_id", "u7"), Updates.inc("age", 1));
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("the stream stops and names the change; when it is undone, it goes on and nothing is lost")
    void streamStops(Breaking breaking) throws SQLException, InterruptedException {
        try (RunningPipeline running = RunningPipeline.start(system)) {
            running.awaitStreaming();
            touch();
            running.awaitApplied();
            system.execute(breaking.deed);
            try {
                touch();
                assertThat(running.awaitEnd())
                        .isInstanceOfSatisfying(
                                PipelineState.Failed.class, f -> breaking.isSaidBy(f.kind(), f.message()));
            } finally {
                system.execute(breaking.undone);
            }
        }
        try (RunningPipeline again = RunningPipeline.start(system)) {
            again.awaitStreaming();
            again.awaitApplied();
            assertThat(system.number("SELECT age FROM users WHERE id = 'u7'")).isEqualTo(age());
        }
    }

    private static long age() {
        return java.util.Objects.requireNonNull(system.database()
                        .getCollection("users")
                        .find(Filters.eq("_id", "u7"))
                        .first())
                .getInteger("age");
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("the stream goes on by itself where it can write the table as it is now")
    void streamGoesOn(Harmless harmless) throws SQLException {
        try (RunningPipeline running = RunningPipeline.start(system)) {
            running.awaitStreaming();
            touch();
            running.awaitApplied();
            system.execute(harmless.deed);
            try {
                // More often than it takes for the driver to prepare a statement on the server.
                for (int i = 0; i < 3; i++) {
                    touch();
                    running.awaitApplied();
                }
                assertThat(system.number("SELECT age FROM users WHERE id = 'u7'"))
                        .isEqualTo(age());
            } finally {
                system.execute(harmless.undone);
            }
            touch();
            running.awaitApplied();
            assertThat(system.number("SELECT age FROM users WHERE id = 'u7'")).isEqualTo(age());
        }
    }

    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"GENERATE_COLUMN", "FOLD_KEY", "DROP_KEY"}) // It writes nothing.
    @DisplayName("a verification ends and names the change")
    void verificationEnds(Breaking breaking) throws SQLException, InterruptedException {
        copied();
        AtomicBoolean done = new AtomicBoolean();
        try (MongoSource source = system.source()) {
            assertThatThrownBy(() -> verify(source, breaking.deed, done))
                    .isInstanceOfSatisfying(
                            SluiceException.class, e -> breaking.isSaidBy(e.kind(), String.valueOf(e.getMessage())));
        } finally {
            if (done.get()) {
                system.execute(breaking.undone);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("a verification goes on with a table as it is now")
    void verificationGoesOn(Harmless harmless) throws SQLException, InterruptedException {
        copied();
        AtomicBoolean done = new AtomicBoolean();
        try (MongoSource source = system.source()) {
            Verifier.Result result = verify(source, harmless.deed, done);
            assertThat(done).isTrue();
            assertThat(result.complete()).isTrue();
            assertThat(result.documents()).isEqualTo(USERS);
        } finally {
            system.execute(harmless.undone);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"DROP_COLUMN", "RETYPE_COLUMN", "RENAME_TABLE"})
    @DisplayName("the comparison at the end of a replay ends and names the change")
    void replayEnds(Breaking breaking) throws SQLException, InterruptedException {
        AtomicBoolean done = new AtomicBoolean();
        try (RunningPipeline running = RunningPipeline.start(system);
                MongoSource source = system.source()) {
            running.awaitStreaming();
            assertThatThrownBy(() -> replay(running, source, breaking.deed, done))
                    .isInstanceOfSatisfying(
                            SluiceException.class, e -> breaking.isSaidBy(e.kind(), String.valueOf(e.getMessage())));
        } finally {
            if (done.get()) {
                system.execute(breaking.undone);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("the comparison at the end of a replay goes on with a table as it is now")
    void replayGoesOn(Harmless harmless) throws SQLException, InterruptedException {
        AtomicBoolean done = new AtomicBoolean();
        try (RunningPipeline running = RunningPipeline.start(system);
                MongoSource source = system.source()) {
            running.awaitStreaming();
            assertThat(replay(running, source, harmless.deed, done).differing()).contains(0L);
            assertThat(done).isTrue();
        } finally {
            system.execute(harmless.undone);
        }
    }

    /// @param deed done once, when the documents are resynced and before they are compared
    private static ReplayRun.Result replay(RunningPipeline running, MongoSource source, String deed, AtomicBoolean done)
            throws SQLException, InterruptedException {
        BsonTimestamp from = source.hello().lastWrite();
        touch();
        running.awaitApplied();
        List<CollectionTarget> targets = CollectionTarget.of(system.entry().mapping());
        AtomicBoolean listed = new AtomicBoolean();
        return java.util.Objects.requireNonNull(new ReplayRun(
                        PipelineSpec.of("demo", targets, source, system.connector()))
                .run(
                        new ReplayRun.Wish(from, "a test", null, targets, "a test"),
                        true,
                        new ReplayListener(listed),
                        () -> {
                            if (listed.get() && nothingIsListed()) {
                                once(done, deed);
                            }
                            return false;
                        }));
    }

    private static boolean nothingIsListed() {
        try {
            return system.number("SELECT count(*) FROM sluice.resync") == 0;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void copied() {
        if (systemIsCopied()) {
            return;
        }
        try (RunningPipeline running = RunningPipeline.start(system)) {
            running.awaitStreaming();
            running.awaitApplied();
        }
    }

    private static boolean systemIsCopied() {
        try {
            return system.backfilled();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /// @param deed done once, after the first chunk
    private static Verifier.Result verify(MongoSource source, String deed, AtomicBoolean done)
            throws InterruptedException {
        List<CollectionTarget> targets = CollectionTarget.of(system.entry().mapping());
        return new VerifyRun(PipelineSpec.of("demo", targets, source, system.connector()))
                .verify(
                        targets.getFirst(),
                        new Verifier.Wish(Mode.FULL, Origin.ASKED, 1, 1, 1, true),
                        (t, progress) -> once(done, deed),
                        () -> false);
    }

    private static void once(AtomicBoolean done, String deed) {
        if (done.compareAndSet(false, true)) {
            try {
                system.execute(deed);
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    @Test
    @DisplayName("a copy writes no bytes of one type into a column of another, and names the change")
    void copyEnds() throws SQLException, InterruptedException {
        copied();
        system.execute("TRUNCATE users");
        AtomicBoolean done = new AtomicBoolean();
        try (MongoSource source = system.source()) {
            List<CollectionTarget> targets = CollectionTarget.of(system.entry().mapping());
            CopyRun.Result result = new CopyRun(PipelineSpec.of("demo", targets, source, system.connector()))
                    .run(
                            new CopyRun.Wish(
                                    List.of(targets.getFirst()),
                                    Backfill.Limits.adaptive(),
                                    new CopyRun.Onward.AsItWas(),
                                    false,
                                    Duration.ZERO),
                            new CopyListener(() -> once(done, Breaking.RETYPE_COLUMN.deed)),
                            () -> false);

            assertThat(result.failed()).containsOnlyKeys("users");
            SluiceException failure =
                    java.util.Objects.requireNonNull(result.failed().get("users"));
            Breaking.RETYPE_COLUMN.isSaidBy(failure.kind(), String.valueOf(failure.getMessage()));
            assertThat(system.number("SELECT count(*) FROM users WHERE signed_up_at <> 0"))
                    .isZero();
        } finally {
            system.execute(Breaking.RETYPE_COLUMN.undone);
        }
    }

    /// Notes that the documents are on the list.
    private record ReplayListener(AtomicBoolean listed) implements ReplayRun.Listener {
        @Override
        public void onRead(long events, @Nullable Instant reached) {}

        @Override
        public void onListed(Replay.Listed all) {
            listed.set(true);
        }

        @Override
        public void onLeft(long left) {}

        @Override
        public void onNoHolder(Duration patience) {}

        @Override
        public void onTakenOver() {}
    }

    /// Does something after the first chunk.
    private record CopyListener(Runnable afterChunk) implements CopyRun.Listener {
        @Override
        public void onHeld(String holder) {}

        @Override
        public void onPassed(BsonTimestamp change, List<CollectionTarget> copied) {}

        @Override
        public void onEstimate(CollectionTarget target, long documents, long alreadyCopied) {}

        @Override
        public void onChunk(CollectionTarget target, Backfill.Done done) {
            afterChunk.run();
        }

        @Override
        public void onDone(CollectionTarget target) {}

        @Override
        public void onCopiedBefore(CollectionTarget target) {}

        @Override
        public void onFailed(CollectionTarget target, SluiceException failure) {}

        @Override
        public void onResynced(Cause cause, int documents) {}

        @Override
        public void onPruned(CollectionTarget target, dev.sluice.backfill.Prune.Pruned pruned) {}
    }
}
