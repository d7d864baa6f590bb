package dev.sluice.postgres;

import dev.sluice.schema.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A line in the comment of a table: the application writes it, and Sluice must not. It is all that says
/// so once the schema `sluice` is gone (promise 11).
///
/// @param line as it stands in the comment
/// @param others the other lines of the comment; null where there are none
public record FinishMark(String line, @Nullable String others) {
    private static final String BEGINNING = "Sluice: written by the application since ";

    private static final String COMMENT = """
            SELECT obj_description(c.oid, 'pg_class') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = ? AND c.relname = ?
            """;

    /// The mark of a table; empty where it has none, and where there is no such table.
    public static Optional<FinishMark> of(Connection connection, TableName table) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(COMMENT)) {
            statement.setString(1, table.schema());
            statement.setString(2, table.table());
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? in(row.getString(1)) : Optional.empty();
            }
        }
    }

    /// The mark in a comment.
    ///
    /// @param comment of a table; null where it has none
    public static Optional<FinishMark> in(@Nullable String comment) {
        if (comment == null) {
            return Optional.empty();
        }
        return comment.lines()
                .filter(line -> line.startsWith(BEGINNING))
                .findFirst()
                .map(mark -> new FinishMark(
                        mark,
                        comment.lines()
                                .filter(line -> !line.startsWith(BEGINNING))
                                .collect(Collectors.collectingAndThen(
                                        Collectors.joining("\n"), rest -> rest.isBlank() ? null : rest))));
    }

    /// The statement that adds the mark to a table; what its comment says stays.
    ///
    /// @param comment that the table has; null where it has none
    /// @param since when the writes moved
    public static String add(TableName table, @Nullable String comment, Instant since, String pipeline) {
        String line = BEGINNING + since.truncatedTo(ChronoUnit.SECONDS) + "; its migration from MongoDB (pipeline "
                + pipeline.lines().collect(Collectors.joining(" ")) + ") is finished.";
        return comment(table, comment == null || comment.isBlank() ? line : comment + "\n" + line);
    }

    /// The statement that takes the mark out of the comment of a table.
    public String remove(TableName table) {
        return comment(table, others);
    }

    private static String comment(TableName table, @Nullable String text) {
        return "COMMENT ON TABLE " + table.sql() + " IS " + (text == null ? "NULL" : TableName.literal(text));
    }
}
