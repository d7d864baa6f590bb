package dev.sluice.service.cli;

import dev.sluice.backfill.Backfill;
import dev.sluice.backfill.Resync;
import dev.sluice.change.Position;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.positions.PipelineLock;
import dev.sluice.positions.PositionStore;
import dev.sluice.service.pipeline.Pipeline;
import dev.sluice.service.plan.DryRun;
import dev.sluice.sink.ChangeMapper;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.Fence;
import dev.sluice.sink.WriteSummary;
import dev.sluice.sink.postgres.BackfillStore;
import dev.sluice.sink.postgres.ChunkSink;
import dev.sluice.sink.postgres.PostgresConnector;
import dev.sluice.sink.postgres.ResyncStore;
import dev.sluice.sink.postgres.TargetCheck;
import dev.sluice.source.mongo.MongoSource;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `sluice backfill`: copy and exit. Takes the pipeline's position first when it has none, so that a later
/// `sluice run` streams everything that happened meanwhile.
@Command(
        name = "backfill",
        mixinStandardHelpOptions = true,
        versionProvider = SluiceCommand.Version.class,
        header = "Copy collections and exit.",
        description =
                "May be run again at any time: a copy that was broken off goes on where it was, one that is complete"
                        + " is made again, and rows that are right already are not written. A later `sluice run` streams what"
                        + " happened since the first copy began.")
final class BackfillCommand implements Callable<Integer> {
    /// A chunk takes seconds; a server that does not answer is given up before whoever stops us gives up.
    private static final long STOP_SECONDS = 25;

    @Option(names = "--collection", paramLabel = "C", description = "Only this collection; may be repeated.")
    private List<String> collections = List.of();

    @Option(names = "--tables", split = ",", paramLabel = "T", description = "Only the collections of these tables.")
    private List<String> tables = List.of();

