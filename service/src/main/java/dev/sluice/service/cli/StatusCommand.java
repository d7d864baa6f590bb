package dev.sluice.service.cli;

import dev.sluice.failure.SluiceException;
import dev.sluice.service.ops.FreshCounts;
import dev.sluice.service.ops.SnakeCaseJson;
import dev.sluice.service.ops.StatusReader;
import dev.sluice.service.ops.StatusReport;
import dev.sluice.service.ops.StatusText;
import dev.sluice.service.watch.PipelineReader;
import dev.sluice.service.watch.PlainLines;
import dev.sluice.service.watch.Screen;
import dev.sluice.service.watch.Watcher;
import dev.sluice.sink.CollectionTarget;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `sluice status`: read from the control schema, so that it works whether the service runs or not.
@Command(
        name = "status",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "For example:",
            "  sluice status          once",
            "  sluice status --watch  a screen that follows",
            "  sluice status --json   for scripts"
        },
        versionProvider = SluiceCommand.Version.class,
        header = "Show position, lag, backfill, documents and rows, dead letters and quarantined values.",
        description = {
            "With --watch on a terminal it takes the whole screen, once a second: rates, latency, and for each collection"
                    + " state, lag, drift, dead letters, quarantine, gate and where it reads from. Keys: q quits, s sorts,"
                    + " arrows, PgUp and PgDn scroll. Elsewhere it prints a line for each change, and the numbers every ten"
                    + " seconds.",
            "Colours are shown on a terminal only, and not where NO_COLOR is set.",
            "Reads them from PostgreSQL, so it works whether the service runs or not.",
            "Documents and rows are those of the last count, shown with its time. A count older than a minute and a half is"
                    + " repeated if MONGO_URI is set and counting takes no more than ten seconds."
        })
final class StatusCommand implements Callable<Integer> {
    private static final long EVERY_MILLIS = 2_000;
    private static final long EVERY_LINE_MILLIS = 500;

    @Option(
            names = "--watch",
            description = "Show it until q or Ctrl-C: full-screen on a terminal, as lines elsewhere; with --json one"
                    + " object per line every two seconds.")
    private boolean watch;

    @Option(names = "--json", description = "As JSON.")
    private boolean json;

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException, IOException {
        Setup setup = Setup.forTarget();
        FreshCounts counts = setup.settings().mongoUri().isEmpty()
                ? null
                : new FreshCounts(
                        setup::source,
                        setup.connector(),
                        setup.pipelineName(),
                        CollectionTarget.of(setup.entry().mapping()));
        if (!watch) {
            print(read(new StatusReader(setup.connector(), setup.pipelineName()).read(), counts));
            return SluiceCommand.FINE;
        }
        try (PipelineReader reader = new PipelineReader(setup.connector(), setup.pipelineName())) {
            if (json) {
                watchAsJson(reader, counts);
            } else {
                watch(reader::read, reading -> reading.with(read(reading.report(), counts)));
            }
        }
        return SluiceCommand.FINE;
    }

    private static StatusReport read(StatusReport report, @Nullable FreshCounts counts) throws InterruptedException {
        return counts == null ? report : counts.refresh(report);
    }

    private void print(StatusReport report) {
        PrintWriter out = spec.commandLine().getOut();
        out.println(json ? SnakeCaseJson.write(report) : StatusText.of(report));
        out.flush();
    }

    /// Until the process is ended; what PostgreSQL knows is null while it does not answer.
    private void watchAsJson(PipelineReader reader, @Nullable FreshCounts counts) throws InterruptedException {
        StatusReport last = reader.read().report();
        while (true) {
            print(read(last, counts));
            Thread.sleep(EVERY_MILLIS);
            try {
                last = reader.read().report();
            } catch (SluiceException away) {
                last = StatusReport.unknown(last.pipeline());
            }
        }
    }

    private void watch(Watcher.Source source, Watcher.Completion counts) throws InterruptedException, IOException {
        try (Watcher watcher = Watcher.start(source, counts)) {
            if (Screen.isThere(System.getenv())) {
                try (Screen screen = Screen.open(System.getenv())) {
                    screen.show(watcher::now);
                }
                return;
            }
            PlainLines lines = new PlainLines();
            PrintWriter out = spec.commandLine().getOut();
            while (!out.checkError()) {
                lines.next(watcher.now()).forEach(out::println);
                out.flush();
                Thread.sleep(EVERY_LINE_MILLIS);
            }
        }
    }
}
