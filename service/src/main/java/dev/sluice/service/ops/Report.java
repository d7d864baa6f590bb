package dev.sluice.service.ops;

import dev.sluice.balance.Balance;
import dev.sluice.balance.BalanceStore;
import dev.sluice.failure.Failures;
import dev.sluice.positions.LockHolder;
import dev.sluice.positions.PipelineLock;
import dev.sluice.service.pipeline.LastWriter;
import dev.sluice.sink.postgres.PostgresConnector;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The state of a pipeline, read from the control schema, as anyone with SELECT can. Any thread.
public final class Report {
    private static final String COLLECTIONS = """
            SELECT c.collection,
                   CASE WHEN b.state = 'done'
                        THEN to_char(w.cluster_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') END,
                   CASE WHEN b.state = 'done'
                        THEN extract(epoch FROM coalesce(w.source_time, w.applied_at) - w.cluster_time
                                                + (clock_timestamp() - w.applied_at))::float8 END,
                   coalesce(b.state, 'not started'),
                   coalesce(b.documents, 0), coalesce(b.rows, 0), b.estimated_documents,
                   (SELECT count(*) FROM sluice.dead_letter d WHERE d.pipeline = c.pipeline AND d.collection = c.collection),
                   (SELECT count(*) FROM sluice.quarantine q WHERE q.pipeline = c.pipeline AND q.collection = c.collection),
                   (SELECT count(DISTINCT v.row_key) FROM sluice.waiting v
                    WHERE v.pipeline = c.pipeline AND v.collection = c.collection AND v.kind = 'reference'),
                   (SELECT count(*) FROM sluice.unmapped_field f WHERE f.pipeline = c.pipeline AND f.collection = c.collection)
            FROM (SELECT pipeline, collection FROM sluice.watermark
                  UNION SELECT pipeline, collection FROM sluice.backfill) c
            LEFT JOIN sluice.watermark w ON w.pipeline = c.pipeline AND w.collection = c.collection
            LEFT JOIN sluice.backfill b ON b.pipeline = c.pipeline AND b.collection = c.collection
            WHERE c.pipeline = ? ORDER BY c.collection
            """;

    private static final String SKIPPED =
            "SELECT collection, reason, documents FROM sluice.skipped WHERE pipeline = ? ORDER BY collection, reason";

    private static final String SCHEMA_CHANGES =
            "SELECT collection, kind, count(*) FROM sluice.schema_change WHERE pipeline = ? GROUP BY collection, kind";

    private static final String POSITION = """
            SELECT owner, epoch,
                   to_char(to_timestamp(cluster_time_seconds) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                   extract(epoch FROM clock_timestamp() - updated_at)::float8
            FROM sluice.position WHERE pipeline = ?
            """;

    /// A process that works moves the position once a second or so.
    private static final double WORKING_SECONDS = 15;

    private final PostgresConnector connector;
    private final String pipeline;

    public Report(PostgresConnector connector, String pipeline) {
        this.connector = connector;
        this.pipeline = pipeline;
    }

