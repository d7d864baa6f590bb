package dev.sluice.balance;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;

/// The last count of each collection (`sluice.balance`). Not what anything is decided by: a count is made again
/// and never corrected by what has happened since. Works in the caller's transaction; any thread.
public final class BalanceStore {
    private static final String COLUMNS =
            Arrays.stream(Term.values()).map(Term::text).collect(Collectors.joining(", "));

    private static final String PUT = "INSERT INTO sluice.balance AS b (pipeline, collection, " + COLUMNS
            + ", counted_at) VALUES (?, ?, " + "?, ".repeat(Term.values().length)
            + "?) ON CONFLICT (pipeline, collection) DO UPDATE SET "
            + Arrays.stream(Term.values())
                    .map(t -> t.text() + " = EXCLUDED." + t.text())
                    .collect(Collectors.joining(", "))
            + ", counted_at = EXCLUDED.counted_at WHERE b.counted_at < EXCLUDED.counted_at";

    private static final String ALL =
            "SELECT collection, counted_at, " + COLUMNS + " FROM sluice.balance WHERE pipeline = ?";

    private final String pipeline;

    public BalanceStore(String pipeline) {
        this.pipeline = pipeline;
    }

    /// Keeps a count, unless there is a later one.
    public void put(Connection connection, String collection, Balance balance) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(PUT)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            int next = 3;
            for (Term term : Term.values()) {
                statement.setLong(next++, balance.of(term));
            }
            statement.setTimestamp(next, Timestamp.from(balance.countedAt()));
            statement.executeUpdate();
        }
    }

    /// The last count of each collection that was counted.
    public Map<String, Balance> all(Connection connection) throws SQLException {
        Map<String, Balance> found = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(ALL)) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    found.put(
                            row.getString(1),
                            new Balance(
                                    of(row, Term.DOCUMENTS),
                                    of(row, Term.ROWS),
                                    of(row, Term.KEPT),
                                    of(row, Term.WITHOUT_DOCUMENT),
                                    of(row, Term.NOT_OURS),
                                    of(row, Term.DEAD_LETTERS),
                                    of(row, Term.WAITING),
                                    of(row, Term.SKIPPED),
                                    of(row, Term.DEDUPLICATED),
                                    of(row, Term.WITHOUT_ROW),
                                    row.getObject(2, OffsetDateTime.class).toInstant()));
                }
            }
        }
        return found;
    }

    private static long of(ResultSet row, Term term) throws SQLException {
        return row.getLong(term.text());
    }
}
