package dev.sluice.schema;

/// A table in its schema.
///
/// @param schema never empty
/// @param table never empty
public record TableName(String schema, String table) {
    public TableName {
        if (schema.isBlank() || table.isBlank()) {
            throw new IllegalArgumentException("a table is written 'table' or 'schema.table'");
        }
    }

    /// Reads `table` or `schema.table`.
    ///
    /// @throws IllegalArgumentException where a name is empty
    public static TableName parse(String text, String defaultSchema) {
        int dot = text.indexOf('.');
        return dot < 0
                ? new TableName(defaultSchema, text)
                : new TableName(text.substring(0, dot), text.substring(dot + 1));
    }

    /// Quoted, for use in SQL.
    public String sql() {
        return quote(schema) + "." + quote(table);
    }

    /// An identifier in double quotes, with those inside doubled.
    public static String quote(String identifier) {
        return '"' + identifier.replace("\"", "\"\"") + '"';
    }

    /// A text in single quotes, with those inside doubled: for PostgreSQL's `standard_conforming_strings`, its default.
    public static String literal(String text) {
        return '\'' + text.replace("'", "''") + '\'';
    }

    @Override
    public String toString() {
        return schema + "." + table;
    }
}
