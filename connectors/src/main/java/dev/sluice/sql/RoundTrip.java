package dev.sluice.sql;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Collectors;

/// Statements that are sent to PostgreSQL together and answered together, in their order. In a
/// transaction of a few rows the way there and back takes as long as what is done there.
public final class RoundTrip {
    private RoundTrip() {}

    /// One statement. Its SQL is the same each time, so that PostgreSQL plans it once.
    public sealed interface Part {
        String sql();

        Binder binder();
    }

    /// One that gives rows.
    public record Query(String sql, Binder binder, RowReader reader) implements Part {}

    /// One that gives a number of rows.
    public record Update(String sql, Binder binder, CountReader reader) implements Part {
        /// One without parameters, of which nobody asks how many rows it wrote.
        public static Update plain(String sql) {
            return new Update(sql, (statement, first) -> first, rows -> {});
        }
    }

    /// Sets the parameters of one statement among those of the others.
    @FunctionalInterface
    public interface Binder {
        /// @param first the number of the first parameter
        /// @return the number behind the last one
        int bind(PreparedStatement statement, int first) throws SQLException;
    }

    /// Takes what a query gave.
    @FunctionalInterface
    public interface RowReader {
        void read(ResultSet rows) throws SQLException;
    }

    /// Takes how many rows were written.
    @FunctionalInterface
    public interface CountReader {
        void read(int rows) throws SQLException;
    }

    /// Sends the statements. All of them are executed before the first answer is read, unless one of
    /// them fails: then the later ones are not.
    ///
    /// @throws SQLException when one of them fails, or a reader says so
    public static void send(Connection connection, List<Part> parts) throws SQLException {
        if (parts.isEmpty()) {
            return;
        }
        String sql = parts.stream().map(Part::sql).collect(Collectors.joining(";\n"));
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            int next = 1;
            for (Part part : parts) {
                next = part.binder().bind(statement, next);
            }
            statement.execute();
            for (int i = 0; i < parts.size(); i++) {
                if (i > 0) {
                    statement.getMoreResults();
                }
                read(parts.get(i), statement);
            }
        }
    }

    private static void read(Part part, PreparedStatement statement) throws SQLException {
        switch (part) {
            case Query query -> {
                try (ResultSet rows = statement.getResultSet()) {
                    query.reader().read(rows);
                }
            }
            case Update update -> update.reader().read(statement.getUpdateCount());
        }
    }
}
