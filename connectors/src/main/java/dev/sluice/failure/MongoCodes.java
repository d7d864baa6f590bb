package dev.sluice.failure;

import com.mongodb.MongoBulkWriteException;
import com.mongodb.MongoCommandException;
import com.mongodb.MongoException;
import com.mongodb.MongoIncompatibleDriverException;
import com.mongodb.MongoSecurityException;
import com.mongodb.MongoTimeoutException;
import com.mongodb.MongoWriteException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// What MongoDB's error codes and labels mean for a pipeline (`src/mongo/base/error_codes.yml` in its sources).
/// `service/docs/errors.md` is the same for people, and a test compares the two.
final class MongoCodes {
    private static final int FAILED_TO_PARSE = 9;

    private static final List<String> LABELS =
            List.of("ResumableChangeStreamError", "RetryableError", MongoException.TRANSIENT_TRANSACTION_ERROR_LABEL);

    private static final Map<Integer, FailureKind> BY_CODE = Map.ofEntries(
            // The server goes down, comes up or elects, or a network between servers fails: host unreachable, host not
            // found, network timeout, shutdown in progress, write concern failed, no server of the read preference,
            // majority not there yet, primary stepped down, no keys for cluster times yet, exceeded time limit, socket
            // exception, not writable primary, interrupted at shutdown or by a step-down, not primary or secondary, not
            // primary and no secondary read.
            Map.entry(6, FailureKind.SOURCE_UNREACHABLE),
            Map.entry(7, FailureKind.SOURCE_UNREACHABLE),
            Map.entry(64, FailureKind.SOURCE_UNREACHABLE),
            Map.entry(89, FailureKind.SOURCE_UNREACHABLE),
            Map.entry(91, FailureKind.SOURCE_UNREACHABLE),
            Map.entry(133, FailureKind.SOURCE_UNREACHABLE),
            Map.entry(134, FailureKind.SOURCE_UNREACHABLE),
            Map.entry(189, FailureKind.SOURCE_UNREACHABLE),
            Map.entry(202, FailureKind.SOURCE_UNREACHABLE),
            Map.entry(211, FailureKind.SOURCE_UNREACHABLE),
            Map.entry(262, FailureKind.SOURCE_UNREACHABLE),
            Map.entry(317, FailureKind.SOURCE_UNREACHABLE),
            Map.entry(358, FailureKind.SOURCE_UNREACHABLE),
            Map.entry(384, FailureKind.SOURCE_UNREACHABLE),
            Map.entry(462, FailureKind.SOURCE_UNREACHABLE),
            Map.entry(9001, FailureKind.SOURCE_UNREACHABLE),
            Map.entry(10107, FailureKind.SOURCE_UNREACHABLE),
            Map.entry(10058, FailureKind.SOURCE_UNREACHABLE),
            Map.entry(11600, FailureKind.SOURCE_UNREACHABLE),
            Map.entry(11602, FailureKind.SOURCE_UNREACHABLE),
            Map.entry(13435, FailureKind.SOURCE_UNREACHABLE),
            Map.entry(13436, FailureKind.SOURCE_UNREACHABLE),
            // The operation ended and a new one may pass: a cursor that is gone or was killed, killOp, its own time
            // limit, a conflict, a snapshot that is gone, a stream that is to be opened again.
            Map.entry(43, FailureKind.ENGINE),
            Map.entry(50, FailureKind.ENGINE),
            Map.entry(112, FailureKind.ENGINE),
            Map.entry(175, FailureKind.ENGINE),
            Map.entry(234, FailureKind.ENGINE),
            Map.entry(237, FailureKind.ENGINE),
            Map.entry(239, FailureKind.ENGINE),
            Map.entry(246, FailureKind.ENGINE),
            Map.entry(11601, FailureKind.ENGINE),
            // The next run checks whether the oplog has the position.
            Map.entry(Failures.CHANGE_STREAM_FATAL, FailureKind.ENGINE),
            Map.entry(136, FailureKind.HISTORY_LOST),
            Map.entry(286, FailureKind.HISTORY_LOST),
            Map.entry(260, FailureKind.POSITION_UNKNOWN),
            Map.entry(Failures.STRING_TOO_LARGE, FailureKind.CHANGE_TOO_LARGE),
            Map.entry(76, FailureKind.NOT_A_REPLICA_SET),
            Map.entry(40573, FailureKind.NOT_A_REPLICA_SET),
            Map.entry(13, FailureKind.SOURCE_REFUSED),
            Map.entry(18, FailureKind.SOURCE_REFUSED),
            Map.entry(8000, FailureKind.SOURCE_REFUSED)); // Atlas

    private MongoCodes() {}

    /// Those that have a judgement of their own.
    static Set<String> judged() {
        return BY_CODE.keySet().stream().map(String::valueOf).collect(Collectors.toSet());
    }

    static FailureKind kind(MongoException e) {
        if (e instanceof MongoSecurityException
                || e instanceof MongoIncompatibleDriverException
                || (e instanceof MongoTimeoutException
                        && String.valueOf(e.getMessage()).contains("Authentication failed"))) {
            return FailureKind.SOURCE_REFUSED;
        }
        if (e instanceof MongoWriteException || e instanceof MongoBulkWriteException) {
            // MongoDB has answered, and refused what was to be written.
            return FailureKind.UNEXPECTED;
        }
        FailureKind known = BY_CODE.get(e.getCode());
        if (known != null) {
            return known;
        }
        // What the driver says itself is about its connections.
        return e instanceof MongoCommandException command ? unlisted(command) : FailureKind.SOURCE_UNREACHABLE;
    }

    private static FailureKind unlisted(MongoCommandException e) {
        if (e.getErrorCode() == FAILED_TO_PARSE && e.getErrorMessage().contains("resume token")) {
            return FailureKind.POSITION_UNKNOWN;
        }
        // By this label MongoDB says that the same command may succeed later.
        return LABELS.stream().anyMatch(e::hasErrorLabel) ? FailureKind.SOURCE_UNREACHABLE : FailureKind.UNEXPECTED;
    }
}