    /// How a pipeline stands. All but the name, the state and what the running process knows is read from PostgreSQL,
    /// and null while that does not answer.
    ///
    /// @param state of the running process; null when this was read without one
    /// @param owner who writes the pipeline, or wrote it last; null before the first start
    /// @param epoch of the last taking over; 0 before the first
    /// @param position cluster time of the committed position; null when unknown
    /// @param positionAgeSeconds since it last moved, heartbeats included; null before the first start
    /// @param running whether a process works the pipeline: it holds the pipeline's lock, or the position moves and
    ///     the process of `owner` has not ended. The lock can't be seen behind a pooler. A process that
    ///     waits for a database holds none
    /// @param ownerProcess whether the process of `owner` is still there, as far as it can be known from here;
    ///     null before the first start
    /// @param live what the running process knows; null when this was read without one
    /// @param collections null when they are not known
    /// @param notes findings in sentences
    public record Snapshot(
            String pipeline,
            @Nullable String state,
            @Nullable String message,
            @Nullable String owner,
            @Nullable Long epoch,
            @Nullable String position,
            @Nullable Double positionAgeSeconds,
            @Nullable Boolean running,
            LastWriter.@Nullable Fate ownerProcess,
            @Nullable Live live,
            @Nullable List<CollectionSnapshot> collections,
            List<String> notes) {
        public Snapshot {
            collections = collections == null ? null : List.copyOf(collections);
            notes = List.copyOf(notes);
        }

        /// Of a pipeline that was never started.
        static Snapshot neverStarted(String pipeline, List<CollectionSnapshot> collections) {
            return new Snapshot(pipeline, null, null, null, 0L, null, null, false, null, null, collections, List.of());
        }

        /// While PostgreSQL, which has the rest of the answer, does not give it.
        public static Snapshot unknown(String pipeline) {
            return new Snapshot(
                    pipeline,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    List.of("PostgreSQL does not answer: what is null here is not known."));
        }

        /// Those that are known.
        List<CollectionSnapshot> knownCollections() {
            return collections == null ? List.of() : collections;
        }

        public Snapshot withCollections(List<CollectionSnapshot> others) {
            return with(others, notes);
        }

        /// The same with one more sentence.
        Snapshot withNote(String note) {
            return with(
                    collections, Stream.concat(notes.stream(), Stream.of(note)).toList());
        }

        private Snapshot with(@Nullable List<CollectionSnapshot> others, List<String> sentences) {
            return new Snapshot(
                    pipeline,
                    state,
                    message,
                    owner,
                    epoch,
                    position,
                    positionAgeSeconds,
                    running,
                    ownerProcess,
                    live,
                    others,
                    sentences);
        }

        public Snapshot withState(String name, @Nullable String text) {
            return new Snapshot(
                    pipeline,
                    name,
                    text,
                    owner,
                    epoch,
                    position,
                    positionAgeSeconds,
                    running,
                    ownerProcess,
                    live,
                    collections,
                    notes);
        }

        /// @param leads whether the process that knows this writes the pipeline
        public Snapshot withLive(Live now, boolean leads) {
            return new Snapshot(
                    pipeline,
                    state,
                    message,
                    owner,
                    epoch,
                    position,
                    positionAgeSeconds,
                    leads ? Boolean.TRUE : running,
                    ownerProcess,
                    now,
                    collections,
                    notes);
        }

        /// A page of text.
        public String forPeople() {
            StringBuilder text = new StringBuilder();
            text.append("pipeline ").append(pipeline);
            if (owner == null) {
                return text.append(": never started. `sluice run` starts it.").toString();
            }
            text.append(String.format(
                    Locale.ROOT,
                    ", epoch %d, written by %s; position %s, moved %.1f s ago%n",
                    epoch,
                    owner,
                    position == null ? "unknown" : position,
                    positionAgeSeconds));
            if (!isRunning()) {
                text.append("No process holds this pipeline now")
                        .append(lastWriter())
                        .append('\n');
                text.append("The lag is not known: each collection is as of its time under \"applied through\", and"
                        + " MongoDB may have moved on.\n");
            } else if (ownerProcess == LastWriter.Fate.ENDED) {
                text.append("The process that wrote it last has ended. Another one holds this pipeline and has not"
                        + " taken it over yet.\n");
            } else if (positionAgeSeconds != null && positionAgeSeconds > WORKING_SECONDS) {
                text.append(
                        "A process holds this pipeline, but its position does not move: see its log, or the state in"
                                + " its GET /api/status.\n");
            }
            text.append(String.format(
                    Locale.ROOT,
                    "%-24s %-12s %10s %12s %12s %10s %10s  %s%n",
                    "collection",
                    "backfill",
                    "lag s",
                    "dead letters",
                    "quarantined",
                    "incomplete",
                    "unmapped",
                    "applied through"));
            for (CollectionSnapshot c : knownCollections()) {
                text.append(String.format(
                        Locale.ROOT,
                        "%-24s %-12s %10s %,12d %,12d %,10d %,10d  %s%n",
                        c.collection(),
                        c.backfill(),
                        lag(c),
                        c.deadLetters(),
                        c.quarantinedValues(),
                        c.incomplete(),
                        c.unmappedFields(),
                        c.watermark() == null ? "unknown" : c.watermark()));
            }
            SequencedMap<String, Balance> balances = new LinkedHashMap<>();
            for (CollectionSnapshot c : knownCollections()) {
                Balance balance = c.balance();
                if (balance != null) {
                    balances.put(c.collection(), balance);
                }
            }
            if (!balances.isEmpty()) {
                text.append(String.format(Locale.ROOT, "%n%s%n%n", BalanceTable.forPeople(balances)));
            }
            for (CollectionSnapshot c : knownCollections()) {
                if (c.balance() == null && !c.backfill().equals("not started")) {
                    text.append(String.format(
                            Locale.ROOT,
                            c.backfill().equals("done")
                                    ? "%s: not counted yet; the copy read %s%s%n"
                                    : "%s: is being copied; read so far: %s%s%n",
                            c.collection(),
                            Counted.of(c.backfilledDocuments(), "document"),
                            c.estimatedDocuments() == null
                                    ? ""
                                    : String.format(Locale.ROOT, " of about %,d", c.estimatedDocuments())));
                }
                c.skipped()
                        .forEach((reason, documents) -> text.append(String.format(
                                Locale.ROOT,
                                "%s: skipped %,d x %s, each time that one came by since the beginning%n",
                                c.collection(),
                                documents,
                                reason)));
            }
            notes.forEach(note -> text.append(note).append(System.lineSeparator()));
            return text.toString().stripTrailing();
        }

        /// What is known of the process that had it last, and what to do.
        private String lastWriter() {
            return switch (ownerProcess) {
                case ENDED -> ", and " + owner + ", which had it last, has ended. `sluice run` resumes from there.";
                case RUNS ->
                    ". But " + owner
                            + ", which had it last, is still there: it may be waiting for a database, and then resumes"
                            + " by itself. See its log and its GET /api/status.";
                case UNKNOWN ->
                    ". Whether " + owner
                            + ", which had it last, is still there can't be seen from here: it may be waiting"
                            + " for a database; see its log and its GET /api/status. If it has ended, `sluice run`"
                            + " resumes from there.";
                case null -> ". `sluice run` resumes from there.";
            };
        }

        private boolean isRunning() {
            return Boolean.TRUE.equals(running);
        }

        private static String lag(CollectionSnapshot collection) {
            return collection.lagSeconds() == null
                    ? "unknown"
                    : String.format(Locale.ROOT, "%.1f", collection.lagSeconds());
        }
    }

