package dev.sluice.source.mongo;

import com.mongodb.MongoException;
import com.mongodb.MongoInterruptedException;
import com.mongodb.client.MongoClient;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.bson.BsonDocument;
import org.bson.BsonInt32;

/// Asks whether MongoDB answers, on a connection of its own and with short time-outs, so that no read that waits is in
/// its way, and a connection that nobody answers on is given up soon. For one thread.
public final class MongoPulse implements AutoCloseable {
    /// The most that one question takes for finding a primary, for connecting to it, and for its answer.
    static final Duration ANSWER_MAX = Duration.ofSeconds(5);

    private static final String TIME_OUT = SocketTimeoutException.class.getName();
    private static final BsonDocument HELLO = new BsonDocument("hello", new BsonInt32(1));

    private final MongoClient client;

    MongoPulse(MongoClient client) {
        this.client = client;
    }

    /// Returns when the primary has answered.
    ///
    /// @throws SluiceException of kind SOURCE_UNREACHABLE when there was no answer; of another kind when it was a
    ///     refusal
    /// @throws InterruptedException when the thread was interrupted meanwhile
    public void ask() throws InterruptedException {
        try {
            client.getDatabase("admin").runCommand(HELLO, BsonDocument.class);
        } catch (MongoInterruptedException e) {
            throw new InterruptedException(e.getMessage());
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    /// Whether a question got no answer because nothing came in time, and not because a connection was refused or
    /// closed, or there is no primary.
    ///
    /// @param failure of [#ask]
    public static boolean isTimeOut(SluiceException failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            // The driver tells of the connections of its own watch in words only.
            String text = cause.getMessage();
            if (cause instanceof SocketTimeoutException || (text != null && text.contains(TIME_OUT))) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void close() {
        client.close();
    }
}
