package dev.sluice.service.cli;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.sandbox.SandboxException;
import dev.sluice.sandbox.SandboxServers;
import dev.sluice.service.demo.WarmUp;
import java.sql.SQLException;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/// `sluice warm`. The launcher runs it in a JVM that records what it does, and keeps the cache that comes
/// of it.
@Command(
        name = "warm",
        mixinStandardHelpOptions = true,
        footer = {"", "For example:", "  sluice warm  once after an update"},
        versionProvider = SluiceCommand.Version.class,
        header = "Make later starts faster: the JVM's cache, from a small run on servers of its own.",
        description =
                "The launcher keeps the cache in .sluice and does without it as soon as a jar, the JDK or an option is"
                        + " another. It takes a minute, and some 100 MB of disk.")
final class WarmCommand implements Callable<Integer> {
    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        if (!SandboxServers.areIncluded()) {
            return SluiceCommand.notIncluded(spec.commandLine());
        }
        try {
            new WarmUp(SluiceCommand::execute).run();
            return SluiceCommand.FINE;
        } catch (SandboxException e) {
            return failed(new SluiceException(FailureKind.BAD_SETTING, String.valueOf(e.getMessage()), e));
        } catch (SQLException | RuntimeException e) {
            return failed(e);
        }
    }

    /// At once: an ordinary end would wait for the `run`, and be taken for its good one.
    private int failed(Exception e) {
        int code = SluiceCommand.complain(e, spec.commandLine());
        spec.commandLine().getErr().flush();
        Runtime.getRuntime().halt(code);
        return code;
    }
}
