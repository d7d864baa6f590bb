package dev.sluice.testkit;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoCollection;
import dev.sluice.sandbox.SandboxMongo;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.bson.BsonTimestamp;
import org.bson.Document;

/// A server whose oplog forgets what exceeds a megabyte within a second or two.
public final class ShortOplog {
    public static final SandboxMongo.Options OPTIONS = SandboxMongo.Options.DEFAULTS.withOplogMegabytes(1);

    private static final Duration BOUND = Duration.ofMinutes(2);
    private static final String KILOBYTE = "x".repeat(1_000);

    private ShortOplog() {}

    /// Writes to a database of its own until the oplog has forgotten everything that there is now.
    public static void forgetEverything(MongoClient client) {
        forgetEverything(client, () -> {});
    }

    /// The same, for a stream that is to keep up.
    ///
    /// @param between called after every other megabyte: returns when the stream has read that
    public static void forgetEverything(MongoClient client, Runnable between) {
        MongoCollection<Document> filler = client.getDatabase("filler").getCollection("c");
        filler.insertOne(new Document());
        BsonTimestamp now = entry(client, -1);
        Instant deadline = Instant.now().plus(BOUND);
        for (int batch = 1; entry(client, 1).compareTo(now) <= 0; batch++) {
            if (Instant.now().isAfter(deadline)) {
                throw new IllegalStateException("The oplog still reaches back to " + entry(client, 1));
            }
            filler.insertMany(IntStream.range(0, 500)
                    .mapToObj(i -> new Document("text", KILOBYTE))
                    .toList());
            if (batch % 4 == 0) {
                between.run();
            }
        }
    }

    private static BsonTimestamp entry(MongoClient client, int order) {
        List<Document> entry = client.getDatabase("local")
                .getCollection("oplog.rs")
                .find()
                .sort(new Document("$natural", order))
                .limit(1)
                .into(new java.util.ArrayList<>());
        return Objects.requireNonNull(entry.getFirst().get("ts", BsonTimestamp.class));
    }
}
