package dev.sluice.sink.postgres.check;

import dev.sluice.schema.TableName;
import java.util.List;

/// What one table of PostgreSQL lacks for a mapping, and the statements that give it that.
public sealed interface TableChange {
    TableName table();

    /// In the order in which they are to be executed, each without its semicolon.
    List<String> statements();

    /// What it is and what it costs, a sentence without its end.
    String forPeople();

    /// The table is not there.
    record NewTable(TableName table, List<String> statements) implements TableChange {
        public NewTable {
            statements = List.copyOf(statements);
        }

        @Override
        public String forPeople() {
            return table + " is new";
        }
    }

    /// A column is not there. It is added without a default, so that PostgreSQL writes no row for it.
    record NewColumn(TableName table, String column, List<String> statements) implements TableChange {
        public NewColumn {
            statements = List.copyOf(statements);
        }

        @Override
        public String forPeople() {
            return table + "." + column + " is added: the table is locked for an instant";
        }
    }

    /// A column gets another type.
    ///
    /// @param way how
    record NewType(TableName table, String column, Way way, List<String> statements) implements TableChange {
        public NewType {
            statements = List.copyOf(statements);
        }

        @Override
        public String forPeople() {
            String what = table + "." + column;
            return switch (way) {
                case Way.Relabelled relabelled ->
                    what + " becomes " + relabelled.type()
                            + ": PostgreSQL writes no row for it, and the table is locked" + " for an instant";
                case Way.Rewritten rewritten ->
                    what + " becomes " + rewritten.type() + ": PostgreSQL writes every row, and the table is locked for"
                            + " about " + rewritten.milliseconds() + " ms";
                case Way.Replaced replaced ->
                    what + " becomes " + replaced.type()
                            + " in a new column, since to write every row would lock the table" + " for about "
                            + replaced.milliseconds() + " ms; the old one stays as " + replaced.kept();
            };
        }
    }

    /// How a column gets another type.
    sealed interface Way {
        /// As PostgreSQL writes it.
        String type();

        /// Without writing a row.
        record Relabelled(String type) implements Way {}

        /// All rows are written, while nobody else reads or writes them.
        ///
        /// @param milliseconds for how long, estimated by the table's size
        record Rewritten(String type, long milliseconds) implements Way {}

        /// A new column takes its name, and is filled with the rows.
        ///
        /// @param milliseconds for how long the table would have been locked otherwise
        /// @param kept the name of the old column from then on
        record Replaced(String type, long milliseconds, String kept) implements Way {}
    }
}
