package dev.sluice.failure;

import com.mongodb.MongoCommandException;
import com.mongodb.MongoException;
import com.mongodb.MongoTimeoutException;
import dev.sluice.schema.MappingException;
import java.io.IOException;
import java.net.UnknownHostException;
import java.sql.BatchUpdateException;
import java.sql.SQLException;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/// The one place where exceptions of drivers become kinds of failure.
public final class Failures {
    /// A stream can't resume, most often because it would resume from a change that its
    /// own filter leaves out. It does not mean that history is lost: that is 286.
    public static final int CHANGE_STREAM_FATAL = 280;

    /// A resume token is longer than MongoDB makes a string, 16 MB. Before 6.0 it makes them for changes that a
    /// stream leaves out, too.
    public static final int STRING_TOO_LARGE = 16493;

    /// SQLSTATE `triggered_data_change_violation`: a trigger has changed the row that is written.
    /// PostgreSQL reports it where that would be lost; Sluice, where a trigger has undone what was
    /// written without an error.
    public static final String UNDONE_BY_A_TRIGGER = "27000";

    private static final String FOREIGN_KEY = "23503";
    private static final String UNIQUE = "23505";
    private static final String EXCLUSION = "23P01";
    private static final String RAISED = "P0001";
    private static final String QUERY_CANCELED = "57014";

    /// The first line of an error's context in PL/pgSQL, up to the function's name.
    private static final Pattern FUNCTION = Pattern.compile("^PL/pgSQL function \"?([\\w.$]+)\"?\\(");

    private static final Pattern TOKEN =
            Pattern.compile("(?<=resume_token=)[^\\s,}\\]]+|[0-9a-fA-F]{30,}|[0-9A-Za-z+/]{60,}=*");

    private Failures() {}

    /// Names what went wrong. The first cause that has a known kind decides.
    public static SluiceException classify(Throwable thrown) {
        for (Throwable t = thrown; t != null; t = t.getCause()) {
            SluiceException known = classifyOne(t);
            if (known != null) {
                return known;
            }
        }
        return new SluiceException(FailureKind.UNEXPECTED, describe(thrown), thrown);
    }

    private static @Nullable SluiceException classifyOne(Throwable t) {
        return switch (t) {
            case SluiceException s -> s;
            case MappingException m -> new SluiceException(FailureKind.MAPPING, String.valueOf(m.getMessage()), m);
            // Judged where it was met.
            case SQLException s when s.getCause() instanceof SluiceException judged -> judged;
            case SQLException s -> new SluiceException(kindOf(s), describe(s), s);
            case MongoException m -> new SluiceException(MongoCodes.kind(m), describe(m), m);
            case IOException i -> new SluiceException(FailureKind.ENGINE, describe(i), i);
            default -> null;
        };
    }

    /// Where PostgreSQL refuses by row level security; routines have one name in each language.
    private static final Set<String> ROW_SECURITY_ROUTINES = Set.of("ExecWithCheckOptions", "check_enable_rls");

    private static FailureKind kindOf(SQLException s) {
        String state = s.getSQLState() == null ? "" : s.getSQLState();
        if (state.isEmpty() && s.getCause() instanceof IOException) {
            // The driver gives no state when it can't close a connection that has broken off.
            return FailureKind.TARGET_UNREACHABLE;
        }
        if (isAboutRowSecurity(state, s)) {
            return FailureKind.ROW_SECURITY;
        }
        return isAboutStalePlan(state, s) ? FailureKind.TARGET_ALTERED : SqlStates.kind(state);
    }

    /// A policy refused a row, or the session was to see all rows. PostgreSQL has the SQLSTATE of a missing right for
    /// it.
    private static boolean isAboutRowSecurity(String state, SQLException s) {
        SQLException said =
                s instanceof BatchUpdateException && s.getNextException() != null ? s.getNextException() : s;
        return state.equals("42501")
                && said instanceof PSQLException p
                && p.getServerErrorMessage() != null
                && ROW_SECURITY_ROUTINES.contains(
                        String.valueOf(p.getServerErrorMessage().getRoutine()));
    }

    /// A table was altered between a statement's preparation and its execution. The server does not
    /// translate internal errors (XX000), and names the routine of the others.
    private static boolean isAboutStalePlan(String state, SQLException s) {
        if (!(s instanceof PSQLException p) || p.getServerErrorMessage() == null) {
            return false;
        }
        String message = String.valueOf(p.getServerErrorMessage().getMessage());
        return switch (state) {
            case "0A000" ->
                "RevalidateCachedQuery".equals(p.getServerErrorMessage().getRoutine());
            case "XX000" ->
                message.startsWith("cache lookup failed")
                        || message.startsWith("could not open relation")
                        || message.equals("tuple concurrently updated")
                        || message.equals("tuple concurrently deleted");
            default -> false;
        };
    }

    /// SQLSTATEs, as a regular expression, that an attempt to read one value can end with and that say nothing of
    /// the value: connection, conflict, resources, shutdown, I/O, a missing right, damage. Types report what they
    /// can't read by all others (`ltree` a syntax error, `vector` an exception of data, PostGIS an internal error).
    public static final String NOT_OF_A_VALUE = "^(08|40|53|55|57|58|42501|XX001|XX002)";

    private static final Pattern OF_SOMETHING_ELSE = Pattern.compile(NOT_OF_A_VALUE);

    /// Whether an attempt to read one value failed because of that value.
    public static boolean isOfValue(SQLException s) {
        return s.getSQLState() != null
                && !OF_SOMETHING_ELSE.matcher(s.getSQLState()).find();
    }

