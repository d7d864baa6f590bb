package dev.sluice.sink.postgres.catalog;

import dev.sluice.schema.TableName;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A table as it is in PostgreSQL.
///
/// @param kind what it is: `table`, or `view`, `foreign table`, `sequence` and the like, which can't be
///     written to as Sluice does
/// @param rights what the role may do
/// @param layout how it is stored, alone or in parts
/// @param rules those that are applied to what is written, by the name of each
/// @param rowSecurity whether row level security decides what the role sees; [TableReader#hindrance]
///     says what it does
/// @param exclusions those of its partitions too
public record LiveTable(
        TableName name,
        String kind,
        Rights rights,
        Layout layout,
        List<Rule> rules,
        boolean rowSecurity,
        List<Column> columns,
        List<UniqueIndex> uniqueIndexes,
        List<CheckConstraint> checks,
        List<ExclusionConstraint> exclusions,
        List<ForeignKey> foreignKeys,
        List<Trigger> triggers) {
    public LiveTable {
        rules = List.copyOf(rules);
        columns = List.copyOf(columns);
        uniqueIndexes = List.copyOf(uniqueIndexes);
        checks = List.copyOf(checks);
        exclusions = List.copyOf(exclusions);
        foreignKeys = List.copyOf(foreignKeys);
        triggers = List.copyOf(triggers);
    }

    /// What the role may do with the table, as a whole; what it may with single columns only is not counted.
    ///
    /// @param role its name
    /// @param lacking what it lacks, by name, of those that writing rows takes: USAGE, on the schema, first, then
    ///     those on the table
    /// @param partly those of them that it has on single columns
    /// @param lock whether it may hold a row that another refers to, which takes UPDATE on some column
    /// @param sequences that defaults of columns take their values from, and that the role may not use
    public record Rights(
            String role, List<String> lacking, Set<String> partly, boolean lock, List<ClosedSequence> sequences) {
        /// On a schema; all others are on the table.
        public static final String USAGE = "USAGE";

        public Rights {
            lacking = List.copyOf(lacking);
            partly = Set.copyOf(partly);
            sequences = List.copyOf(sequences);
        }

        /// Whether it may name the table at all.
        public boolean seesSchema() {
            return !lacking.contains(USAGE);
        }

        /// @param right `SELECT`, `INSERT`, `UPDATE` or `DELETE`; each takes USAGE on the schema, too
        public boolean has(String right) {
            return seesSchema() && !lacking.contains(right);
        }
    }

    /// A sequence that the default of a column takes its values from, and that the role may not use.
    public record ClosedSequence(String column, TableName sequence) {}

    /// How a table is stored. Partitions are those of all levels.
    ///
    /// @param unlogged the table or its partitions, as far as they are UNLOGGED
    /// @param foreign partitions that are foreign tables
    /// @param heirs tables that inherit from it without being partitions
    /// @param extension the extension that it belongs to; null where to none
    /// @param partitioning null where it is not partitioned
    public record Layout(
            List<TableName> unlogged,
            List<TableName> foreign,
            List<TableName> heirs,
            @Nullable String extension,
            @Nullable Partitioning partitioning) {
        public Layout {
            unlogged = List.copyOf(unlogged);
            foreign = List.copyOf(foreign);
            heirs = List.copyOf(heirs);
        }
    }

    /// @param key how rows are distributed, as PostgreSQL writes it, for example `LIST (country)`
    /// @param columns by which rows are distributed at any level
    /// @param byExpression whether they are by an expression at some level
    /// @param open the table itself and partitions that are partitioned, as far as there may be rows that none of
    ///     their partitions takes: they have no default partition, or not every remainder
    public record Partitioning(String key, Set<String> columns, boolean byExpression, List<OpenEnded> open) {
        public Partitioning {
            columns = Set.copyOf(columns);
            open = List.copyOf(open);
        }
    }

    /// @param key how it is partitioned, as PostgreSQL writes it
    public record OpenEnded(TableName table, String key) {}

    /// A rewrite rule on a statement that writes.
    ///
    /// @param instead whether it is `DO INSTEAD`: the statement does not do, or not always, what it says
    public record Rule(String name, Event event, boolean instead) {}

    /// The statement that a rule is on.
    public enum Event {
        INSERT,
        UPDATE,
        DELETE
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
        /// `GENERATED BY DEFAULT AS IDENTITY`: where no value is given.
        IDENTITY_BY_DEFAULT,
        /// `GENERATED ALWAYS AS IDENTITY`: given values are accepted by an insert with OVERRIDING, never by
        /// an update.
        IDENTITY,
        /// `GENERATED ALWAYS AS (..)`: can't be written at all.
        EXPRESSION
    }

    /// @param columns those it is on; empty for an index over expressions. What it only INCLUDEs is not among them
    /// @param state whether ON CONFLICT can go by it
    /// @param predicate which rows it is over, as PostgreSQL writes it; null for all
    public record UniqueIndex(
            String name,
            Set<String> columns,
            IndexState state,
            @Nullable String predicate,
            String definition) {
        public UniqueIndex {
            columns = Set.copyOf(columns);
        }

        /// Whether ON CONFLICT finds it by these columns, none of which is NULL there.
        public boolean recognises(Set<String> conflict) {
            return state == IndexState.USABLE && columns.equals(conflict) && coversAll(conflict);
        }

        /// Whether it is over every row in which none of these columns is NULL.
        public boolean coversAll(Set<String> conflict) {
            return predicate == null
                    || conflict.stream()
                            .anyMatch(c -> predicate.equals("(" + c + " IS NOT NULL)")
                                    || predicate.equals("(" + TableName.quote(c) + " IS NOT NULL)"));
        }
    }

    /// What ON CONFLICT makes of a unique index over all rows.
    public enum IndexState {
        USABLE,
        /// It is over expressions, which a list of columns does not name.
        EXPRESSION,
        /// It is of a PRIMARY KEY that is DEFERRABLE.
        DEFERRABLE_KEY,
        /// It is of a UNIQUE constraint that is DEFERRABLE.
        DEFERRABLE_UNIQUE,
        /// It was not built to its end, or, of a partitioned table, some partition lacks its part.
        INVALID
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

    /// A foreign key that leads to a table.
    ///
    /// @param from the table that has it, and `columns` of that one; of a partition, the partitioned
    ///     table
    /// @param to the table it leads to, and `targets` the columns of that one
    /// @param action what PostgreSQL does there when a row of `to` is deleted
    public record Referring(
            String name,
            TableName from,
            List<String> columns,
            TableName to,
            List<String> targets,
            DeleteAction action,
            String definition) {
        public Referring {
            columns = List.copyOf(columns);
            targets = List.copyOf(targets);
        }
    }

    /// What a foreign key does to the rows that refer to one that is deleted.
    public enum DeleteAction {
        /// Nothing: PostgreSQL does not let the row go.
        NONE,
        CASCADE,
        SET_NULL,
        SET_DEFAULT
    }

    /// A trigger that runs before a row is written.
    ///
    /// @param assigned the columns its function assigns, as far as its text shows; null where the text says
    ///     nothing, being no PL/pgSQL
    /// @param wholeRow whether its function may give the row other values without naming their columns
    /// @param inserts tables that its function inserts into, as its text names them
    public record Trigger(
            String name,
            String function,
            boolean onInsert,
            boolean onUpdate,
            @Nullable Set<String> assigned,
            boolean wholeRow,
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

    /// Whether a trigger may give a new row's column its value: it does, or its text does not show that it does not.
    public boolean maybeFilledByTrigger(String column) {
        return filledByTrigger(column)
                || triggers.stream().anyMatch(t -> t.onInsert() && (t.assigned() == null || t.wholeRow()));
    }

    /// Columns that take no NULL, have no default, and are not written.
    ///
    /// @param written by name
    public List<Column> unfilled(Set<String> written) {
        return columns.stream()
                .filter(c -> c.notNull() && !c.filled() && !written.contains(c.name()) && !filledByTrigger(c.name()))
                .toList();
    }
}
