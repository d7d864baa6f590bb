package dev.sluice.failure;

import java.util.concurrent.atomic.AtomicInteger;

/// Places between steps that must be atomic, where a test can end the process as a power cut would. Off
/// unless the system property `sluice.failpoint` names one: `sluice.failpoint=ROWS_WRITTEN` or, to let it
/// pass a few times first, `ROWS_WRITTEN:5`.
public enum Failpoint {
    /// In the stream's transaction, the position is written and no row is.
    POSITION_WRITTEN,
    /// In the stream's transaction, rows and child rows are written, nothing is committed.
    ROWS_WRITTEN,
    /// The stream's transaction is committed and the caller does not know it yet.
    COMMITTED,
    /// While refused rows are looked for, some of the others are committed, without the position or a done
    /// marker.
    STEP_COMMITTED,
    /// Every row that PostgreSQL takes is committed; the dead letters are written and not committed, nor is
    /// the position or the done marker.
    DEAD_LETTERS_WRITTEN,
    /// Rows that were written with another mapping are to be written again, and the mapping is noted.
    MAPPING_FOLLOWED,
    /// The pipeline is held for a change of its tables and its mapping, and neither is changed.
    EVOLVE_HELD,
    /// The script that changes the tables is in its folder, and not applied.
    EVOLVE_SCRIPT_WRITTEN,
    /// The tables are changed, and the mapping is not asked for.
    EVOLVE_TABLES_CHANGED,
    /// Another mapping is asked for, the pipeline goes on, and nobody has taken the mapping over.
    EVOLVE_WANTED,
    /// Rows are written with the new mapping, and not compared.
    EVOLVE_FILLED,
    /// A chunk was read and cut, and none of its rows is written.
    CHUNK_CUT,
    /// A chunk's rows are written, and not yet marked done.
    CHUNK_WRITTEN,
    /// A chunk is committed.
    CHUNK_COMMITTED,
    /// What a verification found in a chunk is stored, and not yet that the chunk is done.
    VERIFIED_CHUNK,
    /// It is noted that a change which MongoDB can't send is to be passed, and nothing of its collection is
    /// resynced.
    CHANGE_PASSED,
    /// It is recorded that a collection was dropped, renamed or replaced, and nothing is done about it yet.
    SCHEMA_CHANGE_SEEN,
    /// MongoDB refuses all writes, and the writes of no collection have moved yet.
    WRITES_BLOCKED,
    /// A replication slot is made, and the writes of no collection have moved yet.
    SLOT_MADE,
    /// In the transaction that moves the writes of collections, everything is written and nothing is committed.
    WRITES_MOVED,
    /// The writes of collections have moved, and the caller does not know it yet.
    WRITES_MOVE_COMMITTED,
    /// In the transaction that moves routes, everything is written and nothing is committed.
    ROUTES_MOVED,
    /// Routes have moved, and the caller does not know it yet.
    ROUTE_MOVE_COMMITTED,
    /// A statement that comes after the copy is executed, and not yet noted as done, or not yet committed.
    AFTER_MIGRATION_APPLIED,
    /// The first position is taken from MongoDB and not yet stored.
    POSITION_TAKEN;

    private static final String SETTING = System.getProperty("sluice.failpoint", "");
    private static final AtomicInteger REMAINING = new AtomicInteger(
            SETTING.contains(":") ? Integer.parseInt(SETTING.substring(SETTING.indexOf(':') + 1)) : 0);
    private static final String ARMED = SETTING.contains(":") ? SETTING.substring(0, SETTING.indexOf(':')) : SETTING;

    /// Ends the process at once when this failpoint is armed; else does nothing.
    public void hit() {
        if (!ARMED.isEmpty() && name().equals(ARMED) && REMAINING.getAndDecrement() <= 0) {
            Runtime.getRuntime().halt(137);
        }
    }
}
