package dev.sluice.service.cli;

import dev.sluice.balance.Balance;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.failure.WrongUseException;
import dev.sluice.positions.PauseStore.Pause;
import dev.sluice.replay.Replay.Found;
import dev.sluice.replay.Replay.Listed;
import dev.sluice.replay.Replay.Tally;
import dev.sluice.service.ops.BalanceTable;
import dev.sluice.service.ops.Replays;
import dev.sluice.service.pipeline.ReadLimitWatch;
import dev.sluice.service.pipeline.ReplayRun;
import dev.sluice.service.pipeline.ReplayRun.Result;
import dev.sluice.service.text.Counted;
import dev.sluice.service.text.TextTable;
import dev.sluice.source.mongo.MongoSource;
import java.io.Console;
import java.io.PrintWriter;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// `sluice replay`: resync the documents that were changed since some point.
@Command(
        name = "replay",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "For example:",
            "  sluice replay --from 1h --dry-run                       how many documents changed in the last hour",
            "  sluice replay --from before-release                     all since a checkpoint",
            "  sluice replay --from 2026-11-30T10:00:00Z --to 2026-11-30T11:00:00Z --collection orders  an hour of one collection"
        },
        versionProvider = SluiceCommand.Version.class,
        header = "Resync every document that was changed since a given point.",
        description = {
            "Old states are not written: the change stream is read from that point for the _ids of changed documents;"
                    + " their current state is then read from MongoDB and written, while the stream runs.",
            "Ends with 0 when all are resynced, 1 when the oplog does not go back that far or some are left, 2 for"
                    + " a point that can't be used."
        })
final class ReplayCommand implements Callable<Integer> {
    private static final long LINE_EVERY_NANOS = Duration.ofSeconds(2).toNanos();

    @Option(
            names = "--from",
            required = true,
            paramLabel = "POINT",
            description = {
                "The name of a checkpoint; a time with its zone, as 2026-11-21T21:05:00Z;"
                        + " a time ago, as 90s, 30m, 2h, 1d; or a resume token, as JSON or the hex of its _data."
            })
    private String from = "";

    @Option(names = "--to", paramLabel = "TIME", description = "Only what was touched up to then (default: up to now).")
    private @Nullable String to;

    @Option(names = "--collection", paramLabel = "C", description = "Only this collection; may be repeated.")
    private List<String> collections = List.of();

    @Option(names = "--dry-run", description = "Only count, and say whether the oplog goes back far enough.")
    private boolean dryRun;

    @Option(names = "--no-verify", description = "Do not compare the documents with their rows afterwards.")
    private boolean noVerify;

    @Option(names = "--no-wait", description = "Put the documents on the list, and leave them to the running pipeline.")
    private boolean noWait;

