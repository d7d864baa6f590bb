package dev.sluice.service.cli;

import dev.sluice.service.ops.Routes;
import dev.sluice.service.ops.Routes.Outcome;
import dev.sluice.service.ops.Routes.RouteReport;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;

/// `sluice rollback`: reads move back to MongoDB.
@Command(
        name = "rollback",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "For example:",
            "  sluice rollback orders  its readers, at once",
            "  sluice rollback --all   all of them"
        },
        versionProvider = SluiceCommand.Version.class,
        header = "Move the reads of collections back to MongoDB, at once.",
        description =
                "Possible until `sluice finish` has moved the writes: MongoDB has everything, and no gate is asked.")
final class RollbackCommand implements Callable<Integer> {
    @Mixin
    private final Chosen chosen = new Chosen();

    @Mixin
    private final Printing printing = new Printing();

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        Setup setup = Setup.forTarget();
        setup.sayLeftBlock(spec.commandLine().getErr());
        Routes routes = RoutesCommand.routes(setup);
        Outcome outcome = routes.rollback(chosen.of(setup), chosen.all(), Actor.atTheKeyboard());
        printing.print(outcome, () -> text(outcome));
        return CutoverCommand.exitCode(outcome);
    }

    private static String text(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Moved moved ->
                RoutesCommand.text(moved.routes()) + System.lineSeparator() + "All reads of "
                        + moved.routes().stream().map(RouteReport::collection).collect(Collectors.joining(", "))
                        + " are on MongoDB." + RoutesCommand.leftOut(moved.leftOut());
            case Outcome.WritesMoved gone -> "Nothing was moved. " + gone.reason();
            case Outcome.WouldMove w -> throw none();
            case Outcome.Shut s -> throw none();
            case Outcome.Behind b -> throw none();
            case Outcome.Changed c -> throw none();
        };
    }

    private static IllegalStateException none() {
        return new IllegalStateException("a rollback asks no gate and waits for nothing");
    }
}
