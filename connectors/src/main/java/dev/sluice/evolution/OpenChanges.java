package dev.sluice.evolution;

import dev.sluice.change.Position;
import dev.sluice.evolution.SchemaChangeStore.Change;
import dev.sluice.evolution.SchemaChangeStore.Kind;
import dev.sluice.evolution.SchemaChangeStore.Open;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.positions.PositionStore;
import dev.sluice.schema.CollectionMapping.OnDrop;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.source.mongo.MongoSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.bson.BsonTimestamp;

/// The recorded changes of collections at which the mapping says to stop, and that nobody has decided on.
/// Whatever reads the documents of such a collection again finds those of another one, or none, and would
/// delete the rows that are to stay until a user decides. Any thread.
public final class OpenChanges {
    private final SchemaChangeStore store;
    private final PositionStore positions;
    private final Map<String, CollectionTarget> targets;

    /// @param targets the collections that are about to be written; changes of others are left aside
    public OpenChanges(String pipeline, Collection<CollectionTarget> targets) {
        this.store = new SchemaChangeStore(pipeline);
        this.positions = new PositionStore(pipeline);
        this.targets = targets.stream()
                .collect(Collectors.toUnmodifiableMap(CollectionTarget::collection, Function.identity()));
    }

    public static OpenChanges of(PipelineSpec pipeline) {
        return new OpenChanges(pipeline.name(), pipeline.targets());
    }

    /// The stop for each of them, as `sluice run` reports it, the oldest first; then one for each collection whose
    /// change no process has recorded yet.
    ///
    /// @return of kind COLLECTION_CHANGED
    public List<SluiceException> stops(Connection connection, MongoSource source) throws SQLException {
        List<SluiceException> stops = new ArrayList<>();
        for (Open one : store.open(connection)) {
            if (policy(one.change()) == OnDrop.STOP) {
                stops.add(stop(one.change()));
            }
        }
        unrecorded(connection, source).forEach(collection -> stops.add(unrecordedStop(collection)));
        return stops;
    }

    /// Checks that there is none and that there was no change up to now, and records nothing: for what only looks.
    ///
    /// @throws SluiceException of kind COLLECTION_CHANGED when there is one
    public void requireNone(Connection connection, MongoSource source) throws SQLException {
        requireNone(connection);
        for (String collection : unrecorded(connection, source)) {
            throw unrecordedStop(collection);
        }
    }

    /// The collections at whose change the mapping says to stop, and that are others than when they were last
    /// seen, or gone: no process has recorded that yet. Empty where MongoDB does not tell collections apart.
    public SequencedSet<String> unrecorded(Connection connection, MongoSource source) throws SQLException {
        SequencedSet<String> unrecorded = new LinkedHashSet<>();
        Map<String, String> there = source.identifiers(targets.keySet()).orElse(null);
        if (there != null) {
            store.known(connection).forEach((collection, was) -> {
                CollectionTarget target = targets.get(collection);
                if (target != null && target.mapping().onDrop() == OnDrop.STOP && !was.equals(there.get(collection))) {
                    unrecorded.add(collection);
                }
            });
        }
        return unrecorded;
    }

    /// The collections of which no document may be read again until somebody has decided on a change of them,
    /// recorded or not, and until the stream has passed it.
    ///
    /// @throws SluiceException when MongoDB can't be asked
    public Set<String> undecided(Connection connection, MongoSource source) throws SQLException {
        Set<String> undecided = new HashSet<>(unrecorded(connection, source));
        for (Open one : ahead(connection)) {
            undecided.add(one.change().collection());
        }
        for (Open one : store.open(connection)) {
            if (policy(one.change()) == OnDrop.STOP) {
                if (one.change().collection().equals(SchemaChangeStore.DATABASE)) {
                    return targets.keySet();
                }
                undecided.add(one.change().collection());
            }
        }
        return undecided;
    }

    /// Checks that there is none, for whatever reads documents as they are now; and that the stream has passed those
    /// that were decided on. It would bring rows of the former collection back, which no later change deletes.
    ///
    /// @throws SluiceException of kind COLLECTION_CHANGED or DATABASE_DROPPED when there is one, of kind
    ///     CHANGE_AHEAD when the stream has not passed one
    public void requireNone(Connection connection) throws SQLException {
        require(connection, open -> true);
        for (Open one : ahead(connection)) {
            throw new SluiceException(
                    FailureKind.CHANGE_AHEAD,
                    one.change().forPeople() + " It is change " + one.change().id()
                            + " of `sluice schema-changes`, and is decided on.");
        }
    }

