package dev.sluice.after;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.control.AnalyzedTables;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What is done after the copy and what is not, in PostgreSQL (`sluice.after_migration`,
/// `sluice.after_table`). Every method works in the caller's transaction.
public final class AfterStore {
    private final String pipeline;

    public AfterStore(String pipeline) {
        this.pipeline = pipeline;
    }

    /// What became of a statement.
    public enum State {
        @JsonProperty("pending")
        PENDING,
        /// Or its process ended in the middle of it, and whether it was applied is not known.
        @JsonProperty("running")
        RUNNING,
        @JsonProperty("done")
        DONE,
        /// PostgreSQL refused it.
        @JsonProperty("failed")
        FAILED,
        /// It was applied, and its script says something else now.
        @JsonProperty("changed")
        CHANGED,
        /// It was applied, and its script or its place in it is gone.
        @JsonProperty("removed")
        REMOVED;

        /// As the table has it.
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }

        /// As Flyway's states are written.
        public String forPeople() {
            return switch (this) {
                case PENDING -> "Pending (after the copy)";
                case RUNNING -> "Running, or broken off";
                case DONE -> "Success";
                case FAILED -> "Failed";
                case CHANGED -> "Changed since it was applied";
                case REMOVED -> "Missing, and it was applied";
            };
        }

        static State of(String text) {
            return valueOf(text.toUpperCase(Locale.ROOT));
        }
    }

    /// Makes the tables say what the scripts and the mapping say now: what is new is pending, and what
    /// was not applied and is gone is forgotten. What was applied stays, and is marked where the scripts
    /// say something else.
    void register(Connection connection, AfterScripts scripts, List<CollectionTarget> targets) throws SQLException {
        List<AfterStatement> statements = scripts.statements();
        String insert =
                "INSERT INTO sluice.after_migration AS m (pipeline, script, statement, place, sql, checksum) VALUES (?, ?, ?, ?, ?, ?)"
                        + " ON CONFLICT (pipeline, script, statement) DO UPDATE SET place = EXCLUDED.place,"
                        + " state = CASE WHEN m.state IN ('done', 'changed', 'removed')"
                        + " THEN CASE WHEN m.checksum = EXCLUDED.checksum THEN 'done' ELSE 'changed' END"
                        + " WHEN m.checksum = EXCLUDED.checksum THEN m.state ELSE 'pending' END,"
                        + " message = CASE WHEN m.checksum = EXCLUDED.checksum THEN m.message END,"
                        + " sql = CASE WHEN m.state IN ('done', 'changed', 'removed') THEN m.sql ELSE EXCLUDED.sql END,"
                        + " checksum = CASE WHEN m.state IN ('done', 'changed', 'removed') THEN m.checksum"
                        + " ELSE EXCLUDED.checksum END";
        try (PreparedStatement statement = connection.prepareStatement(insert)) {
            for (int i = 0; i < statements.size(); i++) {
                AfterStatement each = statements.get(i);
                bind(statement, each);
                statement.setInt(4, i + 1);
                statement.setString(5, each.sql());
                statement.setString(6, each.checksum());
                statement.addBatch();
            }
            statement.executeBatch();
        }
        gone(
                connection,
                statements,
                "DELETE FROM sluice.after_migration m",
                "m.state IN ('pending', 'running', 'failed')");
        gone(
                connection,
                statements,
                "UPDATE sluice.after_migration m SET state = 'removed'",
                "m.state IN ('done', 'changed')");
        registerTables(connection, targets);
    }

    private void gone(Connection connection, List<AfterStatement> statements, String what, String which)
            throws SQLException {
        String sql = what + " WHERE m.pipeline = ? AND " + which
                + " AND NOT EXISTS (SELECT FROM unnest(?, ?) u (s, n) WHERE u.s = m.script AND u.n = m.statement)";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setArray(
                    2,
                    connection.createArrayOf(
                            "text",
                            statements.stream().map(AfterStatement::script).toArray()));
            statement.setArray(
                    3,
                    connection.createArrayOf(
                            "integer",
                            statements.stream().map(AfterStatement::number).toArray()));
            statement.executeUpdate();
        }
    }

    private void registerTables(Connection connection, List<CollectionTarget> targets) throws SQLException {
        List<String> collections = new ArrayList<>();
        List<String> tables = new ArrayList<>();
        for (CollectionTarget target : targets) {
            for (TableName table : tables(target)) {
                collections.add(target.collection());
                tables.add(table.sql());
            }
        }
        new AnalyzedTables(pipeline).are(connection, collections, tables);
    }

    private static Set<TableName> tables(CollectionTarget target) {
        Set<TableName> tables = new LinkedHashSet<>();
        Stream.concat(Stream.of(target.mapper().shape()), target.mapper().childShapes().stream())
                .forEach(shape -> tables.add(shape.table()));
        return tables;
    }

    /// A statement and what became of it.
    public record Listed(String script, int number, String beginning, State state) {}

    /// What the scripts say now and what was applied, without a change: also before there is a control
    /// schema.
    public List<Listed> list(Connection connection, AfterScripts scripts) throws SQLException {
        Map<String, Listed> stored = new LinkedHashMap<>();
        Map<String, String> checksums = new HashMap<>();
        if (exists(connection)) {
            String sql = "SELECT script, statement, sql, state, checksum FROM sluice.after_migration WHERE pipeline = ?"
                    + " ORDER BY place, script, statement";
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                statement.setString(1, pipeline);
                try (ResultSet row = statement.executeQuery()) {
                    while (row.next()) {
                        Listed listed = new Listed(
                                row.getString(1),
                                row.getInt(2),
                                AfterStatement.beginning(row.getString(3)),
                                State.of(row.getString(4)));
                        stored.put(listed.script() + "/" + listed.number(), listed);
                        checksums.put(listed.script() + "/" + listed.number(), row.getString(5));
                    }
                }
            }
        }
        List<Listed> all = new ArrayList<>();
        for (AfterStatement each : scripts.statements()) {
            String key = each.script() + "/" + each.number();
            Listed before = stored.remove(key);
            State state = before == null ? State.PENDING : before.state();
            all.add(new Listed(
                    each.script(),
                    each.number(),
                    each.beginning(),
                    now(state, each.checksum().equals(checksums.get(key)))));
        }
        stored.values().stream()
                .filter(left -> isApplied(left.state()))
                .map(left -> new Listed(left.script(), left.number(), left.beginning(), State.REMOVED))
                .forEach(all::add);
        return all;
    }

    private static State now(State stored, boolean same) {
        return isApplied(stored) ? (same ? State.DONE : State.CHANGED) : same ? stored : State.PENDING;
    }

    private static boolean isApplied(State state) {
        return switch (state) {
            case DONE, CHANGED, REMOVED -> true;
            case PENDING, RUNNING, FAILED -> false;
        };
    }

    private static boolean exists(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT to_regclass('sluice.after_migration') IS NOT NULL")) {
            row.next();
            return row.getBoolean(1);
        }
    }

    /// Of one statement.
    ///
    /// @return null where the table does not have it
    @Nullable
    State state(Connection connection, AfterStatement of) throws SQLException {
        String sql = "SELECT state FROM sluice.after_migration WHERE pipeline = ? AND script = ? AND statement = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            bind(statement, of);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? State.of(row.getString(1)) : null;
            }
        }
    }

    /// Notes that this session begins it.
    void begin(Connection connection, AfterStatement of) throws SQLException {
        update(
                connection,
                of,
                "state = 'running', session = pg_backend_pid(), started_at = clock_timestamp(), message = NULL");
    }

    /// Notes that it is applied.
    void done(Connection connection, AfterStatement of) throws SQLException {
        update(connection, of, "state = 'done', finished_at = clock_timestamp(), message = NULL");
    }

    /// Notes that it was refused.
    void failed(Connection connection, AfterStatement of, String why) throws SQLException {
        say(connection, of, "failed", why);
    }

    /// Notes what it waits for.
    void waits(Connection connection, AfterStatement of, String what) throws SQLException {
        say(connection, of, "running", what);
    }

    private void say(Connection connection, AfterStatement of, String state, String message) throws SQLException {
        String sql = "UPDATE sluice.after_migration SET state = ?, message = ?"
                + " WHERE pipeline = ? AND script = ? AND statement = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, state);
            statement.setString(2, message);
            statement.setString(3, pipeline);
            statement.setString(4, of.script());
            statement.setInt(5, of.number());
            statement.executeUpdate();
        }
    }

    private void update(Connection connection, AfterStatement of, String set) throws SQLException {
        String sql =
                "UPDATE sluice.after_migration SET " + set + " WHERE pipeline = ? AND script = ? AND statement = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            bind(statement, of);
            statement.executeUpdate();
        }
    }

    private void bind(PreparedStatement statement, AfterStatement of) throws SQLException {
        statement.setString(1, pipeline);
        statement.setString(2, of.script());
        statement.setInt(3, of.number());
    }

    /// How many statements there are of each state that there is.
    public Map<State, Long> counts(Connection connection) throws SQLException {
        Map<State, Long> counts = new EnumMap<>(State.class);
        String sql = "SELECT state, count(*) FROM sluice.after_migration WHERE pipeline = ? GROUP BY state";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    counts.put(State.of(row.getString(1)), row.getLong(2));
                }
            }
        }
        return counts;
    }

    /// The tables of copied collections that were not analyzed since, quoted where that is needed.
    public List<String> notAnalyzed(Connection connection) throws SQLException {
        return new AnalyzedTables(pipeline).missing(connection);
    }

    /// The name of a table as a person writes it.
    static String forPeople(String table) {
        return table.replaceAll("\"([a-z_][a-z0-9_]*)\"", "$1");
    }

    /// PostgreSQL's time.
    String now(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT clock_timestamp()::text")) {
            row.next();
            return row.getString(1);
        }
    }

    /// Notes that a table was analyzed.
    ///
    /// @param at as of when, by [#now]
    void analyzed(Connection connection, String table, String at) throws SQLException {
        new AnalyzedTables(pipeline).analyzed(connection, table, at);
    }

    /// Notes why a table could not be analyzed.
    void notAnalyzed(Connection connection, String table, String why) throws SQLException {
        new AnalyzedTables(pipeline).notAnalyzed(connection, table, why);
    }
}
