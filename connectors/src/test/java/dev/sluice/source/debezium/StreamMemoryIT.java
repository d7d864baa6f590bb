package dev.sluice.source.debezium;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import dev.sluice.change.Change;
import dev.sluice.change.Position;
import dev.sluice.memory.MemoryBudget;
import dev.sluice.source.ChangeSource;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.testkit.TestingServers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.bson.BsonBinary;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// The stream alone, in a process with little memory: what it holds is bounded by bytes (promise 7).
class StreamMemoryIT {
    private static final int MEGABYTE = 1 << 20;

    @Test
    @DisplayName("documents of 1 to 15.9 MB, and 9 MB set on one of them, pass the stream at -Xmx256m")
    void anyDocumentPasses() throws Exception {
        MongoDatabase database = TestingServers.mongoDatabase();
        try (MongoSource source = new MongoSource(TestingServers.mongo().uri(), database.getName())) {
            MongoCollection<BsonDocument> things = database.getCollection("things", BsonDocument.class);
            things.insertOne(BsonDocument.parse("{_id: 'before'}"));
            Position from = source.currentPosition();
            int changes = 0;
            for (int i = 0; i < 500; i++, changes++) {
                things.insertOne(document("small " + i, MEGABYTE));
            }
            for (int i = 0; i < 100; i++, changes++) {
                things.insertOne(document("larger " + i, 5 * MEGABYTE));
            }
            things.insertOne(document("largest", 159 * MEGABYTE / 10));
            things.updateOne(Filters.eq("_id", "largest"), Updates.set("a", new BsonBinary(new byte[9 * MEGABYTE])));
            things.insertOne(new BsonDocument("_id", new BsonString("k".repeat(1_000_000))));
            things.insertOne(BsonDocument.parse("{_id: 'last'}"));
            changes += 4;
            Process reader = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx256m",
                            "-XX:+ExitOnOutOfMemoryError",
                            "--enable-native-access=ALL-UNNAMED",
                            "--sun-misc-unsafe-memory-access=allow",
                            "-cp",
                            System.getProperty("java.class.path"),
                            Reader.class.getName(),
                            source.uriWithReplicaSet(),
                            database.getName(),
                            from.resumeToken().toJson(),
                            String.valueOf(changes))
                    .redirectErrorStream(true)
                    .start();
            String said = new String(reader.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

            assertThat(reader.waitFor()).as(said).isZero();
            assertThat(said).contains(changes + " changes");
        } finally {
            database.drop();
        }
    }

    private static BsonDocument document(String id, int bytes) {
        return new BsonDocument("_id", new BsonString(id)).append("a", new BsonBinary(new byte[bytes]));
    }

    /// Reads so many changes and ends.
    static final class Reader {
        private Reader() {}

        public static void main(String[] arguments) throws Exception {
            int wanted = Integer.parseInt(arguments[3]);
            CountDownLatch left = new CountDownLatch(wanted);
            EngineProperties settings =
                    EngineProperties.defaults("memory", arguments[0], arguments[1], List.of("things"));
            Position from = Position.of(BsonDocument.parse(arguments[2]), null);
            try (MemoryBudget memory = MemoryBudget.ofStream();
                    ChangeSource stream = DebeziumChangeSource.start(settings, memory, from, (batch, lease) -> {
                        for (Change change : batch.changes()) {
                            assertThat(change).isNotNull();
                            left.countDown();
                        }
                        lease.close();
                    })) {
                CompletableFuture<Void> reported = stream.ended().whenComplete((v, e) -> {
                    if (e != null) {
                        System.out.println("broke off: " + e);
                        System.exit(1);
                    }
                });
                assertThat(reported).isNotNull();
                if (!left.await(300, TimeUnit.SECONDS)) {
                    System.out.println(left.getCount() + " changes are missing");
                    System.exit(2);
                }
                System.out.println(wanted + " changes");
            }
            System.exit(0);
        }
    }
}