    /// @param watermark everything committed in MongoDB up to here is applied; null when unknown, as before
    ///     the collection is copied
    /// @param lagSeconds how far the rows are behind, by MongoDB's clock as it was when the watermark was
    ///     written and PostgreSQL's since; null when unknown, and when no process runs the pipeline
    /// @param backfill not started, running or done
    /// @param backfilledDocuments that the copy has read; not the current number
    /// @param backfilledRows that the copy has written, those of child tables included; not the current number
    /// @param deadLetters there are now
    /// @param quarantinedValues in quarantine now
    /// @param waitingDocuments that wait for a row which they refer to: those that have no row until
    ///     then (`waiting` of the balance), and those whose row lacks a value until then
    /// @param unmappedFields paths that documents had and no column reads
    /// @param skipped documents that had no row by a rule of the mapping, by the rule's reason; one that
    ///     came by twice counts twice
    /// @param balance documents and rows, and what lies between, when they were last counted; null before that
    public record CollectionSnapshot(
            String collection,
            @Nullable String watermark,
            @Nullable Double lagSeconds,
            String backfill,
            long backfilledDocuments,
            long backfilledRows,
            @Nullable Long estimatedDocuments,
            long deadLetters,
            long quarantinedValues,
            long waitingDocuments,
            long unmappedFields,
            SequencedMap<String, Long> skipped,
            @Nullable Balance balance) {
        public CollectionSnapshot {
            skipped = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(skipped));
        }

        /// Documents whose row is there and lacks a value until the row comes that they refer to.
        long incomplete() {
            return Math.max(0, waitingDocuments - (balance == null ? 0 : balance.waiting()));
        }

        CollectionSnapshot withoutLag() {
            return new CollectionSnapshot(
                    collection,
                    watermark,
                    null,
                    backfill,
                    backfilledDocuments,
                    backfilledRows,
                    estimatedDocuments,
                    deadLetters,
                    quarantinedValues,
                    waitingDocuments,
                    unmappedFields,
                    skipped,
                    balance);
        }

