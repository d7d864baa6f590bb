package dev.sluice.sink.postgres.staging;

import dev.sluice.bson.ExactBson;
import dev.sluice.failure.SluiceException;
import dev.sluice.mapping.KeyResult;
import dev.sluice.mapping.row.TableShape;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Reference.Orphan;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.copy.EncodedRows;
import dev.sluice.sink.postgres.table.CollectionTables;
import dev.sluice.sink.postgres.table.Duplicates;
import dev.sluice.sink.postgres.table.Link;
import dev.sluice.sink.postgres.table.Link.Links;
import dev.sluice.sink.postgres.table.RowCopy;
import dev.sluice.sink.postgres.table.TableSql;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.Set;
import java.util.stream.Collectors;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Which documents of collections would have no row because of other rows, were these collections copied: those
/// that refer to a row that would not be there, and those whose row another document would have. By the SQL that
/// the sink decides by, over temporary tables; no table of the target is written.
///
/// In place of each table that is referred to stands a view of the rows that it has and of those that it would
/// get. So a collection comes after those that it refers to, see [#inOrder]. Of collections that refer to each
/// other in a circle, the first is judged by the rows that the others have already. For one thread.
public final class OtherRows implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OtherRows.class);
    private static final String SCHEMA = "pg_temp";

    private final Connection connection;
    private final Map<TableName, StandIn> standIns = new HashMap<>();
    private final SequencedMap<Integer, Staged> staged = new LinkedHashMap<>();

    /// A table that is referred to.
    ///
    /// @param more the table of the rows that it would get
    /// @param view of all its rows
    /// @param types of its columns that matter, by name
    private record StandIn(TableName more, TableName view, SequencedMap<String, String> types) {}

    /// A collection whose documents are judged, or referred to by those of others.
    ///
    /// @param counts the table of how many child rows each document has
    /// @param rows maps its documents
    private record Staged(CollectionTarget target, CollectionTables tables, TableShape counts, ChunkRows rows) {
        TableSql own() {
            return tables.own();
        }
    }

    private OtherRows(Connection connection) {
        this.connection = connection;
    }

    /// Whether documents of the collection may have no row because of other rows.
    public static boolean concerns(CollectionTarget target) {
        return target.mapping().dedupe() != null || own(target).stream().anyMatch(link -> link.policy() == Orphan.SKIP);
    }

    private static List<Link> own(CollectionTarget target) {
        return new Links(List.of(target))
                .of(target).stream().filter(link -> link.child() < 0).toList();
    }

    /// @param chosen the collections that would be copied
    /// @return null where the result can't be known: tables do not exist yet, or the target can't be asked or
    ///     refuses temporary tables
    public static @Nullable OtherRows open(PostgresConnector connector, List<CollectionTarget> chosen) {
        try {
            Connection connection = connector.openForLongWork();
            try {
                OtherRows others = new OtherRows(connection);
                others.prepare(chosen);
                return others;
            } catch (SQLException e) {
                connection.close();
                throw e;
            }
        } catch (SQLException | SluiceException notToBeAsked) {
            LOG.debug("Which documents would have no row because of others is not known", notToBeAsked);
            return null;
        }
    }

    private void prepare(List<CollectionTarget> chosen) throws SQLException {
        Map<TableName, SequencedSet<String>> columns = new LinkedHashMap<>();
        for (CollectionTarget target : chosen) {
            if (concerns(target)) {
                for (Link link : own(target)) {
                    SequencedSet<String> names = columns.computeIfAbsent(link.to(), t -> new LinkedHashSet<>());
                    names.add(link.match());
                    names.addAll(link.and().keySet());
                    names.add(link.take());
                }
            }
        }
        for (Map.Entry<TableName, SequencedSet<String>> table : columns.entrySet()) {
            standIns.put(table.getKey(), standIn(table.getKey(), table.getValue()));
        }
        for (CollectionTarget target : chosen) {
            if (concerns(target) || columns.containsKey(target.mapping().table())) {
                stage(target);
            }
        }
    }

    private StandIn standIn(TableName table, Set<String> columns) throws SQLException {
        TableName more = new TableName(SCHEMA, "sluice_more_" + standIns.size());
        TableName view = new TableName(SCHEMA, "sluice_there_" + standIns.size());
        String names = columns.stream().map(TableName::quote).collect(Collectors.joining(", "));
        execute("CREATE TEMP TABLE " + TableName.quote(more.table()) + " AS SELECT " + names + " FROM " + table.sql()
                + " WITH NO DATA");
        execute("CREATE TEMP VIEW " + TableName.quote(view.table()) + " AS SELECT " + names + " FROM " + table.sql()
                + " UNION ALL SELECT " + names + " FROM " + more.sql());
        SequencedMap<String, String> types = new LinkedHashMap<>();
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT attname, format_type(atttypid, atttypmod) FROM"
                        + " pg_attribute WHERE attrelid = " + TableName.literal(more.sql())
                        + "::regclass AND attnum > 0 ORDER BY attnum")) {
            while (row.next()) {
                types.put(row.getString(1), row.getString(2));
            }
        }
        return new StandIn(more, view, types);
    }

    private void stage(CollectionTarget target) throws SQLException {
        TableSql own = CollectionTables.of(target, "sluice_other_", connection)
                .own()
                .referringTo(
                        table -> {
                            StandIn standIn = standIns.get(table);
                            return standIn == null ? table : standIn.view();
                        },
                        "sluice_other_" + target.index());
        execute(own.createLastingStaging());
        List<TableShape.Column> columns = new ArrayList<>();
        columns.add(own.shape().columns().getFirst());
        for (int child = 0; child < target.mapper().childShapes().size(); child++) {
            columns.add(TableShape.Column.plain("c" + child, new ColumnType.Int(8)));
        }
        TableShape counts =
                new TableShape(new TableName(SCHEMA, "sluice_other_" + target.index() + "_children"), 1, columns);
        execute("CREATE TEMP TABLE " + TableName.quote(counts.table().table()) + " ("
                + columns.stream()
                        .map(c -> TableName.quote(c.name()) + " " + TableSql.stagingType(c.type()))
                        .collect(Collectors.joining(", "))
                + ")");
        staged.put(
                target.index(),
                new Staged(target, new CollectionTables(own, List.of()), counts, new ChunkRows(target)));
    }

    /// The collections in an order in which they can be judged one after the other: each behind those that it
    /// refers to, else as they were.
    public static List<CollectionTarget> inOrder(List<CollectionTarget> chosen) {
        SequencedSet<CollectionTarget> ordered = new LinkedHashSet<>();
        chosen.forEach(target -> place(target, chosen, ordered, new LinkedHashSet<>()));
        return List.copyOf(ordered);
    }

    private static void place(
            CollectionTarget target,
            List<CollectionTarget> chosen,
            Set<CollectionTarget> ordered,
            Set<CollectionTarget> above) {
        if (ordered.contains(target) || !above.add(target)) {
            return;
        }
        for (Link link : own(target)) {
            for (CollectionTarget other : chosen) {
                if (other.mapping().table().equals(link.to())) {
                    place(other, chosen, ordered, above);
                }
            }
        }
        ordered.add(target);
    }

    /// Whether the documents of the collection are to be added.
    public boolean takes(CollectionTarget target) {
        return staged.containsKey(target.index());
    }

    /// A document that would have a row as far as it tells itself.
    ///
    /// @param children how many rows it has in each child table
    public record Landing(RawBsonDocument document, List<Long> children) {
        public Landing {
            children = List.copyOf(children);
        }
    }

    /// Adds documents.
    public void add(CollectionTarget target, List<Landing> documents) throws SQLException {
        Staged of = of(target);
        EncodedRows counts = new EncodedRows(List.of(of.counts()));
        for (Landing landing : documents) {
            if (target.mapper().key(ExactBson.id(landing.document())) instanceof KeyResult.Key(Object key)) {
                @Nullable
                Object[] count = new @Nullable Object[1 + landing.children().size()];
                count[0] = key;
                for (int child = 0; child < landing.children().size(); child++) {
                    count[child + 1] = landing.children().get(child);
                }
                counts.addRow(0, count);
            }
        }
        ChunkRows rows = of.rows();
        rows.map(documents.stream().map(Landing::document).toList());
        RowCopy.copy(connection, of.own().copyIntoStaging(), rows.encoded(), 0, rows.without(Set.of()));
        rows.clear();
        RowCopy.copy(connection, "COPY " + of.counts().table().sql() + " FROM STDIN (FORMAT binary)", counts, 0, null);
    }

    /// Documents that would have no row because of others.
    ///
    /// @param waiting until the row comes that they refer to
    /// @param deduplicated since another document has the row
    /// @param childRows the rows that they would have had in each child table
    public record Lost(long waiting, long deduplicated, List<Long> childRows) {
        public Lost {
            childRows = List.copyOf(childRows);
        }
    }

    /// Judges the documents of a collection, all of which are added, and forgets them.
    ///
    /// @return empty where the result can't be known
    public Optional<Lost> judge(CollectionTarget target) {
        Staged of = of(target);
        try {
            execute("ANALYZE " + of.own().staging());
            String orphans = orphans(of);
            long waiting = 0;
            if (orphans != null) {
                while (refersToItself(of) && provide(of, orphans) > 0) {
                    LOG.debug("{}: further rows that rows of the same table refer to", target.collection());
                }
                waiting = execute("DELETE FROM " + of.own().staging() + " s WHERE " + orphans);
            }
            Duplicates duplicates = Duplicates.of(target, of.own().shape());
            long deduplicated = duplicates == null
                    ? 0
                    : execute("DELETE FROM " + of.own().staging() + " WHERE "
                            + of.own().keyName()
                            + " IN (SELECT key FROM (" + duplicates.ranked(of.own(), false)
                            + ") ranked WHERE rank > 1)");
            provide(of, null);
            Lost lost = new Lost(waiting, deduplicated, lostChildren(of));
            execute("DROP TABLE " + of.own().staging() + ", "
                    + of.counts().table().sql());
            return Optional.of(lost);
        } catch (SQLException e) {
            LOG.debug("{}: which documents would have no row because of others is not known", target.collection(), e);
            return Optional.empty();
        }
    }

    /// The condition that a staged row refers to a row without which it is not to be; null where none does.
    private static @Nullable String orphans(Staged of) {
        List<String> conditions = new Links(List.of(of.target()), t -> of.tables())
                .of(of.target()).stream()
                        .filter(link -> link.policy() == Orphan.SKIP)
                        .map(link -> "(" + link.isOrphan("s." + TableName.quote(link.own()), "s") + ")")
                        .toList();
        return conditions.isEmpty() ? null : String.join(" OR ", conditions);
    }

    private static boolean refersToItself(Staged of) {
        return own(of.target()).stream()
                .anyMatch(link -> link.policy() == Orphan.SKIP
                        && link.to().equals(of.target().mapping().table()));
    }

    /// Adds the staged rows to those that the table would have, as far as they are referred to.
    ///
    /// @param without the condition of those that are not added; null to add all
    /// @return how many were added
    private long provide(Staged of, @Nullable String without) throws SQLException {
        StandIn standIn = standIns.get(of.target().mapping().table());
        if (standIn == null) {
            return 0;
        }
        Map<String, TableShape.Column> columns = new HashMap<>();
        of.own().shape().columns().forEach(c -> columns.put(c.name(), c));
        List<String> there =
                standIn.types().keySet().stream().filter(columns::containsKey).toList();
        if (there.isEmpty()) {
            return 0;
        }
        String names = there.stream().map(TableName::quote).collect(Collectors.joining(", "));
        String values = there.stream()
                .map(name -> TableSql.value(column(columns, name), "s") + "::"
                        + standIn.types().get(name) + " AS " + TableName.quote(name))
                .collect(Collectors.joining(", "));
        String same = there.stream()
                .map(name -> "r." + TableName.quote(name) + " IS NOT DISTINCT FROM v." + TableName.quote(name))
                .collect(Collectors.joining(" AND "));
        long added = execute("INSERT INTO " + standIn.more().sql() + " (" + names + ") SELECT DISTINCT " + names
                + " FROM (SELECT " + values + " FROM " + of.own().staging() + " s"
                + (without == null ? "" : " WHERE (" + without + ") IS NOT TRUE") + ") v WHERE NOT EXISTS (SELECT FROM "
                + standIn.view().sql() + " r WHERE " + same + ")");
        execute("ANALYZE " + standIn.more().sql());
        return added;
    }

    private static TableShape.Column column(Map<String, TableShape.Column> columns, String name) {
        TableShape.Column column = columns.get(name);
        if (column == null) {
            throw new IllegalStateException("only columns that are there are asked for");
        }
        return column;
    }

    private List<Long> lostChildren(Staged of) throws SQLException {
        int children = of.counts().columns().size() - 1;
        List<Long> lost = new ArrayList<>();
        if (children == 0) {
            return lost;
        }
        String key = TableName.quote(of.counts().columns().getFirst().name());
        StringBuilder sums = new StringBuilder();
        for (int child = 0; child < children; child++) {
            sums.append(child == 0 ? "" : ", ").append("coalesce(sum(c" + child + "), 0)::bigint");
        }
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT " + sums + " FROM "
                        + of.counts().table().sql() + " c WHERE NOT EXISTS (SELECT FROM "
                        + of.own().staging() + " s WHERE s." + of.own().keyName() + " = c." + key + ")")) {
            row.next();
            for (int child = 0; child < children; child++) {
                lost.add(row.getLong(child + 1));
            }
        }
        return lost;
    }

    private Staged of(CollectionTarget target) {
        Staged of = staged.get(target.index());
        if (of == null) {
            throw new IllegalArgumentException(target.collection() + " is not judged here");
        }
        return of;
    }

    private long execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
            return Math.max(0, statement.getUpdateCount());
        }
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
