package dev.sluice.service.cli;

import dev.sluice.service.ops.Report;
import dev.sluice.service.ops.Report.Snapshot;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `sluice status`: read from the control schema, so that it works whether the service runs or not.
@Command(
        name = "status",
        mixinStandardHelpOptions = true,
        versionProvider = SluiceCommand.Version.class,
        header = "Show position, lag, backfill, dead letters and quarantined values.",
        description = "Reads them from PostgreSQL, so it works whether the service runs or not.")
final class StatusCommand implements Callable<Integer> {
    private static final long EVERY_MILLIS = 2_000;

    @Option(names = "--watch", description = "Show it again every two seconds, until Ctrl-C.")
    private boolean watch;

    @Option(names = "--json", description = "As JSON.")
    private boolean json;

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        Setup setup = Setup.forTarget();
        Report report = new Report(setup.connector(), setup.pipelineName());
        PrintWriter out = spec.commandLine().getOut();
        while (true) {
            Snapshot snapshot = report.read();
            out.println(json ? Report.json(snapshot) : snapshot.forPeople());
            out.flush();
            if (!watch) {
                return SluiceCommand.FINE;
            }
            Thread.sleep(EVERY_MILLIS);
        }
    }
}
