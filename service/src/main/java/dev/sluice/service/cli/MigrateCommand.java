package dev.sluice.service.cli;

import dev.sluice.after.AfterStore;
import dev.sluice.failure.Failures;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `sluice migrate`: the gated step of production, where the service itself runs with AUTO_MIGRATE=false.
@Command(
        name = "migrate",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "For example:",
            "  sluice migrate          what is pending",
            "  sluice migrate --info   what is applied, and what is not",
            "  sluice migrate --after  indexes and foreign keys after the copy, too"
        },
        versionProvider = SluiceCommand.Version.class,
        header = "Create or update the tables in PostgreSQL.",
        description = {
            "Applies the migrations of the control schema and of the mapping's tables that are not applied yet.",
            "Scripts in migrations/after come after the copy: `sluice run` and `sluice backfill` apply them once every"
                    + " collection is copied, unless AUTO_MIGRATE=false; --after does it by hand."
        })
final class MigrateCommand implements Callable<Integer> {
    @Option(names = "--info", description = "List the migrations and their state, and change nothing.")
    private boolean info;

    @Option(
            names = "--after",
            description = {
                "Then apply what comes after the copy: the scripts in migrations/after that are not applied yet, also those"
                        + " that PostgreSQL has refused, and ANALYZE of each table.",
                "May be run while `sluice run` follows the stream."
            })
    private boolean after;

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        Setup setup = Setup.forTarget();
        PrintWriter out = spec.commandLine().getOut();
        if (info) {
            setup.database().info(setup.entry()).forEach(out::println);
            listAfter(setup, out);
            return SluiceCommand.FINE;
        }
        if (setup.settings().autoCreateDatabase()) {
            setup.database().createIfMissing();
        }
        List<String> applied = setup.database().migrate(setup.entry());
        applied.forEach(out::println);
        out.println(
                applied.isEmpty() ? "Nothing to do: every migration is applied." : "Applied " + applied.size() + ".");
        return after ? after(setup) : SluiceCommand.FINE;
    }

    private static void listAfter(Setup setup, PrintWriter out) {
        if (setup.afterScripts().statements().isEmpty()) {
            return;
        }
        try (Connection connection = setup.connector().open()) {
            for (AfterStore.Listed each : new AfterStore(setup.pipelineName()).list(connection, setup.afterScripts())) {
                out.println(String.format(
                        "%-28s %-6d %-40s %s",
                        "after/" + each.script(),
                        each.number(),
                        each.beginning(),
                        each.state().forPeople()));
            }
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    private int after(Setup setup) throws InterruptedException {
        CommandLine command = spec.commandLine();
        try (StopSignal stop = StopSignal.install(
                command.getErr(),
                "Stopping: statements under way are cancelled.",
                "Stopped before the end; what is applied stays. Run the same command again to go on.")) {
            return AfterLines.show(AfterLines.run(setup, true, command, stop), true, command);
        }
    }
}
