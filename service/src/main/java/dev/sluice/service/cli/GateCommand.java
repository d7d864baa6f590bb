package dev.sluice.service.cli;

import dev.sluice.gate.Gate;
import dev.sluice.gate.Gate.Condition;
import dev.sluice.service.ops.Gates;
import dev.sluice.service.text.TextTable;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;

/// `sluice gate`: whether reads may move to PostgreSQL.
@Command(
        name = "gate",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "For example:",
            "  sluice gate         all collections",
            "  sluice gate orders  its conditions; exit code 1 while it is shut"
        },
        versionProvider = SluiceCommand.Version.class,
        header = "Say whether the reads of a collection may move to PostgreSQL, and why not.",
        description = {
            "A gate is open while every condition is met: the collection is copied, a process runs and is not behind, a full"
                    + " verification was completed since the copy, since a drop and since a resync of all of it, no row is known to differ, every left-out document"
                    + " or value is accepted, and no change of the collection waits for a decision.",
            "Conditions and limits are rows of sluice.gate_condition; sluice.gate_limit has others for one pipeline or"
                    + " collection. SELECT * FROM sluice.gate('PIPELINE') gives the same answer.",
            "Ends with 0 when each gate is open, 1 when one is shut."
        })
final class GateCommand implements Callable<Integer> {
    @Parameters(paramLabel = "C", arity = "0..1", description = "The collection; without it, all of the mapping.")
    private @Nullable String collection;

    @Mixin
    private final Printing printing = new Printing();

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        Setup setup = Setup.forTarget();
        setup.sayLeftBlock(spec.commandLine().getErr());
        Gates gates = new Gates(setup.connector(), setup.pipelineName(), RoutesCommand.mapped(setup));
        if (collection == null) {
            Gates.All all = gates.all();
            printing.print(all, () -> text(all.gates()));
            return all.open() ? SluiceCommand.FINE : SluiceCommand.FINDING;
        }
        DeadLettersCommand.requireKnown(spec, setup, collection, false);
        Gate gate = gates.of(collection);
        printing.print(gate, () -> text(gate));
        return gate.open() ? SluiceCommand.FINE : SluiceCommand.FINDING;
    }

    private static String text(List<Gate> gates) {
        TextTable table = new TextTable().words("collection").words("gate").words("why");
        for (Gate gate : gates) {
            List<Condition> unmet =
                    gate.conditions().stream().filter(c -> !c.met()).toList();
            table.row(
                    gate.collection(),
                    gate.open() ? "open" : "shut",
                    unmet.isEmpty()
                            ? ""
                            : unmet.getFirst().reason()
                                    + (unmet.size() == 1
                                            ? ""
                                            : " Also not met: "
                                                    + unmet.stream()
                                                            .skip(1)
                                                            .map(Condition::name)
                                                            .collect(Collectors.joining(", "))
                                                    + "."));
        }
        return table.text();
    }

    private static String text(Gate gate) {
        TextTable table = new TextTable()
                .words("condition")
                .words("met")
                .numbers("value")
                .numbers("limit")
                .words("unit")
                .words("why not");
        for (Condition condition : gate.conditions()) {
            String reason = condition.reason();
            table.row(
                    condition.name(),
                    condition.met() ? "yes" : "no",
                    number(condition.value()),
                    number(condition.limit()),
                    condition.unit(),
                    reason == null ? "" : reason);
        }
        return table.text() + System.lineSeparator() + "The gate of " + gate.collection() + " is "
                + (gate.open() ? "open." : "shut.");
    }

    /// With one digit behind the point at most.
    private static String number(@Nullable Double value) {
        return value == null
                ? "-"
                : BigDecimal.valueOf(value)
                        .setScale(1, RoundingMode.HALF_UP)
                        .stripTrailingZeros()
                        .toPlainString();
    }
}
