package dev.sluice.replay;

import dev.sluice.change.IdText;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.positions.Transaction;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.source.mongo.StreamHistory;
import dev.sluice.source.mongo.StreamHistory.Event;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.BooleanSupplier;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// Finds the documents that were changed since some point of the change stream, each once, and puts them on
/// the list of documents to resync. The pipeline's own stream is not disturbed. Old states are not written:
/// the resync reads the current documents. For one thread.
public final class Replay implements AutoCloseable {
    private static final int EVENTS_AT_ONCE = 5_000;
    private static final int CHECKED_AT_ONCE = 2_000;

    private final String pipeline;
    private final StreamHistory history;
    private final Connection connection;
    private final ReplayStore store;
    private final TouchedDocuments touched;
    private final List<CollectionTarget> targets;

    /// @param connection without time-outs, in auto-commit mode; for this alone
    /// @param targets the collections whose documents are resynced
    public Replay(String pipeline, StreamHistory history, Connection connection, List<CollectionTarget> targets)
            throws SQLException {
        this.pipeline = pipeline;
        this.history = history;
        this.connection = connection;
        this.store = new ReplayStore(pipeline);
        this.touched = new TouchedDocuments(connection);
        this.targets = List.copyOf(targets);
    }

    /// Is told the progress of reading.
    @FunctionalInterface
    public interface Listener {
        /// @param events read so far
        /// @param reached the time up to which they are read; null when unknown
        void onRead(long events, @Nullable Instant reached);
    }

    /// What was found of one collection.
    ///
    /// @param changedItself whether it was dropped, renamed or replaced meanwhile: of the documents that
    ///     went with that, there are no changes
    public record Tally(String collection, long events, long documents, boolean changedItself) {}

    /// What was found.
    ///
    /// @param from cluster time of the beginning, to the second
    /// @param through cluster time of the end, to the second
    public record Found(Instant from, Instant through, List<Tally> collections) {
        public Found {
            collections = List.copyOf(collections);
        }

        public long events() {
            return collections.stream().mapToLong(Tally::events).sum();
        }

        public long documents() {
            return collections.stream().mapToLong(Tally::documents).sum();
        }
    }

    /// Counts the documents, and puts none on the list.
    ///
    /// @param from inclusive, as is the end
    /// @param stopped asked between steps
    /// @return null when it was stopped
    /// @throws SluiceException of kind HISTORY_LOST, with the gap, when the oplog does not go back so far
    public @Nullable Found count(BsonTimestamp from, BsonTimestamp upTo, Listener listener, BooleanSupplier stopped) {
        try {
            return read(from, upTo, listener, stopped, null);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// A replay whose documents are all on the list.
    public record Listed(long id, Found found) {}

    /// Where a replay begins, and who wants it.
    ///
    /// @param from inclusive
    /// @param inWords the beginning as it was asked for
    /// @param by for the audit
    public record Request(BsonTimestamp from, String inWords, String by) {}

    /// Reads, and puts all documents on the list in one transaction: if it fails before, none is listed.
    ///
    /// @param upTo inclusive
    /// @param stopped asked between steps
    /// @return null when it was stopped
    /// @throws SluiceException of kind HISTORY_LOST, with the gap, when the oplog does not go back so far
    public @Nullable Listed list(Request request, BsonTimestamp upTo, Listener listener, BooleanSupplier stopped) {
        BsonTimestamp from = request.from();
        try {
            history.requireReachable(from);
            List<String> names = names();
            long id = store.begin(connection, request.inWords(), from, names, request.by());
            try {
                Found found = read(from, upTo, listener, stopped, id);
                if (found == null) {
                    store.fail(connection, id, "stopped by the process that ran it");
                    return null;
                }
                store.read(connection, id, found.events(), found.documents(), upTo);
                Transaction.run(connection, () -> {
                    touched.list(pipeline, names);
                    store.listed(connection, id);
                });
                return new Listed(id, found);
            } catch (SluiceException e) {
                store.fail(connection, id, e.kind().what());
                throw e;
            }
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    private List<String> names() {
        return targets.stream().map(CollectionTarget::collection).toList();
    }

    private @Nullable Found read(
            BsonTimestamp from, BsonTimestamp upTo, Listener listener, BooleanSupplier stopped, @Nullable Long id)
            throws SQLException {
        SequencedMap<String, Long> events = new LinkedHashMap<>();
        SequencedMap<String, Boolean> changed = new LinkedHashMap<>();
        long all = 0;
        long documents = 0;
        try (StreamHistory.Reading reading = history.read(from, upTo, names())) {
            while (!reading.complete()) {
                if (stopped.getAsBoolean()) {
                    return null;
                }
                List<Event> page = reading.next(EVENTS_AT_ONCE);
                for (Event event : page) {
                    switch (event) {
                        case Event.OfDocument d -> {
                            events.merge(d.collection(), 1L, Long::sum);
                            all++;
                        }
                        case Event.OfCollection c -> changed.put(c.collection(), true);
                    }
                }
                documents += touched.add(page);
                BsonTimestamp reached = reading.reached();
                if (id != null) {
                    store.read(connection, id, all, documents, reached);
                }
                listener.onRead(all, reached == null ? null : MongoSource.instant(reached));
            }
        }
        Map<String, Long> counts = touched.counts();
        List<Tally> tallies = new ArrayList<>();
        for (String name : names()) {
            tallies.add(new Tally(
                    name, events.getOrDefault(name, 0L), counts.getOrDefault(name, 0L), changed.containsKey(name)));
        }
        return new Found(MongoSource.instant(from), MongoSource.instant(upTo), tallies);
    }

    /// Compares the documents that were listed with their rows.
    ///
    /// @return how many documents have rows that differ
    public long check(ReplayCheck check, BooleanSupplier stopped) {
        long differing = 0;
        try {
            for (CollectionTarget target : targets) {
                SequencedMap<Long, String> page = touched.page(target.collection(), 0, CHECKED_AT_ONCE);
                while (!page.isEmpty() && !stopped.getAsBoolean()) {
                    differing += check.differing(
                            target, page.values().stream().map(IdText::parse).toList());
                    page = touched.page(target.collection(), page.lastEntry().getKey(), CHECKED_AT_ONCE);
                }
            }
            return differing;
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    @Override
    public void close() throws SQLException {
        touched.close();
    }
}
