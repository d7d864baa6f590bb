package dev.sluice.service.finish;

import dev.sluice.change.Watermark;
import dev.sluice.cutover.FinishLock;
import dev.sluice.cutover.FinishStore;
import dev.sluice.cutover.FinishStore.Made;
import dev.sluice.cutover.TargetHandover;
import dev.sluice.cutover.WriteBlockNote;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.positions.MovedWrites;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.source.mongo.MongoSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// The end of a migration: the writes of collections move to PostgreSQL, in one step, so that nothing is ever written
/// on both sides (promise 11).
///
/// 1. Looks for what forbids it, and compares what was written since the last full verification; writers go on.
/// 2. Makes sure that nobody writes to MongoDB: by having it refuse all writes, or by a time without writes.
/// 3. Waits until the rows have everything, and compares what was written since step 1.
/// 4. Readies the tables ([dev.sluice.cutover.TargetHandover]), and makes a replication slot where one was asked for.
/// 5. Moves the writes in one transaction ([FinishStore#move]), behind the fence of whoever writes rows.
///
/// Until step 5 is committed nothing has changed for anyone but the block, and that is taken back on any failure; a
/// killed process leaves it noted, and the next call goes on from it. One at a time works on a pipeline
/// ([FinishLock]). A running process is needed. For one thread.
public final class Finish {
    private final PipelineSpec pipeline;
    private final Consumer<String> said;
    private final BooleanSupplier stopped;

    /// @param pipeline with all collections of the mapping
    /// @param said is told each step, in a sentence
    /// @param stopped asked between steps, from any thread
    public Finish(PipelineSpec pipeline, Consumer<String> said, BooleanSupplier stopped) {
        this.pipeline = pipeline;
        this.said = said;
        this.stopped = stopped;
    }

    /// What is wished for.
    ///
    /// @param collections mapped ones
    /// @param quiet for how long nobody may have written to MongoDB; not waited for where writes are blocked
    /// @param patience how long the rows may take to have everything
    /// @param blockWrites whether MongoDB is to refuse all writes meanwhile, on the whole server. It
    ///     stays so when no collection is left that MongoDB writes
    /// @param slot a replication slot that is to be made; null for none
    public record Wish(
            List<String> collections,
            Duration quiet,
            Duration patience,
            boolean blockWrites,
            @Nullable String slot,
            String actor) {
        public Wish {
            collections = List.copyOf(collections);
        }
    }

    /// What became of it.
    public sealed interface Outcome {
        /// All of them have moved.
        ///
        /// @param stillBlocked whether MongoDB still refuses all writes
        record Finished(List<Certificate> certificates, boolean stillBlocked) implements Outcome {
            public Finished {
                certificates = List.copyOf(certificates);
            }
        }

        /// None has.
        record Refused(List<Obstacle> obstacles) implements Outcome {
            public Refused {
                obstacles = List.copyOf(obstacles);
            }
        }

        /// Nothing forbids it now; nothing was moved.
        ///
        /// @param validate constraints that would be checked against every row
        /// @param sequences of the tables
        /// @param disabledTriggers that never fire
        /// @param duties what MongoDB does by itself and nobody would do any more, in words
        /// @param tables of the collections
        /// @param stillWritten collections that were written to in MongoDB within the time without writes that
        ///     was wished for, each with when; none where MongoDB is to refuse writes
        record Possible(
                List<String> collections,
                List<String> validate,
                List<String> sequences,
                List<String> disabledTriggers,
                List<String> duties,
                List<String> tables,
                List<String> stillWritten)
                implements Outcome {}
    }

