package dev.sluice.evolution;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.audit.Audit;
import dev.sluice.audit.AuditAction;
import dev.sluice.change.Position;
import dev.sluice.control.BackfillStore;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.bson.BsonDocument;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// Stores changes of collections and fields in PostgreSQL (`sluice.schema_change`, and the tables that
/// are needed to notice such changes). Every method works in the caller's transaction. Any thread, each
/// with its own connection.
public final class SchemaChangeStore {
    /// Stands for the whole database where a collection's name is expected.
    public static final String DATABASE = "*";

    /// In the name of the collection that `$out` writes before it renames it.
    static final String OF_OUT = "tmp.agg_out.";

    private static final String CHANGES =
            "SELECT id, collection, kind, detail, policy, done, cluster_time, cluster_increment, seen_at, settled_at,"
                    + " settled_by, reached_at, unread_documents FROM sluice.schema_change WHERE pipeline = ?";

    /// Fields that appeared after the collection's copy was done; until then, `status` shows new fields.
    private static final String NEW_FIELDS = """
            INSERT INTO sluice.schema_change (pipeline, collection, kind, detail, done, settled_at)
            SELECT f.pipeline, f.collection, 'new_field', f.path, 'no column reads it', now()
            FROM sluice.unmapped_field f
            JOIN sluice.backfill b ON b.pipeline = f.pipeline AND b.collection = f.collection
            WHERE f.pipeline = ? AND b.state = 'done' AND f.first_seen_at > b.finished_at
            ON CONFLICT DO NOTHING
            RETURNING collection, detail
            """;

    /// Values that began to be quarantined then, by the reason: it need not be their type.
    private static final String NEW_TYPES = """
            INSERT INTO sluice.schema_change (pipeline, collection, kind, detail, done, settled_at)
            SELECT q.pipeline, q.collection, 'new_type',
              q.path || ' ' || q.reason || ' (' || q.bson_type || '), for ' || q.column_name, 'in quarantine', now()
            FROM sluice.quarantine q
            JOIN sluice.backfill b ON b.pipeline = q.pipeline AND b.collection = q.collection
            WHERE q.pipeline = ? AND b.state = 'done'
            GROUP BY q.pipeline, q.collection, q.path, q.reason, q.bson_type, q.column_name, b.finished_at
            HAVING min(q.quarantined_at) > b.finished_at
            ON CONFLICT DO NOTHING
            RETURNING collection, detail
            """;

    /// Collections that nothing maps and that were not there before. None where they are listed for the first time, nor
    /// those that were mapped until now.
    private static final String NEW_COLLECTIONS = """
            WITH first AS (
              SELECT w.listed_at IS NULL AS time FROM sluice.schema_watch w WHERE w.pipeline = ?),
            gone AS (
              DELETE FROM sluice.unmapped_collection WHERE pipeline = ? AND collection <> ALL (?)),
            come AS (
              INSERT INTO sluice.unmapped_collection (pipeline, collection)
              SELECT ?, n FROM unnest(?) n ON CONFLICT DO NOTHING RETURNING pipeline, collection)
            INSERT INTO sluice.schema_change (pipeline, collection, kind, done, settled_at)
            SELECT c.pipeline, c.collection, 'new_collection', 'nothing maps it', now()
            FROM come c
            WHERE NOT (SELECT time FROM first)
              AND NOT EXISTS (SELECT FROM sluice.known_collection k
                              WHERE k.pipeline = c.pipeline AND k.collection = c.collection)
            ON CONFLICT DO NOTHING
            RETURNING collection
            """;

    private final String pipeline;

    public SchemaChangeStore(String pipeline) {
        this.pipeline = pipeline;
    }

    /// What changed.
    public enum Kind {
        @JsonProperty("dropped")
        DROPPED,
        @JsonProperty("renamed")
        RENAMED,
        @JsonProperty("replaced")
        REPLACED,
        @JsonProperty("database_dropped")
        DATABASE_DROPPED,
        @JsonProperty("modified")
        MODIFIED,
        @JsonProperty("new_field")
        NEW_FIELD,
        @JsonProperty("new_type")
        NEW_TYPE,
        @JsonProperty("new_collection")
        NEW_COLLECTION;

