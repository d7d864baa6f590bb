package dev.sluice.service.ops;

import dev.sluice.audit.Audit;
import dev.sluice.audit.AuditEntry;
import dev.sluice.failure.Failures;
import dev.sluice.postgres.PostgresConnector;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What was done to a pipeline, when, and by whom: `sluice.audit`. Any thread; each call has a
/// connection of its own.
public final class AuditTrail {
    private final PostgresConnector connector;
    private final String pipeline;

    public AuditTrail(PostgresConnector connector, String pipeline) {
        this.connector = connector;
        this.pipeline = pipeline;
    }

    /// The newest entries, the newest first.
    ///
    /// @param collection null for all
    /// @throws dev.sluice.failure.SluiceException when PostgreSQL can't be asked
    public List<AuditEntry> newest(@Nullable String collection, int most) {
        try (Connection connection = connector.open()) {
            return new Audit(pipeline).newest(connection, collection, most, 0);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }
}