    /// Says what would become of it, and changes nothing.
    ///
    /// @throws SluiceException of kind WRITES_MOVED when the writes of one of them have moved already
    public Outcome dryRun(Wish wish) {
        try (Connection connection = pipeline.connector().openForLongWork()) {
            PipelineSpec left = left(connection, wish);
            List<CollectionTarget> chosen = chosen(left, wish);
            List<Obstacle> obstacles = new FinishChecks(left, connection, chosen).all(wish.slot());
            if (!obstacles.isEmpty()) {
                return new Outcome.Refused(obstacles);
            }
            TargetHandover target = new TargetHandover(connection, FinishChecks.tables(chosen));
            return new Outcome.Possible(
                    wish.collections(),
                    target.notValidated().stream()
                            .map(TargetHandover.Named::toString)
                            .toList(),
                    target.sequences().stream()
                            .map(TargetHandover.Sequence::name)
                            .toList(),
                    target.disabledTriggers().stream()
                            .map(TargetHandover.Named::toString)
                            .toList(),
                    pipeline.source().duties().of(wish.collections()).stream()
                            .map(CertificateText::duty)
                            .toList(),
                    FinishChecks.tables(chosen).stream()
                            .map(TableName::toString)
                            .toList(),
                    wish.blockWrites() ? List.of() : stillWritten(chosen, wish.quiet()));
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    private List<String> stillWritten(List<CollectionTarget> chosen, Duration quiet) {
        BsonTimestamp now = pipeline.source().newestWrite();
        BsonTimestamp before = new BsonTimestamp((int) (Watermark.seconds(now) - quiet.toSeconds()), 0);
        WrittenSince written = new WrittenSince(pipeline, stopped);
        return chosen.stream()
                .flatMap(target -> written.first(List.of(target), before, now).stream())
                .map(event -> event.collection() + ", at " + MongoSource.instant(event.clusterTime()))
                .toList();
    }

    /// Moves the writes.
    ///
    /// @throws SluiceException of kind WRITES_MOVED when the writes of one of them have moved already; when a
    ///     server can't be asked: then nothing has moved, unless PostgreSQL did not answer the commit
    public Outcome run(Wish wish) throws InterruptedException {
        try {
            return switch (FinishLock.take(pipeline.connector()::open, pipeline.name())) {
                case FinishLock.Attempt.Refused other ->
                    new Outcome.Refused(List.of(new Obstacle(
                            String.join(", ", wish.collections()), runsNow(other) + " Try again when it has ended.")));
                case FinishLock.Attempt.Held held -> {
                    try (FinishLock lock = held.lock()) {
                        yield run(wish, () -> lock.isLost() || stopped.getAsBoolean());
                    }
                }
            };
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    private Outcome run(Wish wish, BooleanSupplier ending) throws SQLException, InterruptedException {
        try (Connection connection = pipeline.connector().openForLongWork()) {
            PipelineSpec left = left(connection, wish);
            List<CollectionTarget> chosen = chosen(left, wish);
            FinishChecks checks = new FinishChecks(left, connection, chosen);
            List<Obstacle> obstacles = checks.all(wish.slot());
            if (!obstacles.isEmpty()) {
                return new Outcome.Refused(obstacles);
            }
            return new Move(left, wish, connection, said, ending).run(chosen, checks);
        }
    }

    private static String runsNow(FinishLock.Attempt.Refused other) {
        return "Another `sluice finish` of this pipeline runs now: " + other.holder() + ".";
    }

    /// What became of asking MongoDB to take writes again.
    public sealed interface Unblocking {
        /// It does.
        ///
        /// @param was whether it refused them before
        record Ended(boolean was) implements Unblocking {}

        /// Nothing was changed: another process moves writes now, and needs the block.
        record Refused(String reason) implements Unblocking {}
    }

    /// Ends MongoDB's block of writes, as a killed process or the last move has left it.
    ///
    /// @param actor who asks for it, for the audit
    public Unblocking unblock(String actor) throws InterruptedException {
        try {
            return switch (FinishLock.take(pipeline.connector()::open, pipeline.name())) {
                case FinishLock.Attempt.Refused other ->
                    new Unblocking.Refused(runsNow(other)
                            + " It ends its block itself; to break it off, end that process, and say this again.");
                case FinishLock.Attempt.Held held -> {
                    try (FinishLock lock = held.lock()) {
                        yield new Unblocking.Ended(endBlock(actor));
                    }
                }
            };
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    private boolean endBlock(String actor) throws SQLException {
        try (Connection connection = pipeline.connector().open()) {
            boolean on = pipeline.source().writeBlock().isOn();
            if (on) {
                pipeline.source().writeBlock().set(false);
                new FinishStore(pipeline.name()).unblocked(connection, actor);
            } else if (WriteBlockNote.read(connection, pipeline.name()).isPresent()) {
                new FinishStore(pipeline.name()).strike(connection, Made.WRITE_BLOCK);
            }
            return on;
        }
    }

    /// The certificates of the collections whose writes have moved, by collection, as JSON.
    public static SequencedMap<String, String> certificates(PostgresConnector connector, String pipeline) {
        try (Connection connection = connector.open()) {
            return new FinishStore(pipeline).certificates(connection);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    private PipelineSpec left(Connection connection, Wish wish) throws SQLException {
        Set<String> moved = new MovedWrites(pipeline.name()).load(connection);
        List<String> again = wish.collections().stream().filter(moved::contains).toList();
        if (!again.isEmpty()) {
            throw MovedWrites.refused(again);
        }
        return pipeline.without(moved);
    }

    private static List<CollectionTarget> chosen(PipelineSpec left, Wish wish) {
        return CollectionTarget.chosen(left.targets(), wish.collections());
    }
}
