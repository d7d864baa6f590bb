package dev.sluice.service.cli;

import dev.sluice.cutover.Share;
import dev.sluice.gate.Gate;
import dev.sluice.gate.Gate.Condition;
import dev.sluice.service.ops.Routes;
import dev.sluice.service.ops.Routes.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// `sluice cutover`: reads move to PostgreSQL.
@Command(
        name = "cutover",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "For example:",
            "  sluice cutover orders --percent 10              a tenth of its readers",
            "  sluice cutover orders --shadow 100              readers ask both and compare",
            "  sluice cutover --all --wait 5m --auto-rollback  all, when their gates open; back when one shuts",
            "  sluice cutover orders --dry-run                 what would be moved"
        },
        versionProvider = SluiceCommand.Version.class,
        header = "Move the reads of collections to PostgreSQL, all or a share of them.",
        description = {
            "Asks the gate of each collection, waits until its rows have everything that was committed before, asks the"
                    + " gate again and moves all routes in one transaction. MongoDB stays the writer, so `sluice rollback`"
                    + " moves them back at once.",
            "Readers are shared out by their targeting key: a larger percentage takes more of them and keeps those it has."
                    + " --shadow lets some read both sides and answer with MongoDB's.",
            "Ends with 0 when they were moved, 1 when a gate is shut, the rows had not caught up in time or somebody moved"
                    + " their reads meanwhile; then none was moved."
        })
final class CutoverCommand implements Callable<Integer> {
    @Mixin
    private final Chosen chosen = new Chosen();

    @Option(
            names = "--percent",
            paramLabel = "N",
            description = "The share that reads from PostgreSQL, 0 to 100 (default: 100, or 0 with --shadow).")
    private @Nullable Integer percent;

    @Option(
            names = "--shadow",
            paramLabel = "N",
            description = "The share that reads from both sides, 0 to 100 (default: 0).")
    private @Nullable Integer shadow;

    @Option(
            names = "--wait",
            paramLabel = "TIME",
            description = "How long to wait until the rows have caught up, as 30s or 2m (default: ${DEFAULT-VALUE}).",
            defaultValue = "60s",
            converter = DemoCommand.Length.class)
    private Duration patience = Duration.ofSeconds(60);

    @Option(
            names = "--auto-rollback",
            description =
                    "Let a running pipeline move reads back by itself when rows are known to differ or fall behind"
                            + " (default: it warns).")
    private boolean autoRollback;

    @Option(names = "--dry-run", description = "Say what would become of it, and move nothing.")
    private boolean dryRun;

    @Mixin
    private final Printing printing = new Printing();

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        Share share = Share.asked(percent, shadow)
                .orElseThrow(() -> new ParameterException(
                        spec.commandLine(),
                        "--percent and --shadow are from 0 to 100, and not more than 100 together."));
        Setup setup = Setup.forTarget();
        setup.sayLeftBlock(spec.commandLine().getErr());
        Routes routes = RoutesCommand.routes(setup);
        List<String> collections = chosen.of(setup);
        Outcome outcome = routes.cutOver(new Routes.Wish(
                collections, chosen.all(), share, autoRollback, patience, dryRun, Actor.atTheKeyboard()));
        printing.print(outcome, () -> text(outcome));
        return exitCode(outcome);
    }

    static int exitCode(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Moved moved -> SluiceCommand.FINE;
            case Outcome.WouldMove wouldMove -> SluiceCommand.FINE;
            case Outcome.Shut shut -> SluiceCommand.FINDING;
            case Outcome.Behind behind -> SluiceCommand.FINDING;
            case Outcome.Changed changed -> SluiceCommand.FINDING;
            case Outcome.WritesMoved gone -> SluiceCommand.FINDING;
        };
    }

    private String text(Outcome outcome) {
        String end = System.lineSeparator();
        return switch (outcome) {
            case Outcome.Moved moved ->
                RoutesCommand.text(moved.routes())
                        + end
                        + (moved.changed().isEmpty()
                                ? "Nothing changed: the reads were there already."
                                : "Moved. `sluice rollback` moves reads back at once.")
                        + RoutesCommand.leftOut(moved.leftOut());
            case Outcome.WouldMove would ->
                RoutesCommand.text(would.routes()) + end + "Nothing was moved (--dry-run)."
                        + RoutesCommand.leftOut(would.leftOut());
            case Outcome.Changed changed -> "Nothing was moved. " + changed.reason();
            case Outcome.Shut shut ->
                shut.gates().stream()
                                .map(gate -> gate.collection() + ": "
                                        + gate.firstUnmet()
                                                .map(Condition::reason)
                                                .orElse("")
                                        + " `sluice gate " + gate.collection() + "` shows all conditions.")
                                .collect(Collectors.joining(end))
                        + end + "Nothing was moved: the gate is shut"
                        + (autoRollback && shut.gates().stream().anyMatch(Gate::wrongForReaders)
                                ? ", and with --auto-rollback the running process would move the reads back at once."
                                : ".");
            case Outcome.Behind behind ->
                "Nothing was moved: the rows of " + String.join(", ", behind.collections())
                        + " did not have everything within " + patience.toSeconds()
                        + " s. `sluice status` shows the lag; --wait takes longer.";
            case Outcome.WritesMoved gone -> "Nothing was moved. " + gone.reason();
        };
    }
}