        /// The same with another count.
        public CollectionSnapshot withBalance(Balance other) {
            return new CollectionSnapshot(
                    collection,
                    watermark,
                    lagSeconds,
                    backfill,
                    backfilledDocuments,
                    backfilledRows,
                    estimatedDocuments,
                    deadLetters,
                    quarantinedValues,
                    waitingDocuments,
                    unmappedFields,
                    skipped,
                    other);
        }
    }

    /// Dead letters, what waits, and what has no place: counts of now, by collection.
    ///
    /// @param deadLetters and the others: a collection that is not in them has none
    /// @param driftRows by kind
    /// @param verifiedThrough both sides were equal, but for the drift, as of this time: seconds since 1970
    /// @param balances as of when they were counted
    public record Counts(
            Map<String, Long> deadLetters,
            Map<String, Long> waitingDocuments,
            Map<String, Long> unmappedFields,
            Map<String, SequencedMap<String, Long>> skipped,
            Map<String, Long> schemaChangesOpen,
            Map<String, SequencedMap<String, Long>> schemaChanges,
            Map<String, Map<String, Long>> driftRows,
            Map<String, Double> verifiedThrough,
            Map<String, Balance> balances) {}

    /// Cheaper than [#read], for those who ask often.
    ///
    /// @throws dev.sluice.failure.SluiceException when PostgreSQL can't be asked
    public Counts counts() {
        try (Connection connection = connector.open()) {
            return new Counts(
                    byCollection(connection, "count(*) FROM sluice.dead_letter"),
                    byCollection(
                            connection,
                            "count(DISTINCT row_key) FILTER (WHERE kind = 'reference') FROM sluice.waiting"),
                    byCollection(connection, "count(*) FROM sluice.unmapped_field"),
                    Map.copyOf(byReason(connection, SKIPPED)),
                    byCollection(connection, "count(*) FILTER (WHERE settled_at IS NULL) FROM sluice.schema_change"),
                    Map.copyOf(byReason(connection, SCHEMA_CHANGES)),
                    driftRows(connection),
                    verifiedThrough(connection),
                    new BalanceStore(pipeline).all(connection));
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    private Map<String, Long> byCollection(Connection connection, String what) throws SQLException {
        Map<String, Long> counts = new HashMap<>();
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT collection, " + what + " WHERE pipeline = ? GROUP BY collection")) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    counts.put(row.getString(1), row.getLong(2));
                }
            }
        }
        return counts;
    }

    private Map<String, Map<String, Long>> driftRows(Connection connection) throws SQLException {
        Map<String, Map<String, Long>> drift = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT collection, kind, sum(rows) FROM sluice.drift WHERE pipeline = ? GROUP BY collection, kind")) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    drift.computeIfAbsent(row.getString(1), c -> new HashMap<>())
                            .put(row.getString(2), row.getLong(3));
                }
            }
        }
        return drift;
    }

    private Map<String, Double> verifiedThrough(Connection connection) throws SQLException {
        Map<String, Double> through = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement("SELECT collection,"
                + " extract(epoch FROM max(through_cluster_time))::float8 FROM sluice.verification WHERE pipeline = ?"
                + " AND mode = 'full' AND state = 'done' AND through_cluster_time IS NOT NULL GROUP BY collection")) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    through.put(row.getString(1), row.getDouble(2));
                }
            }
        }
        return through;
    }

    private Map<String, SequencedMap<String, Long>> byReason(Connection connection, String sql) throws SQLException {
        Map<String, SequencedMap<String, Long>> counts = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    counts.computeIfAbsent(row.getString(1), c -> new LinkedHashMap<>())
                            .put(row.getString(2), row.getLong(3));
                }
            }
        }
        return counts;
    }

    /// @throws dev.sluice.failure.SluiceException when PostgreSQL can't be asked
    public Snapshot read() {
        try (Connection connection = connector.open()) {
            List<CollectionSnapshot> collections = new ArrayList<>();
            Map<String, SequencedMap<String, Long>> skipped = byReason(connection, SKIPPED);
            Map<String, Balance> balances = new BalanceStore(pipeline).all(connection);
            try (PreparedStatement statement = connection.prepareStatement(COLLECTIONS)) {
                statement.setString(1, pipeline);
                try (ResultSet row = statement.executeQuery()) {
                    while (row.next()) {
                        collections.add(new CollectionSnapshot(
                                row.getString(1),
                                row.getString(2),
                                (Double) row.getObject(3),
                                row.getString(4),
                                row.getLong(5),
                                row.getLong(6),
                                (Long) row.getObject(7),
                                row.getLong(8),
                                row.getLong(9),
                                row.getLong(10),
                                row.getLong(11),
                                skipped.getOrDefault(row.getString(1), new LinkedHashMap<>()),
                                balances.get(row.getString(1))));
                    }
                }
            }
            try (PreparedStatement statement = connection.prepareStatement(POSITION)) {
                statement.setString(1, pipeline);
                try (ResultSet row = statement.executeQuery()) {
                    if (!row.next()) {
                        return Snapshot.neverStarted(pipeline, collections);
                    }
                    LockHolder holder =
                            PipelineLock.holder(connection, pipeline).orElse(null);
                    LastWriter.Fate fate = fate(holder, connection);
                    boolean running =
                            holder != null || (row.getDouble(4) < WORKING_SECONDS && fate != LastWriter.Fate.ENDED);
                    return new Snapshot(
                            pipeline,
                            null,
                            null,
                            row.getString(1),
                            row.getLong(2),
                            row.getString(3),
                            row.getDouble(4),
                            running,
                            fate,
                            null,
                            running
                                    ? collections
                                    : collections.stream()
                                            .map(CollectionSnapshot::withoutLag)
                                            .toList(),
                            Notes.read(connection, pipeline));
                }
            }
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// @param holder of the lock; null when there is none
    /// @return null before the first start
    private LastWriter.@Nullable Fate fate(@Nullable LockHolder holder, Connection connection) throws SQLException {
        return LastWriter.find(connection, pipeline)
                .map(writer -> holder != null && holder.isOwner() ? LastWriter.Fate.RUNS : writer.fate())
                .orElse(null);
    }

    /// The snapshot as JSON with names in snake case.
    public static String json(Snapshot snapshot) {
        return SnakeCaseJson.write(snapshot);
    }
}
