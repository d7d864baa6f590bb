package dev.sluice.service.cli;

import java.util.LinkedHashSet;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Which collections a command moves: some by name, or all of the mapping. Mixed into commands.
final class Chosen {
    @Parameters(paramLabel = "C", arity = "0..*", description = "The collections.")
    private List<String> names = List.of();

    @Option(names = "--all", description = "All collections of the mapping.")
    private boolean all;

    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    /// Whether all were asked for, and none by its name.
    boolean all() {
        return all;
    }

    /// Whether nothing was asked for.
    boolean isEmpty() {
        return !all && names.isEmpty();
    }

    /// @throws ParameterException when none or an unknown one is named
    List<String> of(Setup setup) {
        if (all == !names.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "Name the collections, or say --all; one of the two.");
        }
        for (String name : names) {
            DeadLettersCommand.requireKnown(spec, setup, name, false);
        }
        return all ? RoutesCommand.mapped(setup) : List.copyOf(new LinkedHashSet<>(names));
    }
}
