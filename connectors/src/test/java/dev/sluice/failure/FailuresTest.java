package dev.sluice.failure;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.MongoCommandException;
import com.mongodb.MongoCredential;
import com.mongodb.MongoSecurityException;
import com.mongodb.MongoSocketException;
import com.mongodb.MongoTimeoutException;
import com.mongodb.MongoWriteException;
import com.mongodb.ServerAddress;
import com.mongodb.WriteError;
import dev.sluice.failure.FailureKind.Retry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonString;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLState;
import org.postgresql.util.ServerErrorMessage;

class FailuresTest {
    @ParameterizedTest
    @CsvSource({
        "40001, TARGET_CONFLICT", // serialization
        "40P01, TARGET_CONFLICT", // deadlock
        "55P03, TARGET_CONFLICT", // lock not available
        "57014, TARGET_CONFLICT", // statement time-out
        "42501, MISSING_RIGHT",
        "42P01, MISSING_TABLE",
        "42703, MISSING_TABLE",
        "3F000, MISSING_TABLE",
        "3D000, MISSING_DATABASE",
        "53100, DISK_FULL",
        "28P01, TARGET_REFUSED",
        "28000, TARGET_REFUSED",
        "08001, TARGET_UNREACHABLE",
        "08006, TARGET_UNREACHABLE",
        "57P01, TARGET_UNREACHABLE", // admin shutdown
        "57P03, TARGET_UNREACHABLE", // starting up
        "53300, TARGET_UNREACHABLE", // too many connections
        "23505, UNEXPECTED",
        "XX000, UNEXPECTED",
    })
    void anSqlStateHasAKind(String state, FailureKind kind) {
        assertThat(Failures.classify(new SQLException("no", state)).kind()).isEqualTo(kind);
    }

