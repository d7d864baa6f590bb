package dev.sluice.service.cli;

import dev.sluice.failure.WrongUseException;
import dev.sluice.service.ops.Pauses;
import dev.sluice.service.ops.Pauses.PauseReport;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `sluice pause`: holds a pipeline.
@Command(
        name = "pause",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "For example:",
            "  sluice pause --for 30m --reason \"upgrade of PostgreSQL\"  for half an hour at most",
            "  sluice pause                                            until sluice resume"
        },
        versionProvider = SluiceCommand.Version.class,
        header = "Hold the pipeline: nothing is read or written, and the position stays.",
        description =
                "The process that runs it applies what it has read and stops within seconds; it watches the oplog meanwhile."
                        + " Also holds a process that is started later. Gates are shut meanwhile.")
final class PauseCommand implements Callable<Integer> {
    @Option(
            names = "--for",
            paramLabel = "TIME",
            description = "Resume by itself after so long, as 30m (default: never).",
            converter = DemoCommand.Length.class)
    private @Nullable Duration length;

    @Option(names = "--reason", paramLabel = "TEXT", description = "Why, for `sluice status` and the audit.")
    private String reason = "";

    @Mixin
    private final Printing printing = new Printing();

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        Setup setup = Setup.forTarget();
        Pauses.Paused done;
        try {
            done = new Pauses(setup.connector(), setup.pipelineName()).pause(Actor.atTheKeyboard(), reason, length);
        } catch (WrongUseException wrong) {
            throw new ParameterException(spec.commandLine(), String.valueOf(wrong.getMessage()), wrong);
        }
        printing.print(done.now(), () -> text(done.before(), done.now()));
        return SluiceCommand.FINE;
    }

    private static String text(PauseReport before, PauseReport now) {
        return (before.paused()
                        ? "It was paused already, since " + before.since() + " by " + before.by()
                                + (before.reason() == null ? "" : " (" + before.reason() + ")") + ". It stays paused"
                                + (Objects.equals(before.reason(), now.reason()) ? "" : " (" + now.reason() + ")") + "."
                        : "Paused.")
                + " `sluice resume` ends that"
                + (now.resumesAt() == null ? "." : "; it resumes by itself at " + now.resumesAt() + ".");
    }
}
