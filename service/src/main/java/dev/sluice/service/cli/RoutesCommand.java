package dev.sluice.service.cli;

import dev.sluice.service.ops.Routes;
import dev.sluice.service.ops.Routes.RouteReport;
import dev.sluice.service.text.TextTable;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `sluice routes`: where collections are read from.
@Command(
        name = "routes",
        mixinStandardHelpOptions = true,
        versionProvider = SluiceCommand.Version.class,
        header = "Show where applications are told to read each collection from.",
        description = "`sluice cutover` and `sluice rollback` move reads, `sluice finish` moves writes.")
final class RoutesCommand implements Callable<Integer> {
    @Mixin
    private final Printing printing = new Printing();

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

    @Override
    public Integer call() {
        Routes.All all = routes(Setup.forTarget()).all();
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
        for (RouteReport route : routes) {
            table.row(
                    route.collection(),
                    route.share(),
                    route.writes(),
                    route.gate(),
                    route.changedAt() == null ? "-" : route.changedAt(),
                    route.changedBy() == null ? "-" : route.changedBy());
        }
        return table.text();
    }
}
