package dev.sluice.positions;

import dev.sluice.audit.Audit;
import dev.sluice.audit.AuditAction;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Whether a user holds the pipeline (`sluice.pause`). Every method works in the caller's transaction. Any thread, each
/// with its own connection.
public final class PauseStore {
    private final String pipeline;

    public PauseStore(String pipeline) {
        this.pipeline = pipeline;
    }

    /// A pause.
    ///
    /// @param reason may be empty
    /// @param resumesAt when it ends by itself; null when it does not
    /// @param over whether that time has come
    public record Pause(
            Instant since,
            String by,
            String reason,
            @Nullable Instant resumesAt,
            boolean over) {
        /// `The pipeline is paused by anna on db-7 (upgrade).`
        public String forPeople() {
            return "The pipeline is paused by " + by + (reason.isEmpty() ? "" : " (" + reason + ")") + ".";
        }
    }

    /// The pause that holds the pipeline; empty where none does.
    public Optional<Pause> load(Connection connection) throws SQLException {
        String sql = "SELECT since, by, reason, resumes_at, coalesce(resumes_at <= clock_timestamp(), false)"
                + " FROM sluice.pause WHERE pipeline = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    return Optional.empty();
                }
                OffsetDateTime resumesAt = row.getObject(4, OffsetDateTime.class);
                return Optional.of(new Pause(
                        row.getObject(1, OffsetDateTime.class).toInstant(),
                        row.getString(2),
                        row.getString(3),
                        resumesAt == null ? null : resumesAt.toInstant(),
                        row.getBoolean(5)));
            }
        }
    }

    /// Pauses the pipeline, or changes the pause that there is; audited. The moment since when it is
    /// paused stays.
    ///
    /// @param reason empty for none, or to keep the one there is
    /// @param length after which it ends by itself; null for never
    public void pause(Connection connection, String by, String reason, @Nullable Duration length) throws SQLException {
        String sql = "INSERT INTO sluice.pause AS p (pipeline, by, reason, resumes_at) VALUES (?, ?, ?,"
                + " clock_timestamp() + make_interval(secs => ?)) ON CONFLICT (pipeline) DO UPDATE SET"
                + " by = EXCLUDED.by, reason = coalesce(nullif(EXCLUDED.reason, ''), p.reason), resumes_at = EXCLUDED.resumes_at";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, by);
            statement.setString(3, reason);
            statement.setObject(4, length == null ? null : length.toMillis() / 1_000.0, java.sql.Types.DOUBLE);
            statement.executeUpdate();
        }
        Map<String, @Nullable Object> detail = new HashMap<>();
        detail.put("reason", reason);
        detail.put("seconds", length == null ? null : length.toSeconds());
        new Audit(pipeline).add(connection, AuditAction.PAUSE, null, by, detail);
    }

    /// Ends the pause; audited.
    ///
    /// @return whether there was one
    public boolean resume(Connection connection, String by) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("DELETE FROM sluice.pause WHERE pipeline = ?")) {
            statement.setString(1, pipeline);
            if (statement.executeUpdate() == 0) {
                return false;
            }
        }
        new Audit(pipeline).add(connection, AuditAction.RESUME, null, by, Map.of());
        return true;
    }
}
