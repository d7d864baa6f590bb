package dev.sluice.profile;

import dev.sluice.profile.Proposal.Child;
import dev.sluice.profile.Proposal.Column;
import dev.sluice.profile.Proposal.Promise;
import dev.sluice.profile.Proposal.RowKey;
import dev.sluice.profile.Proposal.Table;
import dev.sluice.profile.Proposal.Target;
import dev.sluice.schema.ColumnType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Writes the tables of a proposal as a migration: the types are the mapping's, nothing is NOT NULL but
/// keys and what MongoDB sees to ([RequiredColumns]), and what MongoDB does not promise (foreign keys,
/// unique values) is there as comments. For one text and one thread.
public final class MigrationSql {
    private final StringBuilder sql = new StringBuilder();
    private final List<String> comments = new ArrayList<>();
    private final List<String> unique = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final List<String> families = new ArrayList<>();
    private final List<String> constraints = new ArrayList<>();
    private final List<String> required = new ArrayList<>();

    private MigrationSql() {}

    private record Line(String column, String definition) {}

    /// The text of the migration.
    public static String write(Proposal proposal) {
        MigrationSql writer = new MigrationSql();
        writer.proposal(proposal);
        return writer.sql.toString();
    }

    private void proposal(Proposal proposal) {
        sql.append("-- Tables for ../mapping.yaml, proposed by `sluice infer`. Change them as you like until they are\n"
                + "-- applied; then add a V0002__... . Names carry no schema: the migration runs in the mapping's.\n");
        if (proposal.tables().stream().anyMatch(MigrationSql::hasText)) {
            sql.append("--\n"
                    + "-- MongoDB orders strings by their bytes, PostgreSQL by the database's collation: write text COLLATE \"C\" where\n"
                    + "-- lists are ordered by one. What is missing or null comes first in MongoDB, and last in PostgreSQL unless the\n"
                    + "-- query says ORDER BY .. NULLS FIRST (descending: NULLS LAST).\n");
        }
        proposal.tables().forEach(this::table);
        block("", comments);
        boolean nulls = unique.stream().anyMatch(statement -> statement.contains("NULLS NOT DISTINCT"));
        block(
                "\n-- MongoDB has these as unique. A document that breaks one here is a dead letter.\n"
                        + (nulls
                                ? "-- A field that is missing is null to MongoDB, and nulls are alike. PostgreSQL 13 and 14 have no NULLS NOT\n"
                                        + "-- DISTINCT; leave the words out there.\n"
                                : ""),
                unique);
        block("\n-- What other indexes of MongoDB are here:\n", notes);
        block(
                "\n-- MongoDB's validators ask for these, and each document that was read has one. A validator is asked when a\n"
                        + "-- document is written: one that was there before, or was written past it, would be a dead letter.\n",
                required);
        block(
                "\n-- A document's rows are written together, so foreign keys from child tables hold, if you want them.\n",
                families);
        block(
                "\n-- MongoDB promises none of these. A row that breaks one stops the pipeline, and rows arrive in the order of\n"
                        + "-- their documents: add what you know to hold, foreign keys as DEFERRABLE INITIALLY DEFERRED or after the\n"
                        + "-- switch.\n",
                constraints);
    }

