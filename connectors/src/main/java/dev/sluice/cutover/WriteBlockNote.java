package dev.sluice.cutover;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;

/// That MongoDB refuses all writes, as `sluice finish --block-writes` made it do, and why it still does.
///
/// @param since when it was asked to
/// @param by who asked
public record WriteBlockNote(Reason reason, Instant since, String by) {
    private static final String NOTED =
            "SELECT kept, since, by FROM sluice.unfinished WHERE pipeline = ? AND what = 'write_block'";

    private static final String IS_THERE =
            "SELECT FROM pg_attribute WHERE attrelid = to_regclass('sluice.unfinished')" + " AND attname = 'kept'";

    /// Why MongoDB refuses writes.
    public enum Reason {
        /// A process moves writes now, and takes the block back at its end.
        RUNS,
        /// The process that asked for it was killed. Nobody takes the block back.
        LEFT,
        /// The writes of the last collection have moved: it stays on purpose.
        KEPT
    }

    /// What is noted; empty where MongoDB was not asked to refuse writes, or takes them again, and where
    /// the control schema is not there or of an earlier release.
    public static Optional<WriteBlockNote> read(Connection connection, String pipeline) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet there = statement.executeQuery(IS_THERE)) {
            if (!there.next()) {
                return Optional.empty();
            }
        }
        boolean kept;
        Instant since;
        String by;
        try (PreparedStatement statement = connection.prepareStatement(NOTED)) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    return Optional.empty();
                }
                kept = row.getBoolean(1);
                since = row.getObject(2, OffsetDateTime.class).toInstant();
                by = row.getString(3);
            }
        }
        Reason reason =
                kept ? Reason.KEPT : FinishLock.holder(connection, pipeline).isPresent() ? Reason.RUNS : Reason.LEFT;
        return Optional.of(new WriteBlockNote(reason, since, by));
    }

    /// What is so, and what to do, in sentences.
    public String forPeople() {
        String refuses = "MongoDB refuses all writes, on the whole server, since " + since + ": ";
        String command = "`sluice finish --block-writes` of " + by;
        return refuses
                + switch (reason) {
                    case RUNS -> command + " runs now, and ends the block itself.";
                    case LEFT ->
                        command + " was killed. Say it again to go on from there; `sluice finish --unblock` ends the"
                                + " block.";
                    case KEPT ->
                        command + " has moved the last collection, and keeps its writers out. `sluice finish"
                                + " --unblock` ends the block.";
                };
    }
}
