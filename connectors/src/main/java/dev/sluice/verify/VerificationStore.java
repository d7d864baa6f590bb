package dev.sluice.verify;

import dev.sluice.schema.TableName;
import dev.sluice.sink.postgres.table.TableSql;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/// Stores verifications in the control schema: the progress of each (`sluice.verification`), the keys it
/// has seen (`sluice.verified_key`), the documents it has to compare again (`sluice.suspect`), and what
/// differs (`sluice.drift`). Every method works in the caller's transaction. Stateless except for the
/// pipeline's name.
public final class VerificationStore {
    /// The first key of the advisory lock that a session holds on its verification; "sluv" in ASCII.
    private static final int SLUICE_VERIFY = 0x736C7576;

    /// A verification that was interrupted for longer is not resumed: what it has seen is too old.
    private static final String TOO_OLD = "1 day";

    /// Finished verifications are kept for so long; a running pipeline adds one every minute or so.
    private static final String KEPT = "7 days";

    private final String pipeline;

    public VerificationStore(String pipeline) {
        this.pipeline = pipeline;
    }

    /// The phases of a verification.
    enum Phase {
        READING,
        LOOKING_FOR_EXTRA,
        SETTLING,
        DONE;

        String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// A verification that is not done.
    ///
    /// @param afterId documents up to this `_id` are read, canonical Extended JSON; null: none
    /// @param through what it finds holds for MongoDB as of this time; null: unknown
    record Running(
            long id,
            Phase phase,
            @Nullable String afterId,
            long documents,
            long rows,
            @Nullable Instant through) {}