        /// As it is stored, and printed in JSON.
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// A change and its current state.
    ///
    /// @param collection [#DATABASE] for all
    /// @param detail the other name, or the path; may be empty
    /// @param policy what the mapping said when it was seen; null for a note
    /// @param done what was done about it; null for nothing yet
    /// @param clusterTime null when it was found by comparing collections and not by a change event
    /// @param settledAt null while it is open
    /// @param unreadDocuments of how many documents at least the last updates before it could not be
    ///     read
    public record Change(
            long id,
            String collection,
            Kind kind,
            String detail,
            @Nullable String policy,
            @Nullable String done,
            @Nullable Instant clusterTime,
            Instant seenAt,
            @Nullable Instant settledAt,
            @Nullable String settledBy,
            long unreadDocuments) {
        /// What happened, in a sentence.
        public String forPeople() {
            return happened()
                    + (unreadDocuments == 0
                            ? ""
                            : " The last updates of at least " + unreadDocuments
                                    + (unreadDocuments == 1 ? " document" : " documents")
                                    + " before that are not in the rows: MongoDB gives the documents of updates as they are,"
                                    + " and they were gone when the updates were read.");
        }

        private String happened() {
            return sentence(kind, collection, detail, clusterTime == null ? "" : " at " + clusterTime);
        }

        private static String sentence(Kind kind, String collection, String detail, String when) {
            return switch (kind) {
                case DROPPED -> collection + " was dropped" + when + ".";
                case RENAMED -> collection + " was renamed " + detail + when + ".";
                case REPLACED ->
                    collection + " was replaced " + detail
                            + (detail.contains(OF_OUT) ? " (the result of an aggregation with $out)" : "") + when + ".";
                case DATABASE_DROPPED -> "The database was dropped" + when + ".";
                case MODIFIED -> "The options of " + collection + " were changed" + when + ".";
                case NEW_FIELD -> collection + " has a new field " + detail + ".";
                case NEW_TYPE -> "In " + collection + ", " + detail + "; the first such value came after the copy.";
                case NEW_COLLECTION ->
                    collection + " is a new collection. `sluice infer --collection " + collection
                            + "` proposes what to add to the mapping.";
            };
        }
    }

    /// A change that waits for a decision or an action.
    ///
    /// @param reached whether the stream has stopped at it, with everything before it applied
    public record Open(Change change, @Nullable BsonTimestamp clusterTime, boolean reached) {}

