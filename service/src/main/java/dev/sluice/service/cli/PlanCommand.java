package dev.sluice.service.cli;

import dev.sluice.service.plan.Plan;
import dev.sluice.service.plan.Planner;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.source.mongo.MongoSource;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sluice plan`: preflight and dry run. Changes nothing on either side.
@Command(
        name = "plan",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "For example:",
            "  sluice plan                                  everything that a start needs",
            "  sluice plan --collection orders --rate 5000  one collection, copied at 5,000 documents/s",
            "  sluice plan --json                           for a pipeline of yours: 0 when nothing is in the way"
        },
        versionProvider = SluiceCommand.Version.class,
        header = "Check both sides, and say what would be written. Changes nothing.",
        description = {
            "Checks versions, rights, the oplog's length, the mapping against the tables, and maps a sample of the"
                    + " documents.",
            "Ends with 0 when there is no problem (a warning is not one), 1 when there is one, 3 when one database"
                    + " could not be checked."
        })
final class PlanCommand implements Callable<Integer> {
    @Option(names = "--collection", paramLabel = "C", description = "Only this collection; may be repeated.")
    private List<String> collections = List.of();

    @Option(
            names = "--sample",
            paramLabel = "N",
            description =
                    "About how many documents of each collection are mapped; 0 for none (default: ${DEFAULT-VALUE}).",
            defaultValue = "1000")
    private int sample = 1_000;

    @Option(
            names = "--rate",
            paramLabel = "N",
            description = "Documents a second that the copy is expected to reach, in place of an assumption.")
    private @Nullable Integer rate;

    @Mixin
    private final Printing printing = new Printing();

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() {
        if (sample < 0) {
            throw new CommandLine.ParameterException(spec.commandLine(), "--sample is at least 0.");
        }
        if (rate != null && rate < 1) {
            throw new CommandLine.ParameterException(spec.commandLine(), "--rate is at least 1.");
        }
        Setup setup = Setup.forBoth();
        List<CollectionTarget> targets = Setup.chosen(spec, setup.followed(collections), collections);
        Planner planner = new Planner(
                setup.pipelineName(),
                setup.entry(),
                targets,
                new Planner.Options(
                        setup.settings().autoCreateDatabase(), setup.settings().autoMigrate(), sample, rate));
        try (MongoSource source = setup.source()) {
            Plan plan = planner.plan(source, setup.connector(), setup.database());
            printing.print(plan, plan::forPeople);
            if (!plan.complete()) {
                return SluiceCommand.COULD_NOT_RUN;
            }
            return plan.problems() > 0 ? SluiceCommand.FINDING : SluiceCommand.FINE;
        }
    }
}
