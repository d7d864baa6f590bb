package dev.sluice.profile;

import dev.sluice.schema.ColumnType;
import dev.sluice.schema.KeyMapping;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A mapping and its tables, proposed for a database whose documents were looked at. [MappingYaml] and
/// [MigrationSql] write it.
///
/// @param name of the mapping
/// @param database in MongoDB
/// @param schema in PostgreSQL
/// @param tables one for each collection; those that others refer to come first where that can be
/// @param ignored collections that are left alone, and why
public record Proposal(
        String name, String database, String schema, List<Table> tables, SequencedMap<String, String> ignored) {
    /// Why a collection without documents is left alone.
    public static final String EMPTY = "empty when it was read";

    public Proposal {
        tables = List.copyOf(tables);
        ignored = new LinkedHashMap<>(ignored);
    }

    /// The table of one collection.
    ///
    /// @param sample how many documents the proposal was made from; empty where it was all of them
    /// @param redactions what is hidden, and what might be
    /// @param notes for people, a line each: what was looked at, what is in the rest and why
    /// @param rest the column that keeps what no other one reads
    /// @param indexes of this table and its child tables; without those of keys
    public record Table(
            String collection,
            String table,
            Optional<String> sample,
            KeyColumn key,
            List<Column> columns,
            String rest,
            List<Child> children,
            List<PlannedIndex> indexes,
            List<Redacted> redactions,
            List<String> notes,
            List<Hazard> hazards) {
        public Table {
            columns = List.copyOf(columns);
            children = List.copyOf(children);
            indexes = List.copyOf(indexes);
            redactions = List.copyOf(redactions);
            notes = List.copyOf(notes);
            hazards = List.copyOf(hazards);
        }

        Table withIndexes(List<PlannedIndex> planned) {
            return new Table(
                    collection, table, sample, key, columns, rest, children, planned, redactions, notes, hazards);
        }

        Table withColumns(List<Column> others) {
            return new Table(
                    collection, table, sample, key, others, rest, children, indexes, redactions, notes, hazards);
        }

        /// Without columns that are unique as far as was seen: whether they are is known.
        Table withoutGuesses() {
            return new Table(
                    collection,
                    table,
                    sample,
                    key,
                    columns.stream().map(Column::withoutGuess).toList(),
                    rest,
                    children.stream().map(Child::withoutGuesses).toList(),
                    indexes,
                    redactions,
                    notes,
                    hazards);
        }
    }

    /// A line under `redact`.
    ///
    /// @param on whether it is in place; else it is a comment
    /// @param reason for people
    public record Redacted(List<String> path, boolean on, String reason) {
        public Redacted {
            path = List.copyOf(path);
        }
    }

    /// The key column.
    ///
    /// @param typed whether the `_id` is written with its type, as Extended JSON
    /// @param of what the mapping says of it; null for nothing
    public record KeyColumn(String column, ColumnType type, boolean typed, KeyMapping.@Nullable Of of, String reason) {}

    /// A column.
    ///
    /// @param path of the field, in the document or in the element of a child table; empty for the element or
    ///     the entry's value itself
    /// @param conversions of the mapping language, in their order
    /// @param reason for the type, for people
    /// @param promises what holds for all rows, or for all that were seen
    public record Column(
            String column,
            ColumnType type,
            List<String> path,
            List<String> conversions,
            String reason,
            Optional<Target> reference,
            Set<Promise> promises) {
        public Column {
            path = List.copyOf(path);
            conversions = List.copyOf(conversions);
            promises = promises.isEmpty() ? Set.of() : EnumSet.copyOf(promises);
        }

        boolean is(Promise promise) {
            return promises.contains(promise);
        }

        Column with(Promise promise) {
            Set<Promise> more = EnumSet.of(promise);
            more.addAll(promises);
            return new Column(column, type, path, conversions, reason, reference, more);
        }

        Column withoutGuess() {
            Set<Promise> known = EnumSet.noneOf(Promise.class);
            known.addAll(promises);
            known.remove(Promise.UNIQUE);
            return new Column(column, type, path, conversions, reason, reference, known);
        }
    }

    /// What a column's values are like in all rows.
    public enum Promise {
        /// No two that were seen are alike. MongoDB does not see to it.
        UNIQUE,
        /// MongoDB's validator asks for a value, and each document that was seen has one.
        REQUIRED,
        /// The same, and so surely that the table has it as a constraint.
        NOT_NULL
    }

    /// What a column refers to.
    ///
    /// @param table where the rows are
    /// @param key of them
    public record Target(Reference reference, String table, KeyColumn key) {
        /// Whether the column is written like the key, so that SQL can join both.
        public boolean joins() {
            return reference.join().isPresent();
        }

        /// Whether every value that was seen joins, so that a foreign key may hold.
        public boolean isWhole() {
            return reference
                    .join()
                    .filter(join -> join.joined() == join.values())
                    .isPresent();
        }
    }

    /// What tells the rows of one document in a child table apart.
    public sealed interface RowKey {
        /// Its name.
        String column();

        /// The index of the element.
        record Ordinal(String column) implements RowKey {}

        /// A field of the element.
        ///
        /// @param reason for people
        record Field(String column, List<String> path, ColumnType type, String reason) implements RowKey {
            public Field {
                path = List.copyOf(path);
            }
        }

        /// The name of the entry.
        record EntryName(String column) implements RowKey {}
    }

    /// A child table: a row for each element of an array, or each entry of an object.
    ///
    /// @param columns of which one with an empty path has the element or the value itself
    /// @param rest null where such a column leaves none
    public record Child(
            String table,
            List<String> path,
            String parent,
            RowKey key,
            List<Column> columns,
            @Nullable String rest,
            String reason) {
        public Child {
            path = List.copyOf(path);
            columns = List.copyOf(columns);
        }

        Child withoutGuesses() {
            return new Child(
                    table,
                    path,
                    parent,
                    key,
                    columns.stream().map(Column::withoutGuess).toList(),
                    rest,
                    reason);
        }
    }

    /// The tables by collection.
    public Map<String, Table> byCollection() {
        Map<String, Table> map = new LinkedHashMap<>();
        tables.forEach(t -> map.put(t.collection(), t));
        return map;
    }
}
