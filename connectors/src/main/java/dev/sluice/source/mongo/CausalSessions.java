package dev.sluice.source.mongo;

import com.mongodb.ClientSessionOptions;
import com.mongodb.client.ClientSession;
import com.mongodb.client.MongoClient;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// Sessions whose reads are not from before an operation (`afterClusterTime`). A server refuses a time that
/// its clock has not reached (InvalidOptions, 72), although the operation exists: a secondary, or a primary
/// that was just elected, may not have heard of it. So the primary is asked first. The driver passes the
/// clock that it answers with on to every server it reads from. Any thread.
final class CausalSessions {
    /// How long the primary may take to hear of an operation that another server has shown: an election
    /// takes 10 to 12 s.
    private static final Duration HEARD_MAX = Duration.ofSeconds(30);

    private static final long ASK_EVERY_NANOS = Duration.ofMillis(50).toNanos();

    private final MongoClient client;

    /// The newest cluster time that the primary has told this client.
    private final AtomicReference<BsonTimestamp> known = new AtomicReference<>(new BsonTimestamp(0));

    CausalSessions(MongoClient client) {
        this.client = client;
    }

    /// @param operation the time of an operation that there is; null for whatever the server has
    /// @throws SluiceException of kind SOURCE_UNREACHABLE when the primary doesn't hear of it in time
    /// @throws com.mongodb.MongoException when the primary does not answer
    ClientSession notBefore(@Nullable BsonTimestamp operation) {
        if (operation != null) {
            await(operation);
        }
        ClientSession session = client.startSession(
                ClientSessionOptions.builder().causallyConsistent(true).build());
        session.advanceOperationTime(operation);
        return session;
    }

    private void await(BsonTimestamp operation) {
        long deadline = System.nanoTime() + HEARD_MAX.toNanos();
        while (known.get().compareTo(operation) < 0 && ask().compareTo(operation) < 0) {
            if (System.nanoTime() - deadline > 0) {
                throw new SluiceException(
                        FailureKind.SOURCE_UNREACHABLE,
                        "MongoDB's primary has no operation of " + MongoSource.instant(operation)
                                + ", which the change stream has shown.");
            }
            LockSupport.parkNanos(ASK_EVERY_NANOS);
        }
    }

    private BsonTimestamp ask() {
        BsonDocument answer =
                client.getDatabase("admin").runCommand(new BsonDocument("ping", new BsonInt32(1)), BsonDocument.class);
        BsonTimestamp now = answer.get("$clusterTime") instanceof BsonDocument clock
                        && clock.get("clusterTime") instanceof BsonTimestamp time
                ? time
                : new BsonTimestamp(0);
        return known.accumulateAndGet(now, (a, b) -> a.compareTo(b) >= 0 ? a : b);
    }
}
