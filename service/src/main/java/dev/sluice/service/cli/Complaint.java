package dev.sluice.service.cli;

import com.mongodb.MongoCommandException;
import com.mongodb.MongoSecurityException;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.failure.WrongUseException;
import dev.sluice.schema.MappingException;
import java.net.BindException;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.flywaydb.core.api.FlywayException;
import org.jspecify.annotations.Nullable;

/// The message when a command could not do its work: what happened, to what, what to do now.
/// Drivers and Flyway add much to that; here it is reduced to what helps.
///
/// @param exitCode of the program
/// @param text a few lines, without secrets and without values of documents
record Complaint(int exitCode, String text) {
    /// Most mistakes of a mapping that are shown at once.
    private static final int MISTAKES_MAX = 10;

    private static final String TLS_REMEDY =
            "Correct what is named, the server's certificate or a setting of TLS (deploy/README.md), then start again.";

    private static final Pattern CREDENTIAL = Pattern.compile("userName='([^']*)', source='([^']*)'");
    private static final Pattern CONTROL_TABLE = Pattern.compile("(?:relation|schema) \"sluice[.\"]");

    /// @param target PostgreSQL without password, as far as it is known
    static Complaint of(Throwable thrown, Optional<String> target) {
        SluiceException failure = thrown instanceof WrongUseException wrong
                ? new SluiceException(FailureKind.BAD_SETTING, String.valueOf(wrong.getMessage()), wrong)
                : Failures.classify(thrown);
        int code = exitCode(failure.kind());
        for (Throwable t = thrown; t != null; t = t.getCause()) {
            switch (t) {
                case FlywayException flyway -> {
                    // Classified by what PostgreSQL said where that is known; else it is the script.
                    if (failure.kind() == FailureKind.MISSING_TABLE) {
                        return new Complaint(SluiceCommand.COULD_NOT_RUN, migration(flyway));
                    }
                }
                case BindException taken -> {
                    return new Complaint(SluiceCommand.COULD_NOT_RUN, String.valueOf(failure.getMessage()));
                }
                default -> {}
            }
        }
        return new Complaint(
                code,
                switch (failure.kind()) {
                    case BAD_SETTING -> failure.getMessage() + remedy("`sluice --help` lists the settings.");
                    case MAPPING -> mapping(failure);
                    case SOURCE_UNREACHABLE -> sourceUnreachable(failure);
                    case SOURCE_REFUSED -> sourceRefused(failure);
                    case TARGET_UNREACHABLE -> targetUnreachable(failure, target);
                    case MISSING_TABLE -> missingTable(failure, target);
                    case TARGET_REFUSED -> targetRefused(failure, target);
                    case MISSING_RIGHT,
                            ROW_SECURITY,
                            MISSING_DATABASE,
                            DISK_FULL,
                            TARGET_ALTERED,
                            TARGET_READ_ONLY,
                            TARGET_SET_READ_ONLY,
                            TARGET_UNWELL,
                            TARGET_POOLED,
                            TARGET_DAMAGED -> at(failure, target);
                    case TARGET_CONFLICT ->
                        failure.whatHappened()
                                + remedy(
                                        "Try again; if it happens again, look for long transactions on the target tables.");
                    case ENGINE -> failure.whatHappened() + remedy("Try again; with --verbose the cause is shown.");
                    case HISTORY_LOST,
                            CHANGE_TOO_LARGE,
                            POSITION_UNKNOWN,
                            COLLECTION_CHANGED,
                            CHANGE_AHEAD,
                            DATABASE_DROPPED,
                            SOURCE_REPLACED,
                            FENCED_OUT,
                            WRITES_MOVED,
                            MIGRATION_FINISHED,
                            AFTER_MIGRATION,
                            NO_TEMPORARY_FILE,
                            NOT_A_REPLICA_SET,
                            ROWS_REFUSED,
                            UNEXPECTED -> failure.forPeople();
                });
    }

    private static String remedy(String text) {
        return "\n  -> " + text;
    }

    private static String mapping(SluiceException failure) {
        List<String> lines = failure.getCause() instanceof MappingException mistakes
                ? mistakes.problems().stream()
                        .map(p -> p.toString().lines().findFirst().orElse(""))
                        .toList()
                : List.of(String.valueOf(failure.getMessage()));
        StringBuilder text = new StringBuilder(failure.kind().what());
        lines.stream().limit(MISTAKES_MAX).forEach(line -> text.append("\n  ").append(line));
        if (lines.size() > MISTAKES_MAX) {
            text.append("\n  and ").append(lines.size() - MISTAKES_MAX).append(" more");
        }
        return text + remedy("Correct what is named above and start again.");
    }

    private static String sourceUnreachable(SluiceException failure) {
        String message = String.valueOf(failure.getMessage());
        return failure.whatHappened()
                + remedy(
                        isAboutTls(message)
                                ? TLS_REMEDY
                                : message.startsWith("There is no")
                                        ? "Correct the host in MONGO_URI; with mongodb+srv:// it is the name of an SRV record."
                                        : "Check that it runs and that MONGO_URI names it, then start again.");
    }

    private static String sourceRefused(SluiceException failure) {
        String message = String.valueOf(failure.getMessage());
        for (Throwable t = failure; t != null; t = t.getCause()) {
            if (t instanceof MongoCommandException command && !(t instanceof MongoSecurityException)) {
                message = command.getErrorMessage() + " (code " + command.getErrorCode() + ")";
                break;
            }
        }
        Matcher credential = CREDENTIAL.matcher(String.valueOf(failure.getMessage()));
        if (credential.find()) {
            return "MongoDB refused the user '" + credential.group(1) + "' of the database '" + credential.group(2)
                    + "' or the password."
                    + remedy("Check user, password and authSource in MONGO_URI.");
        }
        return "MongoDB refused a command: " + message + "."
                + remedy("Name a user in MONGO_URI who may read the database and watch its change stream (role read).");
    }

