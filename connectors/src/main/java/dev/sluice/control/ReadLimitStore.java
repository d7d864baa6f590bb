package dev.sluice.control;

import dev.sluice.audit.Audit;
import dev.sluice.audit.AuditAction;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// How fast documents may be read from MongoDB (`sluice.read_limit`). Every method works in the caller's transaction.
/// Any thread, each with its own connection.
public final class ReadLimitStore {
    private final String pipeline;

    public ReadLimitStore(String pipeline) {
        this.pipeline = pipeline;
    }

    /// A limit that is set.
    ///
    /// @param documents a second; null for any number
    /// @param bytes of documents a second; null for any number
    public record Limit(@Nullable Long documents, @Nullable Long bytes, String by, Instant at) {}

    /// Empty where none is set.
    public Optional<Limit> load(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT documents_per_second, bytes_per_second, set_by, set_at FROM sluice.read_limit WHERE pipeline = ?")) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                return row.next()
                        ? Optional.of(new Limit(
                                (Long) row.getObject(1),
                                (Long) row.getObject(2),
                                row.getString(3),
                                row.getObject(4, OffsetDateTime.class).toInstant()))
                        : Optional.empty();
            }
        }
    }

    /// Sets a limit in the place of the one that there is; takes it away with none of both. Audited.
    ///
    /// @param documents a second; null for any number
    /// @param bytes of documents a second; null for any number
    public void set(Connection connection, @Nullable Long documents, @Nullable Long bytes, String by)
            throws SQLException {
        if (documents == null && bytes == null) {
            try (PreparedStatement statement =
                    connection.prepareStatement("DELETE FROM sluice.read_limit WHERE pipeline = ?")) {
                statement.setString(1, pipeline);
                statement.executeUpdate();
            }
        } else {
            try (PreparedStatement statement = connection.prepareStatement(
                    "INSERT INTO sluice.read_limit (pipeline, documents_per_second, bytes_per_second, set_by)"
                            + " VALUES (?, ?, ?, ?) ON CONFLICT (pipeline) DO UPDATE SET"
                            + " documents_per_second = EXCLUDED.documents_per_second,"
                            + " bytes_per_second = EXCLUDED.bytes_per_second, set_by = EXCLUDED.set_by,"
                            + " set_at = EXCLUDED.set_at")) {
                statement.setString(1, pipeline);
                statement.setObject(2, documents, java.sql.Types.BIGINT);
                statement.setObject(3, bytes, java.sql.Types.BIGINT);
                statement.setString(4, by);
                statement.executeUpdate();
            }
        }
        Map<String, @Nullable Object> detail = new HashMap<>();
        detail.put("documents_per_second", documents);
        detail.put("bytes_per_second", bytes);
        new Audit(pipeline).add(connection, AuditAction.LIMIT, null, by, detail);
    }
}
