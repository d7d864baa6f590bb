package dev.sluice.audit;

import java.util.Locale;

/// What the audit has entries of. Operators look for the texts: a new action also goes into the table of
/// `service/docs/operations.md`, and none is renamed.
public enum AuditAction {
    /// The position was kept under a name.
    CHECKPOINT,
    DROP_CHECKPOINT,
    REPLAY,
    /// A whole collection is to be read again.
    RESYNC,
    /// Rows that differed from their documents were written again.
    REPAIR,
    /// A document that has a dead letter is to be read again.
    RETRY,
    /// A dead letter was deleted.
    DISCARD,
    ACCEPT_DEAD_LETTER,
    ACCEPT_QUARANTINED_VALUE,
    ACCEPT_SCHEMA_CHANGE,
    /// Another MongoDB is the source from then on.
    ACCEPT_SOURCE,
    /// Changes that MongoDB can't send are left out.
    PASS,
    /// Reads were moved to PostgreSQL, or to another share of it.
    CUTOVER,
    /// They were not, since the collection's gate is shut or somebody else moved them meanwhile.
    CUTOVER_REFUSED,
    ROLLBACK,
    /// A running pipeline moved reads back to MongoDB by itself.
    AUTO_ROLLBACK,
    /// Writes were moved to PostgreSQL.
    FINISH,
    /// MongoDB was told to refuse all writes.
    BLOCK_WRITES,
    /// MongoDB takes writes again.
    UNBLOCK_WRITES,
    PAUSE,
    RESUME,
    /// How fast MongoDB is read was limited, or is no longer.
    LIMIT;

    /// As it is stored.
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
