package dev.sluice.service.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.service.bench.StreamBench;
import java.sql.SQLException;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `sluice bench`: what every claim about speed in the documentation was measured with.
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = "Measure Sluice beside the limits, in one run, on servers of its own.")
final class BenchCommand implements Callable<Integer> {
    /// What can be measured.
    enum What {
        STREAM
    }

    @Parameters(
            paramLabel = "WHAT",
            description = "stream: a backlog of changes, drained into PostgreSQL and into nothing.")
    private What what = What.STREAM;

    @Option(names = "--changes", description = "How many changes (default: ${DEFAULT-VALUE}).", defaultValue = "30000")
    private int changes = 30_000;

    @Option(
            names = "--runs",
            description = "How many runs; medians are shown (default: ${DEFAULT-VALUE}).",
            defaultValue = "3")
    private int runs = 3;

    @Option(names = "--json", description = "As JSON.")
    private boolean json;

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException, SQLException, JsonProcessingException {
        if (changes < 5_000 || runs < 1) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "--changes is at least 5000 and --runs at least 1.");
        }
        return switch (what) {
            case STREAM -> stream();
        };
    }

    private int stream() throws InterruptedException, SQLException, JsonProcessingException {
        StreamBench.Result result = new StreamBench(json ? System.err : System.out, changes, runs).run();
        if (json) {
            System.out.println(JsonMapper.builder().build().writeValueAsString(result));
        } else {
            System.out.printf(
                    Locale.ROOT,
                    "%nDebezium into nothing, documents as JSON: %,10.0f changes/s%n"
                            + "Debezium into nothing, documents as BSON: %,10.0f changes/s%n"
                            + "Sluice into PostgreSQL:                   %,10.0f changes/s, %.2f of Debezium into nothing%n"
                            + "  its sink alone, while applying:         %,10.0f changes/s%n"
                            + "Medians of %d runs of %,d changes, on %s.%n",
                    result.debeziumJson(),
                    result.debeziumRaw(),
                    result.sluice(),
                    result.ratio(),
                    result.sinkAlone(),
                    result.runs(),
                    result.changes(),
                    result.servers());
        }
        return SluiceCommand.FINE;
    }
}
