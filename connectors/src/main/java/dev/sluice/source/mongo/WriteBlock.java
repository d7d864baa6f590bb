package dev.sluice.source.mongo;

import com.mongodb.MongoCommandException;
import com.mongodb.MongoException;
import com.mongodb.client.MongoClient;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import org.bson.BsonBoolean;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonNumber;

/// MongoDB's block of all writes but its own (`setUserWriteBlockMode`, from 6.0 on). It holds for the
/// whole server, is replicated, and outlives a restart. Any thread.
public final class WriteBlock {
    private static final int COMMAND_NOT_FOUND = 59;
    private static final int ON = 2;

    private final MongoClient client;

    WriteBlock(MongoClient client) {
        this.client = client;
    }

    /// Whether it is on. False where the server does not say, as one before 6.0.
    ///
    /// @throws SluiceException when MongoDB can't be asked
    public boolean isOn() {
        try {
            BsonDocument status = client.getDatabase("admin")
                    .runCommand(
                            new BsonDocument("serverStatus", new BsonInt32(1)).append("repl", new BsonInt32(1)),
                            BsonDocument.class);
            return status.get("repl") instanceof BsonDocument repl
                    && repl.get("userWriteBlockMode") instanceof BsonNumber mode
                    && mode.intValue() == ON;
        } catch (MongoCommandException notSaid) {
            return false;
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    /// Turns it on or off. Waits for writes that are under way; those that come later fail with UserWritesBlocked.
    ///
    /// @throws SluiceException of kind SOURCE_REFUSED where the server has no such command, or the user no right
    public void set(boolean on) {
        try {
            client.getDatabase("admin")
                    .runCommand(new BsonDocument("setUserWriteBlockMode", new BsonInt32(1))
                            .append("global", BsonBoolean.valueOf(on)));
        } catch (MongoCommandException e) {
            if (e.getErrorCode() == COMMAND_NOT_FOUND) {
                throw new SluiceException(
                        FailureKind.SOURCE_REFUSED,
                        "This MongoDB can't be told to refuse all writes: setUserWriteBlockMode is there from 6.0 on.",
                        e);
            }
            throw Failures.classify(e);
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }
}
