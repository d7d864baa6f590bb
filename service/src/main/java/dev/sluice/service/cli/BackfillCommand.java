package dev.sluice.service.cli;

import dev.sluice.after.AfterOutcome;
import dev.sluice.backfill.Backfill;
import dev.sluice.backfill.Prune;
import dev.sluice.balance.Balance;
import dev.sluice.balance.BalanceCount;
import dev.sluice.change.OperationTime;
import dev.sluice.control.DeadLetterStore;
import dev.sluice.control.DeadLetterStore.Staying;
import dev.sluice.evolution.OpenChanges;
import dev.sluice.evolution.SourceCheck;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.failure.WrongUseException;
import dev.sluice.pipeline.NotedIds;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.positions.PositionStore;
import dev.sluice.service.ops.BalanceTable;
import dev.sluice.service.ops.Pauses;
import dev.sluice.service.pipeline.CopyRun;
import dev.sluice.service.pipeline.ReadLimitWatch;
import dev.sluice.service.pipeline.WrittenWith;
import dev.sluice.service.plan.DryRun;
import dev.sluice.service.text.Counted;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.catalog.TableTriggers;
import dev.sluice.source.mongo.MongoSource;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `sluice backfill`: copy and exit. Takes the pipeline's position first when it has none, so that a later
/// `sluice run` streams everything that happened meanwhile.
@Command(
        name = "backfill",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "For example:",
            "  sluice backfill                                what is not copied yet; resumes",
            "  sluice backfill --collection orders --dry-run  what it would read and write",
            "  sluice backfill --collection orders --prune    again, and delete rows without a document",
            "  sluice backfill --resync --prune               after the oplog has lost the position"
        },
        versionProvider = SluiceCommand.Version.class,
        header = "Copy collections and exit.",
        description = {
            "May be run again at any time: an interrupted copy resumes where it was, a complete one is made again, and"
                    + " rows that are equal already are not written. A later `sluice run` streams all changes since the"
                    + " first copy began.",
            "The control schema (sluice) and the mapping's migrations are applied first, unless AUTO_MIGRATE=false; they"
                    + " stay where the copy is then refused."
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
            description = {
                "Most documents in a chunk.",
                "Default: as many as PostgreSQL takes in about a quarter of a second."
            })
    private @Nullable Integer batchSize;

    @Option(
            names = "--parallel",
            paramLabel = "N",
            description = {
                "How many chunks, and how many small collections, are copied at once.",
                "Default: as many as make it faster; fewer while a database suffers."
            })
    private @Nullable Integer parallel;

    @Option(
            names = "--prune",
            description = {
                "Then delete the rows that no document explains, of the collections that are copied.",
                "With --dry-run, only say how many those are."
            })
    private boolean prune;

    @Option(
            names = "--resync",
            description = {
                "After the oplog lost the position: take a new one, then copy everything again.",
                "Rows are kept and updated; rows of documents deleted in the gap stay until they are pruned."
            })
    private boolean resync;

    @Option(
            names = "--accept-source",
            description = {
                "Use when MONGO_URI intentionally names another or restored MongoDB: takes a new position on it, then"
                        + " copies everything from it. Noted in sluice.audit.",
                "Rows are kept and updated; rows that it has no documents for stay, unless --prune."
            })
    private boolean acceptSource;

    @Option(
            names = "--past",
            paramLabel = "TIME",
            description = {
                "After the stream stopped at a change that MongoDB can't send: pass it, and copy its collection again.",
                "TIME is the operation time that the stop names, as 1732812345.7. Rows of documents deleted meanwhile"
                        + " are deleted too, unless the mapping keeps them. The next `sluice run` continues after it."
            },
            converter = Time.class)
    private @Nullable BsonTimestamp past;

    @Option(
            names = "--wait",
            paramLabel = "T",
            description = {
                "How long to wait while another process writes the pipeline, as 30s or 5m.",
                "Default: not at all; then it is named, and the exit code is 3."
            },
            converter = DemoCommand.Length.class)
    private Duration wait = Duration.ZERO;

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        requireAtLeastOne("--batch-size", batchSize);
        requireAtLeastOne("--parallel", parallel);
        if (acceptSource && (past != null || resync || dryRun)) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(),
                    "--accept-source takes a new position by itself; not with --resync, --past or --dry-run.");
        }
        if (past != null && (resync || prune || dryRun || !collections.isEmpty() || !tables.isEmpty())) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(),
                    "--past finds out by itself what is to be copied and deleted: it goes with --batch-size, --parallel and"
                            + " --wait alone.");
        }
        Setup setup = Setup.forBoth().inForce();
        List<CollectionTarget> all = setup.followed(collections);
        List<CollectionTarget> chosen = choose(all);
        try (MongoSource source = setup.source();
                ReadLimitWatch limit = setup.keepReadLimit(source)) {
            if (dryRun) {
                return preview(setup, source, all, chosen);
            }
            setup.prepareTarget();
            source.hello();
            sayThatItIsPaused(setup);
            boolean nothing = setup.sayThatNothingIsThere(source);
            setup.sayWhatIsLeftAlone(source);
            int code = copy(setup, source, all, chosen);
            return nothing && code == SluiceCommand.FINE ? SluiceCommand.FINDING : code;
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    private void requireAtLeastOne(String option, @Nullable Integer number) {
        if (number != null && number < 1) {
            throw new CommandLine.ParameterException(spec.commandLine(), option + " is at least 1.");
        }
    }

    private List<CollectionTarget> choose(List<CollectionTarget> all) {
        for (String table : tables) {
            if (all.stream().noneMatch(t -> hasTable(t, table))) {
                throw new CommandLine.ParameterException(
                        spec.commandLine(), "The mapping has no table '" + table + "'; it has " + tables(all) + ".");
            }
        }
        if (tables.isEmpty()) {
            return Setup.chosen(spec, all, collections);
        }
        List<CollectionTarget> named = collections.isEmpty() ? List.of() : Setup.chosen(spec, all, collections);
        return all.stream()
                .filter(t -> named.contains(t) || tables.stream().anyMatch(table -> hasTable(t, table)))
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

    private int copy(Setup setup, MongoSource source, List<CollectionTarget> all, List<CollectionTarget> chosen)
            throws SQLException, InterruptedException {
        PrintWriter err = spec.commandLine().getErr();
        try (StopSignal stop = StopSignal.install(
                        err,
                        "Stopping: the chunks in progress are finished first.",
                        "Stopped before the end; copied chunks stay. Run the same command again to resume there.");
                CopyProgress progress = new CopyProgress(spec.commandLine().getOut(), err, SluiceCommand.isVerbose())) {
            CopyRun.Result result = new CopyRun(setup.pipeline(all, source), WrittenWith.mapping(setup.entry()))
                    .run(new CopyRun.Wish(chosen, limits(), onward(), prune, wait), progress, stop);
            progress.sum();
            showBalances(setup.pipeline(all, source), chosen, prune && result.complete(), stop);
            result.failed().values().forEach(e -> SluiceCommand.trace(e, spec.commandLine()));
            if (!result.failed().isEmpty()) {
                return SluiceCommand.COULD_NOT_RUN;
            }
            return result.complete() ? after(setup, stop) : SluiceCommand.FINDING;
        } catch (WrongUseException wrong) {
            throw new CommandLine.ParameterException(spec.commandLine(), String.valueOf(wrong.getMessage()), wrong);
        }
    }

    /// @return the exit code of the whole command: the copy is made, whatever becomes of what comes after it
    private int after(Setup setup, BooleanSupplier stopped) throws InterruptedException {
        boolean apply = setup.settings().autoMigrate();
        AfterOutcome outcome = AfterLines.run(setup, apply, spec.commandLine(), stopped);
        AfterLines.show(outcome, apply, spec.commandLine());
        return outcome instanceof AfterOutcome.Open open && !open.failures().isEmpty()
                ? SluiceCommand.FINDING
                : SluiceCommand.FINE;
    }

    /// The current counts, and not what this copy wrote: an earlier one may have written most of the rows.
    private void showBalances(
            PipelineSpec pipeline, List<CollectionTarget> chosen, boolean pruned, BooleanSupplier stopped) {
        SequencedMap<String, Balance> balances;
        Map<String, Staying> staying;
        Map<String, String> triggers;
        try {
            balances = new BalanceCount(pipeline).ofCopied(chosen, stopped);
            staying = DeadLetterStore.staying(pipeline.connector(), pipeline.name());
            triggers = TableTriggers.ofDeletes(pipeline.connector(), chosen);
        } catch (SluiceException away) {
            // The copy is made all the same.
            PrintWriter err = spec.commandLine().getErr();
            err.println("What is there now could not be counted: " + away.forPeople());
            err.flush();
            return;
        }
        if (!balances.isEmpty()) {
            spec.commandLine().getOut().println(BalanceTable.afterCopy(balances, staying, pruned, triggers));
            spec.commandLine().getOut().flush();
        }
    }

    private CopyRun.Onward onward() {
        if (past != null) {
            return new CopyRun.Onward.Past(past, Actor.atTheKeyboard());
        }
        if (acceptSource) {
            return new CopyRun.Onward.NewSource(Actor.atTheKeyboard());
        }
        return resync ? new CopyRun.Onward.FromNow() : new CopyRun.Onward.AsItWas();
    }

    /// Reads an operation time.
    static final class Time implements CommandLine.ITypeConverter<BsonTimestamp> {
        @Override
        public BsonTimestamp convert(String text) {
            try {
                return OperationTime.parse(text);
            } catch (IllegalArgumentException none) {
                throw new CommandLine.TypeConversionException(String.valueOf(none.getMessage()));
            }
        }
    }

    private Backfill.Limits limits() {
        Backfill.Limits limits = Backfill.Limits.adaptive();
        if (batchSize != null) {
            limits = limits.withDocuments(batchSize);
        }
        return parallel == null ? limits : limits.withWorkers(parallel);
    }

    /// What the copy itself would be refused for. Nothing before there is a position: then nothing was copied.
    private static void requireSource(
            Setup setup, MongoSource source, List<CollectionTarget> all, List<CollectionTarget> chosen)
            throws SQLException {
        if (!hasPosition(setup)) {
            return;
        }
        try (Connection connection = setup.connector().open()) {
            new SourceCheck(setup.pipelineName(), source, all).require(connection);
            new OpenChanges(setup.pipelineName(), chosen).requireNone(connection, source);
        }
    }

    /// False also where PostgreSQL or the control schema is not there yet, which the preview says itself.
    private static boolean hasPosition(Setup setup) {
        try (Connection connection = setup.connector().open()) {
            return new PositionStore(setup.pipelineName()).load(connection).isPresent();
        } catch (SQLException notThere) {
            return false;
        }
    }

    /// A pause holds what runs the pipeline; a copy that is asked for by hand is no part of that.
    private void sayThatItIsPaused(Setup setup) {
        Pauses.PauseReport pause = new Pauses(setup.connector(), setup.pipelineName()).now();
        if (pause.paused()) {
            PrintWriter err = spec.commandLine().getErr();
            err.println("The pipeline is paused by " + pause.by()
                    + (pause.reason() == null ? "" : " (" + pause.reason() + ")")
                    + ". This command writes all the same.");
            err.flush();
        }
    }

    private int preview(Setup setup, MongoSource source, List<CollectionTarget> all, List<CollectionTarget> chosen)
            throws SQLException {
        PrintWriter out = spec.commandLine().getOut();
        boolean nothing = setup.sayThatNothingIsThere(source);
        requireSource(setup, source, all, chosen);
        NotedIds.foresee(setup.pipelineName(), all, source, setup.connector());
        DryRun.ofAll(source, chosen, setup.connector(), forecast -> {
            out.println(forecast.forPeople());
            out.flush();
        });
        if (prune) {
            try (Connection connection = setup.connector().openForLongWork()) {
                for (CollectionTarget target : chosen) {
                    long rows = Prune.count(source, connection, all, target);
                    out.println(target.collection() + ": "
                            + (rows == 0
                                    ? "nothing would be pruned, each row has its document or stays by the mapping"
                                    : Counted.of(rows, "row") + " would be pruned that no document explains"));
                    out.flush();
                }
            }
        }
        return nothing ? SluiceCommand.FINDING : SluiceCommand.FINE;
    }
}
