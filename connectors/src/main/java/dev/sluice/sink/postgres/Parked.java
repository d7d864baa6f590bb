package dev.sluice.sink.postgres;

import dev.sluice.change.CanonicalJson;
import dev.sluice.change.Change;
import dev.sluice.mapping.row.MappingResult.MisfitValue;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.RowChange.Effect;
import dev.sluice.sink.postgres.table.RowIdentity;
import dev.sluice.sql.RoundTrip;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// Dead letters and quarantined values, written in the caller's transaction (promise 5). For one thread.
///
/// Every change carries the whole document, so a later state that can be applied removes the document's
/// dead letter: its row is current again, and the fault of an older state no longer matters.
final class Parked {
    private static final String DEAD_LETTER = """
            INSERT INTO sluice.dead_letter (pipeline, collection, document_key, operation, document, reason, sqlstate, cluster_time,
              behind_key, behind_index, behind_value, row_stays)
            VALUES (?, ?, ?, ?, convert_from(?, 'UTF8'), ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (pipeline, collection, sluice.digest(document_key)) DO UPDATE SET operation = EXCLUDED.operation,
              document = EXCLUDED.document, reason = EXCLUDED.reason, sqlstate = EXCLUDED.sqlstate,
              cluster_time = EXCLUDED.cluster_time, behind_key = EXCLUDED.behind_key,
              behind_index = EXCLUDED.behind_index, behind_value = EXCLUDED.behind_value,
              row_stays = EXCLUDED.row_stays, attempts = dead_letter.attempts + 1, last_failed_at = clock_timestamp(),
              accepted_at = CASE WHEN dead_letter.operation = EXCLUDED.operation
                AND dead_letter.document IS NOT DISTINCT FROM EXCLUDED.document THEN dead_letter.accepted_at END
            """;
    private static final String QUARANTINE = """
            INSERT INTO sluice.quarantine (pipeline, collection, document_key, column_name, path, bson_type, value, reason, cluster_time)
            VALUES (?, ?, ?, ?, ?, ?, convert_from(?, 'UTF8'), ?, ?)
            ON CONFLICT (pipeline, collection, column_name, sluice.digest(document_key || E'\\n' || path)) DO UPDATE SET
              bson_type = EXCLUDED.bson_type, value = EXCLUDED.value, reason = EXCLUDED.reason,
              cluster_time = EXCLUDED.cluster_time, quarantined_at = clock_timestamp()
            """;

    /// The documents of a batch of statements are in memory together.
    private static final int BATCH_BYTES = 1 << 20;

    private static final String ANY = """
            SELECT c.name, EXISTS (SELECT FROM sluice.dead_letter d WHERE d.pipeline = p.name AND d.collection = c.name),
              EXISTS (SELECT FROM sluice.quarantine q WHERE q.pipeline = p.name AND q.collection = c.name)
            FROM unnest(?::text[]) c (name), (VALUES (?)) p (name)""";

    private final Connection connection;
    private final String pipeline;

    /// Collections that may have rows there, so that the others cost only one query. It only grows:
    /// an unnecessary query is cheap.
    private final Set<String> withDeadLetters = new HashSet<>();

    private final Set<String> withQuarantine = new HashSet<>();

    /// Of which it is known for this transaction.
    private final Set<String> looked = new HashSet<>();

    Parked(Connection connection, String pipeline) {
        this.connection = connection;
        this.pipeline = pipeline;
    }

    /// Queries each time until it finds something, since another sink parks documents of the collection
    /// too: the stream removes dead letters that a chunk has written.
    private void look(String collection) throws SQLException {
        if (!looked.contains(collection)) {
            RoundTrip.send(connection, looking(List.of(collection)));
        }
    }

    /// The same for several collections, to be sent with other statements. What it finds holds for the
    /// whole transaction: nobody else parks documents of these collections meanwhile.
    ///
    /// @return nothing where it is known already
    List<RoundTrip.Part> lookingAhead(List<String> collections) {
        List<RoundTrip.Part> parts = looking(collections);
        looked.addAll(collections);
        return parts;
    }

    private List<RoundTrip.Part> looking(List<String> collections) {
        Object[] unknown = collections.stream()
                .filter(collection -> !withDeadLetters.contains(collection) || !withQuarantine.contains(collection))
                .toArray();
        if (unknown.length == 0) {
            return List.of();
        }
        return List.of(new RoundTrip.Query(
                ANY,
                (statement, first) -> {
                    statement.setArray(first, connection.createArrayOf("text", unknown));
                    statement.setString(first + 1, pipeline);
                    return first + 2;
                },
                rows -> {
                    while (rows.next()) {
                        if (rows.getBoolean(2)) {
                            withDeadLetters.add(rows.getString(1));
                        }
                        if (rows.getBoolean(3)) {
                            withQuarantine.add(rows.getString(1));
                        }
                    }
                }));
    }

    /// The transaction has ended.
    void forgetLooks() {
        looked.clear();
    }

    /// After documents of a collection are applied: what was parked of them before is deleted, and the
    /// values their rows landed without are kept.
    ///
    /// @param ids of all that were applied; asked for only where something is parked
    /// @param applied those among them that may have such values
    void onApplied(CollectionTarget target, Supplier<Collection<BsonValue>> ids, Collection<RowChange> applied)
            throws SQLException {
        String collection = target.collection();
        boolean misfits = false;
        for (RowChange change : applied) {
            misfits |=
                    change.effect() instanceof Effect.Upsert u && !u.misfits().isEmpty();
        }
        look(collection);
        if (withDeadLetters.contains(collection)) {
            forget("DELETE FROM sluice.dead_letter", collection, ids.get());
        }
        if (withQuarantine.contains(collection)) {
            forgetMisfits(collection, ids.get());
        }
        if (misfits) {
            withQuarantine.add(collection);
            quarantine(collection, applied);
        }
    }

