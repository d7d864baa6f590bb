package dev.sluice.service.cli;

import dev.sluice.failure.WrongUseException;
import dev.sluice.service.ops.ReadLimits;
import dev.sluice.service.ops.ReadLimits.LimitReport;
import dev.sluice.service.text.ReadLimitText;
import dev.sluice.source.mongo.ReadLimit.Rate;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `sluice limit`: how fast MongoDB is read beside the stream.
@Command(
        name = "limit",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "For example:",
            "  sluice limit --documents 5000 --megabytes 20  whichever is reached first",
            "  sluice limit                                  what holds now",
            "  sluice limit --off                            as fast as it can"
        },
        versionProvider = SluiceCommand.Version.class,
        header = "Look at or set how fast documents are read from MongoDB beside the stream.",
        description =
                "Holds for the copy, resyncs, comparisons and replays of each process, from within two seconds, also while they"
                        + " run. A new limit takes the place of the one before. The stream is not limited: its documents are"
                        + " read as they change.")
final class LimitCommand implements Callable<Integer> {
    private static final long MEGABYTE = 1_000_000;

    @Option(names = "--documents", paramLabel = "N", description = "At most so many documents a second.")
    private @Nullable Long documents;

    @Option(names = "--megabytes", paramLabel = "N", description = "At most so many megabytes of documents a second.")
    private @Nullable Double megabytes;

    @Option(names = "--off", description = "No limit any more.")
    private boolean off;

    @Mixin
    private final Printing printing = new Printing();

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        boolean sets = documents != null || megabytes != null;
        if (off && sets) {
            throw new ParameterException(spec.commandLine(), "--off takes the limit away: name no other.");
        }
        Setup setup = Setup.forTarget();
        ReadLimits limits = new ReadLimits(setup.connector(), setup.pipelineName());
        LimitReport now;
        try {
            now = off || sets
                    ? limits.set(documents, megabytes == null ? null : (Long) bytes(megabytes), Actor.atTheKeyboard())
                    : limits.now();
        } catch (WrongUseException wrong) {
            throw new ParameterException(spec.commandLine(), String.valueOf(wrong.getMessage()), wrong);
        }
        printing.print(now, () -> text(now));
        return SluiceCommand.FINE;
    }

    /// Of less than a byte 0, which is refused.
    private static long bytes(double megabytes) {
        return (long) (megabytes * MEGABYTE);
    }

    private static String text(LimitReport now) {
        return now.rate().equals(Rate.NONE)
                ? "MongoDB is read without a limit."
                : "MongoDB is read at no more than " + ReadLimitText.of(now.rate())
                        + " by each process beside the stream, as " + now.setBy() + " set at " + now.setAt()
                        + ". `sluice limit --off` ends that.";
    }
}
