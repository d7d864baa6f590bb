package dev.sluice.sink.postgres.table;

import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Lookup;
import dev.sluice.schema.Reference;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A column whose value depends on a row of another table: by a reference, or by a look-up.
///
/// @param target the collection whose rows have the column
/// @param child the number of the child table that has it; -1 for the collection's own table
/// @param shape the table that has it
/// @param policy what happens to a value that no row is found for; null for a look-up, which then
///     yields NULL
/// @param to the other table
/// @param match its column that is compared
/// @param matchType the type of `match`
/// @param take its column that is written
/// @param own the column of `shape` that is compared with `match`
/// @param and further columns of the other table, each with the one of `shape` it has to equal
public record Link(
        CollectionTarget target,
        int child,
        TableShape shape,
        TableShape.Column column,
        Reference.@Nullable Orphan policy,
        TableName to,
        String match,
        ColumnType matchType,
        String take,
        String own,
        Map<String, String> and) {

    /// The links of all columns, and which of them lead to a table.
    public static final class Links {
        private final Map<Integer, List<Link>> byCollection = new LinkedHashMap<>();
        private final Map<TableName, List<Link>> byTable = new LinkedHashMap<>();

        /// As the mapping has them, without reading the tables: for callers that need names only.
        public Links(List<CollectionTarget> targets) {
            for (CollectionTarget target : targets) {
                add(target, target.mapper().shape(), target.mapper().childShapes());
            }
        }

        /// @param tables with the types that values are cast to
        public Links(List<CollectionTarget> targets, Function<CollectionTarget, CollectionTables> tables) {
            for (CollectionTarget target : targets) {
                CollectionTables of = tables.apply(target);
                add(
                        target,
                        of.own().shape(),
                        of.children().stream().map(TableSql::shape).toList());
            }
        }

        private void add(CollectionTarget target, TableShape own, List<TableShape> children) {
            add(target, -1, own);
            for (int c = 0; c < children.size(); c++) {
                add(target, c, children.get(c));
            }
        }

        private void add(CollectionTarget target, int child, TableShape shape) {
            for (TableShape.Column column : shape.columns()) {
                Reference r = column.reference();
                if (r != null) {
                    add(new Link(
                            target,
                            child,
                            shape,
                            column,
                            r.orphan(),
                            r.table(),
                            r.match(),
                            r.matchType(),
                            r.take(),
                            column.name(),
                            r.and()));
                }
                Lookup l = column.lookup();
                if (l != null) {
                    add(new Link(
                            target,
                            child,
                            shape,
                            column,
                            null,
                            l.table(),
                            l.match(),
                            l.matchType(),
                            l.take(),
                            l.by(),
                            Map.of()));
                }
            }
        }

        private void add(Link link) {
            byCollection
                    .computeIfAbsent(link.target().index(), i -> new ArrayList<>())
                    .add(link);
            byTable.computeIfAbsent(link.to(), t -> new ArrayList<>()).add(link);
        }

        /// The links of a collection's tables.
        public List<Link> of(CollectionTarget target) {
            return byCollection.getOrDefault(target.index(), List.of());
        }

        /// The links that lead to a table.
        public List<Link> to(TableName table) {
            return byTable.getOrDefault(table, List.of());
        }

        /// Those of all collections.
        public List<Link> all() {
            return byCollection.values().stream().flatMap(List::stream).toList();
        }
    }

    /// Whether the column is an array, each element of which refers to a row.
    public boolean isArray() {
        return column.type() instanceof ColumnType.Array && policy != null;
    }

    /// `table.column`, as quarantine and waiting name it.
    public String label() {
        return shape.table().table() + "." + column.name();
    }

    /// The condition that row `r` of the other table is the one that `value` of a row refers to.
    String matches(String value, String alias) {
        return TableSql.matches(match, matchType, and, value, alias);
    }

    /// The condition that a row refers by `value` to a row that is not there.
    public String isOrphan(String value, String alias) {
        return value + " IS NOT NULL AND NOT EXISTS (SELECT FROM " + to.sql() + " r WHERE " + matches(value, alias)
                + ")";
    }

    /// The value that identifies the other row, from a row that refers to it.
    public String awaited(String value, String alias) {
        return known(
                value,
                and.values().stream()
                        .map(ours -> alias + "." + TableName.quote(ours))
                        .toList());
    }

    /// The value that identifies the other row, from that row.
    ///
    /// @param column the expression for one of its columns
    public String present(java.util.function.UnaryOperator<String> column) {
        return known(column.apply(match), and.keySet().stream().map(column).toList());
    }

    private String known(String value, List<String> further) {
        // A type by name as PostgreSQL writes it, whatever way the document does.
        String typed = matchType instanceof ColumnType.Postgres(String name) ? value + "::" + name : value;
        String plain = matchType instanceof ColumnType.Citext ? "lower(" + value + "::text)" : typed + "::text";
        return further.isEmpty() ? plain : "jsonb_build_array(" + plain + ", " + String.join(", ", further) + ")::text";
    }

    /// The condition that row `c`, of the table with the column, refers to row `t` of the other one. By
    /// what the column holds, which is what the other row's `take` is; a look-up's by what was compared.
    public String refers() {
        String condition = policy == null
                ? TableSql.cast("c." + TableName.quote(own), matchType) + " = t." + TableName.quote(match)
                : isArray()
                        ? "c." + TableName.quote(column.name()) + " @> ARRAY[t." + TableName.quote(take) + "]"
                        : "c." + TableName.quote(column.name()) + " = t." + TableName.quote(take);
        StringBuilder all = new StringBuilder(condition);
        and.forEach(
                (theirs, ours) -> all.append(" AND c." + TableName.quote(ours) + " = t." + TableName.quote(theirs)));
        return all.toString();
    }
}
