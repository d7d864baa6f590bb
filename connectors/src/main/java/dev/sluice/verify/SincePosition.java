package dev.sluice.verify;

import dev.sluice.change.Position;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.mapping.KeyResult;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.positions.PositionStore;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.source.mongo.StreamHistory;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bson.BsonTimestamp;

/// What changed since the pipeline's position, as the change stream says. Any thread.
public final class SincePosition implements InFlight {
    private static final int EVENTS_AT_ONCE = 5_000;

    private final PipelineSpec pipeline;

    public SincePosition(PipelineSpec pipeline) {
        this.pipeline = pipeline;
    }

    /// @throws dev.sluice.failure.SluiceException of kind HISTORY_LOST when the oplog does not reach back
    ///     to the position
    @Override
    public Set<Object> among(CollectionTarget target, Collection<Object> keys) {
        Set<Object> wanted = new HashSet<>(keys);
        BsonTimestamp since = position().map(Position::clusterTime).orElse(null);
        if (since == null || wanted.isEmpty()) {
            return Set.of();
        }
        try {
            return among(target, wanted, since);
        } catch (SluiceException e) {
            if (e.kind() != FailureKind.CHANGE_TOO_LARGE) {
                throw e;
            }
            // Which document it belongs to is not known.
            return wanted;
        }
    }

    private Set<Object> among(CollectionTarget target, Set<Object> wanted, BsonTimestamp since) {
        Set<Object> changed = new HashSet<>();
        MongoSource source = pipeline.source();
        try (StreamHistory.Reading reading =
                source.history().read(since, source.hello().lastWrite(), List.of(target.collection()))) {
            while (!reading.complete()) {
                for (StreamHistory.Event event : reading.next(EVENTS_AT_ONCE)) {
                    switch (event) {
                        case StreamHistory.Event.OfDocument document -> {
                            // By the key and not by the _id: of a row whose document is gone, only that is known.
                            if (target.mapper().key(document.id()) instanceof KeyResult.Key(Object key)
                                    && wanted.contains(key)) {
                                changed.add(key);
                            }
                        }
                        case StreamHistory.Event.OfCollection all -> {
                            return wanted;
                        }
                    }
                }
            }
        }
        return changed;
    }

    private Optional<Position> position() {
        try (Connection connection = pipeline.connector().open()) {
            return new PositionStore(pipeline.name()).load(connection);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }
}
