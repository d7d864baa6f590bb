package dev.sluice.service.cli;

import dev.sluice.control.Acceptance;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// What is accepted, and why. Mixed into the two commands that accept.
final class Accepting {
    @Parameters(paramLabel = "ID", arity = "0..*", description = "Their numbers, as `list` shows them.")
    private List<Long> ids = List.of();

    /// Who accepted one, when and why; or that nobody has.
    static String said(@Nullable Instant at, @Nullable String by, @Nullable String why) {
        return at == null
                ? "no"
                : "yes, the gate does not count it: at " + at + " by " + by
                        + (why == null || why.isBlank() ? "" : " (" + why + ")");
    }

    @Option(names = "--all", description = "All that nobody has accepted yet.")
    private boolean all;

    @Option(names = "--collection", paramLabel = "C", description = "With --all: those of this collection.")
    private @Nullable String collection;

    @Option(
            names = "--reason",
            paramLabel = "TEXT",
            required = true,
            description = "Why the gate may open all the same; noted in sluice.audit.")
    private String reason = "";

    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    /// @throws ParameterException when it is not said what is to be accepted
    Acceptance acceptance(Setup setup) {
        if (all == !ids.isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(), "Name what to accept by its numbers, or say --all; one of the two.");
        }
        if (collection != null && !all) {
            throw new ParameterException(spec.commandLine(), "--collection goes with --all.");
        }
        if (reason.isBlank()) {
            throw new ParameterException(spec.commandLine(), "--reason is empty: say why.");
        }
        DeadLettersCommand.requireKnown(spec, setup, collection, false);
        return new Acceptance(all ? null : ids, collection, Actor.atTheKeyboard(), reason);
    }

    /// @param accepted the numbers of those that were accepted now
    /// @param noun of one of them
    String text(List<Long> accepted, String noun) {
        String text = accepted.isEmpty()
                ? "Nothing was accepted: there is no such " + noun + ", or it is accepted already."
                : "Accepted " + accepted.size() + "; the gate no longer counts "
                        + (accepted.size() == 1 ? "it" : "them") + ". Noted in sluice.audit.";
        return ids.size() > accepted.size() && !accepted.isEmpty()
                ? text + " The others are not there, or are accepted already."
                : text;
    }

    /// A number that is not there is a finding.
    int exitCode(List<Long> accepted) {
        return ids.size() > accepted.size() ? SluiceCommand.FINDING : SluiceCommand.FINE;
    }
}
