package dev.sluice.evolution;

import dev.sluice.change.CollectionChange;
import dev.sluice.change.Position;
import dev.sluice.evolution.SourceStore.Seen;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.failure.WrongUseException;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.positions.PositionStore;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.source.mongo.CollectionWatch;
import dev.sluice.source.mongo.Deployment;
import dev.sluice.source.mongo.Deployment.Newest;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.source.mongo.Oplog;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// Checks whether MongoDB is the one that a pipeline has copied, before Sluice writes and before it gives
/// advice: on another MongoDB, or one that was restored to an earlier state, each position
/// looks lost and each row looks like one without a document.
///
/// The evidence, the strongest first: the identifier of the deployment; the identifiers of its
/// collections, with the change stream's events for those that are gone; whether it has the operations that
/// were seen, and the position. If nothing can be compared, having the position is enough. Any thread.
public final class SourceCheck {
    private final MongoSource source;
    private final Set<String> collections;
    private final SourceStore store;
    private final SchemaChangeStore changes;
    private final PositionStore positions;

    /// @param targets all collections of the mapping
    public SourceCheck(String pipeline, MongoSource source, Collection<CollectionTarget> targets) {
        this.source = source;
        this.collections = targets.stream().map(CollectionTarget::collection).collect(Collectors.toUnmodifiableSet());
        this.store = new SourceStore(pipeline);
        this.changes = new SchemaChangeStore(pipeline);
        this.positions = new PositionStore(pipeline);
    }

    public static SourceCheck of(PipelineSpec pipeline) {
        return new SourceCheck(pipeline.name(), pipeline.source(), pipeline.targets());
    }

    /// The result of a check that passed.
    ///
    /// @param lost why the stream can't resume from the pipeline's position, although MongoDB is the one that
    ///     was copied; null when it can, and where there is no position yet
    public record Found(Deployment deployment, @Nullable SluiceException lost) {}

    /// The result of comparing.
    private sealed interface Verdict {
        record Same() implements Verdict {}

        /// There is nothing to compare by.
        record Unknown() implements Verdict {}

        /// @param why in sentences
        record Other(String why) implements Verdict {}
    }

