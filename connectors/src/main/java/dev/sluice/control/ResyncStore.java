package dev.sluice.control;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The documents that are to be resynced (`sluice.resync`). Every method works in the caller's
/// transaction.
public final class ResyncStore {
    /// What of entries there is only one, by the index of that.
    private static final String ONCE =
            "pipeline, collection, sluice.digest(coalesce(document_key, '') || E'\\n' || coalesce(row_key, ''))";

    /// Keys travel to MongoDB in one command, of 16 MB at most.
    private static final int KEY_BYTES_MAX = 4 << 20;

    private final String pipeline;

    public ResyncStore(String pipeline) {
        this.pipeline = pipeline;
    }

    /// @param documentKey the `_id` as canonical Extended JSON; null where it is not known
    /// @param rowKey the key of the row, as text, where the `_id` is not known; null in both means the
    ///     whole collection
    /// @param cause why it is on the list
    /// @param prune for the whole collection: whether rows whose documents are gone are deleted after it
    ///     is read
    public record Entry(
            long id,
            String collection,
            @Nullable String documentKey,
            @Nullable String rowKey,
            Cause cause,
            boolean prune) {
        /// Whether the row is known to be wrong: it is deleted when no document explains it.
        public boolean repair() {
            return cause == Cause.REPAIR;
        }
    }

    /// Why a document is on the list, as `sluice.resync` has it in lower case.
    public enum Cause {
        /// A row that it refers to came, changed or went.
        REFERENCE,
        /// Another document wants the same row or unique value, and which of them has it changed.
        DUPLICATE,
        /// A user asked to retry a dead letter.
        DEAD_LETTER,
        /// A user asked for it.
        ASKED,
        REPAIR,
        REPLAY,
        /// The mapping changed, or a copy is to be made again.
        SCHEMA
    }

    /// The next entries of one collection, oldest first, with keys of no more than some megabytes or one
    /// alone; empty when there are none.
    public List<Entry> next(Connection connection, int limit) throws SQLException {
        return next(connection, limit, new Choice(null, Set.of()));
    }

    /// Which collections' entries are given.
    ///
    /// @param of null for all that are on the list
    /// @param except and not of these
    record Choice(@Nullable Collection<String> of, Set<String> except) {}

