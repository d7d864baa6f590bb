package dev.sluice.postgres;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;

/// The target's replicas, as far as it says how late they are: it takes the role `pg_monitor` to be told.
/// For one thread.
public final class Replicas {
    /// A replica this far behind is losing ground, not catching its breath.
    private static final Duration LATE = Duration.ofSeconds(10);

    private static final Duration BACK = Duration.ofSeconds(3);

    private final Connection connection;
    private boolean late;

    /// @param connection in auto-commit mode
    public Replicas(Connection connection) {
        this.connection = connection;
    }

    /// Whether one of them is too far behind to go on at full speed. Once late, they are until they are
    /// nearly there. False where nothing is known of them.
    public boolean areLate() throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(
                        "SELECT coalesce(extract(epoch FROM max(replay_lag)), 0) FROM pg_stat_replication")) {
            row.next();
            double seconds = row.getDouble(1);
            late = seconds > (late ? BACK : LATE).toSeconds();
            return late;
        }
    }
}