    private static String targetRefused(SluiceException failure, Optional<String> target) {
        String message = String.valueOf(failure.getMessage());
        String where = target.map(t -> " at " + t).orElse("");
        if (message.contains("no password was provided")) {
            return "PostgreSQL" + where + " asks for a password and POSTGRES_URI has none."
                    + remedy("Write it as postgresql://user:password@host:port/database.");
        }
        if (message.contains("does not support SSL")) {
            return "PostgreSQL" + where + " does not speak SSL, and POSTGRES_URI asks for it."
                    + remedy("Turn SSL on in the server, or write sslmode=prefer or sslmode=disable.");
        }
        return at(failure, target);
    }

    private static String targetUnreachable(SluiceException failure, Optional<String> target) {
        String message = String.valueOf(failure.getMessage());
        String where = target.map(t -> " at " + t).orElse("");
        if (message.startsWith("There is no host")) {
            return "PostgreSQL" + where + " can't be reached: there" + message.substring("There".length()) + "."
                    + remedy("Correct the host in POSTGRES_URI.");
        }
        // The first sentence says it; the others guess.
        String why = message.lines().findFirst().orElse(message).split("\\. ", 2)[0];
        return "PostgreSQL" + where + " can't be reached: " + why + (why.endsWith(".") ? "" : ".")
                + remedy(
                        isAboutTls(why)
                                ? TLS_REMEDY
                                : "Check that it runs and that POSTGRES_URI names it, then start again.");
    }

    private static boolean isAboutTls(String message) {
        return message.contains("certificate") || message.contains("TLS");
    }

    private static String missingTable(SluiceException failure, Optional<String> target) {
        if (CONTROL_TABLE.matcher(String.valueOf(failure.getMessage())).find()) {
            return "Sluice's control schema is missing or older than this program"
                    + target.map(t -> " at " + t).orElse("") + "."
                    + remedy(
                            "Run `sluice migrate`, which makes it or brings it up to date. Where `sluice finish --drop-control`"
                                    + " removed it, the migration is over, and there is nothing left to run.");
        }
        return at(failure, target);
    }

    private static String at(SluiceException failure, Optional<String> target) {
        String message = String.valueOf(failure.getMessage());
        String where = target.filter(t -> !message.contains(t))
                .map(t -> " At " + t + ".")
                .orElse("");
        return failure.whatHappened() + where + remedy(failure.kind().remedy());
    }

    /// Flyway puts the statement, the file and advice about itself into its messages.
    private static String migration(FlywayException thrown) {
        List<String> lines = String.valueOf(thrown.getMessage()).lines().toList();
        String script = lines.stream().findFirst().orElse("").replaceFirst("^Script (.*) failed$", "$1");
        for (Throwable t = thrown; t != null; t = t.getCause()) {
            if (t instanceof SQLException refused) {
                String line = line(lines);
                return "The migration " + script + " failed" + (line == null ? "" : " at line " + line) + ": "
                        + Failures.describe(refused) + "."
                        + remedy("Correct the script, or what it met, and start again; nothing of it is applied.");
            }
        }
        String what = lines.stream()
                .map(String::strip)
                .filter(l -> l.startsWith("Migration ") || l.startsWith("Detected "))
                .findFirst()
                .orElse(script);
        return "The migrations in the database and those of the mapping do not agree: " + what + "."
                + remedy("Put the scripts back as they were applied, and make changes in a new one.");
    }

    private static @Nullable String line(List<String> lines) {
        return lines.stream()
                .filter(l -> l.matches("Line\\s*:\\s*\\d+"))
                .map(l -> l.replaceFirst("Line\\s*:\\s*", ""))
                .findFirst()
                .orElse(null);
    }

    private static int exitCode(FailureKind kind) {
        return switch (kind) {
            case BAD_SETTING, MAPPING -> SluiceCommand.WRONG_USE;
            case WRITES_MOVED -> SluiceCommand.FINDING;
            case SOURCE_UNREACHABLE,
                    TARGET_UNREACHABLE,
                    TARGET_READ_ONLY,
                    TARGET_SET_READ_ONLY,
                    TARGET_UNWELL,
                    TARGET_POOLED,
                    TARGET_DAMAGED,
                    TARGET_CONFLICT,
                    ENGINE,
                    SOURCE_REFUSED,
                    TARGET_REFUSED,
                    MISSING_RIGHT,
                    ROW_SECURITY,
                    MISSING_DATABASE,
                    MISSING_TABLE,
                    TARGET_ALTERED,
                    AFTER_MIGRATION,
                    HISTORY_LOST,
                    CHANGE_TOO_LARGE,
                    POSITION_UNKNOWN,
                    COLLECTION_CHANGED,
                    CHANGE_AHEAD,
                    DATABASE_DROPPED,
                    SOURCE_REPLACED,
                    FENCED_OUT,
                    MIGRATION_FINISHED,
                    DISK_FULL,
                    NO_TEMPORARY_FILE,
                    NOT_A_REPLICA_SET,
                    ROWS_REFUSED,
                    UNEXPECTED -> SluiceCommand.COULD_NOT_RUN;
        };
    }
}
