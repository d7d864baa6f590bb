package dev.sluice.service.cli;

import dev.sluice.failure.Failures;
import dev.sluice.failure.WrongUseException;
import dev.sluice.positions.PauseStore.Pause;
import dev.sluice.service.pipeline.ListDrain;
import dev.sluice.service.pipeline.ReadLimitWatch;
import dev.sluice.service.pipeline.ResyncRun;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.source.mongo.MongoSource;
import java.io.PrintWriter;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// `sluice resync`: whole collections read again while the stream runs.
@Command(
        name = "resync",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "For example:",
            "  sluice resync --collection orders          all of its documents",
            "  sluice resync --collection orders --prune  and delete rows without a document"
        },
        versionProvider = SluiceCommand.Version.class,
        header = "Read whole collections again, while the stream runs.",
        description = {
            "Needs no oplog. Rows that are equal already are not written. If no process runs the pipeline, this command"
                    + " does the work itself; `sluice backfill` is faster then.",
            "Ends with 0 when everything is read, 1 when some collections are left; in a pause all of them are, until"
                    + " `sluice resume`."
        })
final class ResyncCommand implements Callable<Integer> {
    @Option(names = "--collection", paramLabel = "C", description = "Only this collection; may be repeated.")
    private List<String> collections = List.of();

    @Option(names = "--prune", description = "Then delete the rows that no document explains.")
    private boolean prune;

    @Option(names = "--no-wait", description = "Put them on the list, and leave them to the running pipeline.")
    private boolean noWait;

    @Mixin
    private final Printing printing = new Printing();

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    /// What is printed as JSON.
    ///
    /// @param left entries of the list that are not taken yet
    private record Outcome(List<String> collections, boolean prune, long left) {}

    @Override
    public Integer call() throws InterruptedException {
        Setup setup = Setup.forBoth();
        List<CollectionTarget> all = setup.followed(collections);
        List<CollectionTarget> chosen = Setup.chosen(spec, all, collections);
        PrintWriter err = spec.commandLine().getErr();
        // What is listed stays listed, and the outcome says so.
        try (StopSignal stop = StopSignal.install(err, "Stopping.", null);
                MongoSource source = setup.source();
                ReadLimitWatch limit = setup.keepReadLimit(source)) {
            setup.requireSameMapping();
            ResyncRun run = new ResyncRun(setup.pipeline(all, source));
            long last;
            try {
                last = run.list(chosen, prune, Actor.atTheKeyboard());
            } catch (WrongUseException wrong) {
                throw new ParameterException(spec.commandLine(), String.valueOf(wrong.getMessage()), wrong);
            }
            long left = noWait ? chosen.size() : run.await(last, new Said(), stop);
            print(chosen.stream().map(CollectionTarget::collection).toList(), left);
            return left == 0 || noWait ? SluiceCommand.FINE : SluiceCommand.FINDING;
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    private void print(List<String> names, long left) {
        String list = String.join(", ", names);
        printing.print(
                new Outcome(names, prune, left),
                () -> left == 0
                        ? "Read again" + (prune ? ", and rows without a document deleted: " : ": ") + list + "."
                        : (noWait ? "On the list: " + list : "Stopped; some of it is still on the list")
                                + ". A running pipeline resyncs it; if none runs, the next `sluice run`"
                                + " does.");
    }

    private final class Said implements ListDrain.Listener {
        @Override
        public void onLeft(long left) {
            // One entry for each collection: nothing worth a line.
        }

        @Override
        public void onNoHolder(Duration patience) {
            PrintWriter err = spec.commandLine().getErr();
            err.println("No process holds the pipeline now. Waiting " + patience.toSeconds()
                    + " s for one that may be coming back (a `run` that has lost a database tries again every 10 s); then"
                    + " this command takes over the pipeline.");
            err.flush();
        }

        @Override
        public void onPaused(Pause pause) {
            PrintWriter err = spec.commandLine().getErr();
            err.println(pause.forPeople() + " What is on the list stays there until `sluice resume`.");
            err.flush();
        }

        @Override
        public void onTakenOver() {
            spec.commandLine()
                    .getErr()
                    .println("No process runs the pipeline, so this command reads the collections itself.");
        }
    }
}
