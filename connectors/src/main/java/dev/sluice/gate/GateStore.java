package dev.sluice.gate;

import dev.sluice.gate.Gate.Condition;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Asks and feeds the gates of a pipeline. Every method works in the caller's transaction. Any thread, each with
/// a connection of its own.
public final class GateStore {
    private static final String ALL = "*";

    private final String pipeline;

    public GateStore(String pipeline) {
        this.pipeline = pipeline;
    }

    /// What only a running process can measure.
    ///
    /// @param headroomSeconds how much further back the oplog reaches than the position; infinite where it has
    ///     dropped nothing yet, null when unknown
    /// @param sourceSeconds how long ago MongoDB last answered
    /// @param rechecks by collection, documents written since its last full verification and not compared again;
    ///     a collection of which that is not known is not in it
    public record Measured(@Nullable Double headroomSeconds, double sourceSeconds, Map<String, Long> rechecks) {
        public Measured {
            rechecks = Map.copyOf(rechecks);
        }
    }

    /// The gates of the collections that the pipeline has ever followed, by collection.
    ///
    /// @param collection null for all
    public Map<String, Gate> gates(Connection connection, @Nullable String collection) throws SQLException {
        Map<String, List<Condition>> conditions = new LinkedHashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT collection, condition, met, value, max_value, unit, reason FROM sluice.gate(?, ?)")) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    conditions
                            .computeIfAbsent(row.getString(1), c -> new ArrayList<>())
                            .add(new Condition(
                                    row.getString(2),
                                    row.getBoolean(3),
                                    (Double) row.getObject(4),
                                    (Double) row.getObject(5),
                                    row.getString(6),
                                    row.getString(7)));
                }
            }
        }
        Map<String, Gate> gates = new LinkedHashMap<>();
        conditions.forEach((name, all) -> gates.put(name, Gate.of(name, all)));
        return gates;
    }

    /// The gates of some collections, in their order: shut for one that the pipeline has never followed.
    public Map<String, Gate> of(Connection connection, Collection<String> collections) throws SQLException {
        Map<String, Gate> known = gates(
                connection, collections.size() == 1 ? collections.iterator().next() : null);
        Map<String, Gate> all = new LinkedHashMap<>();
        for (String collection : collections) {
            Gate gate = known.get(collection);
            all.put(
                    collection,
                    gate == null
                            ? Gate.shut(collection, "copied", "No process has followed it yet. Start `sluice run`.")
                            : gate);
        }
        return all;
    }

    /// Stores what was measured, by one statement: nothing is left half told where the connection breaks off.
    public void measured(Connection connection, Measured measured) throws SQLException {
        Map<String, Long> rechecks = measured.rechecks();
        List<String> collections = new ArrayList<>(List.of(ALL, ALL));
        List<String> measures = new ArrayList<>(List.of("headroom", "source"));
        List<@Nullable Double> values = new ArrayList<>();
        values.add(measured.headroomSeconds());
        values.add(measured.sourceSeconds());
        rechecks.forEach((collection, documents) -> {
            collections.add(collection);
            measures.add("rechecks");
            values.add(documents.doubleValue());
        });
        String sql = "INSERT INTO sluice.measurement (pipeline, collection, measure, value)"
                + " SELECT ?, m.* FROM unnest(?, ?, ?) m"
                + " ON CONFLICT (pipeline, collection, measure) DO UPDATE SET value = EXCLUDED.value,"
                + " measured_at = EXCLUDED.measured_at";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setArray(2, connection.createArrayOf("text", collections.toArray()));
            statement.setArray(3, connection.createArrayOf("text", measures.toArray()));
            statement.setArray(4, connection.createArrayOf("float8", values.toArray()));
            statement.executeUpdate();
        }
    }

    /// Sets no limit for a condition, for all collections of the pipeline: it is met from now on.
    public void waive(Connection connection, String condition) throws SQLException {
        String sql =
                "INSERT INTO sluice.gate_limit (pipeline, collection, condition, max_value) VALUES (?, ?, ?, NULL)";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, ALL);
            statement.setString(3, condition);
            statement.executeUpdate();
        }
    }

    /// Notes which conditions are not met now.
    public void observe(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT sluice.gate_observe(?)")) {
            statement.setString(1, pipeline);
            statement.execute();
        }
    }
}
