package dev.sluice.control;

import dev.sluice.audit.Audit;
import dev.sluice.audit.AuditAction;
import dev.sluice.failure.Failures;
import dev.sluice.positions.MovedWrites;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.sink.postgres.DeadLetter;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The parked documents (`sluice.dead_letter`), for those who look at them and decide. Every method
/// works in the caller's transaction.
public final class DeadLetterStore {
    private static final String COLUMNS = "id, collection, document_key, operation, reason, sqlstate, cluster_time,"
            + " attempts, first_failed_at, last_failed_at, extract(epoch FROM clock_timestamp() - first_failed_at)::float8,"
            + " accepted_at, accepted_by, accepted_why";

    private final String pipeline;

    public DeadLetterStore(String pipeline) {
        this.pipeline = pipeline;
    }

    /// A parked document, without the document.
    ///
    /// @param documentKey the `_id` as canonical Extended JSON
    /// @param operation upsert or delete
    /// @param reason without values of the document
    /// @param sqlstate PostgreSQL's error code; null where the failure was not PostgreSQL's
    /// @param clusterTime when MongoDB committed its newest change; null when unknown
    /// @param ageSeconds since it first failed
    /// @param accepted whether the gate does not count it
    /// @param acceptedAt null while nobody has accepted it
    /// @param acceptedBy null while nobody has accepted it
    /// @param acceptedWhy null while nobody has accepted it
    public record DeadLetter(
            long id,
            String collection,
            String documentKey,
            String operation,
            String reason,
            @Nullable String sqlstate,
            @Nullable Instant clusterTime,
            int attempts,
            Instant firstFailedAt,
            Instant lastFailedAt,
            double ageSeconds,
            boolean accepted,
            @Nullable Instant acceptedAt,
            @Nullable String acceptedBy,
            @Nullable String acceptedWhy) {}

