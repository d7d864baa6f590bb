package dev.sluice.evolution;

import dev.sluice.change.CollectionChange;
import dev.sluice.change.Position;
import dev.sluice.control.ResyncStore;
import dev.sluice.evolution.SchemaChangeStore.Change;
import dev.sluice.evolution.SchemaChangeStore.Kind;
import dev.sluice.evolution.SchemaChangeStore.Open;
import dev.sluice.evolution.SchemaChangeStore.Sighting;
import dev.sluice.failure.Failpoint;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.positions.Transaction;
import dev.sluice.schema.CollectionMapping.OnDelete;
import dev.sluice.schema.CollectionMapping.OnDrop;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.source.mongo.CollectionWatch;
import dev.sluice.source.mongo.MongoSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Notices when collections are dropped, renamed or replaced and when fields are new, records that, and does
/// what the mapping says. It runs concurrently with the stream, from a position of its own, so that no
/// change is missed while no process runs. Where the mapping says to stop, the stream itself stops, at the
/// change's position. Each round also checks whether MongoDB is still the one that was copied. For one thread.
public final class SchemaWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SchemaWatch.class);
    private static final Duration SAVE_EVERY = Duration.ofSeconds(10);
    private static final Duration LOOK_EVERY = Duration.ofSeconds(30);
    private static final Duration FIELDS_EVERY = Duration.ofSeconds(5);
    private static final Duration SOURCE_EVERY = Duration.ofSeconds(10);

    /// New fields that get a line of their own at once.
    private static final int NEWS_MAX = 10;

    private final MongoSource source;
    private final Connection connection;
    private final Map<String, CollectionTarget> targets = new LinkedHashMap<>();
    private final SchemaChangeStore store;
    private final OpenChanges changes;
    private final ResyncStore resync;
    private final SourceCheck sourceCheck;
    private final Map<Long, BsonTimestamp> seenByLooking = new HashMap<>();
    private @Nullable CollectionWatch watch;
    private @Nullable Position saved;
    private long saveAt = System.nanoTime();
    private long lookAt = System.nanoTime();
    private long fieldsAt = System.nanoTime();
    private long sourceAt = System.nanoTime() + SOURCE_EVERY.toNanos();
    private @Nullable Look look;

    /// Whether there may be open changes.
    private boolean open = true;

    /// The collections at a moment, to be compared once the watch has read all changes up to that moment.
    private record Look(Map<String, String> uuids, BsonTimestamp through) {}

    /// @param connection in auto-commit mode; for this alone
    public SchemaWatch(PipelineSpec pipeline, Connection connection) {
        this.source = pipeline.source();
        this.connection = connection;
        this.store = new SchemaChangeStore(pipeline.name());
        this.changes = OpenChanges.of(pipeline);
        this.resync = new ResyncStore(pipeline.name());
        this.sourceCheck = SourceCheck.of(pipeline);
        pipeline.targets().forEach(t -> this.targets.put(t.collection(), t));
    }

    /// The stream has reached a change of a collection: everything before it is delivered, and nothing after
    /// it. Recorded here too, since the watch may be behind the stream.
    ///
    /// @param unread of how many documents of the collection at least the last update could not be read
    /// @return its number, to be passed to [#reached], when the mapping says to stop and the change was not
    ///     accepted; empty when the stream continues
    public Optional<Stop> arriveAt(CollectionChange change, long unread) throws SQLException {
        Kind kind = kind(change.kind());
        String collection = key(change);
        OnDrop policy = policyOf(collection, kind);
        if (policy == null || policy == OnDrop.FOLLOW) {
            return Optional.empty();
        }
        Map<String, String> uuids = source.identifiers(targets.keySet()).orElse(null);
        Transaction.run(connection, () -> record(change, uuids));
        Failpoint.SCHEMA_CHANGE_SEEN.hit();
        Change recorded = store.find(connection, collection, kind, change.detail(), change.clusterTime());
        if (unread > 0) {
            store.unread(connection, recorded.id(), unread);
            recorded = store.find(connection, collection, kind, change.detail(), change.clusterTime());
        }
        return policy == OnDrop.STOP && recorded.settledAt() == null
                ? Optional.of(new Stop(recorded.id(), OpenChanges.stop(recorded)))
                : Optional.empty();
    }

    /// @param change its number
    /// @param failure of kind COLLECTION_CHANGED
    public record Stop(long change, SluiceException failure) {}

    /// Everything before a change at which the stream stopped is applied.
    public void reached(long change) throws SQLException {
        store.reached(connection, change);
    }

    /// One round. Waits a moment if there are no changes.
    ///
    /// @param committed where to begin on the first start, and when the watch's position is lost
    /// @param applied whether the stream has applied everything up to a time
    /// @throws SluiceException of kind COLLECTION_CHANGED when the mapping says to stop; and of other kinds
    ///     when MongoDB can't be asked
    public void poll(Position committed, Predicate<BsonTimestamp> applied) throws SQLException {
        CollectionWatch now = watch == null ? begin(committed) : watch;
        watch = now;
        List<CollectionChange> events = now.next();
        if (!events.isEmpty()) {
            // The changes and the position of the watch, together.
            Transaction.run(connection, () -> {
                record(now, events);
                store.advance(connection, now.position());
            });
            Failpoint.SCHEMA_CHANGE_SEEN.hit();
            saved = now.position();
            open = true;
        } else if (System.nanoTime() - saveAt >= 0 && !now.position().equals(saved)) {
            store.advance(connection, now.position());
            saved = now.position();
            saveAt = System.nanoTime() + SAVE_EVERY.toNanos();
        }
        compare(now);
        if (System.nanoTime() - sourceAt >= 0) {
            sourceCheck.note(connection, sourceCheck.require(connection).deployment());
            sourceAt = System.nanoTime() + SOURCE_EVERY.toNanos();
        }
        if (System.nanoTime() - fieldsAt >= 0) {
            say(store.recordFields(connection));
            fieldsAt = System.nanoTime() + FIELDS_EVERY.toNanos();
        }
        if (open) {
            act(applied);
        }
    }

    private static void say(List<String> news) {
        news.stream().limit(NEWS_MAX).forEach(LOG::warn);
        if (news.size() > NEWS_MAX) {
            LOG.warn(
                    "And {} more fields that are new; `sluice schema-changes` lists them all.", news.size() - NEWS_MAX);
        }
    }

    /// Records what has happened up to now, for a command that works while no process watches. The position of the
    /// watch stays, so that a watch of more collections misses nothing.
    ///
    /// @param committed as for [#poll]
    /// @param stopped asked between steps
    void catchUp(Position committed, BooleanSupplier stopped) throws SQLException {
        Map<String, String> uuids = source.identifiers(targets.keySet()).orElse(null);
        BsonTimestamp now = source.hello().lastWrite();
        try (CollectionWatch reading = begin(committed)) {
            do {
                if (stopped.getAsBoolean()) {
                    return;
                }
                List<CollectionChange> events = reading.next();
                Transaction.run(connection, () -> record(reading, events));
            } while (!reading.hasReached(now));
        } catch (SluiceException e) {
            switch (e.kind()) {
                // The identifiers still tell that there was a change.
                case HISTORY_LOST, POSITION_UNKNOWN -> {}
                default -> throw e;
            }
        }
        if (uuids != null) {
            Map<String, String> known = store.known(connection);
            compare(
                    new Look(uuids, now),
                    known,
                    source.identifiers(targets.keySet()).orElse(uuids));
        }
    }

    private CollectionWatch begin(Position committed) throws SQLException {
        Position from = store.position(connection).orElse(committed);
        try {
            return source.watchCollections(from, targets.keySet());
        } catch (SluiceException e) {
            if (e.kind() != FailureKind.HISTORY_LOST) {
                throw e;
            }
            // Changes between the two positions are found by comparing the collections.
            return source.watchCollections(committed, targets.keySet());
        }
    }

    private void record(CollectionWatch reading, List<CollectionChange> events) throws SQLException {
        if (events.isEmpty()) {
            return;
        }
        Map<String, String> uuids = reading.uuids().orElse(null);
        for (CollectionChange event : events) {
            record(event, uuids);
        }
    }

    /// With what is there of the collection from now on: a change that is recorded is none that nobody has noticed.
    ///
    /// @param uuids null where the collections can't be listed
    private void record(CollectionChange event, @Nullable Map<String, String> uuids) throws SQLException {
        Kind kind = kind(event.kind());
        String collection = key(event);
        store.record(
                connection,
                new Sighting(collection, kind, event.detail(), policyText(collection, kind), event.clusterTime()));
        if (uuids != null && targets.containsKey(collection)) {
            store.know(connection, collection, isStale(event, uuids) ? null : uuids.get(collection));
        }
    }

    /// Whether the collections were listed as they were before a change: a mongod may list one for a moment after its
    /// drop is in the stream.
    private static boolean isStale(CollectionChange change, Map<String, String> uuids) {
        return change.kind() != CollectionChange.Kind.MODIFIED
                && change.uuid() != null
                && change.uuid().equals(uuids.get(change.collection()));
    }

    private static String key(CollectionChange change) {
        return change.kind() == CollectionChange.Kind.DATABASE_DROPPED
                ? SchemaChangeStore.DATABASE
                : change.collection();
    }

    private static Kind kind(CollectionChange.Kind kind) {
        return switch (kind) {
            case DROPPED -> Kind.DROPPED;
            case RENAMED -> Kind.RENAMED;
            case REPLACED -> Kind.REPLACED;
            case DATABASE_DROPPED -> Kind.DATABASE_DROPPED;
            case MODIFIED -> Kind.MODIFIED;
        };
    }

    /// Finds changes that the change stream did not deliver, by comparing the existing with the recorded
    /// collections.
    private void compare(CollectionWatch now) throws SQLException {
        if (look == null) {
            if (System.nanoTime() - lookAt < 0) {
                return;
            }
            lookAt = System.nanoTime() + LOOK_EVERY.toNanos();
            Map<String, String> uuids = now.uuids().orElse(null);
            if (uuids == null) {
                return;
            }
            look = new Look(uuids, source.hello().lastWrite());
            return;
        }
        if (!now.hasReached(look.through())) {
            return;
        }
        Look there = look;
        look = null;
        // On another MongoDB every collection is another one.
        sourceCheck.require(connection);
        Map<String, String> known = store.known(connection);
        compare(there, known, now.uuids().orElse(there.uuids()));
    }

    /// @param known what was recorded before today's collections were listed: the stream may record a drop meanwhile,
    ///     after which the dropped one must not become the known one again
    /// @param today the collections after all changes up to the look were read
    private void compare(Look there, Map<String, String> known, Map<String, String> today) throws SQLException {
        for (String collection : targets.keySet()) {
            String was = known.get(collection);
            String is = there.uuids().get(collection);
            if (java.util.Objects.equals(was, is) || !java.util.Objects.equals(is, today.get(collection))) {
                // Unchanged; or it has changed since the listing, which the change stream will deliver.
                continue;
            }
            Transaction.run(connection, () -> {
                if (was != null) {
                    Kind kind = is == null ? Kind.DROPPED : Kind.REPLACED;
                    store.record(
                            connection,
                            new Sighting(
                                    collection,
                                    kind,
                                    is == null
                                            ? "or renamed, while no process watched"
                                            : "while no process watched, by " + is,
                                    policyText(collection, kind),
                                    null));
                }
                store.know(connection, collection, is);
            });
            open = true;
        }
    }

    private @Nullable String policyText(String collection, Kind kind) {
        OnDrop policy = policyOf(collection, kind);
        return policy == null ? null : policy.name().toLowerCase(Locale.ROOT);
    }

    /// @return null for a note
    private @Nullable OnDrop policyOf(String collection, Kind kind) {
        if (kind == Kind.MODIFIED) {
            return null;
        }
        CollectionTarget target = targets.get(collection);
        return target == null ? OnDrop.STOP : target.mapping().onDrop();
    }

    private void act(Predicate<BsonTimestamp> applied) throws SQLException {
        List<Change> stops = new ArrayList<>();
        boolean left = false;
        for (Open one : store.open(connection)) {
            Change change = one.change();
            switch (changes.policy(change)) {
                case STOP -> {
                    // The stream stops when it reaches the change. If it is past it, the collection was not
                    // mapped.
                    if (one.clusterTime() == null || isPast(one.clusterTime(), applied)) {
                        stops.add(change);
                    } else {
                        left = true;
                    }
                }
                case KEEP -> {
                    store.close(connection, change.id(), "keep", "the rows stay");
                    LOG.warn("{} Its rows stay.", change.forPeople());
                }
                case FOLLOW -> left |= !follow(one, applied);
            }
        }
        open = left;
        if (!stops.isEmpty()) {
            throw OpenChanges.stop(stops.getFirst());
        }
    }

    /// False at exactly that time: the stream may be about to reach it.
    private static boolean isPast(BsonTimestamp time, Predicate<BsonTimestamp> applied) {
        return applied.test(new BsonTimestamp(time.getTime(), time.getInc() + 1));
    }

    /// @return false when the stream is not that far: a document from before would come back
    private boolean follow(Open one, Predicate<BsonTimestamp> applied) throws SQLException {
        Change change = one.change();
        CollectionTarget target = targets.get(change.collection());
        if (target == null) {
            return true;
        }
        BsonTimestamp time = one.clusterTime();
        if (time == null) {
            time = seenByLooking.computeIfAbsent(
                    change.id(), id -> source.hello().lastWrite());
        }
        if (!applied.test(time)) {
            return false;
        }
        boolean prune = target.mapping().onDelete() == OnDelete.DELETE;
        Transaction.run(connection, () -> {
            resync.askForAll(connection, change.collection(), "schema", prune);
            store.close(
                    connection,
                    change.id(),
                    "follow",
                    prune
                            ? "the collection is read again, rows whose documents are gone are deleted"
                            : "the collection is read again; rows stay, by on_delete: keep");
        });
        LOG.warn("{} Its rows follow.", change.forPeople());
        return true;
    }

    /// Closes the stream, after MongoDB was away: the next round begins at the last saved position.
    public void letGo() {
        if (watch != null) {
            watch.close();
            watch = null;
        }
    }

    @Override
    public void close() {
        letGo();
    }
}
