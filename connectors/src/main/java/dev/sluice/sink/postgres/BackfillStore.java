package dev.sluice.sink.postgres;

import dev.sluice.change.Chunk;
import dev.sluice.change.IdBracket;
import dev.sluice.change.IdText;
import dev.sluice.sink.WriteSummary;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Optional;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// How far the backfill is, in PostgreSQL. Every method works in the caller's transaction.
public final class BackfillStore {
    private final String pipeline;

    public BackfillStore(String pipeline) {
        this.pipeline = pipeline;
    }

    /// Whether the collection is copied.
    public boolean done(Connection connection, String collection) throws SQLException {
        String sql = "SELECT 1 FROM sluice.backfill WHERE pipeline = ? AND collection = ? AND state = 'done'";
        try (PreparedStatement statement = prepare(connection, sql, collection);
                ResultSet row = statement.executeQuery()) {
            return row.next();
        }
    }

    /// Notes that the copy of a collection begins or goes on.
    public void start(Connection connection, String collection, long estimatedDocuments) throws SQLException {
        String sql = "INSERT INTO sluice.backfill (pipeline, collection, estimated_documents) VALUES (?, ?, ?)"
                + " ON CONFLICT (pipeline, collection) DO UPDATE SET estimated_documents = EXCLUDED.estimated_documents";
        try (PreparedStatement statement = prepare(connection, sql, collection)) {
            statement.setLong(3, estimatedDocuments);
            statement.executeUpdate();
        }
    }

    /// How many documents are copied so far.
    public long copied(Connection connection, String collection) throws SQLException {
        String sql = "SELECT documents FROM sluice.backfill WHERE pipeline = ? AND collection = ?";
        try (PreparedStatement statement = prepare(connection, sql, collection);
                ResultSet row = statement.executeQuery()) {
            return row.next() ? row.getLong(1) : 0;
        }
    }

    /// Forgets the copy of a collection, so that it is made again.
    public void restart(Connection connection, String collection) throws SQLException {
        for (String table : new String[] {"backfill_chunk", "backfill"}) {
            String sql = "DELETE FROM sluice." + table + " WHERE pipeline = ? AND collection = ?";
            try (PreparedStatement statement = prepare(connection, sql, collection)) {
                statement.executeUpdate();
            }
        }
    }

    /// The last chunk that is done; empty when none is.
    public Optional<Chunk> lastDone(Connection connection, String collection) throws SQLException {
        String sql = "SELECT chunk, id_type, lower_id, upper_id FROM sluice.backfill_chunk"
                + " WHERE pipeline = ? AND collection = ? AND state = 'done' ORDER BY chunk DESC LIMIT 1";
        try (PreparedStatement statement = prepare(connection, sql, collection);
                ResultSet row = statement.executeQuery()) {
            return row.next()
                    ? Optional.of(new Chunk(
                            collection,
                            row.getInt(1),
                            IdBracket.valueOf(row.getString(2).toUpperCase(Locale.ROOT)),
                            id(row.getString(3)),
                            id(row.getString(4))))
                    : Optional.empty();
        }
    }

    /// @param leftOut documents the stream had touched meanwhile
    void chunkDone(Connection connection, Chunk chunk, int documents, WriteSummary summary, int leftOut)
            throws SQLException {
        String sql =
                "INSERT INTO sluice.backfill_chunk (pipeline, collection, chunk, id_type, lower_id, upper_id, state,"
                        + " documents, rows, skipped, finished_at) VALUES (?, ?, ?, ?, ?, ?, 'done', ?, ?, ?, clock_timestamp())"
                        + " ON CONFLICT (pipeline, collection, chunk) DO UPDATE SET id_type = EXCLUDED.id_type,"
                        + " lower_id = EXCLUDED.lower_id, upper_id = EXCLUDED.upper_id, state = 'done',"
                        + " documents = EXCLUDED.documents, rows = EXCLUDED.rows, skipped = EXCLUDED.skipped,"
                        + " finished_at = EXCLUDED.finished_at";
        try (PreparedStatement statement = prepare(connection, sql, chunk.collection())) {
            statement.setInt(3, chunk.number());
            statement.setString(4, chunk.bracket().name().toLowerCase(Locale.ROOT));
            statement.setString(5, text(chunk.lower()));
            statement.setString(6, text(chunk.upper()));
            statement.setLong(7, documents);
            statement.setLong(8, summary.rows());
            statement.setLong(9, (long) leftOut + summary.skipped() + summary.deadLetters() + summary.waiting());
            statement.executeUpdate();
        }
        String totals = "UPDATE sluice.backfill SET documents = documents + ?, rows = rows + ?"
                + " WHERE pipeline = ? AND collection = ?";
        try (PreparedStatement statement = connection.prepareStatement(totals)) {
            statement.setLong(1, documents);
            statement.setLong(2, summary.rows());
            statement.setString(3, pipeline);
            statement.setString(4, chunk.collection());
            statement.executeUpdate();
        }
    }

    /// Notes that the collection is copied.
    public void finish(Connection connection, String collection) throws SQLException {
        String sql = "UPDATE sluice.backfill SET state = 'done', finished_at = clock_timestamp()"
                + " WHERE pipeline = ? AND collection = ?";
        try (PreparedStatement statement = prepare(connection, sql, collection)) {
            statement.executeUpdate();
        }
    }

    private PreparedStatement prepare(Connection connection, String sql, String collection) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(sql);
        statement.setString(1, pipeline);
        statement.setString(2, collection);
        return statement;
    }

    private static @Nullable String text(@Nullable BsonValue id) {
        return id == null ? null : IdText.canonical(id);
    }

    private static @Nullable BsonValue id(@Nullable String text) {
        return text == null ? null : IdText.parse(text);
    }
}