    /// Checks, with a connection of its own.
    ///
    /// @throws SluiceException as the other
    public Found require(PostgresConnector connector) {
        try (Connection connection = connector.open()) {
            return require(connection);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// Checks whether it is the MongoDB that was copied; before there is a position, any MongoDB is accepted.
    ///
    /// @throws SluiceException of kind SOURCE_REPLACED when it is not, or when there is no evidence that it is;
    ///     and of other kinds when MongoDB can't be asked
    public Found require(Connection connection) throws SQLException {
        // Before MongoDB is asked: a running process moves them on.
        Seen seen = store.load(connection).orElse(null);
        Position position = positions.load(connection).orElse(null);
        Deployment there = source.deployment(collections);
        if (position == null) {
            return new Found(there, null);
        }
        Verdict verdict = compare(seen, there, position, connection);
        if (verdict instanceof Verdict.Other other) {
            throw replaced(other.why(), null);
        }
        SluiceException lost = tryPosition(position);
        if (lost != null && verdict instanceof Verdict.Unknown) {
            throw replaced(
                    "Nothing shows that it is the same: "
                            + (there.id() == null
                                    ? "its identifier can't be read (grant find on local.system.replset)"
                                    : "its identifier was not noted before")
                            + ", no identifier of a collection is known from before, and it does not have the position.",
                    lost);
        }
        return new Found(there, lost);
    }

    private static SluiceException replaced(String why, @Nullable SluiceException cause) {
        return new SluiceException(FailureKind.SOURCE_REPLACED, why, cause);
    }

    private @Nullable SluiceException tryPosition(Position position) {
        try {
            source.requireResumable(position);
            return null;
        } catch (SluiceException e) {
            return switch (e.kind()) {
                case HISTORY_LOST, POSITION_UNKNOWN -> e;
                default -> throw e;
            };
        }
    }

    private Verdict compare(@Nullable Seen seen, Deployment there, Position position, Connection connection)
            throws SQLException {
        boolean same = false;
        if (seen != null) {
            if (!seen.database().equals(there.database())) {
                return new Verdict.Other(
                        "It reads the database " + there.database() + ", and the rows are of " + seen.database() + ".");
            }
            if (seen.sharded() == there.sharded() && seen.id() != null && there.id() != null) {
                if (!seen.id().equals(there.id())) {
                    return new Verdict.Other("It is " + there.forPeople() + " with the identifier " + there.id()
                            + ", and the rows are of the one with " + seen.id() + ".");
                }
                same = true;
            }
            if (!same
                    && seen.setName() != null
                    && there.setName() != null
                    && !seen.setName().equals(there.setName())) {
                return new Verdict.Other(
                        "It is the replica set " + there.setName() + ", and the rows are of " + seen.setName() + ".");
            }
        }
        String back = wentBack(seen, there.newest(), position);
        if (back != null) {
            return new Verdict.Other(back);
        }
        Map<String, String> known = new TreeMap<>(changes.known(connection));
        known.keySet().retainAll(collections);
        if (!same && there.uuids() != null && !known.isEmpty()) {
            if (!isKin(known, there.uuids(), position, connection)) {
                return new Verdict.Other("It is " + there.forPeople() + ", and none of " + known.size()
                        + " collections that were copied is in it: those of their names have other identifiers or are"
                        + " not there, and its change stream does not say that the others were dropped or renamed.");
            }
            same = true;
        }
        return same ? new Verdict.Same() : new Verdict.Unknown();
    }

    /// Whether one of the collections that were copied exists, or existed once according to the change stream.
    private boolean isKin(
            Map<String, String> known, Map<String, String> there, Position position, Connection connection)
            throws SQLException {
        if (known.entrySet().stream().anyMatch(e -> e.getValue().equals(there.get(e.getKey())))) {
            return true;
        }
        Position from = changes.position(connection).orElse(position);
        Set<String> told = new HashSet<>();
        try (CollectionWatch watch = source.watchCollections(from, known.keySet())) {
            BsonTimestamp now = source.hello().lastWrite();
            do {
                for (CollectionChange change : watch.next()) {
                    if (change.uuid() != null && change.uuid().equals(known.get(change.collection()))) {
                        return true;
                    }
                    if (change.uuid() == null) {
                        // A server before 6.0 does not say which collection it was.
                        told.add(change.collection());
                    }
                }
            } while (!watch.hasReached(now));
        } catch (SluiceException e) {
            switch (e.kind()) {
                case HISTORY_LOST, POSITION_UNKNOWN -> {
                    return false;
                }
                default -> throw e;
            }
        }
        return told.containsAll(known.keySet());
    }

    /// The reason why it must be an earlier state; null if there is none.
    private @Nullable String wentBack(@Nullable Seen seen, @Nullable Newest newest, Position position) {
        if (newest == null) {
            return null;
        }
        if (seen != null && seen.term() != null && newest.term() < seen.term()) {
            return "It is in election term " + newest.term() + ", and was in " + seen.term() + ".";
        }
        BsonTimestamp majority = seen == null ? null : seen.majority();
        BsonTimestamp applied = position.newestOperation();
        for (BsonTimestamp had : Arrays.asList(majority, applied)) {
            if (had != null && had.compareTo(newest.time()) > 0) {
                return "Its newest operation is of " + MongoSource.instant(newest.time())
                        + ", and Sluice has seen one of " + MongoSource.instant(had) + ".";
            }
        }
        if (applied != null
                && source.oplog().start() instanceof Oplog.Start.At start
                && start.whole()
                && applied.compareTo(start.oldest()) < 0) {
            return "It was made at " + MongoSource.instant(start.oldest()) + ", and Sluice has seen operations up to "
                    + MongoSource.instant(applied) + " of the one that was copied.";
        }
        return majority != null && source.oplog().lacks(majority)
                ? "It does not have an operation of " + MongoSource.instant(majority)
                        + " that Sluice has seen, and its oplog goes back further."
                : null;
    }

    /// Records a deployment that [#require] has accepted, once its position is known to be good.
    /// A recorded collection keeps its identifier; the [SchemaWatch] finds out that it was replaced.
    public void note(Connection connection, Deployment there) throws SQLException {
        store.save(connection, there);
        Map<String, String> known = changes.known(connection);
        Map<String, String> uuids = there.uuids() == null ? Map.of() : there.uuids();
        for (Map.Entry<String, String> uuid : uuids.entrySet()) {
            if (!known.containsKey(uuid.getKey())) {
                changes.know(connection, uuid.getKey(), uuid.getValue());
            }
        }
    }

    /// The current deployment, to be accepted as the source in place of the one that was copied.
    ///
    /// @throws WrongUseException when it is the one that was copied, and the stream can resume
    public Deployment requireOther(Connection connection) throws SQLException {
        try {
            if (require(connection).lost() == null) {
                throw new WrongUseException(
                        positions.load(connection).isEmpty()
                                ? "Nothing was copied yet, so there is no other source to accept: `sluice run` or `sluice backfill` begins."
                                : "This is the MongoDB that was copied, and the stream can continue: there is no other source to accept.");
            }
        } catch (SluiceException e) {
            if (e.kind() != FailureKind.SOURCE_REPLACED) {
                throw e;
            }
        }
        return source.deployment(collections);
    }

    /// Makes a deployment the source in place of the one that was copied, and deletes state that is valid for
    /// the earlier one only. Recorded in the audit. The caller moves the position.
    public void accept(Connection connection, Deployment there, String actor) throws SQLException {
        Optional<Seen> before = store.load(connection);
        store.forget(connection);
        store.audit(connection, there, before.orElse(null), actor);
    }
}
