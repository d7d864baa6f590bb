package dev.sluice.cutover;

import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.schema.TableName;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/// What tables need before an application writes them in the place of Sluice: sequences past the highest key, and
/// constraints that hold for every row. Every step can be repeated. For one thread, with a connection in auto-commit
/// mode.
public final class TargetHandover {
    /// Defaults (`serial`) depend on their sequence; the sequence of an identity column depends on it.
    private static final String SEQUENCES = """
            SELECT t.oid::regclass::text, quote_ident(a.attname), s.oid::regclass::text, q.seqincrement > 0
            FROM (SELECT ad.adrelid AS rel, ad.adnum::integer AS num, d.refobjid AS seq
                  FROM pg_attrdef ad
                  JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = ad.oid
                                  AND d.refclassid = 'pg_class'::regclass
                  UNION
                  SELECT d.refobjid, d.refobjsubid, d.objid
                  FROM pg_depend d
                  WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
                    AND d.deptype IN ('i', 'a') AND d.refobjsubid > 0) x
            JOIN pg_class t ON t.oid = x.rel
            JOIN pg_attribute a ON a.attrelid = x.rel AND a.attnum = x.num
            JOIN pg_class s ON s.oid = x.seq AND s.relkind = 'S'
            JOIN pg_sequence q ON q.seqrelid = s.oid
            WHERE t.oid = ANY (?::regclass[]) ORDER BY 1, 2
            """;

    private static final String NOT_VALIDATED = """
            SELECT c.conrelid::regclass::text, quote_ident(c.conname)
            FROM pg_constraint c WHERE c.conrelid = ANY (?::regclass[]) AND NOT c.convalidated ORDER BY 1, 2
            """;

    /// `D`: never fires. PostgreSQL's own triggers are those of constraints.
    private static final String DISABLED = """
            SELECT t.tgrelid::regclass::text, quote_ident(t.tgname)
            FROM pg_trigger t WHERE t.tgrelid = ANY (?::regclass[]) AND t.tgenabled = 'D' ORDER BY 1, 2
            """;

    /// A change of the other table makes PostgreSQL change or delete rows here.
    private static final String ACTIONS = """
            SELECT c.conrelid::regclass::text, c.confrelid::regclass::text, quote_ident(c.conname)
            FROM pg_constraint c
            WHERE c.contype = 'f' AND c.conrelid = ANY (?::regclass[]) AND c.confrelid = ANY (?::regclass[])
              AND (c.confdeltype IN ('c', 'n', 'd') OR c.confupdtype IN ('c', 'n', 'd'))
            ORDER BY 1, 3
            """;

    private final Connection connection;
    private final Array tables;

    /// @param tables those that change hands, and exist
    public TargetHandover(Connection connection, Collection<TableName> tables) throws SQLException {
        this.connection = connection;
        this.tables = array(tables);
    }

    /// A part of a table.
    ///
    /// @param table as PostgreSQL writes it
    /// @param name of the constraint or the trigger
    public record Named(String table, String name) {
        @Override
        public String toString() {
            return table + "." + name;
        }
    }

    /// A sequence whose next value would not be free.
    ///
    /// @param column as PostgreSQL writes it
    /// @param ascending whether it counts upwards
    public record Sequence(String table, String column, String name, boolean ascending) {}

    /// A foreign key by which a change of another table changes rows of these.
    public record Action(String table, String otherTable, String constraint) {}

    /// The sequences of the tables' columns.
    public List<Sequence> sequences() throws SQLException {
        List<Sequence> found = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(SEQUENCES)) {
            statement.setArray(1, tables);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    found.add(new Sequence(row.getString(1), row.getString(2), row.getString(3), row.getBoolean(4)));
                }
            }
        }
        return found;
    }

    /// Sets a sequence past the highest value that its column has; never backwards. Not part of a transaction.
    ///
    /// @return whether it was set
    public boolean advance(Sequence sequence) throws SQLException {
        String best = sequence.ascending() ? "max" : "min";
        String beyond = sequence.ascending() ? ">" : "<";
        String sql = "SELECT setval(" + TableName.literal(sequence.name()) + "::regclass, m.best::bigint)"
                + " FROM (SELECT " + best + "(" + sequence.column() + ") AS best FROM " + sequence.table() + ") m, "
                + sequence.name() + " s WHERE m.best " + beyond
                + " s.last_value OR (m.best = s.last_value AND NOT s.is_called)";
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            return row.next();
        }
    }

    /// Constraints that PostgreSQL does not know to hold for every row.
    public List<Named> notValidated() throws SQLException {
        return named(NOT_VALIDATED);
    }

    /// Checks a constraint against every row. Others can read and write the table meanwhile.
    ///
    /// @throws SluiceException when a row does not fit; without its values
    public void validate(Named constraint) {
        try (Statement statement = connection.createStatement()) {
            statement.execute("ALTER TABLE " + constraint.table() + " VALIDATE CONSTRAINT " + constraint.name());
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// Triggers that never fire.
    public List<Named> disabledTriggers() throws SQLException {
        return named(DISABLED);
    }

    /// Foreign keys by which a change of one of the others changes or deletes rows of these.
    public List<Action> actionsFrom(Collection<TableName> others) throws SQLException {
        List<Action> found = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(ACTIONS)) {
            statement.setArray(1, tables);
            statement.setArray(2, array(others));
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    found.add(new Action(row.getString(1), row.getString(2), row.getString(3)));
                }
            }
        }
        return found;
    }

    /// How many rows a table has, counted.
    public long rows(TableName table) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT count(*) FROM " + table.sql())) {
            row.next();
            return row.getLong(1);
        }
    }

    private List<Named> named(String sql) throws SQLException {
        List<Named> found = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setArray(1, tables);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    found.add(new Named(row.getString(1), row.getString(2)));
                }
            }
        }
        return found;
    }

    private Array array(Collection<TableName> names) throws SQLException {
        return connection.createArrayOf(
                "text", names.stream().map(TableName::sql).toArray());
    }
}
