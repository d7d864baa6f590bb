package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import dev.sluice.sandbox.SandboxMongo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bson.BsonArray;
import org.bson.BsonBinary;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonString;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Promise 7: whatever the size of a document, a heap of 256 MB is enough on every path. The program runs
/// with `-XX:+ExitOnOutOfMemoryError`, so a heap that is too small ends it.
class SmallHeapIT {
    private static final List<String> JVM =
            List.of("-Xmx256m", System.getProperty("sluice.test.onMemoryError", "-XX:+ExitOnOutOfMemoryError"));
    private static final String MAPPING = "src/test/resources/large/mapping.yaml";
    private static final int MB = 1 << 20;
    /// Just under MongoDB's limit for a document.
    private static final int LARGEST = 16 * MB - 4096;
    /// More than half of what fits into an event, which holds the change and the whole document: before 6.0.9 no
    /// event can be made of such an update.
    private static final int SET = 9 * MB;

    private static final int REFUSED = LARGEST - 64;
    private static final int SMALL = Integer.getInteger("sluice.test.smallDocuments", 1_000);
    private static final int COLLECTIONS = Integer.getInteger("sluice.test.collections", 400);
    private static final Duration BOUND = Duration.ofMinutes(5);

    private final Path folder;

    SmallHeapIT(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    @Tag("long")
    @DisplayName("documents of 1 kB to 16 MB pass every look at them, backfill and verification, or are dead letters")
    void lookedAtCopiedAndCompared() throws SQLException, InterruptedException {
        try (LiveSystem system = LiveSystem.start(MAPPING, SandboxMongo.Options.DEFAULTS)) {
            MongoCollection<BsonDocument> documents = documents(system);
            MongoCollection<BsonDocument> strict = system.database().getCollection("strict", BsonDocument.class);
            insertSmall(documents);
            insertLarge(documents, 1_000_000);
            strict.insertOne(refused(1));

            command(system, "plan");
            command(
                    system,
                    "infer",
                    "--whole",
                    "--out",
                    folder.resolve("proposed").toString());
            command(system, "backfill", "--dry-run");
            command(system, "backfill");
            assertThat(system.number("SELECT count(*) FROM large_documents")).isEqualTo(documents.countDocuments());
            assertThat(system.number("SELECT count(*) FROM sluice.dead_letter")).isEqualTo(1);
            assertThat(system.number("SELECT length(document) FROM sluice.dead_letter"))
                    .isGreaterThan(REFUSED);
            command(system, "verify", "--mode", "full");
            command(system, "verify", "--mode", "sample");
            assertThat(system.differences()).isEmpty();
        }
    }

    @Test
    @Tag("long")
    @DisplayName(
            "documents of 1 kB to 16 MB pass a backfill that is killed and goes on, one more that prunes, and a retry")
    void goneOnPrunedAndRetried() throws SQLException, InterruptedException {
        try (LiveSystem system = LiveSystem.start(MAPPING, SandboxMongo.Options.DEFAULTS)) {
            MongoCollection<BsonDocument> documents = documents(system);
            MongoCollection<BsonDocument> strict = system.database().getCollection("strict", BsonDocument.class);
            insertSmall(documents);
            insertLarge(documents, 1_000_000);
            insertLarge(documents, 2_000_000);
            strict.insertOne(refused(1));
            strict.insertOne(refused(2));
            try (ServiceProcess killed = start(system, MAPPING, "backfill")) {
                await().atMost(BOUND)
                        .failFast(killed::mustLive)
                        .until(() -> system.number("SELECT count(*) FROM large_documents WHERE id >= 1000000") > 0);
                killed.killHard();
            }
            command(system, "backfill");
            assertThat(system.number("SELECT count(*) FROM large_documents")).isEqualTo(documents.countDocuments());

            documents.deleteMany(Filters.gte("_id", new BsonInt64(2_000_000)));
            command(system, "backfill", "--resync", "--prune");
            assertThat(system.number("SELECT count(*) FROM large_documents")).isEqualTo(documents.countDocuments());

            strict.updateMany(Filters.exists("_id"), Updates.set("n", 1));
            command(system, "dead-letters", "retry", "--all");
            command(system, "backfill");
            assertThat(system.number("SELECT count(*) FROM sluice.dead_letter")).isZero();
            assertThat(system.differences()).isEmpty();
        }
    }

    @Test
    @Tag("long")
    @DisplayName("documents of 1 kB to 16 MB pass stream, resync, replay and repair")
    void streamedAndReadAgain() throws SQLException, InterruptedException {
        try (LiveSystem system = LiveSystem.start(MAPPING, SandboxMongo.Options.DEFAULTS)) {
            MongoCollection<BsonDocument> documents = documents(system);
            insertSmall(documents);
            try (ServiceProcess run = run(system)) {
                await().atMost(BOUND).failFast(run::mustLive).until(system::backfilled);
                awaitApplied(system, run);
                command(system, "checkpoint", "before");
                for (int i = 0; i < 6; i++) {
                    documents.updateOne(
                            Filters.eq("_id", new BsonInt64(i)), Updates.set("payload", new BsonString(text(SET))));
                }
                insertLarge(documents, 2_000_000);
                system.database().getCollection("strict", BsonDocument.class).insertOne(refused(1));
                awaitApplied(system, run);
                assertThat(system.number("SELECT count(*) FROM large_documents"))
                        .isEqualTo(documents.countDocuments());
                command(system, "replay", "--from", "before");
                system.execute("UPDATE large_documents SET n = -1 WHERE id >= 2000000");
                command(system, "verify", "--mode", "full", "--repair");
                run.mustLive();
                run.terminate();
                assertThat(run.awaitExit(60)).as(run.output()).isZero();
            }
            assertThat(system.number("SELECT count(*) FROM sluice.dead_letter")).isEqualTo(1);
            assertThat(system.differences()).isEmpty();
        }
    }

    @Test
    @Tag("long")
    @DisplayName("400 collections are copied, streamed and compared")
    void manyCollections() throws SQLException, InterruptedException, IOException {
        StringBuilder yaml = new StringBuilder("mapping: many\ndatabase: many\ncollections:\n");
        StringBuilder sql = new StringBuilder();
        for (int i = 0; i < COLLECTIONS; i++) {
            yaml.append("  c%d:\n    table: many_%d\n    key: {column: id, type: bigint}\n".formatted(i, i))
                    .append(
                            "    columns:\n      n: integer\n      rest: {type: jsonb, from: {rest: true}, missing: {}}\n");
            sql.append("CREATE TABLE many_%d (id bigint PRIMARY KEY, n integer, rest jsonb);%n".formatted(i));
        }
        Path mapping = Files.writeString(folder.resolve("mapping.yaml"), yaml);
        Files.writeString(Files.createDirectory(folder.resolve("migrations")).resolve("V0001__many.sql"), sql);
        try (LiveSystem system = LiveSystem.start(mapping.toString(), SandboxMongo.Options.DEFAULTS)) {
            for (int i = 0; i < COLLECTIONS; i++) {
                MongoCollection<BsonDocument> collection = system.database().getCollection("c" + i, BsonDocument.class);
                collection.insertMany(List.of(
                        document(1).append("text", new BsonString(text(64 << 10))),
                        document(2).append("text", new BsonString(text(1 << 10)))));
            }
            try (ServiceProcess run = start(system, mapping.toString(), "run")) {
                await().atMost(BOUND).failFast(run::mustLive).until(system::backfilled);
                for (int i = 0; i < COLLECTIONS; i++) {
                    system.database()
                            .getCollection("c" + i, BsonDocument.class)
                            .insertOne(document(3).append("text", new BsonString(text(16 << 10))));
                }
                awaitApplied(system, run);
                assertThat(system.number("SELECT count(*) FROM many_" + (COLLECTIONS - 1)))
                        .isEqualTo(3);
                try (ServiceProcess verify = start(system, mapping.toString(), "verify", "--mode", "full")) {
                    assertThat(verify.awaitExit(BOUND.toSeconds()))
                            .as(verify.output())
                            .isZero();
                }
                run.mustLive();
            }
        }
    }

    /// A document that becomes a dead letter.
    private static BsonDocument refused(long id) {
        return new BsonDocument("_id", new BsonInt64(id))
                .append("n", new BsonString("no number"))
                .append("body", new BsonString(text(REFUSED)));
    }

    private static MongoCollection<BsonDocument> documents(LiveSystem system) {
        return system.database().getCollection("documents", BsonDocument.class);
    }

    private static void insertSmall(MongoCollection<BsonDocument> documents) {
        List<BsonDocument> small = new ArrayList<>();
        for (int i = 0; i < SMALL; i++) {
            int size = i % 100 == 0 ? MB / 2 : i % 10 == 0 ? 64 << 10 : 1 << 10;
            small.add(document(i).append("body", new BsonString(text(size))));
            if (small.size() == 100) {
                documents.insertMany(small);
                small.clear();
            }
        }
        if (!small.isEmpty()) {
            documents.insertMany(small);
        }
    }

    /// Each in one of the shapes that take the most memory.
    private static void insertLarge(MongoCollection<BsonDocument> documents, long firstId) {
        documents.insertOne(document(firstId).append("body", new BsonString(text(LARGEST))));
        documents.insertOne(document(firstId + 1).append("payload", new BsonString(text(LARGEST))));
        documents.insertOne(document(firstId + 2).append("payload", wide(700_000)));
        documents.insertOne(document(firstId + 3).append("items", numbers(1_000_000)));
        documents.insertOne(document(firstId + 4).append("other", deep(120, 8 * MB)));
        documents.insertOne(document(firstId + 5).append("picture", new BsonBinary(new byte[LARGEST])));
        documents.insertOne(document(firstId + 6).append("payload", new BsonBinary(new byte[LARGEST])));
        documents.insertOne(document(firstId + 7).append("payload", new BsonString("\u0001".repeat(LARGEST))));
        documents.insertOne(document(firstId + 8).append("tags", texts(500_000)));
        documents.insertOne(document(firstId + 9).append("other", objects(400_000)));
        documents.insertOne(document(firstId + 10).append("payload", new BsonString("日本".repeat(LARGEST / 6))));
    }

    private static BsonDocument document(long id) {
        return new BsonDocument("_id", new BsonInt64(id)).append("n", new BsonInt32((int) id));
    }

    private static String text(int length) {
        StringBuilder text = new StringBuilder(length + 64);
        for (int i = 0; text.length() < length; i++) {
            text.append("The quick brown fox ").append(i).append(" jumps over \"the\" lazy dog. ");
        }
        text.setLength(length);
        return text.toString();
    }

    private static BsonDocument wide(int fields) {
        BsonDocument wide = new BsonDocument();
        for (int i = 0; i < fields; i++) {
            wide.append("f" + i, new BsonInt32(i));
        }
        return wide;
    }

    private static BsonArray numbers(int count) {
        BsonArray numbers = new BsonArray();
        for (int i = 0; i < count; i++) {
            numbers.add(new BsonInt32(i));
        }
        return numbers;
    }

    private static BsonArray texts(int count) {
        BsonArray texts = new BsonArray();
        for (int i = 0; i < count; i++) {
            texts.add(new BsonString("tag " + i));
        }
        return texts;
    }

    private static BsonArray objects(int count) {
        BsonArray objects = new BsonArray();
        for (int i = 0; i < count; i++) {
            objects.add(new BsonDocument("a", new BsonInt32(i)).append("b", new BsonDocument()));
        }
        return objects;
    }

    private static BsonDocument deep(int levels, int textLength) {
        BsonDocument inner = new BsonDocument("text", new BsonString(text(textLength)));
        for (int i = 0; i < levels; i++) {
            inner = new BsonDocument("d", inner);
        }
        return inner;
    }

    private static ServiceProcess run(LiveSystem system) {
        return start(system, MAPPING, "run");
    }

    private static ServiceProcess start(LiveSystem system, String mapping, String... arguments) {
        return ServiceProcess.start(
                List.of(arguments),
                JVM,
                Map.of(
                        "MONGO_URI",
                        system.mongo().uri(),
                        "POSTGRES_URI",
                        system.postgresUri(),
                        "MONGO_DB_NAME",
                        system.database().getName(),
                        "SLUICE_MAPPING",
                        mapping,
                        "SLUICE_HTTP_PORT",
                        "0",
                        "AUTO_MIGRATE",
                        "false",
                        "AUTO_CREATE_DB",
                        "false"));
    }

    private static void command(LiveSystem system, String... arguments) throws InterruptedException {
        long started = System.nanoTime();
        try (ServiceProcess process = start(system, MAPPING, arguments)) {
            int exit = process.awaitExit(BOUND.toSeconds());
            System.out.printf(
                    "%s: exit %d after %d ms%n", List.of(arguments), exit, (System.nanoTime() - started) / 1_000_000);
            assertThat(exit).as(process.output()).isZero();
        }
    }

    private static void awaitApplied(LiveSystem system, ServiceProcess run) {
        Instant now = Instant.now();
        await().atMost(BOUND)
                .pollInterval(Duration.ofMillis(200))
                .failFast(run::mustLive)
                .until(() -> system.watermark().isAfter(now));
    }
}