    /// How many there are.
    ///
    /// @param collection null for all
    public long count(Connection connection, @Nullable String collection) throws SQLException {
        String sql =
                "SELECT count(*) FROM sluice.dead_letter WHERE pipeline = ? AND collection = coalesce(?, collection)";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    /// How many of a collection are accepted.
    public long accepted(Connection connection, String collection) throws SQLException {
        String sql = "SELECT count(*) FROM sluice.dead_letter WHERE pipeline = ? AND collection = ?"
                + " AND accepted_at IS NOT NULL";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    /// Rows that are to be deleted and that PostgreSQL does not let go: of an earlier state of a dead
    /// letter, or of a document whose deletion is refused.
    ///
    /// @param rows how many
    /// @param why the reason of most of them, which names what keeps them
    public record Staying(long rows, String why) {}

    /// Such rows of each collection that has some.
    public Map<String, Staying> staying(Connection connection) throws SQLException {
        String sql = "SELECT collection, reason, count(*) FROM sluice.dead_letter WHERE pipeline = ? AND row_stays"
                + " GROUP BY collection, reason ORDER BY count(*) DESC, reason";
        Map<String, Staying> staying = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    staying.merge(
                            row.getString(1),
                            new Staying(row.getLong(3), row.getString(2)),
                            (most, other) -> new Staying(most.rows() + other.rows(), most.why()));
                }
            }
        }
        return staying;
    }

    /// [#staying(Connection)] of a pipeline, with a connection of its own.
    ///
    /// @throws dev.sluice.failure.SluiceException when PostgreSQL can't be asked
    public static Map<String, Staying> staying(PostgresConnector connector, String pipeline) {
        try (Connection connection = connector.open()) {
            return new DeadLetterStore(pipeline).staying(connection);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// The oldest first.
    ///
    /// @param collection null for all
    public List<DeadLetter> list(Connection connection, @Nullable String collection, int limit) throws SQLException {
        String sql = "SELECT " + COLUMNS + " FROM sluice.dead_letter WHERE pipeline = ?"
                + " AND collection = coalesce(?, collection) ORDER BY id LIMIT ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.setInt(3, limit);
            return letters(statement);
        }
    }

    /// Those of these numbers that there are, by number.
    public List<DeadLetter> find(Connection connection, Collection<Long> ids) throws SQLException {
        String sql = "SELECT " + COLUMNS + " FROM sluice.dead_letter WHERE pipeline = ? AND id = ANY (?) ORDER BY id";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setArray(2, numbers(connection, ids));
            return letters(statement);
        }
    }

    private static List<DeadLetter> letters(PreparedStatement statement) throws SQLException {
        List<DeadLetter> letters = new ArrayList<>();
        try (ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                letters.add(new DeadLetter(
                        row.getLong(1),
                        row.getString(2),
                        row.getString(3),
                        row.getString(4),
                        row.getString(5),
                        row.getString(6),
                        time(row, 7),
                        row.getInt(8),
                        row.getObject(9, OffsetDateTime.class).toInstant(),
                        row.getObject(10, OffsetDateTime.class).toInstant(),
                        row.getDouble(11),
                        time(row, 12) != null,
                        time(row, 12),
                        row.getString(13),
                        row.getString(14)));
            }
        }
        return letters;
    }

    static @Nullable Instant time(ResultSet row, int column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }

    /// The newest state of a parked document as canonical Extended JSON; empty for a delete, and when
    /// there is no such dead letter.
    public Optional<String> document(Connection connection, long id) throws SQLException {
        String sql = "SELECT document FROM sluice.dead_letter WHERE pipeline = ? AND id = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setLong(2, id);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? Optional.ofNullable(row.getString(1)) : Optional.empty();
            }
        }
    }

    /// Takes dead letters out of the gate's count.
    ///
    /// @return the numbers of those that were accepted now
    public List<Long> accept(Connection connection, Acceptance acceptance) throws SQLException {
        String sql = """
                WITH accepted AS (
                  UPDATE sluice.dead_letter SET accepted_at = clock_timestamp(), accepted_by = ?, accepted_why = ?
                  WHERE pipeline = ? AND accepted_at IS NULL AND (?::bigint[] IS NULL OR id = ANY (?))
                    AND collection = coalesce(?, collection)
                  RETURNING *, accepted_by AS actor),
                noted AS (%s)
                SELECT id FROM accepted ORDER BY id
                """.formatted(Audit.each(
                AuditAction.ACCEPT_DEAD_LETTER,
                "jsonb_build_object('dead_letter', id, 'document_key', document_key, 'reason'," + " accepted_why)",
                "accepted"));
        return acceptance.run(connection, sql, pipeline);
    }

    /// Asks for the documents to be resynced, and notes who did.
    ///
    /// @throws dev.sluice.failure.SluiceException of kind WRITES_MOVED when the writes of a collection
    ///     have moved
    public void retry(Connection connection, Collection<DeadLetter> letters, String actor) throws SQLException {
        Map<String, List<String>> keys = new HashMap<>();
        letters.forEach(l ->
                keys.computeIfAbsent(l.collection(), c -> new ArrayList<>()).add(l.documentKey()));
        new MovedWrites(pipeline).requireNone(connection, keys.keySet());
        ResyncStore resync = new ResyncStore(pipeline);
        for (Map.Entry<String, List<String>> collection : keys.entrySet()) {
            resync.ask(connection, collection.getKey(), collection.getValue(), "dead_letter");
        }
        String audit = Audit.each(
                AuditAction.RETRY,
                "jsonb_build_object('dead_letter', id, 'document_key', document_key)",
                "(SELECT *, ?::text AS actor FROM sluice.dead_letter WHERE pipeline = ? AND id = ANY (?)) l");
        try (PreparedStatement statement = connection.prepareStatement(audit)) {
            statement.setString(1, actor);
            statement.setString(2, pipeline);
            statement.setArray(
                    3, numbers(connection, letters.stream().map(DeadLetter::id).toList()));
            statement.executeUpdate();
        }
    }

    /// Forgets parked documents for good, and notes who did, why, and which: their keys, never their
    /// values.
    ///
    /// @param why what the person says; may be empty
    /// @return the numbers of those that there were
    public List<Long> discard(Connection connection, Collection<Long> ids, String actor, String why)
            throws SQLException {
        String sql = """
                WITH gone AS (
                  DELETE FROM sluice.dead_letter WHERE pipeline = ? AND id = ANY (?)
                  RETURNING *, ?::text AS actor, ?::text AS why),
                unasked AS (%s),
                noted AS (%s)
                SELECT id FROM gone ORDER BY id
                """.formatted(
                        ResyncStore.unlistingDeadLetters("gone"),
                        Audit.each(
                                AuditAction.DISCARD,
                                "jsonb_build_object('dead_letter', id, 'document_key', document_key, 'operation',"
                                        + " operation, 'failed', reason, 'attempts', attempts, 'reason', why)",
                                "gone"));
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setArray(2, numbers(connection, ids));
            statement.setString(3, actor);
            statement.setString(4, why);
            List<Long> gone = new ArrayList<>();
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    gone.add(row.getLong(1));
                }
            }
            return gone;
        }
    }

    /// Of these documents, those that are still to be resynced: the numbers of their dead letters.
    public List<Long> asked(Connection connection, Collection<DeadLetter> letters) throws SQLException {
        String sql = "SELECT l.id FROM unnest(?, ?, ?) AS l (id, collection, document_key)"
                + " JOIN sluice.resync r ON r.pipeline = ? AND r.collection = l.collection"
                + " AND r.document_key = l.document_key";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setArray(
                    1, numbers(connection, letters.stream().map(DeadLetter::id).toList()));
            statement.setArray(
                    2,
                    connection.createArrayOf(
                            "text", letters.stream().map(DeadLetter::collection).toArray()));
            statement.setArray(
                    3,
                    connection.createArrayOf(
                            "text",
                            letters.stream().map(DeadLetter::documentKey).toArray()));
            statement.setString(4, pipeline);
            List<Long> waiting = new ArrayList<>();
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    waiting.add(row.getLong(1));
                }
            }
            return waiting;
        }
    }

    private static Array numbers(Connection connection, Collection<Long> ids) throws SQLException {
        return connection.createArrayOf("bigint", ids.toArray());
    }
}
