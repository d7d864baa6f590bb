package dev.sluice.control;

import dev.sluice.change.Chunk;
import dev.sluice.change.IdBracket;
import dev.sluice.change.IdText;
import dev.sluice.sink.WriteSummary;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// How far the backfill is, in PostgreSQL. Every method works in the caller's transaction.
public final class BackfillStore {
    private static final String PLAN =
            "INSERT INTO sluice.backfill_chunk (pipeline, collection, chunk, id_type, lower_id, upper_id)"
                    + " VALUES (?, ?, ?, ?, ?, ?)";

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

    /// The collections that are copied.
    public List<String> done(Connection connection) throws SQLException {
        List<String> names = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT collection FROM sluice.backfill WHERE pipeline = ? AND state = 'done'")) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    names.add(row.getString(1));
                }
            }
        }
        return names;
    }

    /// Whether a copy of the collection was begun, done or not.
    public boolean begun(Connection connection, String collection) throws SQLException {
        String sql = "SELECT 1 FROM sluice.backfill WHERE pipeline = ? AND collection = ?";
        try (PreparedStatement statement = prepare(connection, sql, collection);
                ResultSet row = statement.executeQuery()) {
            return row.next();
        }
    }

    /// Notes that a collection is to be copied.
    public void begin(Connection connection, String collection) throws SQLException {
        String sql = "INSERT INTO sluice.backfill (pipeline, collection) VALUES (?, ?) ON CONFLICT DO NOTHING";
        try (PreparedStatement statement = prepare(connection, sql, collection)) {
            statement.executeUpdate();
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
        for (String sql : new String[] {
            "DELETE FROM sluice.backfill_chunk WHERE pipeline = ? AND collection = ?",
            "DELETE FROM sluice.backfill WHERE pipeline = ? AND collection = ?"
        }) {
            try (PreparedStatement statement = prepare(connection, sql, collection)) {
                statement.executeUpdate();
            }
        }
    }

    /// Forgets the copies of all collections, for a copy from the start.
    public void reset(Connection connection) throws SQLException {
        for (String sql : new String[] {
            "DELETE FROM sluice.backfill_chunk WHERE pipeline = ?", "DELETE FROM sluice.backfill WHERE pipeline = ?"
        }) {
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                statement.setString(1, pipeline);
                statement.executeUpdate();
            }
        }
    }

    /// The parts of a statement that forget copies, the chunks first.
    ///
    /// @param collections a relation with their pipeline and collection
    public static List<String> forgetting(String collections) {
        String those = " c USING " + collections + " u WHERE c.pipeline = u.pipeline AND c.collection = u.collection";
        return List.of("DELETE FROM sluice.backfill_chunk" + those, "DELETE FROM sluice.backfill" + those);
    }

    /// How many documents of all pipelines were copied in a second, on average.
    ///
    /// @return null where fewer than 10,000 were, of which nothing can be said
    public static @Nullable Double documentsPerSecond(Connection connection) throws SQLException {
        String sql = "SELECT sum(documents)::float8 / nullif(sum(extract(epoch FROM finished_at - started_at)), 0)"
                + " FROM sluice.backfill WHERE state = 'done' HAVING sum(documents) >= 10000";
        try (PreparedStatement statement = connection.prepareStatement(sql);
                ResultSet row = statement.executeQuery()) {
            double rate = row.next() ? row.getDouble(1) : 0;
            return rate > 0 ? rate : null;
        }
    }

    /// Whether the collection is cut into chunks, all of it.
    public boolean isCut(Connection connection, String collection) throws SQLException {
        // Its bracket is always among those of a cut.
        String sql = "SELECT 1 FROM sluice.backfill_chunk WHERE pipeline = ? AND collection = ? AND id_type = 'other'";
        try (PreparedStatement statement = prepare(connection, sql, collection);
                ResultSet row = statement.executeQuery()) {
            return row.next();
        }
    }

    /// Stores how a collection is cut, and replaces its earlier chunks. In the caller's transaction: a
    /// collection that is cut in part would be copied in part.
    public void cut(Connection connection, String collection, List<Chunk> chunks) throws SQLException {
        try (PreparedStatement statement = prepare(
                connection, "DELETE FROM sluice.backfill_chunk WHERE pipeline = ? AND collection = ?", collection)) {
            statement.executeUpdate();
        }
        plan(connection, collection, chunks);
    }

    private void plan(Connection connection, String collection, List<Chunk> chunks) throws SQLException {
        try (PreparedStatement statement = prepare(connection, PLAN, collection)) {
            for (Chunk chunk : chunks) {
                bindPlan(statement, chunk);
                statement.addBatch();
            }
            statement.executeBatch();
        }
    }

    private static void bindPlan(PreparedStatement statement, Chunk chunk) throws SQLException {
        statement.setInt(3, chunk.number());
        statement.setString(4, chunk.bracket().name().toLowerCase(Locale.ROOT));
        statement.setString(5, text(chunk.lower()));
        statement.setString(6, text(chunk.upper()));
    }

    /// The chunks that are not done, in the order of their numbers.
    public List<Chunk> unfinished(Connection connection, String collection) throws SQLException {
        String sql = "SELECT chunk, id_type, lower_id, upper_id FROM sluice.backfill_chunk"
                + " WHERE pipeline = ? AND collection = ? AND state <> 'done' ORDER BY chunk";
        List<Chunk> chunks = new ArrayList<>();
        try (PreparedStatement statement = prepare(connection, sql, collection);
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                chunks.add(new Chunk(
                        collection,
                        row.getInt(1),
                        IdBracket.valueOf(row.getString(2).toUpperCase(Locale.ROOT)),
                        id(row.getString(3)),
                        id(row.getString(4))));
            }
        }
        return chunks;
    }

    /// The number that no chunk of the collection has yet.
    public int nextNumber(Connection connection, String collection) throws SQLException {
        String sql =
                "SELECT coalesce(max(chunk) + 1, 0) FROM sluice.backfill_chunk WHERE pipeline = ? AND collection = ?";
        try (PreparedStatement statement = prepare(connection, sql, collection);
                ResultSet row = statement.executeQuery()) {
            row.next();
            return row.getInt(1);
        }
    }

    /// Notes that a chunk is read, and where it ends when that is before its end.
    ///
    /// @param rest what is left of it, a chunk of its own from now on; null when nothing is
    public void running(Connection connection, Chunk chunk, @Nullable Chunk rest) throws SQLException {
        String sql = "UPDATE sluice.backfill_chunk SET state = 'running', started_at = clock_timestamp(), upper_id = ?"
                + " WHERE pipeline = ? AND collection = ? AND chunk = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, text(chunk.upper()));
            statement.setString(2, pipeline);
            statement.setString(3, chunk.collection());
            statement.setInt(4, chunk.number());
            statement.executeUpdate();
        }
        if (rest != null) {
            plan(connection, rest.collection(), List.of(rest));
        }
    }

    /// Records that a chunk which no worker reads is cut.
    ///
    /// @param parts the chunk with an earlier end, then the others
    public void cut(Connection connection, List<Chunk> parts) throws SQLException {
        Chunk first = parts.getFirst();
        String sql =
                "UPDATE sluice.backfill_chunk SET upper_id = ? WHERE pipeline = ? AND collection = ? AND chunk = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, text(first.upper()));
            statement.setString(2, pipeline);
            statement.setString(3, first.collection());
            statement.setInt(4, first.number());
            statement.executeUpdate();
        }
        plan(connection, first.collection(), parts.subList(1, parts.size()));
    }

    /// Notes that a chunk is done, in the transaction of its rows.
    ///
    /// @param leftOut documents the stream had touched meanwhile
    public void chunkDone(Connection connection, Chunk chunk, int documents, WriteSummary summary, int leftOut)
            throws SQLException {
        // By insert, too: a chunk that was not planned is one that was copied again by itself.
        String sql =
                "INSERT INTO sluice.backfill_chunk (pipeline, collection, chunk, id_type, lower_id, upper_id, state,"
                        + " documents, rows, skipped, started_at, finished_at)"
                        + " VALUES (?, ?, ?, ?, ?, ?, 'done', ?, ?, ?, clock_timestamp(), clock_timestamp())"
                        + " ON CONFLICT (pipeline, collection, chunk) DO UPDATE SET state = 'done',"
                        + " documents = EXCLUDED.documents, rows = EXCLUDED.rows, skipped = EXCLUDED.skipped,"
                        + " started_at = coalesce(backfill_chunk.started_at, EXCLUDED.started_at),"
                        + " finished_at = EXCLUDED.finished_at";
        try (PreparedStatement statement = prepare(connection, sql, chunk.collection())) {
            bindPlan(statement, chunk);
            statement.setLong(7, documents);
            statement.setLong(8, summary.rows());
            statement.setLong(9, (long) leftOut + summary.skipped() + summary.deadLetters() + summary.waiting());
            statement.executeUpdate();
        }
        if (documents == 0) {
            return;
        }
        // Last before the commit, since every chunk of the collection waits for this row.
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