    /// Changes at which the mapping says to stop, that were decided on, and that the stream has not passed.
    private List<Open> ahead(Connection connection) throws SQLException {
        BsonTimestamp here =
                positions.load(connection).map(Position::clusterTime).orElse(null);
        return here == null
                ? List.of()
                : store.since(connection, here).stream()
                        .filter(one -> one.change().settledAt() != null && policy(one.change()) == OnDrop.STOP)
                        .toList();
    }

    /// As [#requireNone(Connection)], for a command: changes that no process has noticed yet are recorded first.
    ///
    /// @param pipeline with the collections that are about to be written
    /// @param stopped asked between steps
    /// @throws SluiceException of kind COLLECTION_CHANGED when there is one; of other kinds when MongoDB can't be
    ///     asked
    public static void requireNoneSoFar(PipelineSpec pipeline, Connection connection, BooleanSupplier stopped)
            throws SQLException {
        record(pipeline, connection, stopped);
        of(pipeline).requireNone(connection);
    }

    /// [#requireNoneSoFar(PipelineSpec, Connection, BooleanSupplier)] with a connection of its own.
    public static void requireNoneSoFar(PipelineSpec pipeline, BooleanSupplier stopped) {
        try (Connection connection = pipeline.connector().open()) {
            requireNoneSoFar(pipeline, connection, stopped);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// Records the changes up to now. Nothing where there is no position yet: then nothing was copied.
    public static void record(PipelineSpec pipeline, Connection connection, BooleanSupplier stopped)
            throws SQLException {
        Optional<Position> committed = new PositionStore(pipeline.name()).load(connection);
        if (committed.isPresent()) {
            try (SchemaWatch watch = new SchemaWatch(pipeline, connection)) {
                watch.catchUp(committed.get(), stopped);
            }
        }
    }

    /// Checks that there is none, for a copy from a new position; after the drop of the database there is no other
    /// way on.
    ///
    /// @throws SluiceException of kind COLLECTION_CHANGED when there is one
    public void requireNoneUnlessDropped(Connection connection) throws SQLException {
        if (store.open(connection).stream().noneMatch(open -> open.change().kind() == Kind.DATABASE_DROPPED)) {
            require(connection, open -> true);
        }
    }

    /// Checks that the stream may resume. A change that it has not reached yet does not forbid it: the changes
    /// before it have still to be applied.
    ///
    /// @param from where it resumes
    /// @throws SluiceException of kind COLLECTION_CHANGED when an open change forbids it
    public void requireNoneBefore(Connection connection, Position from) throws SQLException {
        BsonTimestamp here = from.clusterTime();
        require(connection, open -> {
            BsonTimestamp time = open.clusterTime();
            return time == null || open.reached() || here == null || here.compareTo(time) > 0;
        });
    }

    private void require(Connection connection, Predicate<Open> forbids) throws SQLException {
        Change found = null;
        for (Open one : store.open(connection)) {
            // The drop of a database drops its collections first, and says more than these do.
            boolean more = found == null || one.change().kind() == Kind.DATABASE_DROPPED;
            if (more && policy(one.change()) == OnDrop.STOP && forbids.test(one)) {
                found = one.change();
            }
        }
        if (found != null) {
            throw stop(found);
        }
    }

    /// By the current mapping: changing `on_drop` decides an open change.
    OnDrop policy(Change change) {
        if (change.collection().equals(SchemaChangeStore.DATABASE)) {
            return OnDrop.STOP;
        }
        CollectionTarget target = targets.get(change.collection());
        return target == null ? OnDrop.KEEP : target.mapping().onDrop();
    }

    private static SluiceException unrecordedStop(String collection) {
        return new SluiceException(
                FailureKind.COLLECTION_CHANGED,
                collection + " was dropped, renamed or replaced since a process last saw it. `sluice run` applies what"
                        + " was before that and stops there; `sluice schema-changes` then shows it.");
    }

    static SluiceException stop(Change change) {
        return change.kind() == Kind.DATABASE_DROPPED
                ? new SluiceException(FailureKind.DATABASE_DROPPED, change.forPeople())
                : new SluiceException(
                        FailureKind.COLLECTION_CHANGED,
                        change.forPeople() + " This is change " + change.id() + " of `sluice schema-changes`.");
    }
}
