package dev.sluice.sink.postgres.catalog;

import dev.sluice.schema.TableName;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A table as it is in PostgreSQL.
///
/// @param kind what it is: `table`, or `view`, `foreign table` and the like, which can't be written to as
///     Sluice does
/// @param rights what the role may do
/// @param rowSecurity whether row level security decides what the role sees; [TableReader#hindrance] says what it does
/// @param exclusions those of its partitions too
public record LiveTable(
        TableName name,
        String kind,
        Rights rights,
        boolean rowSecurity,
        List<Column> columns,
        List<UniqueIndex> uniqueIndexes,
        List<CheckConstraint> checks,
        List<ExclusionConstraint> exclusions,
        List<ForeignKey> foreignKeys,
        List<Trigger> triggers) {
    public LiveTable {
        columns = List.copyOf(columns);
        uniqueIndexes = List.copyOf(uniqueIndexes);
        checks = List.copyOf(checks);
        exclusions = List.copyOf(exclusions);
        foreignKeys = List.copyOf(foreignKeys);
        triggers = List.copyOf(triggers);
    }

    /// @param lock whether it may hold a row that another refers to, which takes UPDATE on some column
    public record Rights(boolean select, boolean insert, boolean update, boolean delete, boolean lock) {
        public boolean all() {
            return select && insert && update && delete;
        }
    }

    /// @param type as PostgreSQL writes it, for example `numeric(18,2)`; of a domain, the domain's name
    /// @param baseType the same, of a domain the type beneath
    /// @param oid of the type beneath
    /// @param filled whether it has a value without being written: by a default, as an identity or
    ///     generated
    /// @param holds what its values are to PostgreSQL
    public record Column(
            String name,
            String type,
            String baseType,
            long oid,
            boolean notNull,
            boolean filled,
            Made made,
            Holds holds) {}

    /// What the values of a column are to PostgreSQL.
    ///
    /// @param value the whole
    /// @param element of an array; null of what is none
    public record Holds(Type value, @Nullable Type element) {}

    /// A type, as far as values that are given as text have to know it.
    ///
    /// @param sql as PostgreSQL writes it, with its arguments; of a domain, the domain's name
    /// @param base the type beneath, without arguments
    /// @param domain whether it is a domain, which may have rules
    /// @param reading how it takes text, or an array of text where it is an array
    public record Type(String sql, String base, boolean domain, Reading reading) {}

    /// How a type takes text.
    public enum Reading {
        /// Text is assigned to it.
        ASSIGNED,
        /// Text is converted by an explicit cast only.
        CAST,
        /// Text can't be converted to it.
        NEVER
    }

    /// Whether PostgreSQL generates a column's values.
    public enum Made {
        /// No, or only a default where no value is given.
        NO,
        /// `GENERATED ALWAYS AS IDENTITY`: given values are accepted by an insert with OVERRIDING, never by
        /// an update.
        IDENTITY,
        /// `GENERATED ALWAYS AS (..)`: can't be written at all.
        EXPRESSION
    }

    /// @param columns those it is on; empty for an index over expressions
    /// @param usable whether it is valid, immediate, and over plain columns
    /// @param predicate which rows it is over, as PostgreSQL writes it; null for all
    public record UniqueIndex(
            String name,
            Set<String> columns,
            boolean usable,
            @Nullable String predicate,
            String definition) {
        public UniqueIndex {
            columns = Set.copyOf(columns);
        }

        /// Whether ON CONFLICT finds it by these columns, none of which is NULL there.
        public boolean recognises(Set<String> conflict) {
            return usable
                    && columns.equals(conflict)
                    && (predicate == null
                            || conflict.stream()
                                    .anyMatch(c -> predicate.equals("(" + c + " IS NOT NULL)")
                                            || predicate.equals("(" + TableName.quote(c) + " IS NOT NULL)")));
        }
    }

    public record CheckConstraint(String name, String definition) {}

    /// @param columns those it is on; empty where it is over expressions
    public record ExclusionConstraint(String name, Set<String> columns, String definition) {
        public ExclusionConstraint {
            columns = Set.copyOf(columns);
        }
    }

    /// @param columns of this table
    public record ForeignKey(String name, List<String> columns, TableName target, String definition) {
        public ForeignKey {
            columns = List.copyOf(columns);
        }
    }

    /// A trigger that runs before a row is written.
    ///
    /// @param assigned the columns its function assigns, as far as its text shows; null where the text says
    ///     nothing, being no PL/pgSQL
    /// @param inserts tables that its function inserts into, as its text names them
    public record Trigger(
            String name,
            String function,
            boolean onInsert,
            boolean onUpdate,
            @Nullable Set<String> assigned,
            Set<String> inserts) {
        public Trigger {
            inserts = Set.copyOf(inserts);
        }
    }

    public Optional<Column> column(String wanted) {
        return columns.stream().filter(c -> c.name().equals(wanted)).findFirst();
    }

    public boolean isTable() {
        return kind.equals("table");
    }

    /// The trigger that, for a new row, inserts into another table, as one does that makes the row a
    /// foreign key wants; empty when there is none.
    public Optional<Trigger> making(TableName other) {
        return triggers.stream()
                .filter(t -> t.onInsert()
                        && (t.inserts().contains(other.table()) || t.inserts().contains(other.toString())))
                .findFirst();
    }

    /// Whether a trigger gives a new row's column its value.
    public boolean filledByTrigger(String column) {
        return triggers.stream()
                .anyMatch(t ->
                        t.onInsert() && t.assigned() != null && t.assigned().contains(column));
    }
}
