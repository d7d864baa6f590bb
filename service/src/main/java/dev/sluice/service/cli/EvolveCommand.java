package dev.sluice.service.cli;

import dev.sluice.failure.Failures;
import dev.sluice.service.evolve.Evolution;
import dev.sluice.service.evolve.Evolved;
import dev.sluice.service.evolve.Outlook;
import dev.sluice.service.pipeline.ReadLimitWatch;
import dev.sluice.source.mongo.MongoSource;
import java.io.PrintWriter;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `sluice evolve`: to another mapping, while the pipeline runs.
@Command(
        name = "evolve",
        mixinStandardHelpOptions = true,
        versionProvider = SluiceCommand.Version.class,
        header = "Go over to the mapping as the file has it now, while the pipeline runs.",
        description = {
            "Compares the mapping of the file with the one that rows are written with and with the tables, writes the next"
                    + " V000N__evolve_*.sql into the folder `migrations` for what the tables lack, and applies it. The"
                    + " process that runs the pipeline is held for that, takes the new mapping over at its position without"
                    + " a restart, and reads the documents again of the collections that need it. Then these are compared.",
            "Where no process runs the pipeline, this command copies. Where it is killed, run it again: it goes on.",
            "Nothing is changed while readers of such a collection are on PostgreSQL, see --rollback-reads."
        },
        footer = {
            "",
            "For example:",
            "  sluice evolve --dry-run             what would be done, with its locks",
            "  sluice evolve                       do it",
            "  sluice evolve --rollback-reads 30s  move readers of these collections to MongoDB first",
            "",
            "Exit codes: 0 done and equal, 1 something is in the way (--dry-run), rows differ, or it was stopped, 2 wrong"
                    + " use, or something is in the way, 3 could not run."
        })
final class EvolveCommand implements Callable<Integer> {
    @Option(names = "--dry-run", description = "Say what would be done, and change nothing.")
    private boolean dryRun;

    @Option(
            names = "--rollback-reads",
            paramLabel = "GRACE",
            arity = "0..1",
            fallbackValue = "10s",
            description = {
                "First move the readers of the collections that are written anew to MongoDB, and wait so long for those that"
                        + " remember where they read (10s where it is not said).",
                "They do not come back by themselves: `sluice cutover` when the gates are open again."
            },
            converter = DemoCommand.Length.class)
    private @Nullable Duration grace;

    @Option(
            names = "--lock-max",
            paramLabel = "TIME",
            description = {
                "For how long a table may be locked to rewrite it for another type of a column; default 500ms. Where it"
                        + " would take longer, a new column takes the place of the old one."
            },
            converter = DemoCommand.Length.class)
    private Duration lockMax = Duration.ofMillis(500);

    @Option(
            names = "--patience",
            paramLabel = "TIME",
            description = {
                "How long to try to get the locks on the tables, a moment at a time so that nobody waits behind it; default"
                        + " 2m."
            },
            converter = DemoCommand.Length.class)
    private Duration patience = Duration.ofMinutes(2);

    @Option(names = "--no-verify", description = "Do not compare what was written anew.")
    private boolean noVerify;

    @Mixin
    private final Printing printing = new Printing();

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        if (dryRun && grace != null) {
            throw new ParameterException(spec.commandLine(), "--dry-run moves no readers: not with --rollback-reads.");
        }
        Setup setup = Setup.forBoth();
        PrintWriter err = spec.commandLine().getErr();
        try (MongoSource source = setup.source();
                ReadLimitWatch limit = setup.keepReadLimit(source);
                StopSignal stop = StopSignal.install(
                        err,
                        "Stopping: the step in progress is finished first.",
                        "Stopped before the end. Run the same command again to go on.");
                EvolveProgress progress = new EvolveProgress(err)) {
            source.hello();
            Evolution evolution = new Evolution(
                    new Evolution.Sides(
                            setup.pipeline(setup.followed(List.of()), source), setup.entry(), setup.database()),
                    new Evolution.Wish(lockMax, patience, grace, !noVerify, Actor.atTheKeyboard()),
                    progress,
                    stop);
            return dryRun ? show(evolution.look()) : show(evolution.run());
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    private int show(Outlook outlook) {
        printing.print(outlook, outlook::forPeople);
        return outlook.obstacles().isEmpty() ? SluiceCommand.FINE : SluiceCommand.FINDING;
    }

    private int show(Evolved evolved) {
        printing.print(evolved, () -> text(evolved));
        return evolved.isFine() ? SluiceCommand.FINE : SluiceCommand.FINDING;
    }

    private static String text(Evolved evolved) {
        List<String> lines = new ArrayList<>();
        boolean nothing = evolved.outlook().isEmpty() && evolved.collections().isEmpty();
        lines.add(evolved.outlook().forPeople());
        for (Evolved.Migration migration : evolved.migrations()) {
            lines.add(String.format(
                    Locale.ROOT,
                    "Applied the migration %s: no table was locked for longer than %,d ms.",
                    migration.name(),
                    migration.milliseconds()));
        }
        for (Evolved.Written written : evolved.collections()) {
            lines.add(String.format(
                    Locale.ROOT,
                    "%s: written anew%s.",
                    written.collection(),
                    written.equal() == null
                            ? ", and not compared"
                            : String.format(
                                    Locale.ROOT,
                                    " and compared, %,d documents: %s",
                                    written.documents(),
                                    written.equal()
                                            ? "both sides are equal"
                                            : "rows differ, `sluice verify` says which")));
        }
        if (!nothing) {
            lines.add(
                    evolved.complete()
                            ? "Version " + evolved.version() + " of the mapping is in force."
                            : "Stopped before the end. Run the same command again to go on.");
        }
        if (!nothing && !evolved.runsElsewhere()) {
            lines.add("No process runs the pipeline: `sluice run` goes on with its stream.");
        }
        if (!evolved.left().isEmpty()) {
            lines.add("When nobody needs the old columns any more:");
            evolved.left().forEach(sql -> lines.add("  " + sql));
        }
        return String.join(System.lineSeparator(), lines);
    }
}
