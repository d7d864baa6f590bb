package dev.sluice.service.cli;

import dev.sluice.service.ops.FreshCounts;
import dev.sluice.service.ops.SnakeCaseJson;
import dev.sluice.service.ops.StatusReader;
import dev.sluice.service.ops.StatusReport;
import dev.sluice.service.ops.StatusText;
import dev.sluice.sink.CollectionTarget;
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
        header = "Show position, lag, backfill, documents and rows, dead letters and quarantined values.",
        description = {
            "Reads them from PostgreSQL, so it works whether the service runs or not.",
            "Documents and rows are those of the last count, shown with its time. A count older than a minute and a half is"
                    + " repeated if MONGO_URI is set and counting takes no more than ten seconds."
        })
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
        StatusReader reader = new StatusReader(setup.connector(), setup.pipelineName());
        FreshCounts counts = setup.settings().mongoUri().isEmpty()
                ? null
                : new FreshCounts(
                        setup::source,
                        setup.connector(),
                        setup.pipelineName(),
                        CollectionTarget.of(setup.entry().mapping()));
        PrintWriter out = spec.commandLine().getOut();
        while (true) {
            StatusReport report = counts == null ? reader.read() : counts.refresh(reader.read());
            out.println(json ? SnakeCaseJson.write(report) : StatusText.of(report));
            out.flush();
            if (!watch) {
                return SluiceCommand.FINE;
            }
            Thread.sleep(EVERY_MILLIS);
        }
    }
}
