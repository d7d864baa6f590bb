package dev.sluice.service.cli;

import dev.sluice.service.ops.Pauses;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `sluice resume`: ends a pause.
@Command(
        name = "resume",
        mixinStandardHelpOptions = true,
        footer = {"", "For example:", "  sluice resume  now"},
        versionProvider = SluiceCommand.Version.class,
        header = "Let a paused pipeline go on from its position.",
        description = "A running process does so within a second.")
final class ResumeCommand implements Callable<Integer> {
    @Mixin
    private final Printing printing = new Printing();

    @Override
    public Integer call() {
        Setup setup = Setup.forTarget();
        Pauses pauses = new Pauses(setup.connector(), setup.pipelineName());
        boolean was = pauses.resume(Actor.atTheKeyboard());
        printing.print(pauses.now(), () -> was ? "Resumed." : "The pipeline was not paused.");
        return SluiceCommand.FINE;
    }
}