    @Option(
            names = "--dry-run",
            description = "Read and map everything, write nothing, and say what would be written, skipped or refused.")
    private boolean dryRun;

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            description = "Most documents in a chunk (default: ${DEFAULT-VALUE}).",
            defaultValue = "5000")
    private int batchSize = 5_000;

    @Option(
            names = "--resync",
            description = {
                "After the oplog lost the position: take a new one, then copy everything again.",
                "Rows are kept and updated; rows of documents deleted in the gap stay until they are pruned."
            })
    private boolean resync;

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() {
        if (batchSize < 1) {
            throw new CommandLine.ParameterException(spec.commandLine(), "--batch-size is at least 1.");
        }
        Setup setup = Setup.forBoth();
        List<CollectionTarget> all = Pipeline.targets(setup.entry().mapping());
        List<CollectionTarget> chosen = choose(all);
        if (dryRun) {
            try (MongoSource source = setup.source()) {
                boolean nothing = setup.sayThatNothingIsThere(source);
                chosen.forEach(target -> preview(source, target));
                return nothing ? SluiceCommand.FINDING : SluiceCommand.FINE;
            }
        }
        setup.prepareTarget();
        try (MongoSource source = setup.source()) {
            source.hello();
            boolean nothing = setup.sayThatNothingIsThere(source);
            setup.sayWhatIsLeftAlone(source);
            int code = copy(setup, source, all, chosen);
            return nothing && code == SluiceCommand.FINE ? SluiceCommand.FINDING : code;
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    private List<CollectionTarget> choose(List<CollectionTarget> all) {
        for (String name : collections) {
            if (all.stream().noneMatch(t -> t.collection().equals(name))) {
                throw new CommandLine.ParameterException(
                        spec.commandLine(), "The mapping has no collection '" + name + "'; it has " + names(all) + ".");
            }
        }
        for (String table : tables) {
            if (all.stream().noneMatch(t -> hasTable(t, table))) {
                throw new CommandLine.ParameterException(
                        spec.commandLine(), "The mapping has no table '" + table + "'; it has " + tables(all) + ".");
            }
        }
        if (collections.isEmpty() && tables.isEmpty()) {
            return all;
        }
        return all.stream()
                .filter(t ->
                        collections.contains(t.collection()) || tables.stream().anyMatch(table -> hasTable(t, table)))
                .toList();
    }

    private static boolean hasTable(CollectionTarget target, String table) {
        return target.mapping().table().table().equals(table)
                || target.mapping().children().stream()
                        .anyMatch(c -> c.table().table().equals(table));
    }

    private static String tables(List<CollectionTarget> targets) {
        return String.join(
                ", ",
                targets.stream()
                        .flatMap(t -> Stream.concat(
                                Stream.of(t.mapping().table().table()),
                                t.mapping().children().stream()
                                        .map(c -> c.table().table())))
                        .toList());
    }

    private static String names(List<CollectionTarget> targets) {
        return String.join(
                ", ", targets.stream().map(CollectionTarget::collection).toList());
    }

    private int copy(Setup setup, MongoSource source, List<CollectionTarget> all, List<CollectionTarget> chosen)
            throws SQLException {
        PostgresConnector connector = setup.connector();
        PositionStore positions = new PositionStore(setup.pipelineName());
        BackfillStore store = new BackfillStore(setup.pipelineName());
        try (PipelineLock lock = PipelineLock.take(connector.open(), setup.pipelineName());
                Connection connection = connector.open()) {
            TargetCheck.check(connection, all);
            Position now = source.currentPosition();
            positions.initialise(connection, now);
            long epoch = takeOver(connection, positions);
            if (resync) {
                connection.setAutoCommit(false);
                positions.advance(connection, now, epoch);
                positions.reset(connection);
                connection.commit();
                connection.setAutoCommit(true);
            }
            for (CollectionTarget target : chosen) {
                if (store.done(connection, target.collection())) {
                    store.restart(connection, target.collection());
                }
            }
            return copyAll(setup, source, connection, all, chosen, epoch);
        }
    }

    private static long takeOver(Connection connection, PositionStore positions) throws SQLException {
        connection.setAutoCommit(false);
        long epoch = positions.takeOver(connection, Pipeline.owner());
        connection.commit();
        connection.setAutoCommit(true);
        return epoch;
    }

    private int copyAll(
            Setup setup,
            MongoSource source,
            Connection connection,
            List<CollectionTarget> all,
            List<CollectionTarget> chosen,
            long epoch)
            throws SQLException {
        AtomicBoolean stopped = new AtomicBoolean();
        CountDownLatch ended = new CountDownLatch(1);
        Thread hook = new Thread(() -> stop(stopped, ended), "sluice-stop");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            return copyAll(setup, source, connection, all, chosen, epoch, stopped::get);
        } finally {
            ended.countDown();
            removeUnlessItRuns(hook);
        }
    }

    private static void removeUnlessItRuns(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException shuttingDown) {
            // The hook ends the process.
        }
    }

    /// On Ctrl-C or SIGTERM: the chunk in hand is finished, and what is done stays done.
    private void stop(AtomicBoolean stopped, CountDownLatch ended) {
        PrintWriter err = spec.commandLine().getErr();
        stopped.set(true);
        err.println("Stopping: the chunk in hand is finished first.");
        try {
            if (ended.await(STOP_SECONDS, TimeUnit.SECONDS)) {
                err.println("Stopped before the end; what is copied stays. Run the same command again to go on there.");
                Runtime.getRuntime().halt(SluiceCommand.FINDING);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private int copyAll(
            Setup setup,
            MongoSource source,
            Connection connection,
            List<CollectionTarget> all,
            List<CollectionTarget> chosen,
            long epoch,
            BooleanSupplier stopped)
            throws SQLException {
        Map<String, CollectionTarget> byName = new HashMap<>();
        all.forEach(t -> byName.put(t.collection(), t));
        Progress progress = new Progress(spec.commandLine().getOut());
        ChangeMapper mapper = new ChangeMapper(byName);
        List<Fence> fences = all.stream().map(t -> new Fence()).toList();
        int failed = 0;
        try (ChunkSink sink = new ChunkSink(setup.connector().open(), setup.pipelineName(), epoch, all)) {
            Backfill backfill = new Backfill(
                    source,
                    connection,
                    sink,
                    new BackfillStore(setup.pipelineName()),
                    mapper,
                    fences,
                    () -> null,
                    new Backfill.Limits(batchSize, Backfill.Limits.DEFAULT.bytesMax()),
                    progress,
                    stopped);
            for (CollectionTarget target : chosen) {
                try {
                    if (!backfill.copy(target)) {
                        return SluiceCommand.FINDING;
                    }
                } catch (SluiceException e) {
                    if (!mayBeOfOneCollection(e.kind())) {
                        throw e;
                    }
                    // The other collections go on; the exit code says that this one did not.
                    failed++;
                    Complaint complaint = Complaint.of(e, Optional.empty());
                    spec.commandLine().getErr().println(target.collection() + ": " + complaint.text());
                    SluiceCommand.trace(e, spec.commandLine());
                }
            }
            Resync resync = new Resync(
                    source,
                    connection,
                    sink,
                    new ResyncStore(setup.pipelineName()),
                    mapper,
                    all,
                    fences,
                    () -> null,
                    stopped);
            int taken = resync.drain() + resync.sweep();
            if (taken > 0) {
                spec.commandLine()
                        .getOut()
                        .printf("%,d documents taken anew, since what they refer to has come%n", taken);
            }
        }
        return failed == 0 ? SluiceCommand.FINE : SluiceCommand.COULD_NOT_RUN;
    }

    /// Whether other collections may be copied although one could not be; a server that is away or a
    /// pipeline that is taken over is the same for all of them, and is said once.
    private static boolean mayBeOfOneCollection(FailureKind kind) {
        return switch (kind) {
            case TARGET_CONFLICT, MISSING_RIGHT, MISSING_TABLE, MAPPING, UNEXPECTED -> true;
            case SOURCE_UNREACHABLE,
                    SOURCE_REFUSED,
                    TARGET_UNREACHABLE,
                    TARGET_REFUSED,
                    MISSING_DATABASE,
                    HISTORY_LOST,
                    FENCED_OUT,
                    DISK_FULL,
                    NOT_A_REPLICA_SET,
                    BAD_SETTING,
                    ENGINE -> false;
        };
    }

    /// Prints how the copy goes on, a line for each chunk.
    private static final class Progress implements Backfill.Listener {
        private final PrintWriter out;
        private final long started = System.nanoTime();
        private long estimate;
        private long documents;
        private WriteSummary total = WriteSummary.NOTHING;

        Progress(PrintWriter out) {
            this.out = out;
        }

        @Override
        public void onEstimate(CollectionTarget target, long about, long alreadyCopied) {
            estimate = about;
            documents = alreadyCopied;
            total = WriteSummary.NOTHING;
            out.printf("%s: about %,d documents%n", target.collection(), about);
            out.flush();
        }

        @Override
        public void onChunk(CollectionTarget target, int count, WriteSummary summary) {
            documents += count;
            total = total.plus(summary);
            out.printf(
                    "%s: %,d documents (%d %%), %,d rows written, %.1f s%n",
                    target.collection(),
                    documents,
                    estimate == 0 ? 100 : Math.min(100, 100 * documents / estimate),
                    total.rows(),
                    (System.nanoTime() - started) / 1e9);
            out.flush();
        }

        @Override
        public void onDone(CollectionTarget target) {
            out.printf(
                    "%s: done; %,d documents, %,d rows written, %,d skipped%s, %,d dead letters%s%n",
                    target.collection(),
                    documents,
                    total.rows(),
                    total.skipped(),
                    total.skippedBy().isEmpty() ? "" : " " + new TreeMap<>(total.skippedBy()),
                    total.deadLetters(),
                    total.waiting() == 0 ? "" : String.format(", %,d wait for others", total.waiting()));
            out.flush();
        }
    }

    private void preview(MongoSource source, CollectionTarget target) {
        PrintWriter out = spec.commandLine().getOut();
        out.println(DryRun.ofAll(source, target, batchSize).forPeople());
        out.flush();
    }
}