    /// The position of the watch; empty before its first start.
    Optional<Position> position(Connection connection) throws SQLException {
        String sql = "SELECT resume_token, cluster_time_seconds, cluster_time_increment FROM sluice.schema_watch"
                + " WHERE pipeline = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    return Optional.empty();
                }
                long seconds = row.getLong(2);
                BsonTimestamp time = row.wasNull() ? null : new BsonTimestamp((int) seconds, row.getInt(3));
                return Optional.of(new Position(BsonDocument.parse(row.getString(1)), time));
            }
        }
    }

    void advance(Connection connection, Position position) throws SQLException {
        String sql = "INSERT INTO sluice.schema_watch (pipeline, resume_token, cluster_time_seconds,"
                + " cluster_time_increment) VALUES (?, ?::jsonb, ?, ?) ON CONFLICT (pipeline) DO UPDATE SET"
                + " resume_token = EXCLUDED.resume_token, cluster_time_seconds = EXCLUDED.cluster_time_seconds,"
                + " cluster_time_increment = EXCLUDED.cluster_time_increment, updated_at = clock_timestamp()";
        BsonTimestamp time = position.clusterTime();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, position.resumeToken().toJson());
            statement.setObject(3, time == null ? null : time.getTime() & 0xFFFF_FFFFL, java.sql.Types.BIGINT);
            statement.setObject(4, time == null ? null : time.getInc(), java.sql.Types.INTEGER);
            statement.executeUpdate();
        }
    }

    /// The identifiers of the collections, as they were last seen.
    Map<String, String> known(Connection connection) throws SQLException {
        Map<String, String> known = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT collection, uuid FROM sluice.known_collection WHERE pipeline = ?")) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    known.put(row.getString(1), row.getString(2));
                }
            }
        }
        return known;
    }

    /// @param uuid null when there is no such collection
    void know(Connection connection, String collection, @Nullable String uuid) throws SQLException {
        String sql = uuid == null
                ? "DELETE FROM sluice.known_collection WHERE pipeline = ? AND collection = ?"
                : "INSERT INTO sluice.known_collection (pipeline, collection, uuid) VALUES (?, ?, ?)"
                        + " ON CONFLICT (pipeline, collection) DO UPDATE SET uuid = EXCLUDED.uuid, seen_at = now()";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            if (uuid != null) {
                statement.setString(3, uuid);
            }
            statement.executeUpdate();
        }
    }

    /// A change as it is noticed.
    ///
    /// @param policy null for a note, which is closed at once
    /// @param time null when it was found by comparing collections and not by a change event
    record Sighting(
            String collection,
            Kind kind,
            String detail,
            @Nullable String policy,
            @Nullable BsonTimestamp time) {}

    void record(Connection connection, Sighting seen) throws SQLException {
        String policy = seen.policy();
        BsonTimestamp time = seen.time();
        String sql = "INSERT INTO sluice.schema_change (pipeline, collection, kind, detail, policy, cluster_time,"
                + " cluster_increment, done, settled_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?,"
                + " CASE WHEN ?::text IS NULL THEN now() END) ON CONFLICT DO NOTHING";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, seen.collection());
            statement.setString(3, seen.kind().toString());
            statement.setString(4, seen.detail());
            statement.setString(5, policy);
            statement.setObject(6, time == null ? null : utc(time));
            statement.setObject(7, time == null ? null : time.getInc(), java.sql.Types.INTEGER);
            statement.setString(8, policy == null ? "noted" : null);
            statement.setString(9, policy);
            statement.executeUpdate();
        }
    }

    /// Records fields that appeared after the copy was done, each once.
    ///
    /// @return what happened and what to do now for each that is new, without values
    List<String> recordFields(Connection connection) throws SQLException {
        List<String> recorded = new ArrayList<>();
        for (Map.Entry<Kind, String> news :
                List.of(Map.entry(Kind.NEW_FIELD, NEW_FIELDS), Map.entry(Kind.NEW_TYPE, NEW_TYPES))) {
            try (PreparedStatement statement = connection.prepareStatement(news.getValue())) {
                statement.setString(1, pipeline);
                try (ResultSet row = statement.executeQuery()) {
                    while (row.next()) {
                        recorded.add(Change.sentence(news.getKey(), row.getString(1), row.getString(2), "")
                                + remedy(news.getKey(), row.getString(1)));
                    }
                }
            }
        }
        return recorded;
    }

    private static String remedy(Kind kind, String collection) {
        return switch (kind) {
            case NEW_FIELD ->
                " No column reads it: `sluice infer --collection " + collection
                        + "` proposes one, and `sluice evolve` takes it over.";
            case NEW_TYPE ->
                " These values are in quarantine: `sluice quarantine list --collection " + collection + "` shows why.";
            case DROPPED, RENAMED, REPLACED, DATABASE_DROPPED, MODIFIED, NEW_COLLECTION -> "";
        };
    }

    /// Records which collections nothing maps. Once the watch has a position; before, it does nothing.
    ///
    /// @param there all of them
    /// @return those that came since the last call
    List<String> recordUnmapped(Connection connection, Collection<String> there) throws SQLException {
        List<String> come = new ArrayList<>();
        java.sql.Array names = connection.createArrayOf("text", there.toArray());
        if (position(connection).isEmpty()) {
            return come;
        }
        try (PreparedStatement statement = connection.prepareStatement(NEW_COLLECTIONS)) {
            statement.setString(1, pipeline);
            statement.setString(2, pipeline);
            statement.setArray(3, names);
            statement.setString(4, pipeline);
            statement.setArray(5, names);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    come.add(row.getString(1));
                }
            }
        }
        try (PreparedStatement statement = connection.prepareStatement(
                "UPDATE sluice.schema_watch SET listed_at = clock_timestamp() WHERE pipeline = ?")) {
            statement.setString(1, pipeline);
            statement.executeUpdate();
        }
        return come;
    }

    /// Collections that nothing mapped when they were listed last, by name. None in a control schema of before there
    /// was a
    /// list of them.
    public List<String> unmapped(Connection connection) throws SQLException {
        List<String> names = new ArrayList<>();
        try (PreparedStatement there =
                        connection.prepareStatement("SELECT to_regclass('sluice.unmapped_collection') IS NOT NULL");
                ResultSet row = there.executeQuery()) {
            row.next();
            if (!row.getBoolean(1)) {
                return names;
            }
        }
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT collection FROM sluice.unmapped_collection WHERE pipeline = ? ORDER BY collection")) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    names.add(row.getString(1));
                }
            }
        }
        return names;
    }

    /// The changes that wait for a decision or an action, the oldest first.
    public List<Open> open(Connection connection) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement(CHANGES + " AND settled_at IS NULL ORDER BY id")) {
            statement.setString(1, pipeline);
            return open(statement);
        }
    }

    /// Why rows of a collection may have no document though nobody else wrote there: it was dropped,
    /// renamed or replaced, and the rows stayed, by the mapping or since somebody accepted that.
    ///
    /// @return a sentence; empty where there was no such change
    public Optional<String> stayed(Connection connection, String collection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(CHANGES
                + " AND collection = ? AND kind IN ('dropped', 'renamed', 'replaced') AND settled_at IS NOT NULL"
                + " AND (policy = 'keep' OR settled_by IS NOT NULL) ORDER BY id DESC LIMIT 1")) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            return open(statement).stream()
                    .findFirst()
                    .map(Open::change)
                    .map(change -> change.forPeople() + " Its rows stayed (change " + change.id()
                            + " of `sluice schema-changes`) and count as extra.");
        }
    }

    /// The changes of whole collections and of the database at a time or later, decided on or not; the
    /// oldest first.
    List<Open> since(Connection connection, BsonTimestamp time) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(CHANGES
                + " AND kind IN ('dropped', 'renamed', 'replaced', 'database_dropped')"
                + " AND (cluster_time, cluster_increment) >= (?, ?) ORDER BY id")) {
            statement.setString(1, pipeline);
            statement.setObject(2, utc(time));
            statement.setInt(3, time.getInc());
            return open(statement);
        }
    }

    private static List<Open> open(PreparedStatement statement) throws SQLException {
        List<Open> open = new ArrayList<>();
        try (ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                Change change = change(row);
                Instant time = change.clusterTime();
                open.add(new Open(
                        change,
                        time == null ? null : new BsonTimestamp((int) time.getEpochSecond(), row.getInt(8)),
                        row.getObject(12) != null));
            }
        }
        return open;
    }

    /// Records of how many documents at least the last updates before a change could not be read.
    void unread(Connection connection, long id, long documents) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "UPDATE sluice.schema_change SET" + " unread_documents = greatest(unread_documents, ?) WHERE id = ?")) {
            statement.setLong(1, documents);
            statement.setLong(2, id);
            statement.executeUpdate();
        }
    }

    /// A change that is recorded.
    Change find(Connection connection, String collection, Kind kind, String detail, BsonTimestamp time)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(CHANGES
                + " AND collection = ? AND kind = ? AND detail = ? AND cluster_time = ? AND cluster_increment = ?")) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.setString(3, kind.toString());
            statement.setString(4, detail);
            statement.setObject(5, utc(time));
            statement.setInt(6, time.getInc());
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return change(row);
            }
        }
    }

    /// Records that the pipeline stopped at a change, and that everything before it is applied.
    void reached(Connection connection, long id) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "UPDATE sluice.schema_change SET reached_at = clock_timestamp() WHERE id = ?")) {
            statement.setLong(1, id);
            statement.executeUpdate();
        }
    }

    private static OffsetDateTime utc(BsonTimestamp time) {
        return OffsetDateTime.ofInstant(Instant.ofEpochSecond(time.getTime() & 0xFFFF_FFFFL), ZoneOffset.UTC);
    }

    /// The newest first, those that are open before all others.
    public List<Change> latest(Connection connection, int limit) throws SQLException {
        List<Change> changes = new ArrayList<>();
        try (PreparedStatement statement =
                connection.prepareStatement(CHANGES + " ORDER BY settled_at IS NULL DESC, id DESC LIMIT ?")) {
            statement.setString(1, pipeline);
            statement.setInt(2, limit);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    changes.add(change(row));
                }
            }
        }
        return changes;
    }

    private static Change change(ResultSet row) throws SQLException {
        return new Change(
                row.getLong(1),
                row.getString(2),
                Kind.valueOf(row.getString(3).toUpperCase(Locale.ROOT)),
                row.getString(4),
                row.getString(5),
                row.getString(6),
                instant(row, 7),
                row.getObject(9, OffsetDateTime.class).toInstant(),
                instant(row, 10),
                row.getString(11),
                row.getLong(13));
    }

    private static @Nullable Instant instant(ResultSet row, int column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }

    /// Records what was done about a change, and closes it.
    void close(Connection connection, long id, String policy, String done) throws SQLException {
        String sql =
                "UPDATE sluice.schema_change SET policy = ?, done = ?, settled_at = clock_timestamp() WHERE id = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, policy);
            statement.setString(2, done);
            statement.setLong(3, id);
            statement.executeUpdate();
        }
    }

    /// Accepts open changes: the rows stay. A copy that was interrupted begins again, since its chunks
    /// are those of the former collection. Recorded in the audit. A dropped database can't be accepted:
    /// the change stream ended with it, and only a new position helps.
    ///
    /// @param ids null for all
    /// @return the numbers of the changes that were accepted
    public List<Long> accept(Connection connection, @Nullable Collection<Long> ids, String actor) throws SQLException {
        List<String> forgotten = BackfillStore.forgetting("unfinished");
        String sql = """
                WITH accepted AS (
                  UPDATE sluice.schema_change SET done = 'accepted; the rows stay', settled_at = clock_timestamp(),
                    settled_by = ?
                  WHERE pipeline = ? AND settled_at IS NULL AND kind <> 'database_dropped' AND (?::bigint[] IS NULL OR id = ANY (?))
                  RETURNING *, settled_by AS actor),
                unfinished AS (
                  SELECT b.pipeline, b.collection FROM sluice.backfill b JOIN accepted a USING (pipeline, collection)
                  WHERE b.state <> 'done'),
                chunks AS (%s),
                copies AS (%s),
                noted AS (%s)
                SELECT id FROM accepted ORDER BY id
                """.formatted(
                        forgotten.getFirst(),
                        forgotten.getLast(),
                        Audit.each(
                                AuditAction.ACCEPT_SCHEMA_CHANGE,
                                "jsonb_build_object('schema_change', id, 'kind', kind, 'detail', detail)",
                                "accepted"));
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            java.sql.Array numbers = ids == null ? null : connection.createArrayOf("bigint", ids.toArray());
            statement.setString(1, actor);
            statement.setString(2, pipeline);
            statement.setArray(3, numbers);
            statement.setArray(4, numbers);
            List<Long> accepted = new ArrayList<>();
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    accepted.add(row.getLong(1));
                }
            }
            return accepted;
        }
    }

    /// For a copy of everything from a new position: it closes all earlier changes, and the watch
    /// begins at that position.
    public void reset(Connection connection) throws SQLException {
        for (String sql : List.of(
                "UPDATE sluice.schema_change SET done = 'a new position was taken, and everything is copied again',"
                        + " settled_at = clock_timestamp() WHERE pipeline = ? AND settled_at IS NULL",
                "DELETE FROM sluice.schema_watch WHERE pipeline = ?",
                "DELETE FROM sluice.known_collection WHERE pipeline = ?")) {
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                statement.setString(1, pipeline);
                statement.executeUpdate();
            }
        }
    }
}
