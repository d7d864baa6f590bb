package dev.sluice.after;

import dev.sluice.after.AfterStore.State;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How far a pipeline is with what comes after the copy.
///
/// @param done statements that are applied
/// @param statements how many there are
/// @param open those that are not applied as the scripts say it, in their order
/// @param tables how many tables there are
/// @param notAnalyzed those that were not analyzed since the copy and the last after-migration
public record AfterProgress(int done, int statements, List<Open> open, int tables, List<Table> notAnalyzed) {
    private static final String STATEMENTS = """
            SELECT m.script, m.statement, m.sql, m.state, m.message, a.pid IS NOT NULL,
                   extract(epoch FROM clock_timestamp() - m.started_at)::float8, p.phase,
                   CASE WHEN p.blocks_total > 0 THEN 100.0 * p.blocks_done / p.blocks_total
                        WHEN p.tuples_total > 0 THEN 100.0 * p.tuples_done / p.tuples_total
                        WHEN p.lockers_total > 0 THEN 100.0 * p.lockers_done / p.lockers_total END::float8
            FROM sluice.after_migration m
            LEFT JOIN pg_stat_activity a ON a.pid = m.session AND m.state = 'running' AND a.datname = current_database()
                AND a.backend_start <= m.started_at
            LEFT JOIN pg_stat_progress_create_index p ON p.pid = a.pid
            WHERE m.pipeline = ? ORDER BY m.place, m.script, m.statement
            """;

    private static final String TABLES =
            "SELECT table_name, message, sluice.is_analyzed(t) FROM sluice.after_table t WHERE pipeline = ? ORDER BY 1";

    public AfterProgress {
        open = List.copyOf(open);
        notAnalyzed = List.copyOf(notAnalyzed);
    }

    /// A statement that is not applied, or not as its script says it.
    ///
    /// @param beginning how it begins
    /// @param interrupted whether its process ended in the middle of it; the next one does it again
    /// @param seconds since it was begun; null where it does not run
    /// @param phase what PostgreSQL does for it; null where that is not known, as for all but indexes
    /// @param percent how much of that is done; null likewise
    /// @param message what PostgreSQL said, or what it waits for; null when there is nothing to say
    public record Open(
            String script,
            int statement,
            String beginning,
            State state,
            boolean interrupted,
            @Nullable Double seconds,
            @Nullable String phase,
            @Nullable Double percent,
            @Nullable String message) {}

    /// @param message why it could not be analyzed; null when there is nothing to say
    public record Table(String name, @Nullable String message) {}

    /// Whether nothing is left to do.
    public boolean complete() {
        return open.isEmpty() && notAnalyzed.isEmpty();
    }

    /// @return null where no process has looked for the pipeline's scripts yet
    public static @Nullable AfterProgress read(Connection connection, String pipeline) throws SQLException {
        int done = 0;
        List<Open> open = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(STATEMENTS)) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    State state = State.of(row.getString(4));
                    if (state == State.DONE) {
                        done++;
                    } else {
                        open.add(open(row, state));
                    }
                }
            }
        }
        int tables = 0;
        List<Table> notAnalyzed = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(TABLES)) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    tables++;
                    if (!row.getBoolean(3)) {
                        notAnalyzed.add(new Table(AfterStore.forPeople(row.getString(1)), row.getString(2)));
                    }
                }
            }
        }
        return tables == 0 ? null : new AfterProgress(done, done + open.size(), open, tables, notAnalyzed);
    }

    private static Open open(ResultSet row, State state) throws SQLException {
        boolean runs = row.getBoolean(6);
        return new Open(
                row.getString(1),
                row.getInt(2),
                AfterStatement.beginning(row.getString(3)),
                state,
                state == State.RUNNING && !runs,
                runs ? (Double) row.getObject(7) : null,
                row.getString(8),
                (Double) row.getObject(9),
                row.getString(5));
    }
}