    /// Whether rows of the collection may have landed without some of their values.
    boolean mayHaveMisfits(String collection) throws SQLException {
        look(collection);
        return withQuarantine.contains(collection);
    }

    /// Documents have no row any more, and so there is nothing that their rows landed without.
    void forgetMisfits(String collection, Collection<BsonValue> ids) throws SQLException {
        forget("DELETE FROM sluice.quarantine", collection, ids);
    }

    private void forget(String deletion, String collection, Collection<BsonValue> ids) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                deletion + " WHERE pipeline = ? AND collection = ? AND document_key = ANY (?)")) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.setArray(
                    3,
                    connection.createArrayOf(
                            "text", ids.stream().map(RowIdentity::documentKey).toArray()));
            statement.executeUpdate();
        }
    }

    private void quarantine(String collection, Collection<RowChange> applied) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(QUARANTINE)) {
            long waiting = 0;
            for (RowChange change : applied) {
                if (!(change.effect() instanceof Effect.Upsert upsert)) {
                    continue;
                }
                for (MisfitValue misfit : upsert.misfits()) {
                    statement.setString(1, pipeline);
                    statement.setString(2, collection);
                    statement.setString(
                            3, RowIdentity.documentKey(change.change().id()));
                    statement.setString(4, misfit.column());
                    statement.setString(5, printable(misfit.path()));
                    statement.setString(6, misfit.value().getBsonType().name().toLowerCase(java.util.Locale.ROOT));
                    CanonicalJson value = CanonicalJson.ofValue(misfit.value());
                    statement.setBinaryStream(7, value.stream(), value.length());
                    statement.setString(8, misfit.reason());
                    statement.setObject(9, clusterTime(change.change()));
                    statement.addBatch();
                    waiting += value.length();
                    if (waiting > BATCH_BYTES) {
                        statement.executeBatch();
                        waiting = 0;
                    }
                }
            }
            statement.executeBatch();
        }
    }

    /// Parks documents, one state of each.
    void deadLetters(Collection<DeadLetter> letters) throws SQLException {
        if (letters.isEmpty()) {
            return;
        }
        try (PreparedStatement statement = connection.prepareStatement(DEAD_LETTER)) {
            long waiting = 0;
            for (DeadLetter letter : letters) {
                waiting += bind(statement, letter);
                statement.addBatch();
                if (waiting > BATCH_BYTES) {
                    statement.executeBatch();
                    waiting = 0;
                }
            }
            statement.executeBatch();
        }
    }

    /// @return how many bytes the document has as JSON
    private int bind(PreparedStatement statement, DeadLetter letter) throws SQLException {
        RowChange parked = letter.change();
        Change change = parked.change();
        withDeadLetters.add(change.collection());
        CanonicalJson document = change instanceof Change.Upsert u
                ? CanonicalJson.of(parked.target().mapper().redacted(u.document()))
                : null;
        statement.setString(1, pipeline);
        statement.setString(2, change.collection());
        statement.setString(3, RowIdentity.documentKey(change.id()));
        statement.setString(4, change instanceof Change.Delete ? "delete" : "upsert");
        if (document == null) {
            statement.setNull(5, Types.BINARY);
        } else {
            statement.setBinaryStream(5, document.stream(), document.length());
        }
        statement.setString(6, letter.fullReason());
        statement.setString(7, letter.sqlState());
        statement.setObject(8, clusterTime(change));
        Rival behind = letter.behind();
        statement.setString(9, behind == null ? null : behind.key().toString());
        statement.setString(10, behind == null ? null : behind.index());
        statement.setString(11, behind == null ? null : behind.value());
        statement.setBoolean(12, letter.rowStays());
        return document == null ? 0 : document.length();
    }

    /// Those of the changes of a collection whose documents are parked already.
    List<RowChange> among(String collection, List<RowChange> changes) throws SQLException {
        if (changes.isEmpty()) {
            return List.of();
        }
        look(collection);
        if (!withDeadLetters.contains(collection)) {
            return List.of();
        }
        Set<String> keys = new HashSet<>();
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT document_key FROM sluice.dead_letter WHERE pipeline = ? AND collection = ?"
                        + " AND document_key = ANY (?)")) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.setArray(
                    3,
                    connection.createArrayOf(
                            "text",
                            changes.stream()
                                    .map(c -> RowIdentity.documentKey(c.change().id()))
                                    .toArray()));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    keys.add(rows.getString(1));
                }
            }
        }
        return changes.stream()
                .filter(c -> keys.contains(RowIdentity.documentKey(c.change().id())))
                .toList();
    }

    private static @Nullable OffsetDateTime clusterTime(Change change) {
        int seconds = change.clusterTime().getTime();
        return seconds == 0
                ? null
                : OffsetDateTime.ofInstant(java.time.Instant.ofEpochSecond(seconds & 0xFFFF_FFFFL), ZoneOffset.UTC);
    }

    /// A field name may hold a NUL as well.
    private static String printable(String path) {
        return path.replace("\0", "\\u0000");
    }
}
