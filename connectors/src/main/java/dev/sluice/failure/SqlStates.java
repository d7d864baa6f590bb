package dev.sluice.failure;

import java.util.Map;
import java.util.Set;

/// What PostgreSQL's SQLSTATEs mean for a pipeline (PostgreSQL manual, appendix A). `service/docs/errors.md` is
/// the same for people, and a test compares the two.
final class SqlStates {
    private static final Map<String, FailureKind> BY_STATE = Map.ofEntries(
            // The driver's own: no password given, or SSL asked of a server without it.
            Map.entry("08004", FailureKind.TARGET_REFUSED),
            // A standby, or a server that was set to read only, as after a fail-over.
            Map.entry("25006", FailureKind.TARGET_READ_ONLY),
            // PostgreSQL ended an idle session, in the middle of a transaction or outside of one.
            Map.entry("25P03", FailureKind.TARGET_UNREACHABLE),
            Map.entry("57P05", FailureKind.TARGET_UNREACHABLE),
            // A statement that another session prepared, or did not: a pooler mixes sessions.
            Map.entry("26000", FailureKind.TARGET_POOLED),
            Map.entry("42P05", FailureKind.TARGET_POOLED),
            Map.entry("3D000", FailureKind.MISSING_DATABASE),
            Map.entry("57P04", FailureKind.MISSING_DATABASE),
            Map.entry("42501", FailureKind.MISSING_RIGHT),
            // Tables, columns and types that are not what a statement takes them for: undefined table, column, schema,
            // function and object; duplicate column; syntax (a type that is gone); wrong type, no cast; no unique index
            // for ON CONFLICT; a generated column; a view; what a table with rules or foreign partitions does not
            // support.
            Map.entry("42P01", FailureKind.MISSING_TABLE),
            Map.entry("42703", FailureKind.MISSING_TABLE),
            Map.entry("3F000", FailureKind.MISSING_TABLE),
            Map.entry("42883", FailureKind.MISSING_TABLE),
            Map.entry("42704", FailureKind.MISSING_TABLE),
            Map.entry("42701", FailureKind.MISSING_TABLE),
            Map.entry("42601", FailureKind.MISSING_TABLE),
            Map.entry("42804", FailureKind.MISSING_TABLE),
            Map.entry("42846", FailureKind.MISSING_TABLE),
            Map.entry("42P10", FailureKind.MISSING_TABLE),
            Map.entry("428C9", FailureKind.MISSING_TABLE),
            Map.entry("42809", FailureKind.MISSING_TABLE),
            Map.entry("0A000", FailureKind.MISSING_TABLE),
            // Locks and time-outs: object in use, lock not available, statement cancelled, snapshot too old.
            Map.entry("55006", FailureKind.TARGET_CONFLICT),
            Map.entry("55P03", FailureKind.TARGET_CONFLICT),
            Map.entry("57014", FailureKind.TARGET_CONFLICT),
            Map.entry("72000", FailureKind.TARGET_CONFLICT),
            Map.entry("53100", FailureKind.DISK_FULL),
            // At connecting: the server is there, and has no place left.
            Map.entry("53300", FailureKind.TARGET_UNREACHABLE),
            // temp_file_limit and the like: stays until an administrator changes it.
            Map.entry("53400", FailureKind.UNEXPECTED),
            Map.entry("XX001", FailureKind.TARGET_DAMAGED),
            Map.entry("XX002", FailureKind.TARGET_DAMAGED));

    private static final Map<String, FailureKind> BY_CLASS = Map.of(
            "08", FailureKind.TARGET_UNREACHABLE, // connection
            "0L", FailureKind.TARGET_REFUSED, // invalid grantor
            "0P", FailureKind.TARGET_REFUSED, // invalid role
            "28", FailureKind.TARGET_REFUSED, // authorization
            "40", FailureKind.TARGET_CONFLICT, // serialization, deadlock, completion unknown
            "53", FailureKind.TARGET_UNWELL, // memory and other resources
            "57", FailureKind.TARGET_UNREACHABLE, // shutdown, crash, starting up
            "58", FailureKind.TARGET_UNWELL); // the operating system: I/O, missing files

    private SqlStates() {}

    /// Those that have a judgement of their own.
    static Set<String> judged() {
        return BY_STATE.keySet();
    }

    /// @param state empty where there is none
    static FailureKind kind(String state) {
        FailureKind exact = BY_STATE.get(state);
        if (exact != null || state.length() < 2) {
            return exact == null ? FailureKind.UNEXPECTED : exact;
        }
        return BY_CLASS.getOrDefault(state.substring(0, 2), FailureKind.UNEXPECTED);
    }
}
