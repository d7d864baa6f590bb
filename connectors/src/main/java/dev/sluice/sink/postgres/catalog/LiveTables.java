package dev.sluice.sink.postgres.catalog;

import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.TableName;
import dev.sluice.sql.RoundTrip;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Properties of the target's tables that writing depends on: casts, triggers, foreign keys, key columns.
public final class LiveTables {
    /// Each look-up by itself, and the table's first, so that indexes are used: this runs in each
    /// transaction that writes. Of triggers of updates, functions in C are left out: those that are common, as
    /// moddatetime, set the columns that they are told. Beside it, how many triggers could undo what is
    /// written, see [ActingTriggers]. tgtype: 1 row, 2 before, 4 insert, 8 delete, 16 update.
    private static final String WATCHED = """
            SELECT k.place, m.merging, m.acting FROM (VALUES %%s) k (place, tab, col)
            CROSS JOIN LATERAL (SELECT attrelid, attnum, atttypid, atttypmod, attcollation, lower(attname) AS name
              FROM pg_attribute WHERE attrelid = to_regclass(k.tab) AND attname = k.col OFFSET 0) a
            CROSS JOIN LATERAL (SELECT
              NOT coalesce((SELECT collisdeterministic FROM pg_collation WHERE oid = a.attcollation), true)
              OR NOT (SELECT typname IN ('text', 'uuid', 'int8', 'int4', 'int2')
                        OR (typname IN ('varchar', 'numeric') AND a.atttypmod < 0) FROM pg_type WHERE oid = a.atttypid)
              OR EXISTS (SELECT FROM pg_index i CROSS JOIN unnest(i.indcollation) c (oid)
                WHERE i.indrelid = a.attrelid AND i.indisunique AND a.attnum = ANY (i.indkey)
                AND NOT coalesce((SELECT collisdeterministic FROM pg_collation x WHERE x.oid = c.oid), true))
              OR EXISTS (SELECT FROM pg_trigger g JOIN pg_proc p ON p.oid = g.tgfoid
                JOIN pg_language l ON l.oid = p.prolang WHERE g.tgrelid IN %1$s AND %2$s AND g.tgtype & 3 = 3
                AND (g.tgtype & 4 <> 0 OR (g.tgtype & 16 <> 0 AND l.lanname NOT IN ('c', 'internal')))
                AND (l.lanname <> 'plpgsql' OR strpos(lower(p.prosrc), 'new.' || a.name) > 0
                     OR strpos(lower(p.prosrc), 'new."' || a.name) > 0))
              OR EXISTS (SELECT FROM pg_rewrite w WHERE w.ev_class = a.attrelid AND w.ev_type IN ('2', '3', '4')
                AND w.is_instead AND %3$s) AS merging,
              (SELECT count(*) FROM pg_trigger g WHERE g.tgrelid IN %1$s AND %2$s
                AND g.tgtype & 3 <> 2 AND g.tgtype & 28 <> 0)::int AS acting OFFSET 0) m
            WHERE (m.merging OR m.acting > 0)""".formatted(Acting.relations("a.attrelid"), Acting.TRIGGER, Acting.RULE);

    private final Connection connection;
    private final TableReader reader;
    private final Set<TableName> withoutTriggers = new HashSet<>();

    public LiveTables(Connection connection) {
        this.connection = connection;
        this.reader = new TableReader(connection);
    }

    /// The columns of a table, by their numbers in the shape, whose values are not assigned as they are. A key is: rows
    /// are found by it as the mapping has it.
    public SortedMap<Integer, ValueCast> casts(TableShape shape) throws SQLException {
        Map<String, LiveTable.Holds> holds = reader.holds(shape.table());
        SortedMap<Integer, ValueCast> casts = new TreeMap<>();
        for (int i = shape.keyColumns(); i < shape.columns().size(); i++) {
            TableShape.Column column = shape.columns().get(i);
            Optional<ValueCast> cast = ValueCast.of(reader, column, holds.get(column.name()));
            if (cast.isPresent()) {
                casts.put(i, cast.get());
            }
        }
        return casts;
    }