    /// The indexes that are made after the copy, which is faster without them; empty where there are none.
    public static Optional<String> afterCopy(Proposal proposal) {
        StringBuilder sql = new StringBuilder();
        for (Table table : proposal.tables()) {
            for (PlannedIndex index : table.indexes()) {
                if (index instanceof PlannedIndex.Made made && !made.unique()) {
                    sql.append(made.sql(true)).append(";\n");
                }
            }
        }
        return sql.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        "-- Indexes that MongoDB has, and those that references need. Applied after the copy, without stopping"
                                + " writers.\n" + sql);
    }

    private static boolean hasText(Table table) {
        return isText(table.key().type())
                || table.columns().stream().anyMatch(column -> isText(column.type()))
                || table.children().stream()
                        .flatMap(child -> child.columns().stream())
                        .anyMatch(column -> isText(column.type()));
    }

    private static boolean isText(ColumnType type) {
        return type instanceof ColumnType.Text || type instanceof ColumnType.Varchar;
    }

    private void block(String header, List<String> lines) {
        if (!lines.isEmpty()) {
            sql.append(header.isEmpty() ? "\n" : header);
            lines.forEach(line -> sql.append(line).append('\n'));
        }
    }

    private void table(Table table) {
        String name = SqlKeywords.identifier(table.table());
        List<Line> lines = new ArrayList<>();
        lines.add(new Line(table.key().column(), table.key().type().sql() + " PRIMARY KEY"));
        columns(lines, name, table.columns(), table.sample());
        lines.add(new Line(table.rest(), "jsonb"));
        create(name, lines, "");
        String sample = table.sample()
                .map(seen -> "; the comments of its columns are from " + seen)
                .orElse("");
        comments.add("COMMENT ON TABLE " + name + " IS "
                + literal("From MongoDB: " + OneLine.name(table.collection()) + sample) + ";");
        comment(name, table.key().column(), "From _id: " + table.key().reason());
        describe(name, table.columns(), table.rest(), "the document");
        table.children().forEach(child -> child(table, name, child));
        for (PlannedIndex index : table.indexes()) {
            switch (index) {
                case PlannedIndex.Made made -> {
                    if (made.unique()) {
                        unique.add(made.sql(false) + ";");
                    }
                }
                case PlannedIndex.Noted noted ->
                    notes.add("-- " + OneLine.name(table.collection()) + ", " + OneLine.name(noted.source()) + ", "
                            + noted.why());
            }
        }
    }

    private void child(Table table, String parent, Child child) {
        String name = SqlKeywords.identifier(child.table());
        String key = SqlKeywords.identifier(child.parent());
        List<Line> lines = new ArrayList<>();
        lines.add(new Line(child.parent(), table.key().type().sql() + " NOT NULL"));
        ColumnType type = switch (child.key()) {
            case RowKey.Ordinal o -> new ColumnType.Int(4);
            case RowKey.Field field -> field.type();
            case RowKey.EntryName e -> new ColumnType.Text();
        };
        lines.add(new Line(child.key().column(), type.sql() + " NOT NULL"));
        columns(lines, name, child.columns(), table.sample());
        if (child.rest() != null) {
            lines.add(new Line(child.rest(), "jsonb"));
        }
        create(
                name,
                lines,
                "    PRIMARY KEY (" + key + ", "
                        + SqlKeywords.identifier(child.key().column()) + ")\n");
        boolean entries = child.key() instanceof RowKey.EntryName;
        comments.add("COMMENT ON TABLE " + name + " IS "
                + literal("From MongoDB: the " + (entries ? "entries" : "elements") + " of "
                        + OneLine.path(child.path()) + " in " + OneLine.name(table.collection()) + ", a row each")
                + ";");
        comment(
                name,
                child.parent(),
                "The document: " + OneLine.name(table.key().column()) + " of " + OneLine.name(table.table()));
        comment(
                name,
                child.key().column(),
                switch (child.key()) {
                    case RowKey.Ordinal o -> "Index in the array, from 0";
                    case RowKey.Field field ->
                        "From " + OneLine.path(field.path()) + ", another in each element of an array";
                    case RowKey.EntryName e -> "Name of the entry";
                });
        describe(name, child.columns(), child.rest(), entries ? "the entry" : "the element");
        families.add("-- ALTER TABLE " + name + " ADD FOREIGN KEY (" + key + ") REFERENCES " + parent + " ("
                + SqlKeywords.identifier(table.key().column()) + ") ON DELETE CASCADE;");
    }

    /// @param sample what a constraint was seen to hold in; empty for all documents
    private void columns(List<Line> lines, String table, List<Column> columns, Optional<String> sample) {
        String seen = sample.map(part -> "  -- as it does in " + part).orElse("");
        for (Column column : columns) {
            lines.add(
                    new Line(column.column(), column.type().sql() + (column.is(Promise.NOT_NULL) ? " NOT NULL" : "")));
            if (column.is(Promise.REQUIRED)) {
                required.add("-- ALTER TABLE " + table + " ALTER COLUMN " + SqlKeywords.identifier(column.column())
                        + " SET NOT NULL;");
            }
            column.reference().ifPresent(target -> reference(table, column, target, seen));
            if (column.is(Promise.UNIQUE)) {
                constraints.add("-- CREATE UNIQUE INDEX ON " + table + " (" + SqlKeywords.identifier(column.column())
                        + ");" + seen);
            }
        }
    }

    private void reference(String table, Column column, Target target, String seen) {
        if (target.isWhole() && !(column.type() instanceof ColumnType.Array)) {
            constraints.add("-- ALTER TABLE " + table + " ADD FOREIGN KEY ("
                    + SqlKeywords.identifier(column.column()) + ") REFERENCES "
                    + SqlKeywords.identifier(target.table()) + " ("
                    + SqlKeywords.identifier(target.key().column()) + ");" + seen);
        }
    }

    private void create(String name, List<Line> lines, String constraint) {
        int width = lines.stream()
                .mapToInt(l -> SqlKeywords.identifier(l.column()).length())
                .max()
                .orElse(0);
        sql.append("\nCREATE TABLE ").append(name).append(" (\n");
        for (int i = 0; i < lines.size(); i++) {
            String column = SqlKeywords.identifier(lines.get(i).column());
            boolean last = i == lines.size() - 1 && constraint.isEmpty();
            sql.append("    ").append(column).repeat(' ', width - column.length() + 1);
            sql.append(lines.get(i).definition()).append(last ? "\n" : ",\n");
        }
        sql.append(constraint).append(");\n");
    }

    private void describe(String table, List<Column> columns, @Nullable String rest, String where) {
        for (Column column : columns) {
            comment(
                    table,
                    column.column(),
                    (column.path().isEmpty() ? "The value of " + where : "From " + OneLine.path(column.path()))
                            + column.reference()
                                    .map(target -> ": " + Reasons.of(target))
                                    .orElse(""));
        }
        if (rest != null) {
            comment(table, rest, "Fields of " + where + " that have no column of their own, by name");
        }
    }

    private void comment(String table, String column, String text) {
        comments.add(
                "COMMENT ON COLUMN " + table + "." + SqlKeywords.identifier(column) + " IS " + literal(text) + ";");
    }

    /// A text in SQL. Flyway takes `${` for a placeholder, in literals too.
    private static String literal(String text) {
        return '\'' + text.replace("'", "''").replace("${", "$ {") + '\'';
    }
}
