package dev.sluice.service.ops;

import dev.sluice.change.Position;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.failure.WrongUseException;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.positions.PositionStore;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.replay.Replay.Found;
import dev.sluice.replay.Replay.Listed;
import dev.sluice.replay.ReplayStore.Recorded;
import dev.sluice.service.pipeline.ReplayRun;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.source.mongo.MongoSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// The operations on replays: start, list. The same for the command line and REST. Any thread.
///
/// All methods throw a [SluiceException] when one of the servers can't be asked.
public final class Replays {
    private static final int LATEST = 100;

    /// An operation of now may have a time that is a little ahead of MongoDB's wall clock.
    private static final Duration CLOCKS_APART = Duration.ofMinutes(1);

    private final PostgresConnector connector;
    private final String pipeline;
    private final @Nullable Supplier<PipelineSpec> spec;
    private final AtomicBoolean reading = new AtomicBoolean();

    /// For a process without a source: replays can only be looked at.
    public Replays(PostgresConnector connector, String pipeline) {
        this(connector, pipeline, null);
    }

    public Replays(PipelineSpec spec) {
        this(spec, () -> spec);
    }

    /// @param now what the pipeline works on when a replay is asked for
    public Replays(PipelineSpec spec, Supplier<PipelineSpec> now) {
        this(spec.connector(), spec.name(), now);
    }

    private Replays(PostgresConnector connector, String pipeline, @Nullable Supplier<PipelineSpec> spec) {
        this.connector = connector;
        this.pipeline = pipeline;
        this.spec = spec;
    }

    /// What people ask for, as they write it.
    ///
    /// @param from a checkpoint, a time or a token: see [ReplayPoint]
    /// @param to a time; null for now
    /// @param collections empty for all
    public record Request(String from, @Nullable String to, List<String> collections) {
        public Request {
            collections = List.copyOf(collections);
        }
    }

    /// The newest replays, the newest first.
    public record Page(String pipeline, List<Recorded> replays) {
        public Page {
            replays = List.copyOf(replays);
        }
    }

    public Page latest() {
        return new Page(pipeline, ReplayRun.latest(connector, pipeline, LATEST));
    }

    /// The work that a request asks for.
    ///
    /// @throws WrongUseException when it can't be understood, names what is not there, or asks for
    ///     nothing
    public ReplayRun.Wish wish(Request request, String actor) {
        PipelineSpec asked = requireSpec();
        List<CollectionTarget> chosen = CollectionTarget.chosen(asked.targets(), request.collections());
        Instant now = Instant.now().plus(asked.source().hello().clockOffset());
        ReplayPoint point = ReplayPoint.parse(request.from(), now);
        Instant to = request.to() == null ? null : ReplayPoint.time(request.to(), now);
        requirePosition();
        BsonTimestamp from = switch (point) {
            case ReplayPoint.Checkpoint checkpoint -> time(checkpoint);
            case ReplayPoint.Time time -> new BsonTimestamp((int) time.time().getEpochSecond(), 0);
            case ReplayPoint.Token token -> token.time();
        };
        Instant begin = MongoSource.instant(from);
        if (to != null && to.isBefore(begin)) {
            throw new WrongUseException("It would end at " + to + ", before it begins at " + begin + ".");
        }
        if (begin.isAfter(now.plus(CLOCKS_APART))) {
            throw new WrongUseException("The place that was asked for is of " + begin
                    + ", which has not come yet; it is " + now + " by MongoDB's clock.");
        }
        return new ReplayRun.Wish(from, point.forPeople(), to, chosen, actor);
    }

    private void requirePosition() {
        try (Connection connection = connector.open()) {
            if (new PositionStore(pipeline).load(connection).isEmpty()) {
                throw new WrongUseException(new Checkpoints.Outcome.NoPosition(pipeline).reason());
            }
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    private BsonTimestamp time(ReplayPoint.Checkpoint checkpoint) {
        Position position = new Checkpoints(connector, pipeline)
                .find(checkpoint.name())
                .orElseThrow(() -> new WrongUseException("There is no checkpoint '" + checkpoint.name()
                        + "'; `sluice checkpoint list` shows those there are."));
        BsonTimestamp time = position.clusterTime();
        if (time == null) {
            throw new WrongUseException("The checkpoint '" + checkpoint.name() + "' has no time.");
        }
        return time;
    }

    /// Everything a replay needs, for a caller that waits for it.
    public ReplayRun run() {
        return new ReplayRun(requireSpec());
    }

    /// Whether this process has both sides, so that it can be asked for a replay.
    public boolean canBeAsked() {
        return spec != null;
    }

    private PipelineSpec requireSpec() {
        if (spec == null) {
            throw new SluiceException(FailureKind.SOURCE_UNREACHABLE, "This process has no MongoDB.");
        }
        return spec.get();
    }

    /// The result of asking for a replay.
    public sealed interface Outcome {
        /// @param replay its number
        record Queued(long replay, Found found) implements Outcome {}

        record Counted(Found found) implements Outcome {}

        /// Another one is being read by this process.
        record Busy() implements Outcome {}
    }

    /// Counts, or lists and does not wait for the list to be taken. One at a time.
    public Outcome ask(ReplayRun.Wish wish, boolean dryRun) {
        if (!reading.compareAndSet(false, true)) {
            return new Outcome.Busy();
        }
        try {
            if (dryRun) {
                Found found = run().dryRun(wish, (events, reached) -> {}, () -> false);
                return found == null ? new Outcome.Busy() : new Outcome.Counted(found);
            }
            Listed listed = run().list(wish, (events, reached) -> {}, () -> false);
            return listed == null ? new Outcome.Busy() : new Outcome.Queued(listed.id(), listed.found());
        } catch (SQLException e) {
            throw Failures.classify(e);
        } finally {
            reading.set(false);
        }
    }

    /// Why the stream can't be read from where it was asked.
    ///
    /// @param failure of kind HISTORY_LOST or CHANGE_TOO_LARGE
    public static String unreachable(SluiceException failure) {
        return failure.kind() == FailureKind.HISTORY_LOST
                ? "The oplog does not go back so far. " + failure.getMessage()
                : failure.whatHappened();
    }
}
