package dev.sluice.service.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `sluice migrate`: the gated step of production, where the service itself runs with AUTO_MIGRATE=false.
@Command(
        name = "migrate",
        mixinStandardHelpOptions = true,
        versionProvider = SluiceCommand.Version.class,
        header = "Create or update the tables in PostgreSQL.",
        description =
                "Applies the migrations of the control schema and of the mapping's tables that are not applied yet.")
final class MigrateCommand implements Callable<Integer> {
    @Option(names = "--info", description = "List the migrations and their state, and change nothing.")
    private boolean info;

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() {
        Setup setup = Setup.forTarget();
        PrintWriter out = spec.commandLine().getOut();
        if (info) {
            setup.database().info(setup.entry()).forEach(out::println);
            return SluiceCommand.FINE;
        }
        if (setup.settings().autoCreateDatabase()) {
            setup.database().createIfMissing();
        }
        List<String> applied = setup.database().migrate(setup.entry());
        applied.forEach(out::println);
        out.println(
                applied.isEmpty() ? "Nothing to do: every migration is applied." : "Applied " + applied.size() + ".");
        return SluiceCommand.FINE;
    }
}