    /// The next entries of the chosen collections, oldest first, with keys of no more than some
    /// megabytes or one alone; empty when there are none.
    List<Entry> next(Connection connection, int limit, Choice choice) throws SQLException {
        String sql = """
                SELECT id, collection, document_key, row_key, upper(reason), prune
                FROM (SELECT e.*, row_number() OVER (ORDER BY id) AS n,
                             sum(octet_length(coalesce(document_key, row_key, ''))) OVER (ORDER BY id) AS bytes
                      FROM (SELECT * FROM sluice.resync WHERE pipeline = ? AND collection =
                              (SELECT collection FROM sluice.resync WHERE pipeline = ?
                               AND (?::text[] IS NULL OR collection = ANY (?)) AND collection <> ALL (?)
                               ORDER BY id LIMIT 1)
                            ORDER BY id LIMIT ?) e) numbered
                WHERE n = 1 OR bytes <= %d
                ORDER BY id
                """.formatted(KEY_BYTES_MAX);
        List<Entry> entries = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, pipeline);
            Array only = choice.of() == null
                    ? null
                    : connection.createArrayOf("text", choice.of().toArray());
            statement.setArray(3, only);
            statement.setArray(4, only);
            statement.setArray(
                    5, connection.createArrayOf("text", choice.except().toArray()));
            statement.setInt(6, limit);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    entries.add(new Entry(
                            rows.getLong(1),
                            rows.getString(2),
                            rows.getString(3),
                            rows.getString(4),
                            Cause.valueOf(rows.getString(5)),
                            rows.getBoolean(6)));
                }
            }
        }
        return entries;
    }

    /// Asks for documents by their `_id`s, as canonical Extended JSON.
    ///
    /// @param reason as `sluice.resync` lists them
    public void ask(Connection connection, String collection, Collection<String> documentKeys, String reason)
            throws SQLException {
        String sql = "INSERT INTO sluice.resync (pipeline, collection, document_key, reason)"
                + " SELECT ?, ?, k, ? FROM unnest(?) k ON CONFLICT DO NOTHING";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.setString(3, reason);
            statement.setArray(4, connection.createArrayOf("text", documentKeys.toArray()));
            statement.executeUpdate();
        }
    }

    /// Asks for the repair of rows that differ. The entry of a document that is on the list already gets
    /// a new number: a process may be working on the entry with the old one, and does not see what has
    /// happened since.
    ///
    /// @param documentKeys by the keys of the rows, as text: the `_id` as canonical Extended JSON; null
    ///     where it is not known
    public void askRepair(Connection connection, String collection, Map<String, @Nullable String> documentKeys)
            throws SQLException {
        String sql = "INSERT INTO sluice.resync (pipeline, collection, document_key, row_key, reason)"
                + " SELECT ?, ?, u.d, CASE WHEN u.d IS NULL THEN u.k END, 'repair' FROM unnest(?, ?) u (k, d)"
                + " ON CONFLICT (" + ONCE + ")"
                + " DO UPDATE SET id = DEFAULT, reason = 'repair'";
        List<@Nullable String> values = new ArrayList<>(documentKeys.values());
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.setArray(
                    3, connection.createArrayOf("text", documentKeys.keySet().toArray()));
            statement.setArray(4, connection.createArrayOf("text", values.toArray()));
            statement.executeUpdate();
        }
    }

    /// Asks for a whole collection. If it is on the list already, its entry gets a new number, as in
    /// [#askRepair].
    ///
    /// @param prune whether the rows whose documents are gone are deleted after it is read
    public void askForAll(Connection connection, String collection, String reason, boolean prune) throws SQLException {
        String sql = "INSERT INTO sluice.resync (pipeline, collection, reason, prune) VALUES (?, ?, ?, ?)"
                + " ON CONFLICT (" + ONCE + ")"
                + " DO UPDATE SET id = DEFAULT, prune = resync.prune OR EXCLUDED.prune";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.setString(3, reason);
            statement.setBoolean(4, prune);
            statement.executeUpdate();
        }
    }

    /// Asks for the resync of a collection's dead letters: those whose documents are gone are removed by
    /// it; no change of the stream would remove them.
    public void askForDeadLetters(Connection connection, String collection) throws SQLException {
        String sql = "INSERT INTO sluice.resync (pipeline, collection, document_key, reason)"
                + " SELECT pipeline, collection, document_key, 'dead_letter' FROM sluice.dead_letter"
                + " WHERE pipeline = ? AND collection = ? ON CONFLICT DO NOTHING";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.executeUpdate();
        }
    }

    /// Whether a whole collection is on the list.
    public boolean hasWhole(Connection connection, String collection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT EXISTS (SELECT FROM sluice.resync WHERE pipeline = ? AND collection = ?"
                        + " AND document_key IS NULL AND row_key IS NULL)")) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }

    /// The statement that lists what a query finds, for those who find many documents at once, in their
    /// transaction. What is on the list already stays there as it is.
    ///
    /// @param found a SELECT of pipeline, collection, document_key, row_key (NULL where the document_key
    ///     is known) and reason
    public static String listing(String found) {
        return "INSERT INTO sluice.resync (pipeline, collection, document_key, row_key, reason) " + found
                + " ON CONFLICT DO NOTHING";
    }

    /// The part of a statement that takes from the list what was asked for dead letters.
    ///
    /// @param letters a relation with their pipeline, collection and document_key
    static String unlistingDeadLetters(String letters) {
        return "DELETE FROM sluice.resync r USING " + letters + " g WHERE r.pipeline = g.pipeline"
                + " AND r.collection = g.collection AND r.document_key = g.document_key AND r.reason = 'dead_letter'";
    }

    /// Forgets what is on the list of a collection.
    public void forget(Connection connection, String collection) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("DELETE FROM sluice.resync WHERE pipeline = ? AND collection = ?")) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.executeUpdate();
        }
    }

    /// Forgets the whole list, for a pipeline that gets another MongoDB.
    public void forgetAll(Connection connection) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("DELETE FROM sluice.resync WHERE pipeline = ?")) {
            statement.setString(1, pipeline);
            statement.executeUpdate();
        }
    }

    /// How many entries of a collection are there because of a repair.
    public long repairsLeft(Connection connection, String collection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT count(*) FROM sluice.resync"
                + " WHERE pipeline = ? AND collection = ? AND reason = 'repair'")) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    /// The newest entry; 0 when there is none.
    public long last(Connection connection) throws SQLException {
        return number(
                connection,
                "SELECT coalesce(max(id), 0) FROM sluice.resync WHERE pipeline = ? AND id <= ?",
                Long.MAX_VALUE);
    }

    /// How many entries there are up to one.
    public long left(Connection connection, long last) throws SQLException {
        return number(connection, "SELECT count(*) FROM sluice.resync WHERE pipeline = ? AND id <= ?", last);
    }

    private long number(Connection connection, String sql, long upTo) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setLong(2, upTo);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    /// Removes entries from the list. After that of a whole collection its tables are analyzed again.
    public void done(Connection connection, Collection<Entry> entries) throws SQLException {
        for (Entry entry : entries) {
            if (entry.documentKey() == null && entry.rowKey() == null) {
                new AnalyzedTables(pipeline).resynced(connection, entry.collection());
            }
        }
        try (PreparedStatement statement =
                connection.prepareStatement("DELETE FROM sluice.resync WHERE id = ANY (?)")) {
            statement.setArray(
                    1,
                    connection.createArrayOf(
                            "bigint", entries.stream().map(Entry::id).toArray()));
            statement.executeUpdate();
        }
    }
}
