package dev.sluice.service.cli;

import dev.sluice.cutover.Groups;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
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

    @Option(
            names = "--group",
            paramLabel = "G",
            description = "The collections of a group of the mapping; or, with a collection's name, all that belong"
                    + " together with it by their references.")
    private @Nullable String group;

    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    /// Whether none was asked for by its name.
    boolean all() {
        return names.isEmpty();
    }

    /// Whether nothing was asked for.
    boolean isEmpty() {
        return !all && names.isEmpty() && group == null;
    }

    /// @throws ParameterException when none or an unknown one is named
    List<String> of(Setup setup) {
        if ((all ? 1 : 0) + (names.isEmpty() ? 0 : 1) + (group == null ? 0 : 1) != 1) {
            throw new ParameterException(
                    spec.commandLine(), "Name the collections, or say --all or --group; one of the three.");
        }
        if (group != null) {
            return members(setup, group);
        }
        for (String name : names) {
            DeadLettersCommand.requireKnown(spec, setup, name, false);
        }
        return all ? RoutesCommand.mapped(setup) : List.copyOf(new LinkedHashSet<>(names));
    }

    private List<String> members(Setup setup, String name) {
        Groups groups = Groups.of(setup.entry().mapping());
        return groups.members(name)
                .orElseThrow(() -> new ParameterException(
                        spec.commandLine(),
                        "The mapping has neither a group nor a collection '" + name + "'"
                                + (groups.names().isEmpty()
                                        ? "."
                                        : "; its groups are " + String.join(", ", groups.names()) + ".")));
    }
}
