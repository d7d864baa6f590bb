package dev.sluice.control;

import dev.sluice.failure.Failures;
import dev.sluice.positions.Transaction;
import dev.sluice.postgres.FinishMark;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.schema.TableName;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Removes Sluice's schema, once nothing is left to do. The application's tables stay, each with a line
/// in its comment that keeps Sluice from them ([FinishMark]), and so do the histories of their
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

    /// The tables of which certificates were made, as far as they are still there.
    private static final String TABLES = """
            SELECT DISTINCT ON (n.nspname, c.relname) n.nspname, c.relname, obj_description(c.oid, 'pg_class'),
                   pg_has_role(c.relowner, 'USAGE'), m.moved_at, m.pipeline
            FROM sluice.moved_writes m
            CROSS JOIN LATERAL jsonb_object_keys(coalesce(m.certificate -> 'rows', '{}')) t (name)
            JOIN pg_class c ON c.relkind IN ('r', 'p')
            JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname || '.' || c.relname = t.name
            ORDER BY 1, 2, m.moved_at
            """;

    private static final String SLOTS = """
            SELECT s.slot_name FROM pg_replication_slots s
            WHERE s.slot_name IN (SELECT m.certificate ->> 'slot' FROM sluice.moved_writes m) ORDER BY 1
            """;

    private static final String BLOCK = "SELECT 'on' FROM sluice.unfinished WHERE what = 'write_block'";

    private final PostgresConnector connector;

    /// @param comment null where it has none
    /// @param mayComment whether the role is its owner, or may act as the owner
    private record Left(
            TableName name, @Nullable String comment, boolean mayComment, Instant movedAt, String pipeline) {
        boolean isMarked() {
            return FinishMark.in(comment).isPresent();
        }

        String mark() {
            return FinishMark.add(name, comment, movedAt, pipeline);
        }
    }

    /// What was done.
    ///
    /// @param tables whose comments say now that the application writes them
    /// @param slots that were made at a move, are still there, and stay
    /// @param stillBlocked whether MongoDB refuses all writes, as finish made it do
    public record Removed(List<String> tables, List<String> slots, boolean stillBlocked) {
        public Removed {
            tables = List.copyOf(tables);
            slots = List.copyOf(slots);
        }
    }

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
            tables(connection).stream()
                    .filter(table -> !table.isMarked() && !table.mayComment())
                    .forEach(table -> found.add(table.name()
                            + ": its comment has to say that the application writes it now, so that Sluice never does again,"
                            + " and only its owner may write that. As its owner: " + table.mark() + ";"));
            return found;
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// Drops the schema, and marks the tables; both or none.
    ///
    /// @throws dev.sluice.failure.SluiceException when PostgreSQL can't be asked or refuses; then
    ///     nothing has changed
    public Removed drop() {
        try (Connection connection = connector.open()) {
            return Transaction.call(connection, () -> removeFrom(connection));
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    private static Removed removeFrom(Connection connection) throws SQLException {
        List<Left> tables = tables(connection);
        List<String> slots = texts(connection, SLOTS);
        boolean blocked = !texts(connection, BLOCK).isEmpty();
        try (Statement statement = connection.createStatement()) {
            for (Left table : tables) {
                if (!table.isMarked()) {
                    statement.execute(table.mark());
                }
            }
            statement.execute("DROP SCHEMA sluice CASCADE");
        }
        return new Removed(tables.stream().map(table -> table.name().toString()).toList(), slots, blocked);
    }

    private static List<Left> tables(Connection connection) throws SQLException {
        List<Left> found = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(TABLES)) {
            while (row.next()) {
                found.add(new Left(
                        new TableName(row.getString(1), row.getString(2)),
                        row.getString(3),
                        row.getBoolean(4),
                        row.getObject(5, OffsetDateTime.class).toInstant(),
                        row.getString(6)));
            }
        }
        return found;
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
