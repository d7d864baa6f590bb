package dev.sluice.control;

import dev.sluice.failure.Failures;
import dev.sluice.postgres.PostgresConnector;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/// Removes Sluice's schema, once nothing is left to do. The application's tables stay, and so do the histories of their
/// migrations. For one thread.
public final class ControlSchema {
    private static final String STILL_FOLLOWED = """
            SELECT pipeline || ': the writes of ' || string_agg(collection, ', ' ORDER BY collection)
                   || ' have not moved to PostgreSQL.'
            FROM (SELECT pipeline, collection FROM sluice.watermark UNION SELECT pipeline, collection FROM sluice.backfill) c
            WHERE NOT sluice.writes_moved(pipeline, collection)
              AND NOT EXISTS (SELECT FROM sluice.left_collection l
                              WHERE l.pipeline = c.pipeline AND l.collection = c.collection)
            GROUP BY pipeline ORDER BY pipeline
            """;

    /// A view on a table of ours, for example, which would go with it.
    private static final String DEPENDENTS = """
            SELECT DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid) || ' uses the schema sluice.'
            FROM pg_depend d
            CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) o
            WHERE d.deptype IN ('n', 'a')
              AND (d.refclassid = 'pg_class'::regclass
                       AND d.refobjid IN (SELECT oid FROM pg_class WHERE relnamespace = 'sluice'::regnamespace)
                   OR d.refclassid = 'pg_proc'::regclass
                       AND d.refobjid IN (SELECT oid FROM pg_proc WHERE pronamespace = 'sluice'::regnamespace)
                   OR d.refclassid = 'pg_type'::regclass
                       AND d.refobjid IN (SELECT oid FROM pg_type WHERE typnamespace = 'sluice'::regnamespace))
              AND coalesce(o.schema, '') <> 'sluice' AND o.identity !~ '(^|[ (])sluice\\.'
            """;

    private final PostgresConnector connector;

    public ControlSchema(PostgresConnector connector) {
        this.connector = connector;
    }

    /// Why it can't be removed, in sentences; none where it can.
    ///
    /// @throws dev.sluice.failure.SluiceException when PostgreSQL can't be asked
    public List<String> obstacles() {
        try (Connection connection = connector.open()) {
            List<String> found = new ArrayList<>(texts(connection, STILL_FOLLOWED));
            found.addAll(texts(connection, DEPENDENTS));
            return found;
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// Drops the schema.
    public void drop() {
        try (Connection connection = connector.open();
                Statement statement = connection.createStatement()) {
            statement.execute("DROP SCHEMA sluice CASCADE");
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    private static List<String> texts(Connection connection, String sql) throws SQLException {
        List<String> found = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            while (row.next()) {
                found.add(row.getString(1));
            }
        }
        return found;
    }
}
