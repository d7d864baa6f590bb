package dev.sluice.evolution;

import dev.sluice.change.Position;
import dev.sluice.evolution.SchemaChangeStore.Change;
import dev.sluice.evolution.SchemaChangeStore.Kind;
import dev.sluice.evolution.SchemaChangeStore.Open;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.schema.CollectionMapping.OnDrop;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.PostgresConnector;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.bson.BsonTimestamp;

/// The recorded changes of collections at which the mapping says to stop, and that nobody has decided on.
/// Whatever reads the documents of such a collection again finds those of another one, or none, and would
/// delete the rows that are to stay until a user decides. Any thread.
public final class OpenChanges {
    private final SchemaChangeStore store;
    private final Map<String, CollectionTarget> targets;

    /// @param targets the collections that are about to be written; changes of others are left aside
    public OpenChanges(String pipeline, Collection<CollectionTarget> targets) {
        this.store = new SchemaChangeStore(pipeline);
        this.targets = targets.stream()
                .collect(Collectors.toUnmodifiableMap(CollectionTarget::collection, Function.identity()));
    }

    public static OpenChanges of(PipelineSpec pipeline) {
        return new OpenChanges(pipeline.name(), pipeline.targets());
    }

    /// The stop for each of them, as `sluice run` reports it; the oldest first.
    ///
    /// @return of kind COLLECTION_CHANGED
    public List<SluiceException> stops(Connection connection) throws SQLException {
        return store.open(connection).stream()
                .map(Open::change)
                .filter(change -> policy(change) == OnDrop.STOP)
                .map(OpenChanges::stop)
                .toList();
    }

    /// Checks that there is none, with a connection of its own.
    ///
    /// @throws SluiceException of kind COLLECTION_CHANGED when there is one
    public void requireNone(PostgresConnector connector) {
        try (Connection connection = connector.open()) {
            requireNone(connection);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// Checks that there is none, for whatever reads documents as they are now.
    ///
    /// @throws SluiceException of kind COLLECTION_CHANGED when there is one
    public void requireNone(Connection connection) throws SQLException {
        require(connection, open -> true);
    }

    /// Checks that there is none that can be accepted, for a copy from a new position: that is what a dropped
    /// database needs.
    ///
    /// @throws SluiceException of kind COLLECTION_CHANGED when there is one
    public void requireNoneToAccept(Connection connection) throws SQLException {
        require(connection, open -> open.change().kind() != Kind.DATABASE_DROPPED);
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
        for (Open one : store.open(connection)) {
            if (policy(one.change()) == OnDrop.STOP && forbids.test(one)) {
                throw stop(one.change());
            }
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

    static SluiceException stop(Change change) {
        return new SluiceException(
                FailureKind.COLLECTION_CHANGED,
                change.forPeople()
                        + (change.kind() == Kind.DATABASE_DROPPED
                                ? " The change stream ended with it, so it can't be accepted: `sluice backfill --resync --prune`"
                                        + " begins a new one."
                                : " This is change " + change.id() + " of `sluice schema-changes`."));
    }
}