    @Test
    void anSqlExceptionWithoutAStateIsUnexpected() {
        assertThat(Failures.classify(new SQLException("no")).kind()).isEqualTo(FailureKind.UNEXPECTED);
        assertThat(Failures.isAboutData(new SQLException("no"))).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "13, SOURCE_REFUSED",
        "18, SOURCE_REFUSED",
        "286, HISTORY_LOST",
        "280, ENGINE", // its own filter leaves out where it is to go on
        "136, HISTORY_LOST",
        "40573, NOT_A_REPLICA_SET",
        "76, NOT_A_REPLICA_SET",
        "10107, SOURCE_UNREACHABLE", // not writable primary
        "11600, SOURCE_UNREACHABLE", // interrupted at shutdown
        "189, SOURCE_UNREACHABLE", // primary stepped down
        "59, UNEXPECTED", // no such command
    })
    void aMongoCodeHasAKind(int code, FailureKind kind) {
        BsonDocument reply = new BsonDocument("ok", new BsonInt32(0))
                .append("code", new BsonInt32(code))
                .append("errmsg", new BsonString("no"));
        assertThat(Failures.classify(new MongoCommandException(reply, new ServerAddress()))
                        .kind())
                .isEqualTo(kind);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cannot resume stream; the resume token was not found. {_data: \"826B0AF1BB000000042B022C0100296E5A1004D2\"}",
                "not authorized on shop to execute command { aggregate: 1, resumeAfter: { _data: \"826B0AF1BB000000042B\" } }",
                "no such place 826B0AF1BB000000042B022C0100296E5A1004D2A43244F5674860B896221FAC828D0604",
            })
    void whatMongoSaysIsRepeatedWithoutTokens(String words) {
        BsonDocument reply = new BsonDocument("ok", new BsonInt32(0))
                .append("code", new BsonInt32(280))
                .append("codeName", new BsonString("ChangeStreamFatalError"))
                .append("errmsg", new BsonString(words));
        String said = Failures.describe(new MongoCommandException(reply, new ServerAddress()));

        assertThat(said).startsWith("MongoDB answered 280 (ChangeStreamFatalError): " + words.substring(0, 10));
        assertThat(said).doesNotContain("826B0AF1BB", "{");
        assertThat(Failures.describe(new IllegalStateException("resume_token=cQAAAAJfZGF0YQ, sec=1")))
                .isEqualTo("resume_token=.., sec=1");
    }

    /// What the driver throws when the server has ended the session of a connection that it closes.
    @Test
    void anSqlExceptionWithoutAStateThatABrokenConnectionCausedIsAnOutage() {
        assertThat(Failures.classify(new PSQLException(
                                "Unable to close connection properly",
                                PSQLState.UNKNOWN_STATE,
                                new IOException("Broken pipe")))
                        .kind())
                .isEqualTo(FailureKind.TARGET_UNREACHABLE);
    }

    @Test
    void aMongoThatCannotBeReachedIsWaitedFor() {
        assertThat(Failures.classify(new MongoTimeoutException("Timed out after 10000 ms"))
                        .kind()
                        .retry())
                .isEqualTo(FailureKind.Retry.FOREVER);
        assertThat(Failures.classify(new MongoSocketException("Connection reset", new ServerAddress()))
                        .kind())
                .isEqualTo(FailureKind.SOURCE_UNREACHABLE);
    }

    @Test
    @DisplayName("a write that MongoDB has refused is no MongoDB that can't be reached")
    void aRefusedWriteIsAnAnswer() {
        MongoWriteException refused = new MongoWriteException(
                new WriteError(371, "User writes blocked", new BsonDocument()), new ServerAddress(), List.of());

        assertThat(Failures.classify(refused).kind()).isEqualTo(FailureKind.UNEXPECTED);
    }

    @Test
    void refusedCredentialsAreNotTriedAgain() {
        MongoCredential credential = MongoCredential.createCredential("u", "admin", "hush".toCharArray());
        SluiceException refused = Failures.classify(new MongoSecurityException(credential, "Exception authenticating"));

        assertThat(refused.kind().retry()).isEqualTo(FailureKind.Retry.NEVER);
        assertThat(refused.forPeople()).doesNotContain("hush");
        assertThat(Failures.classify(new MongoTimeoutException("Timed out .. caused by {Authentication failed.}"))
                        .kind())
                .isEqualTo(FailureKind.SOURCE_REFUSED);
    }

    @Test
    void theFirstCauseThatIsKnownDecides() {
        Throwable wrapped =
                new IllegalStateException("the engine stopped", new RuntimeException(new SQLException("no", "53100")));
        assertThat(Failures.classify(wrapped).kind()).isEqualTo(FailureKind.DISK_FULL);
        assertThat(Failures.classify(new IOException("reset")).kind()).isEqualTo(FailureKind.ENGINE);
    }

    @Test
    void whatIsAlreadyKnownStaysWhatItIs() {
        SluiceException known = new SluiceException(FailureKind.FENCED_OUT, "another");
        assertThat(Failures.classify(new RuntimeException(known))).isSameAs(known);
    }

    @Test
    void whatNobodyKnowsIsUnexpectedAndTriedAFewTimes() {
        SluiceException unknown = Failures.classify(new IllegalStateException("first line\nsecond line"));

        assertThat(unknown.kind().retry()).isEqualTo(FailureKind.Retry.A_FEW_TIMES);
        assertThat(unknown).hasMessage("first line");
        assertThat(Failures.describe(new IllegalStateException())).isEqualTo("IllegalStateException");
    }

    @ParameterizedTest
    @CsvSource({
        "22P02, invalid input syntax for type uuid: \"SECRET\"",
        "22003, value \"SECRET\" is out of range for type integer",
        "23505, duplicate key value violates unique constraint \"users_email_key\"",
        "P0001, SECRET is not allowed"
    })
    @DisplayName("what PostgreSQL says of a row is repeated without its values, wherever they stand")
    void valuesOfRows(String state, String said) {
        String detail = "Key (email)=(SECRET) already exists, or Failing row contains (1, SECRET).";
        PSQLException refused = new PSQLException(new ServerErrorMessage(
                "SERROR\0C" + state + "\0M" + said + "\0D" + detail + "\0tusers\0ncheck_name\0\0"));

        assertThat(Failures.describe(refused))
                .doesNotContain("SECRET")
                .contains("table users", "constraint check_name", "[SQLSTATE " + state + "]");
        assertThat(Failures.classify(refused).forPeople()).doesNotContain("SECRET");
    }

    @Test
    @DisplayName("what can't succeed is not tried again: each kind is, as service/docs/errors.md says")
    void retries() throws IOException {
        Map<String, Retry> page = new TreeMap<>();
        for (String line : Files.readAllLines(Path.of("..", "service", "docs", "errors.md"))) {
            Retry retry = line.contains("| tries again after")
                    ? Retry.FOREVER
                    : line.contains("| tries again four times") ? Retry.A_FEW_TIMES : Retry.NEVER;
            if (retry != Retry.NEVER) {
                for (String kind : line.split("\\|")[1].strip().split(", ")) {
                    page.put(kind, retry);
                }
            }
        }
        Map<String, Retry> kinds = new TreeMap<>();
        for (FailureKind kind : FailureKind.values()) {
            if (kind.retry() != Retry.NEVER) {
                kinds.put(kind.name(), kind.retry());
            }
        }

        assertThat(kinds).isEqualTo(page).isNotEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void everyKindSaysWhatHappenedAndWhatToDo(FailureKind kind) {
        assertThat(new SluiceException(kind, "the detail").forPeople())
                .startsWith(kind.what())
                .contains("the detail", kind.remedy());
        assertThat(kind.what()).endsWith(".");
        assertThat(kind.remedy()).endsWith(".");
    }
}
