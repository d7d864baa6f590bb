package dev.sluice.control;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What the process that runs a pipeline says of itself (`sluice.activity`). Every method works in the
/// caller's
/// transaction. Any thread, each with its own connection.
public final class ActivityStore {
    private final String pipeline;

    public ActivityStore(String pipeline) {
        this.pipeline = pipeline;
    }

    /// What a process does.
    ///
    /// @param state the name of its state, such as `streaming`
    /// @param message what the state means, for people; null when there is nothing to say
    /// @param changes of the stream that it has applied since it began
    /// @param latencyP50Millis from MongoDB's commit to PostgreSQL's, of the changes of about the last
    ///     minute; null
    ///     when there were none
    /// @param latencyP99Millis the same
    public record Activity(
            String state,
            @Nullable String message,
            long changes,
            @Nullable Double latencyP50Millis,
            @Nullable Double latencyP99Millis) {}

    /// @param at when it was told, by PostgreSQL's clock
    /// @param secondsAgo the same
    public record Told(Activity activity, Instant at, double secondsAgo) {}

    public void tell(Connection connection, Activity activity) throws SQLException {
        String sql = "INSERT INTO sluice.activity (pipeline, state, message, changes, latency_p50_ms, latency_p99_ms)"
                + " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (pipeline) DO UPDATE SET state = EXCLUDED.state,"
                + " message = EXCLUDED.message, changes = EXCLUDED.changes, latency_p50_ms = EXCLUDED.latency_p50_ms,"
                + " latency_p99_ms = EXCLUDED.latency_p99_ms, told_at = EXCLUDED.told_at";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, activity.state());
            statement.setString(3, activity.message());
            statement.setLong(4, activity.changes());
            statement.setObject(5, activity.latencyP50Millis());
            statement.setObject(6, activity.latencyP99Millis());
            statement.executeUpdate();
        }
    }

    /// What was told last; empty before the first time.
    public Optional<Told> last(Connection connection) throws SQLException {
        String sql = "SELECT state, message, changes, latency_p50_ms, latency_p99_ms, told_at,"
                + " sluice.seconds_since(told_at)"
                + " FROM sluice.activity WHERE pipeline = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                return row.next()
                        ? Optional.of(new Told(
                                new Activity(
                                        row.getString(1),
                                        row.getString(2),
                                        row.getLong(3),
                                        (Double) row.getObject(4),
                                        (Double) row.getObject(5)),
                                row.getObject(6, OffsetDateTime.class).toInstant(),
                                row.getDouble(7)))
                        : Optional.empty();
            }
        }
    }
}
