package dev.sluice.service.cli;

import dev.sluice.after.AfterOutcome;
import dev.sluice.after.AfterProgress;
import dev.sluice.after.AfterRun;
import dev.sluice.after.AfterStatement;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.service.ops.AfterText;
import dev.sluice.service.text.Counted;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import picocli.CommandLine;

/// Does what comes after the copy for a command, and prints a line for each step.
final class AfterLines implements AfterRun.Listener {
    /// How long a statement may try to get its locks.
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private final PrintWriter out;

    private AfterLines(PrintWriter out) {
        this.out = out;
    }

    /// @param apply whether statements are applied; else tables are analyzed, and that is all
    static AfterOutcome run(Setup setup, boolean apply, CommandLine command, BooleanSupplier stopped)
            throws InterruptedException {
        AfterRun run = new AfterRun(setup.pipelineName(), setup.afterScripts(), setup.targets(), setup.connector());
        return run.run(
                new AfterRun.Limits(setup.settings().afterParallel(), apply, PATIENCE),
                new AfterLines(command.getOut()),
                stopped);
    }

    /// Prints how it ended.
    ///
    /// @param apply as of [#run]
    /// @return the exit code of a command that is there for it
    static int show(AfterOutcome outcome, boolean apply, CommandLine command) {
        PrintWriter out = command.getOut();
        try {
            return switch (outcome) {
                case AfterOutcome.Done done -> {
                    out.println("After the copy: " + Counted.of(done.statements(), "statement") + " applied, "
                            + Counted.of(done.tables(), "table") + " analyzed. Nothing is left.");
                    yield SluiceCommand.FINE;
                }
                case AfterOutcome.Open open -> {
                    for (SluiceException failure : open.failures()) {
                        SluiceCommand.complain(failure, command);
                    }
                    if (!open.notAllowed().isEmpty()) {
                        out.println("After the copy: " + open.notAllowedForPeople());
                    }
                    if (!apply) {
                        out.println("After the copy: statements are left, and AUTO_MIGRATE is false: `sluice migrate"
                                + " --after` applies them.");
                    } else if (open.failures().isEmpty() && open.notAllowed().isEmpty()) {
                        out.println("After the copy: something is left: `sluice status` says what.");
                    }
                    yield SluiceCommand.FINDING;
                }
                case AfterOutcome.Held held -> {
                    SluiceCommand.complain(
                            new SluiceException(
                                    FailureKind.FENCED_OUT,
                                    "What comes after the copy is done by " + held.holder() + "."),
                            command);
                    yield SluiceCommand.COULD_NOT_RUN;
                }
                case AfterOutcome.NotCopied not -> {
                    out.println("After the copy: nothing yet, since these are not copied: "
                            + String.join(", ", not.collections()) + ".");
                    yield SluiceCommand.COULD_NOT_RUN;
                }
                case AfterOutcome.Stopped stopped -> {
                    out.println("After the copy: broken off; the next process goes on.");
                    yield SluiceCommand.FINDING;
                }
            };
        } finally {
            out.flush();
        }
    }

    @Override
    public void onBegin(AfterStatement statement) {
        say("After the copy: %s: %s", statement.name(), statement.beginning());
    }

    @Override
    public void onDone(AfterStatement statement, Duration took) {
        say("After the copy: %s: applied; %.1f s", statement.name(), took.toMillis() / 1e3);
    }

    @Override
    public void onWaits(AfterStatement statement, String what) {
        say("After the copy: %s waits. %s", statement.name(), what);
    }

    @Override
    public void onAnalyzed(String table) {
        say("After the copy: %s analyzed", table);
    }

    @Override
    public void onProgress(AfterProgress progress) {
        String running = AfterText.running(progress);
        if (!running.isEmpty()) {
            say("After the copy: %d of %d applied; %s", progress.done(), progress.statements(), running);
        }
    }

    private void say(String format, Object... arguments) {
        out.printf(Locale.ROOT, format + "%n", arguments);
        out.flush();
    }
}