    @Mixin
    private final Printing printing = new Printing();

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        Setup setup = Setup.forBoth();
        PrintWriter err = spec.commandLine().getErr();
        // What is listed stays listed, and the outcome says so.
        try (StopSignal stop = StopSignal.install(err, "Stopping.", null);
                MongoSource source = setup.source();
                ReadLimitWatch limit = setup.keepReadLimit(source)) {
            setup.requireSameMapping();
            Replays replays = new Replays(setup.pipeline(setup.followed(collections), source));
            ReplayRun.Wish wish;
            try {
                wish = replays.wish(new Replays.Request(from, to, collections), Actor.atTheKeyboard());
            } catch (WrongUseException wrong) {
                throw new ParameterException(spec.commandLine(), String.valueOf(wrong.getMessage()), wrong);
            }
            return replay(replays.run(), wish, stop);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// What is printed as JSON.
    ///
    /// @param replay its number; null where nothing was listed
    /// @param left documents that are still on the list
    /// @param differing documents whose rows differ afterwards; null where they were not compared
    /// @param balance documents and rows of each collection afterwards, and the terms between them; null where
    ///     nothing was resynced
    private record Outcome(
            boolean dryRun,
            boolean reachable,
            @Nullable Long replay,
            @Nullable Found found,
            @Nullable Long documents,
            @Nullable Long left,
            @Nullable Long differing,
            @Nullable SequencedMap<String, Balance> balance,
            @Nullable String message) {}

    private int replay(ReplayRun run, ReplayRun.Wish wish, StopSignal stop) throws SQLException, InterruptedException {
        Progress progress = new Progress();
        try {
            if (dryRun) {
                Found found = run.dryRun(wish, progress, stop);
                progress.end();
                return found == null ? nothingDone() : counted(found);
            }
            if (noWait) {
                Listed listed = run.list(wish, progress, stop);
                progress.end();
                return listed == null ? nothingDone() : listed(listed);
            }
            Result result = run.run(wish, !noVerify, progress, stop);
            progress.end();
            return result == null ? nothingDone() : taken(result, run, stop);
        } catch (SluiceException e) {
            progress.end();
            if (e.kind() == FailureKind.HISTORY_LOST || e.kind() == FailureKind.CHANGE_TOO_LARGE) {
                return unreachable(e);
            }
            throw e;
        }
    }

    private int counted(Found found) {
        print(
                new Outcome(true, true, null, found, found.documents(), null, null, null, null),
                table(found)
                        + String.format(
                                Locale.ROOT,
                                "%s would be resynced. The oplog goes back far enough.",
                                Counted.of(found.documents(), "document")));
        return SluiceCommand.FINE;
    }

    private int listed(Listed listed) {
        Found found = listed.found();
        print(
                new Outcome(false, true, listed.id(), found, found.documents(), found.documents(), null, null, null),
                table(found)
                        + String.format(
                                Locale.ROOT,
                                "%s on the list. A running pipeline takes them within seconds; where none runs, the"
                                        + " next `sluice run` does.",
                                Counted.of(found.documents(), "document is", "documents are")));
        return SluiceCommand.FINE;
    }

    private int taken(Result result, ReplayRun run, StopSignal stop) {
        Found found = result.listed().found();
        if (result.left() > 0) {
            print(
                    new Outcome(
                            false,
                            true,
                            result.listed().id(),
                            found,
                            found.documents(),
                            result.left(),
                            null,
                            null,
                            "stopped"),
                    table(found)
                            + String.format(
                                    Locale.ROOT,
                                    "Stopped: %,d of them are still on the list. A running pipeline resyncs them; if none"
                                            + " runs, the next `sluice run` does.",
                                    result.left()));
            return SluiceCommand.FINDING;
        }
        Long differing = result.differing().orElse(null);
        SequencedMap<String, Balance> balances = run.count(found, stop);
        print(
                new Outcome(false, true, result.listed().id(), found, found.documents(), 0L, differing, balances, null),
                table(found)
                        + String.format(
                                Locale.ROOT,
                                "%s resynced%s",
                                Counted.of(found.documents(), "document was", "documents were"),
                                verdict(differing))
                        + (balances.isEmpty()
                                ? ""
                                : System.lineSeparator() + BalanceTable.forPeople(balances, run.staying())));
        if (differing != null && differing > 0) {
            return SluiceCommand.FINDING;
        }
        return SluiceCommand.FINE;
    }

    private static String verdict(@Nullable Long differing) {
        return differing == null
                ? "."
                : differing == 0
                        ? ", and their rows are equal to them."
                        : String.format(
                                Locale.ROOT,
                                ". The rows of %,d of them still differ: SELECT * FROM sluice.drift shows which, and `sluice"
                                        + " dead-letters list` whether they could not be written.",
                                differing);
    }

    private int nothingDone() {
        print(
                new Outcome(dryRun, true, null, null, null, null, null, null, "stopped"),
                "Stopped while the stream was read; nothing is done.");
        return SluiceCommand.FINDING;
    }

    private int unreachable(SluiceException lost) {
        String message = Replays.unreachable(lost);
        if (printing.isJson()) {
            print(new Outcome(dryRun, false, null, null, null, null, null, null, message), "");
        } else {
            PrintWriter err = spec.commandLine().getErr();
            err.println(spec.commandLine().getColorScheme().errorText(message));
            err.println(
                    "  -> Replay from a later point, or other collections; or read collections again as a whole, which needs no"
                            + " oplog: `sluice resync --collection C --prune` (--prune deletes rows whose documents are gone).");
        }
        SluiceCommand.trace(lost, spec.commandLine());
        return SluiceCommand.FINDING;
    }

    private void print(Outcome outcome, String text) {
        printing.print(outcome, () -> text);
    }

    private static String table(Found found) {
        StringBuilder text = new StringBuilder("Changes from ")
                .append(found.from())
                .append(" to ")
                .append(found.through())
                .append(System.lineSeparator());
        TextTable table = new TextTable().words("collection").numbers("changes").numbers("documents");
        found.collections().forEach(t -> table.row(t.collection(), t.events(), t.documents()));
        text.append(table.text()).append(System.lineSeparator());
        for (Tally t : found.collections()) {
            if (t.changedItself()) {
                text.append(t.collection())
                        .append(
                                " was dropped, renamed or replaced meanwhile. The stream has no changes of its documents for"
                                        + " that: `sluice resync --collection ")
                        .append(t.collection())
                        .append(" --prune` makes the rows current.")
                        .append(System.lineSeparator());
            }
        }
        return text.toString();
    }

    /// On a terminal one line that goes on; else a line every two seconds while it is waited.
    private final class Progress implements ReplayRun.Listener {
        private final PrintWriter err = spec.commandLine().getErr();
        private final boolean terminal = isTerminal();
        private long saidAt = System.nanoTime();
        private boolean begun;

        private static boolean isTerminal() {
            return Optional.ofNullable(System.console())
                    .map(Console::isTerminal)
                    .orElse(false);
        }

        @Override
        public void onRead(long events, @Nullable Instant reached) {
            say(String.format(
                    Locale.ROOT,
                    "reading the change stream: %s, up to %s",
                    Counted.of(events, "change"),
                    reached == null ? "the beginning" : reached));
        }

        @Override
        public void onListed(Listed listed) {
            saidAt = System.nanoTime() - LINE_EVERY_NANOS;
        }

        @Override
        public void onLeft(long left) {
            say(Counted.of(left, "document is left", "documents are left"));
        }

        @Override
        public void onNoHolder(Duration patience) {
            end();
            err.println("No process holds the pipeline now. Waiting " + patience.toSeconds()
                    + " s for one that may be coming back (a `run` that has lost a database tries again every 10 s); then"
                    + " this command takes over the pipeline.");
            err.flush();
        }

        @Override
        public void onPaused(Pause pause) {
            end();
            err.println(pause.forPeople() + " What is on the list stays there until `sluice resume`.");
            err.flush();
        }

        @Override
        public void onTakenOver() {
            end();
            err.println("No process runs the pipeline, so this command resyncs the documents itself.");
        }

        private void say(String text) {
            long now = System.nanoTime();
            if (printing.isJson() || (!terminal && now - saidAt < LINE_EVERY_NANOS)) {
                return;
            }
            saidAt = now;
            if (terminal) {
                begun = true;
                err.print("\r" + text + "          ");
            } else {
                err.println(text);
            }
            err.flush();
        }

        private void end() {
            if (begun) {
                begun = false;
                err.println();
            }
        }
    }
}
