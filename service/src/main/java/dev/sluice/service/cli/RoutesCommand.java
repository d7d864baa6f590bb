package dev.sluice.service.cli;

import dev.sluice.service.ops.Routes;
import dev.sluice.service.ops.Routes.RouteReport;
import dev.sluice.service.ops.ShadowReads.ShadowReport;
import dev.sluice.service.ops.ShadowReads.Times;
import dev.sluice.service.text.TextTable;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;

/// `sluice routes`: where collections are read from.
@Command(
        name = "routes",
        mixinStandardHelpOptions = true,
        footer = {"", "For example:", "  sluice routes  where readers are sent"},
        versionProvider = SluiceCommand.Version.class,
        header = "Show where applications are told to read each collection from.",
        description = {
            "`sluice cutover` and `sluice rollback` move reads, `sluice finish` moves writes.",
            "Where applications reported shadow reads since the copy: how many were equal, how many were different (those of"
                    + " lists as the application says, those of documents where the rows do differ), and within how many"
                    + " milliseconds half and 95 %% of the reads of each side were done, lately. --json has more."
        })
final class RoutesCommand implements Callable<Integer> {
    @Mixin
    private final Printing printing = new Printing();

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    static Routes routes(Setup setup) {
        return new Routes(setup.connector(), setup.pipelineName(), mapped(setup));
    }

    static List<String> mapped(Setup setup) {
        return List.copyOf(setup.entry().mapping().byCollection().keySet());
    }

    /// Those that were chosen; of all, or of a group, only those whose reads can move.
    static List<String> movable(Chosen chosen, Setup setup, Routes routes) {
        List<String> named = chosen.of(setup);
        if (!chosen.all()) {
            return named;
        }
        List<String> movable = routes.movable();
        return named.stream().filter(movable::contains).toList();
    }

    /// Which collections were left out; empty where none was.
    static String leftOut(List<String> collections) {
        return collections.isEmpty()
                ? ""
                : " The writes of " + String.join(", ", collections) + " have moved to PostgreSQL; left out.";
    }

    @Override
    public Integer call() {
        Setup setup = Setup.forTarget();
        setup.sayLeftBlock(spec.commandLine().getErr());
        Routes.All all = routes(setup).all();
        printing.print(all, () -> text(all.routes()));
        return SluiceCommand.FINE;
    }

    static String text(List<RouteReport> routes) {
        TextTable table = new TextTable()
                .words("collection")
                .words("reads")
                .words("writes")
                .words("gate")
                .words("changed at")
                .words("by");
        boolean shadow = routes.stream().anyMatch(route -> route.shadow() != null);
        if (shadow) {
            table.numbers("equal").numbers("different").numbers("mongodb ms").numbers("postgres ms");
        }
        for (RouteReport route : routes) {
            List<Object> cells = new ArrayList<>(List.of(
                    route.collection(),
                    route.share(),
                    route.writes(),
                    route.gate(),
                    route.changedAt() == null ? "-" : route.changedAt(),
                    route.changedBy() == null ? "-" : route.changedBy()));
            if (shadow) {
                cells.addAll(cells(route.shadow()));
            }
            table.row(cells.toArray());
        }
        return table.text();
    }

    private static List<Object> cells(@Nullable ShadowReport shadow) {
        return shadow == null
                ? List.of("-", "-", "-", "-")
                : List.of(
                        shadow.equal(),
                        shadow.different() + shadow.reported(),
                        times(shadow.mongodb()),
                        times(shadow.postgres()));
    }

    /// `1.2 / 8.5`: half of them, and 95 %.
    private static String times(Times times) {
        return times.p50Ms() == null ? "-" : times.p50Ms() + " / " + times.p95Ms();
    }
}
