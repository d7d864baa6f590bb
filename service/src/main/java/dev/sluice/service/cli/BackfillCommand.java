package dev.sluice.service.cli;

import dev.sluice.backfill.Backfill;
import dev.sluice.change.IdBracket;
import dev.sluice.change.Position;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.mapping.MappingResult;
import dev.sluice.positions.PipelineLock;
import dev.sluice.positions.PositionStore;
import dev.sluice.service.pipeline.Pipeline;
import dev.sluice.sink.ChangeMapper;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.Fence;
import dev.sluice.sink.WriteSummary;
import dev.sluice.sink.postgres.BackfillStore;
import dev.sluice.sink.postgres.ChunkSink;
import dev.sluice.sink.postgres.PostgresConnector;
import dev.sluice.sink.postgres.TargetCheck;
import dev.sluice.source.mongo.MongoSource;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `sluice backfill`: copy and exit. Takes the pipeline's position first when it has none, so that a later
/// `sluice run` streams everything that happened meanwhile.
@Command(
        name = "backfill",
        mixinStandardHelpOptions = true,
        description = {
            "Copy collections and exit. May be run again at any time: a copy that was broken off goes on where it was,",
            "one that is complete is made again, and rows that are right already are not written."
        })
final class BackfillCommand implements Callable<Integer> {
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
        Setup setup = Setup.fromEnvironment();
        List<CollectionTarget> all = Pipeline.targets(setup.entry().mapping());
        List<CollectionTarget> chosen = choose(all);
        if (dryRun) {
            try (MongoSource source = setup.source()) {
                chosen.forEach(target -> preview(source, target));
            }
            return SluiceCommand.FINE;
        }
        setup.settings().requireMongoUri();
        setup.prepareTarget();
        try (MongoSource source = setup.source()) {
            source.hello();
            return copy(setup, source, all, chosen);
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
                        spec.commandLine(), "The mapping has no table '" + table + "'.");
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
        Thread main = Thread.currentThread();
        Thread hook = new Thread(() -> {
            stopped.set(true);
            try {
                // The chunk in hand is finished; what is done stays done.
                main.join(30_000);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Runtime.getRuntime().addShutdownHook(hook);
        Map<String, CollectionTarget> byName = new HashMap<>();
        all.forEach(t -> byName.put(t.collection(), t));
        Progress progress = new Progress(spec.commandLine().getOut());
        int failed = 0;
        try (ChunkSink sink = new ChunkSink(setup.connector().open(), setup.pipelineName(), epoch, all)) {
            Backfill backfill = new Backfill(
                    source,
                    connection,
                    sink,
                    new BackfillStore(setup.pipelineName()),
                    new ChangeMapper(byName),
                    all.stream().map(t -> new Fence()).toList(),
                    () -> null,
                    new Backfill.Limits(batchSize, Backfill.Limits.DEFAULT.bytesMax()),
                    progress,
                    stopped::get);
            for (CollectionTarget target : chosen) {
                try {
                    if (!backfill.copy(target)) {
                        spec.commandLine().getErr().println("Stopped. Run it again to go on where it was.");
                        return SluiceCommand.FINDING;
                    }
                } catch (SluiceException e) {
                    // The other collections go on; the exit code says that this one did not.
                    failed++;
                    spec.commandLine().getErr().println(target.collection() + ": " + e.forPeople());
                }
            }
        }
        return failed == 0 ? SluiceCommand.FINE : SluiceCommand.COULD_NOT_RUN;
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
        public void onEstimate(CollectionTarget target, long about) {
            estimate = about;
            documents = 0;
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
                    "%s: done; %,d documents, %,d rows written, %,d skipped, %,d dead letters%n",
                    target.collection(), documents, total.rows(), total.skipped(), total.deadLetters());
            out.flush();
        }
    }

    private void preview(MongoSource source, CollectionTarget target) {
        long documents = 0;
        long rows = 0;
        Map<String, Long> notes = new TreeMap<>();
        for (IdBracket bracket : IdBracket.values()) {
            BsonValue after = null;
            for (boolean complete = false; !complete; ) {
                MongoSource.Piece piece = source.read(
                        target.collection(), bracket, after, batchSize, Backfill.Limits.DEFAULT.bytesMax(), null);
                for (RawBsonDocument document : piece.documents()) {
                    documents++;
                    switch (target.mapper().map(document)) {
                        case MappingResult.Mapped mapped -> {
                            rows += 1
                                    + mapped.children().stream()
                                            .mapToLong(List::size)
                                            .sum();
                            mapped.misfits()
                                    .forEach(m ->
                                            notes.merge("quarantine " + m.column() + ": " + m.reason(), 1L, Long::sum));
                        }
                        case MappingResult.Skipped skipped -> notes.merge("skip: " + skipped.reason(), 1L, Long::sum);
                        case MappingResult.Rejected rejected ->
                            notes.merge("dead letter " + rejected.column() + ": " + rejected.reason(), 1L, Long::sum);
                    }
                }
                after = piece.lastId();
                complete = piece.complete();
            }
        }
        PrintWriter out = spec.commandLine().getOut();
        out.printf("%s: %,d documents would be %,d rows%n", target.collection(), documents, rows);
        notes.forEach((note, count) -> out.printf("  %,8d x %s%n", count, note));
        out.flush();
    }
}