    /// Whether PostgreSQL refused because of a value or a constraint: classes 21 (cardinality), 22 (data),
    /// 23 (integrity), 54 (program limits, such as an index row too large), a trigger's own refusal, and
    /// what a trigger has undone.
    public static boolean isAboutData(SQLException s) {
        String state = s.getSQLState() == null ? "" : s.getSQLState();
        return state.startsWith("21")
                || state.startsWith("22")
                || state.startsWith("23")
                || state.startsWith("54")
                || state.equals(RAISED)
                || state.equals(UNDONE_BY_A_TRIGGER);
    }

    /// Whether a row was refused because a row that it refers to, or is referred to by, is there or is not.
    public static boolean isAboutParents(SQLException s) {
        return FOREIGN_KEY.equals(s.getSQLState());
    }

    /// Whether a row was refused because another one has what only one can have.
    public static boolean isAboutUniqueness(SQLException s) {
        return UNIQUE.equals(s.getSQLState());
    }

    /// Whether data that was refused may be accepted once other rows have changed: a foreign key, a unique
    /// value, an exclusion, and anything a trigger reads.
    public static boolean isAboutOtherRows(String sqlState) {
        return switch (sqlState) {
            case FOREIGN_KEY, UNIQUE, EXCLUSION, RAISED, UNDONE_BY_A_TRIGGER -> true;
            default -> false;
        };
    }

    /// Whether a statement ran into `statement_timeout`, or was cancelled: fewer rows may pass.
    public static boolean tookTooLong(SQLException s) {
        return QUERY_CANCELED.equals(s.getSQLState());
    }

    /// Why PostgreSQL refused data, equal for rows that are refused for the same reason: the SQLSTATE with
    /// what it names of table, column, constraint and function. No value of a document.
    public static String reason(SQLException refused) {
        SQLException said = refused instanceof BatchUpdateException batch && batch.getNextException() != null
                ? batch.getNextException()
                : refused;
        StringBuilder reason = new StringBuilder(String.valueOf(said.getSQLState()));
        if (said instanceof PSQLException p && p.getServerErrorMessage() != null) {
            ServerErrorMessage message = p.getServerErrorMessage();
            append(reason, "table", message.getTable());
            append(reason, "column", message.getColumn());
            append(reason, "constraint", message.getConstraint());
            append(reason, "function", function(message));
        }
        return reason.toString();
    }

    /// The function in which an error was raised; null when in none.
    private static @Nullable String function(ServerErrorMessage message) {
        Matcher function = FUNCTION.matcher(String.valueOf(message.getWhere()));
        return function.find() ? function.group(1) : null;
    }

    /// What PostgreSQL or the driver said, in one line, without the parts that quote values of rows (its
    /// DETAIL).
    public static String describe(Throwable t) {
        if (t instanceof BatchUpdateException batch && batch.getNextException() != null) {
            // The driver's message repeats the statement with its parameters; what the server said is behind it.
            return describe(batch.getNextException());
        }
        if (t instanceof PSQLException p && p.getServerErrorMessage() != null) {
            ServerErrorMessage message = p.getServerErrorMessage();
            StringBuilder text = new StringBuilder();
            String state = String.valueOf(message.getSQLState());
            text.append(withoutValues(state, message));
            append(text, "table", message.getTable());
            append(text, "column", message.getColumn());
            append(text, "constraint", message.getConstraint());
            append(text, "function", function(message));
            return text.append(" [SQLSTATE ").append(state).append(']').toString();
        }
        if (t instanceof MongoTimeoutException timeout) {
            return ServerSelection.describe(String.valueOf(timeout.getMessage()));
        }
        if (t instanceof MongoCommandException refused) {
            return "MongoDB answered " + refused.getErrorCode() + " (" + refused.getErrorCodeName() + "): "
                    + withoutValues(refused.getErrorMessage());
        }
        String tls = t instanceof SQLException || t instanceof MongoException
                ? TlsTrouble.describe(TlsTrouble.textOf(t))
                : null;
        if (tls != null) {
            return t instanceof MongoException ? "The server: " + tls : tls;
        }
        if (t.getCause() instanceof UnknownHostException unknown) {
            return "There is no host '" + unknown.getMessage() + "'";
        }
        String message = t.getMessage();
        if (message == null || message.isBlank()) {
            return t.getClass().getSimpleName();
        }
        return withoutTokens(message.lines().findFirst().orElse(message).strip());
    }

    /// MongoDB's message, which may quote the command, with its values and tokens, in braces.
    private static String withoutValues(String message) {
        int quoted = message.indexOf('{');
        return withoutTokens((quoted < 0 ? message : message.substring(0, quoted)).strip());
    }

    /// Resume tokens hold `_id`s (promise 10), in hex or in Base64.
    private static String withoutTokens(String message) {
        return TOKEN.matcher(message).replaceAll("..");
    }

    private static @Nullable String withoutValues(String state, ServerErrorMessage message) {
        if (state.startsWith("22")) {
            // Data exceptions quote the value in the message itself ("invalid input syntax for type uuid: ..").
            return "a value does not fit its column";
        }
        // The text of a trigger may quote any value.
        return state.startsWith("P0") ? "a trigger or function of the target refused" : message.getMessage();
    }

    private static void append(StringBuilder text, String name, @Nullable String value) {
        if (value != null) {
            text.append(", ").append(name).append(' ').append(value);
        }
    }
}
