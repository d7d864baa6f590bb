package dev.sluice.evolution;

import dev.sluice.audit.Audit;
import dev.sluice.audit.AuditAction;
import dev.sluice.change.Watermark;
import dev.sluice.control.ResyncStore;
import dev.sluice.positions.CheckpointStore;
import dev.sluice.source.mongo.Deployment;
import dev.sluice.source.mongo.Deployment.Newest;
import dev.sluice.verify.VerificationStore;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// Which MongoDB a pipeline copies, in PostgreSQL (`sluice.source`). Every method works in the caller's
/// transaction. Any thread, each with its own connection.
final class SourceStore {
    private static final String SEEN = """
            INSERT INTO sluice.source AS s
              (pipeline, database, sharded, set_name, deployment_id, majority_seconds, majority_increment, term)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (pipeline) DO UPDATE SET
              sharded = EXCLUDED.sharded, set_name = EXCLUDED.set_name,
              deployment_id = coalesce(EXCLUDED.deployment_id, s.deployment_id),
              majority_seconds = coalesce(EXCLUDED.majority_seconds, s.majority_seconds),
              majority_increment = coalesce(EXCLUDED.majority_increment, s.majority_increment),
              term = coalesce(EXCLUDED.term, s.term), seen_at = clock_timestamp()
            """;

    private final String pipeline;

    SourceStore(String pipeline) {
        this.pipeline = pipeline;
    }

    /// The deployment as it was last recorded.
    ///
    /// @param id as [Deployment#id()]
    record Seen(
            String database,
            boolean sharded,
            @Nullable String setName,
            @Nullable String id,
            @Nullable BsonTimestamp majority,
            @Nullable Long term) {}

    /// Empty before the first start with a release that records it, and where the control schema is
    /// older.
    Optional<Seen> load(Connection connection) throws SQLException {
        if (!isThere(connection)) {
            return Optional.empty();
        }
        String sql = "SELECT database, sharded, set_name, deployment_id, majority_seconds, majority_increment, term"
                + " FROM sluice.source WHERE pipeline = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    return Optional.empty();
                }
                long seconds = row.getLong(5);
                BsonTimestamp majority = row.wasNull() ? null : new BsonTimestamp((int) seconds, row.getInt(6));
                return Optional.of(new Seen(
                        row.getString(1),
                        row.getBoolean(2),
                        row.getString(3),
                        row.getString(4),
                        majority,
                        row.getObject(7, Long.class)));
            }
        }
    }

    private static boolean isThere(Connection connection) throws SQLException {
        try (PreparedStatement statement =
                        connection.prepareStatement("SELECT to_regclass('sluice.source') IS NOT NULL");
                ResultSet row = statement.executeQuery()) {
            return row.next() && row.getBoolean(1);
        }
    }

    /// Records the current state of the pipeline's deployment.
    void save(Connection connection, Deployment seen) throws SQLException {
        Newest newest = seen.newest();
        try (PreparedStatement statement = connection.prepareStatement(SEEN)) {
            statement.setString(1, pipeline);
            statement.setString(2, seen.database());
            statement.setBoolean(3, seen.sharded());
            statement.setString(4, seen.setName());
            statement.setString(5, seen.id());
            statement.setObject(6, newest == null ? null : Watermark.seconds(newest.majority()), Types.BIGINT);
            statement.setObject(7, newest == null ? null : newest.majority().getInc(), Types.INTEGER);
            statement.setObject(8, newest == null ? null : newest.term(), Types.BIGINT);
            statement.executeUpdate();
        }
    }

    /// Deletes the record of the deployment that was the source, with state that is valid for it only.
    void forget(Connection connection) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("DELETE FROM sluice.source WHERE pipeline = ?")) {
            statement.setString(1, pipeline);
            statement.executeUpdate();
        }
        new CheckpointStore(pipeline).forgetAll(connection);
        new ResyncStore(pipeline).forgetAll(connection);
        new VerificationStore(pipeline).failRunning(connection);
    }

    /// Records in the audit that another deployment is the source from now on.
    void audit(Connection connection, Deployment accepted, @Nullable Seen before, String actor) throws SQLException {
        Map<String, @Nullable String> detail = new LinkedHashMap<>();
        detail.put("database", accepted.database());
        detail.put("set_name", accepted.setName());
        detail.put("deployment_id", accepted.id());
        detail.put("earlier_database", before == null ? null : before.database());
        detail.put("earlier_set_name", before == null ? null : before.setName());
        detail.put("earlier_deployment_id", before == null ? null : before.id());
        new Audit(pipeline).add(connection, AuditAction.ACCEPT_SOURCE, null, actor, detail);
    }
}