    /// The columns of a table, by their numbers in the shape, whose values are assigned as they are to a type that
    /// does not hold all of them: shorter text, smaller numbers. PostgreSQL refuses such a row.
    public SortedMap<Integer, ValueCast> narrower(TableShape shape) throws SQLException {
        Map<String, LiveTable.Holds> holds = reader.holds(shape.table());
        Set<Integer> casts = casts(shape).keySet();
        SortedMap<Integer, ValueCast> narrower = new TreeMap<>();
        for (int i = shape.keyColumns(); i < shape.columns().size(); i++) {
            TableShape.Column column = shape.columns().get(i);
            LiveTable.Holds held = holds.get(column.name());
            if (held != null && !casts.contains(i) && column.reference() == null && column.lookup() == null) {
                Optional<ValueCast> cast = ValueCast.toNarrower(column.type(), held.value());
                if (cast.isPresent()) {
                    narrower.put(i, cast.get());
                }
            }
        }
        return narrower;
    }

    /// What the table's triggers make of the values that Sluice writes.
    public TriggerEffects triggers(TableShape shape, List<String> conflict) throws SQLException {
        if (withoutTriggers.contains(shape.table())) {
            return TriggerEffects.NONE;
        }
        return new TriggerTrial(connection).of(shape, conflict);
    }

    /// Whether a foreign key of the column holds the row it refers to.
    public boolean isForeignKey(TableName table, String column) throws SQLException {
        String sql = "SELECT EXISTS (SELECT FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid"
                + " AND a.attnum = ANY (k.conkey) WHERE k.contype = 'f' AND k.conrelid = to_regclass(?) AND a.attname = ?)";
        return isTrue(sql, table.sql(), column);
    }

    /// Whether each row is known to have the key it was written with, and no other: [#mergingKeys] says when not.
    public boolean keepsKeys(TableShape shape) throws SQLException {
        return mergingKeys(List.of(shape)).isEmpty();
    }

    /// Those of the tables of which it is not known that each row has the key it was written with, and no
    /// other. It is known where the key's type and collation keep keys apart, no unique index on the same
    /// columns takes two for one, no trigger's text assigns the key, and no rule does something instead of what
    /// is written. A table or column that is missing is not among them.
    ///
    /// A transaction that has written into a table holds a lock that keeps its columns, indexes and triggers
    /// as they are, so what this says at its end was so when it wrote.
    Set<TableName> mergingKeys(Collection<TableShape> shapes) throws SQLException {
        return watch(shapes).merging();
    }

    /// @param merging as [#mergingKeys] has them
    /// @param acting how many triggers of a table may undo what is written; without tables that have
    ///     none
    public record Watched(Set<TableName> merging, Map<TableName, Integer> acting) {}

    /// Of no table.
    public static final Watched NOTHING = new Watched(Set.of(), Map.of());

    /// What a transaction that has written takes for granted of the tables, with the lock that it holds.
    public Watched watch(Collection<TableShape> shapes) throws SQLException {
        List<TableShape> asked = List.copyOf(shapes);
        Watched[] answer = {NOTHING};
        if (!asked.isEmpty()) {
            Watch watch = watchOf(asked);
            BitSet all = new BitSet();
            all.set(0, asked.size());
            RoundTrip.send(connection, List.of(watch.asking(all, watched -> answer[0] = watched)));
        }
        return answer[0];
    }

    /// The same for tables that a session begins with, so that [#triggers] and [#acting] need not ask about each.
    public Watched beginWith(Collection<TableShape> shapes) throws SQLException {
        Watched watched = watch(shapes);
        for (TableShape shape : shapes) {
            if (!watched.acting().containsKey(shape.table())) {
                withoutTriggers.add(shape.table());
            }
        }
        return watched;
    }

    /// What a table's triggers may undo.
    public ActingTriggers acting(TableName table) throws SQLException {
        return withoutTriggers.contains(table) ? ActingTriggers.NONE : ActingTriggers.of(connection, table);
    }

    /// Makes what asks for some of these tables, again and again.
    public Watch watchOf(List<TableShape> shapes) {
        // The tables are in the text, so that PostgreSQL plans it once: planning takes longer than looking.
        String keys = IntStream.range(0, shapes.size())
                .mapToObj(i -> "(" + i + ", "
                        + TableName.literal(shapes.get(i).table().sql()) + ", "
                        + TableName.literal(shapes.get(i).columns().getFirst().name()) + ")")
                .collect(Collectors.joining(", "));
        return new Watch(WATCHED.formatted(keys) + " AND k.place = ANY (?)", List.copyOf(shapes));
    }

    /// Takes an answer.
    @FunctionalInterface
    public interface Taker {
        void take(Watched watched) throws SQLException;
    }

    /// Asks what a transaction takes for granted of the tables into which it has written.
    public final class Watch {
        private final String sql;
        private final List<TableShape> shapes;

        private Watch(String sql, List<TableShape> shapes) {
            this.sql = sql;
            this.shapes = shapes;
        }