    /// Resumes an interrupted verification that no session works on. It stays locked by this session
    /// until the connection closes.
    Optional<Running> takeUp(Connection connection, String collection, Mode mode, Origin origin) throws SQLException {
        String sql = "SELECT id, phase, after_id, documents, rows, through_cluster_time FROM sluice.verification"
                + " WHERE pipeline = ? AND collection = ? AND mode = ? AND origin = ? AND state = 'running'"
                + " AND updated_at > now() - interval '" + TOO_OLD + "' ORDER BY id DESC";
        List<Running> broken = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.setString(3, mode.text());
            statement.setString(4, origin.text());
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    broken.add(new Running(
                            row.getLong(1),
                            Phase.valueOf(row.getString(2).toUpperCase(Locale.ROOT)),
                            row.getString(3),
                            row.getLong(4),
                            row.getLong(5),
                            instant(row, 6)));
                }
            }
        }
        for (Running running : broken) {
            if (lock(connection, running.id())) {
                return Optional.of(running);
            }
        }
        return Optional.empty();
    }

    private static @Nullable Instant instant(ResultSet row, int column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }

    private static boolean lock(Connection connection, long id) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT pg_try_advisory_lock(?, ?)")) {
            statement.setInt(1, SLUICE_VERIFY);
            statement.setInt(2, (int) id);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }

    /// Begins a verification. What it finds holds as of the collection's watermark now; before there is
    /// one, as of the pipeline's position.
    Running begin(Connection connection, String collection, Mode mode, Origin origin, long estimate)
            throws SQLException {
        String sql = "INSERT INTO sluice.verification (pipeline, collection, mode, origin, estimated_documents,"
                + " through_cluster_time) VALUES (?, ?, ?, ?, ?, coalesce((SELECT cluster_time FROM sluice.watermark w"
                + " WHERE w.pipeline = ? AND w.collection = ?), (SELECT to_timestamp(cluster_time_seconds)"
                + " FROM sluice.position p WHERE p.pipeline = ?))) RETURNING id, through_cluster_time";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.setString(3, mode.text());
            statement.setString(4, origin.text());
            statement.setLong(5, estimate);
            statement.setString(6, pipeline);
            statement.setString(7, collection);
            statement.setString(8, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                long id = row.getLong(1);
                lock(connection, id);
                return new Running(id, Phase.READING, null, 0, 0, instant(row, 2));
            }
        }
    }

    /// Ends the unfinished verifications of the collection that no session works on, for a new one that
    /// begins at the start, and deletes the state of those that are too old to resume.
    ///
    /// @param all whether the other verifications of the kind are ended too
    void discard(Connection connection, String collection, Mode mode, Origin origin, boolean all) throws SQLException {
        String sql = "SELECT id FROM sluice.verification WHERE pipeline = ? AND collection = ? AND mode = ?"
                + " AND origin = ? AND state = 'running' AND (? OR updated_at <= now() - interval '" + TOO_OLD + "')";
        List<Long> given = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.setString(3, mode.text());
            statement.setString(4, origin.text());
            statement.setBoolean(5, all);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    given.add(row.getLong(1));
                }
            }
        }
        for (long id : given) {
            if (lock(connection, id)) {
                update(
                        connection,
                        "UPDATE sluice.verification SET state = 'failed', finished_at = now() WHERE id = ?",
                        id);
                forget(connection, id);
            }
        }
    }

    /// Records the progress of reading.
    void progress(Connection connection, long id, @Nullable String afterId, long documents, long rows)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("UPDATE sluice.verification SET after_id = ?,"
                + " documents = ?, rows = ?, updated_at = clock_timestamp() WHERE id = ?")) {
            statement.setString(1, afterId);
            statement.setLong(2, documents);
            statement.setLong(3, rows);
            statement.setLong(4, id);
            statement.executeUpdate();
        }
    }

    /// Records the number of rows in the table.
    void counted(Connection connection, long id, long rows) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("UPDATE sluice.verification SET rows = ? WHERE id = ?")) {
            statement.setLong(1, rows);
            statement.setLong(2, id);
            statement.executeUpdate();
        }
    }

    void enter(Connection connection, long id, Phase phase) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "UPDATE sluice.verification SET phase = ?, updated_at = clock_timestamp() WHERE id = ?")) {
            statement.setString(1, phase.text());
            statement.setLong(2, id);
            statement.executeUpdate();
        }
    }

    /// Ends a verification, and deletes its working state and old verifications.
    void finish(Connection connection, long id, Map<Drift.Kind, Long> rows, long undecided) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("UPDATE sluice.verification SET state = 'done',"
                + " phase = 'done', missing = ?, extra = ?, different = ?, undecided = ?, finished_at = clock_timestamp(),"
                + " updated_at = clock_timestamp() WHERE id = ?")) {
            statement.setLong(1, rows.getOrDefault(Drift.Kind.MISSING, 0L));
            statement.setLong(2, rows.getOrDefault(Drift.Kind.EXTRA, 0L));
            statement.setLong(3, rows.getOrDefault(Drift.Kind.DIFFERENT, 0L));
            statement.setLong(4, undecided);
            statement.setLong(5, id);
            statement.executeUpdate();
        }
        forget(connection, id);
        try (PreparedStatement statement =
                connection.prepareStatement("DELETE FROM sluice.verification WHERE pipeline = ?"
                        + " AND origin = 'continuous' AND state <> 'running' AND finished_at < now() - interval '"
                        + KEPT + "'")) {
            statement.setString(1, pipeline);
            statement.executeUpdate();
        }
    }

    private void forget(Connection connection, long id) throws SQLException {
        update(connection, "DELETE FROM sluice.suspect WHERE verification = ?", id);
        update(connection, "DELETE FROM sluice.verified_key WHERE verification = ?", id);
    }

    /// Counts documents that a repair has made equal.
    void repaired(Connection connection, long id, int documents) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("UPDATE sluice.verification SET repaired = repaired + ? WHERE id = ?")) {
            statement.setInt(1, documents);
            statement.setLong(2, id);
            statement.executeUpdate();
        }
    }

    private static void update(Connection connection, String sql, long id) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setLong(1, id);
            statement.executeUpdate();
        }
    }

    /// Records that documents explain the rows that are staged.
    ///
    /// @param staging the table of the rows
    /// @param keyName the name of its key, quoted
    void explain(Connection connection, long id, String staging, String keyName) throws SQLException {
        update(
                connection,
                "INSERT INTO sluice.verified_key (verification, key_hashes, hash_sum) SELECT ?, array_agg(h), sum(h) FROM"
                        + " (SELECT hashtextextended(" + keyName + "::text, 0) AS h FROM " + staging
                        + ") k HAVING count(*) > 0",
                id);
    }

    /// Records that documents explain rows of these keys.
    void explain(Connection connection, long id, Collection<?> keys) throws SQLException {
        if (keys.isEmpty()) {
            return;
        }
        try (PreparedStatement statement = connection.prepareStatement(
                "INSERT INTO sluice.verified_key (verification, key_hashes, hash_sum) SELECT ?, array_agg(h), sum(h)"
                        + " FROM (SELECT hashtextextended(k, 0) AS h FROM unnest(?) k) k")) {
            statement.setLong(1, id);
            statement.setArray(2, texts(connection, keys));
            statement.executeUpdate();
        }
    }

    /// The same, by the hashes of the keys.
    ///
    /// @param hashes `hashtextextended` of the keys as text, with seed 0
    void explain(Connection connection, long id, long[] hashes) throws SQLException {
        if (hashes.length == 0) {
            return;
        }
        try (PreparedStatement statement = connection.prepareStatement(
                "INSERT INTO sluice.verified_key (verification, key_hashes, hash_sum) VALUES (?, ?, ?)")) {
            statement.setLong(1, id);
            statement.setArray(2, connection.unwrap(PGConnection.class).createArrayOf("int8", hashes));
            statement.setBigDecimal(3, new BigDecimal(sum(hashes)));
            statement.executeUpdate();
        }
    }

    private static BigInteger sum(long[] hashes) {
        long high = 0;
        long low = 0;
        for (long hash : hashes) {
            high += hash >> Integer.SIZE;
            low += hash & 0xFFFF_FFFFL;
        }
        return BigInteger.valueOf(high).shiftLeft(Integer.SIZE).add(BigInteger.valueOf(low));
    }

    /// Whether documents explain every row of a table and have no other: as many, and the sum of their
    /// keys' hashes is the same.
    ///
    /// @param table whose rows have each a key of their own
    boolean explainsAll(Connection connection, long id, TableSql table) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT t.keys = v.keys AND t.hash_sum ="
                + " v.hash_sum FROM (SELECT coalesce(sum(cardinality(key_hashes)), 0) AS keys, coalesce(sum(hash_sum), 0)"
                + " AS hash_sum FROM sluice.verified_key WHERE verification = ?) v, (SELECT count(*) AS keys,"
                + " coalesce(sum(hashtextextended(" + table.keyName() + "::text, 0)), 0) AS hash_sum FROM "
                + table.shape().table().sql() + ") t")) {
            statement.setLong(1, id);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }

    /// Records as suspects the rows of a table that no document explains, by the keys the verification
    /// has seen.
    ///
    /// @param except the condition of rows `t` that need no document; null when each needs one
    void suspectUnexplained(Connection connection, long id, TableSql table, @Nullable String except)
            throws SQLException {
        try (Statement settings = connection.createStatement()) {
            // The planner has no statistics of the keys, and a nested loop over all of them for each row
            // never ends.
            settings.execute("SET LOCAL enable_nestloop = off");
        }
        update(
                connection,
                "INSERT INTO sluice.suspect (verification, row_key) SELECT DISTINCT v.id, t." + table.keyName()
                        + "::text FROM " + table.shape().table().sql()
                        + " t, (SELECT ?::bigint AS id) v WHERE NOT EXISTS (SELECT FROM sluice.verified_key k,"
                        + " unnest(k.key_hashes) h WHERE k.verification = v.id AND h = hashtextextended(t."
                        + table.keyName() + "::text, 0))" + (except == null ? "" : " AND NOT " + except)
                        + " ON CONFLICT DO NOTHING",
                id);
    }

    void suspect(Connection connection, long id, Collection<Suspect> suspects) throws SQLException {
        if (suspects.isEmpty()) {
            return;
        }
        try (PreparedStatement statement = connection.prepareStatement("INSERT INTO sluice.suspect (verification,"
                + " row_key, document_key) SELECT ?, u.* FROM unnest(?, ?) u ON CONFLICT (verification, sluice.digest(row_key))"
                + " DO UPDATE SET document_key = coalesce(suspect.document_key, EXCLUDED.document_key)")) {
            statement.setLong(1, id);
            statement.setArray(
                    2, texts(connection, suspects.stream().map(Suspect::rowKey).toList()));
            List<@Nullable String> documentKeys = new ArrayList<>();
            suspects.forEach(s -> documentKeys.add(s.documentKey()));
            statement.setArray(3, connection.createArrayOf("text", documentKeys.toArray()));
            statement.executeUpdate();
        }
    }

    /// Records as suspects the documents that differed before and were not found equal since.
    void suspectDrifted(Connection connection, long id, String collection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("INSERT INTO sluice.suspect (verification,"
                + " row_key, document_key) SELECT ?, row_key, max(document_key) FROM sluice.drift WHERE pipeline = ?"
                + " AND collection = ? GROUP BY row_key ON CONFLICT DO NOTHING")) {
            statement.setLong(1, id);
            statement.setString(2, pipeline);
            statement.setString(3, collection);
            statement.executeUpdate();
        }
    }

    /// The suspects to be compared next: those with the fewest looks.
    ///
    /// @param looksMax suspects with so many looks are given up
    List<Suspect> suspects(Connection connection, long id, int most, int looksMax) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT row_key, document_key FROM"
                + " sluice.suspect WHERE verification = ? AND looked < ? ORDER BY looked, row_key LIMIT ?")) {
            statement.setLong(1, id);
            statement.setInt(2, looksMax);
            statement.setInt(3, most);
            return suspects(statement);
        }
    }

    private static List<Suspect> suspects(PreparedStatement statement) throws SQLException {
        List<Suspect> suspects = new ArrayList<>();
        try (ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                suspects.add(new Suspect(row.getString(1), row.getString(2)));
            }
        }
        return suspects;
    }

    long suspectCount(Connection connection, long id) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT count(*) FROM sluice.suspect WHERE verification = ?")) {
            statement.setLong(1, id);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    /// Deletes suspects that are settled.
    void settled(Connection connection, long id, Collection<Suspect> suspects) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "DELETE FROM sluice.suspect WHERE verification = ? AND row_key = ANY (?)")) {
            statement.setLong(1, id);
            statement.setArray(
                    2, texts(connection, suspects.stream().map(Suspect::rowKey).toList()));
            statement.executeUpdate();
        }
    }

    /// Counts one more look that left these undecided.
    void looked(Connection connection, long id, Collection<Suspect> suspects) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "UPDATE sluice.suspect SET looked = looked + 1" + " WHERE verification = ? AND row_key = ANY (?)")) {
            statement.setLong(1, id);
            statement.setArray(
                    2, texts(connection, suspects.stream().map(Suspect::rowKey).toList()));
            statement.executeUpdate();
        }
    }

    /// Records the results of comparing documents: which differ, since when, and which no longer do.
    void record(Connection connection, String collection, Map<Suspect, Verdict> verdicts) throws SQLException {
        List<String> keys = new ArrayList<>();
        verdicts.forEach((suspect, verdict) -> {
            if (!(verdict instanceof Verdict.Undecided)) {
                keys.add(suspect.rowKey());
            }
        });
        if (keys.isEmpty()) {
            return;
        }
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO sluice.drift (pipeline, collection,"
                        + " table_name, row_key, document_key, kind, columns, rows, first_seen_at, last_seen_at)"
                        // The rows of a collection whose writes have moved meanwhile are not judged.
                        + " SELECT v.* FROM (VALUES (?, ?, ?, ?, ?, ?, ?::text[], ?::bigint, clock_timestamp(),"
                        + " clock_timestamp())) v (p, c) WHERE NOT sluice.writes_moved(v.p, v.c)"
                        + " ON CONFLICT (pipeline, collection, table_name, kind, sluice.digest(row_key))"
                        + " DO UPDATE SET"
                        + " document_key = EXCLUDED.document_key, columns = EXCLUDED.columns, rows = EXCLUDED.rows,"
                        + " last_seen_at = EXCLUDED.last_seen_at");
                PreparedStatement delete = connection.prepareStatement("DELETE FROM sluice.drift d WHERE pipeline = ?"
                        + " AND collection = ? AND row_key = ANY (?) AND NOT EXISTS (SELECT FROM unnest(?, ?, ?)"
                        + " u (k, t, w) WHERE u.k = d.row_key AND u.t = d.table_name AND u.w = d.kind)")) {
            List<List<String>> still = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
            for (Map.Entry<Suspect, Verdict> entry : verdicts.entrySet()) {
                if (entry.getValue() instanceof Verdict.Drifted(List<Drift> found)) {
                    for (Drift drift : found) {
                        Suspect suspect = entry.getKey();
                        insert.setString(1, pipeline);
                        insert.setString(2, collection);
                        insert.setString(3, drift.table().toString());
                        insert.setString(4, suspect.rowKey());
                        insert.setString(5, suspect.documentKey());
                        insert.setString(6, drift.kind().text());
                        insert.setArray(7, texts(connection, drift.columns()));
                        insert.setLong(8, drift.rows());
                        insert.addBatch();
                        still.get(0).add(suspect.rowKey());
                        still.get(1).add(drift.table().toString());
                        still.get(2).add(drift.kind().text());
                    }
                }
            }
            insert.executeBatch();
            delete.setString(1, pipeline);
            delete.setString(2, collection);
            delete.setArray(3, texts(connection, keys));
            for (int i = 0; i < still.size(); i++) {
                delete.setArray(4 + i, texts(connection, still.get(i)));
            }
            delete.executeUpdate();
        }
    }

    /// How many rows of a collection differ, by kind; those of child tables included.
    Map<Drift.Kind, Long> driftRows(Connection connection, String collection) throws SQLException {
        return driftRows(connection, collection, null);
    }

    /// How many rows of a collection differ in one of its tables, by kind.
    ///
    /// @param table null for all of them
    public Map<Drift.Kind, Long> driftRows(Connection connection, String collection, @Nullable TableName table)
            throws SQLException {
        Map<Drift.Kind, Long> rows = new java.util.EnumMap<>(Drift.Kind.class);
        try (PreparedStatement statement = connection.prepareStatement("SELECT kind, sum(rows) FROM sluice.drift WHERE"
                + " pipeline = ? AND collection = ? AND (?::text IS NULL OR table_name = ?) GROUP BY kind")) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.setString(3, table == null ? null : table.toString());
            statement.setString(4, table == null ? null : table.toString());
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    rows.put(Drift.Kind.valueOf(row.getString(1).toUpperCase(Locale.ROOT)), row.getLong(2));
                }
            }
        }
        return rows;
    }

    /// The documents of a collection that differ, oldest finding first.
    List<Suspect> drifted(Connection connection, String collection, int most, Set<String> without) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT row_key, max(document_key) FROM"
                + " sluice.drift WHERE pipeline = ? AND collection = ? AND row_key <> ALL (?) GROUP BY row_key"
                + " ORDER BY min(first_seen_at), row_key LIMIT ?")) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.setArray(3, texts(connection, without));
            statement.setInt(4, most);
            return suspects(statement);
        }
    }

    /// Ends as failed what was not finished, for a pipeline that gets another MongoDB.
    public void failRunning(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "UPDATE sluice.verification SET state = 'failed', finished_at = clock_timestamp()"
                        + " WHERE pipeline = ? AND state = 'running'")) {
            statement.setString(1, pipeline);
            statement.executeUpdate();
        }
    }

    /// Forgets what differs in a collection.
    public void forgetDrift(Connection connection, String collection) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("DELETE FROM sluice.drift WHERE pipeline = ? AND collection = ?")) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.executeUpdate();
        }
    }

    private static java.sql.Array texts(Connection connection, Collection<?> values) throws SQLException {
        return connection.createArrayOf(
                "text", values.stream().map(String::valueOf).toArray());
    }
}