        /// @param asked the tables, by their numbers
        public RoundTrip.Query asking(BitSet asked, Taker taker) {
            return new RoundTrip.Query(
                    sql,
                    (statement, first) -> {
                        Object[] places = asked.stream().boxed().toArray();
                        statement.setArray(first, connection.createArrayOf("int4", places));
                        return first + 1;
                    },
                    rows -> taker.take(read(rows)));
        }

        private Watched read(ResultSet rows) throws SQLException {
            Watched watched = new Watched(new HashSet<>(), new HashMap<>());
            while (rows.next()) {
                TableName table = shapes.get(rows.getInt(1)).table();
                if (rows.getBoolean(2)) {
                    watched.merging().add(table);
                }
                if (rows.getInt(3) > 0) {
                    watched.acting().put(table, rows.getInt(3));
                }
            }
            return watched;
        }
    }

    /// Whether binary COPY can write rows straight into the table: its columns have the very types that
    /// rows are encoded for, and nothing stands before it that COPY does not pass through (rules, row
    /// security, views).
    public boolean takesCopy(TableShape shape) throws SQLException {
        String plain = "SELECT EXISTS (SELECT FROM pg_class WHERE oid = to_regclass(?) AND relkind IN ('r', 'p')"
                + " AND NOT relrowsecurity AND NOT relhasrules)";
        if (!isTrue(plain, shape.table().sql())) {
            return false;
        }
        Map<String, String> types = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement("SELECT a.attname, t.typname FROM pg_attribute a"
                + " JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = to_regclass(?) AND a.attnum > 0"
                + " AND NOT a.attisdropped")) {
            statement.setString(1, shape.table().sql());
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    types.put(row.getString(1), row.getString(2));
                }
            }
        }
        return shape.columns().stream()
                .allMatch(c -> c.reference() == null
                        && c.lookup() == null
                        && encodings(c.type()).contains(types.getOrDefault(c.name(), "")));
    }

    /// The types, as `pg_type` names them, whose binary form is the one that rows of a column have.
    private static Set<String> encodings(ColumnType type) {
        return switch (type) {
            case ColumnType.Text t -> Set.of("text", "varchar");
            case ColumnType.Varchar v -> Set.of("text", "varchar");
            case ColumnType.Citext c -> Set.of("citext");
            case ColumnType.Bool b -> Set.of("bool");
            case ColumnType.Int i -> Set.of("int" + i.bytes());
            case ColumnType.DoublePrecision d -> Set.of("float8");
            case ColumnType.Numeric n -> Set.of("numeric");
            case ColumnType.Timestamptz t -> Set.of("timestamptz");
            case ColumnType.Date d -> Set.of("date");
            case ColumnType.Uuid u -> Set.of("uuid");
            case ColumnType.Bytea b -> Set.of("bytea");
            case ColumnType.Jsonb j -> Set.of("jsonb");
            // Carried as text.
            case ColumnType.Inet i -> Set.of();
            case ColumnType.Postgres p -> Set.of();
            case ColumnType.Array(ColumnType element) ->
                switch (element) {
                    // An array names its elements' type.
                    case ColumnType.Text t -> Set.of("_text");
                    case ColumnType.Varchar v -> Set.of("_varchar");
                    case ColumnType.Citext c -> Set.of();
                    case ColumnType.Inet i -> Set.of();
                    case ColumnType.Postgres p -> Set.of();
                    case ColumnType.Array a -> Set.of();
                    case ColumnType.Bool b -> Set.of("_bool");
                    case ColumnType.Int i -> Set.of("_int" + i.bytes());
                    case ColumnType.DoublePrecision d -> Set.of("_float8");
                    case ColumnType.Numeric n -> Set.of("_numeric");
                    case ColumnType.Timestamptz t -> Set.of("_timestamptz");
                    case ColumnType.Date d -> Set.of("_date");
                    case ColumnType.Uuid u -> Set.of("_uuid");
                    case ColumnType.Bytea b -> Set.of("_bytea");
                    case ColumnType.Jsonb j -> Set.of("_jsonb");
                };
        };
    }

    /// The types of a table's columns as PostgreSQL writes them.
    public Map<String, String> types(TableName table) throws SQLException {
        Map<String, String> types = new HashMap<>();
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
                        + " WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped")) {
            statement.setString(1, table.sql());
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    types.put(row.getString(1), row.getString(2));
                }
            }
        }
        return types;
    }

    private boolean isTrue(String sql, String... parameters) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < parameters.length; i++) {
                statement.setString(i + 1, parameters[i]);
            }
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }
}
