package dev.sluice.service.cli;

import dev.sluice.control.QuarantineStore.Count;
import dev.sluice.control.QuarantineStore.Entry;
import dev.sluice.service.ops.Accepted;
import dev.sluice.service.ops.Quarantine;
import dev.sluice.service.ops.SnakeCaseJson;
import dev.sluice.service.text.TextTable;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/// `sluice quarantine`: values that rows landed without.
@Command(
        name = "quarantine",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "For example:",
            "  sluice quarantine list                                 values that rows lack",
            "  sluice quarantine show 4 --values                      one, with the value",
            "  sluice quarantine accept 4 --reason \"nobody reads it\"  it may stay away"
        },
        versionProvider = SluiceCommand.Version.class,
        header = "Look at values that rows landed without, since they did not fit.",
        description = "They leave by themselves, once their document is written without them.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {QuarantineCommand.ListThem.class, QuarantineCommand.Show.class, QuarantineCommand.Accept.class})
final class QuarantineCommand implements Runnable {
    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Name what to do: list, show or accept.");
    }

    /// `list`.
    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            versionProvider = SluiceCommand.Version.class,
            header = "Count them by column and reason, with their first numbers; single values only when asked for.")
    static final class ListThem implements Callable<Integer> {
        private static final String NOTHING = "Nothing is in quarantine.";

        @Option(names = "--collection", paramLabel = "C", description = "Only those of this collection.")
        private @Nullable String collection;

        @Option(names = "--values", description = "List the values themselves, with their documents' keys.")
        private boolean values;

        @Option(
                names = "--limit",
                paramLabel = "N",
                description = "With --values: most that are shown (default: ${DEFAULT-VALUE}).",
                defaultValue = "100")
        private int limit = 100;

        @Mixin
        private final Printing printing = new Printing();

        @CommandLine.Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandSpec spec;

        @Override
        public Integer call() {
            if (limit < 1) {
                throw new ParameterException(spec.commandLine(), "--limit is at least 1.");
            }
            Setup setup = Setup.forTarget();
            Quarantine quarantine = new Quarantine(setup.connector(), setup.pipelineName());
            if (values) {
                List<Entry> found = quarantine.list(collection, limit);
                DeadLettersCommand.requireKnown(spec, setup, collection, !found.isEmpty());
                printing.print(found, () -> found.isEmpty() ? NOTHING : values(found));
            } else {
                List<Count> found = quarantine.counts(collection).quarantined();
                DeadLettersCommand.requireKnown(spec, setup, collection, !found.isEmpty());
                printing.print(found, () -> found.isEmpty() ? NOTHING : counts(found));
            }
            return SluiceCommand.FINE;
        }

        private static String counts(List<Count> found) {
            TextTable table = new TextTable()
                    .numbers("values")
                    .words("collection")
                    .words("column")
                    .words("numbers")
                    .words("reason");
            found.forEach(c -> table.row(c.values(), c.collection(), c.column(), numbers(c), c.reason()));
            return table.text();
        }

        private static String numbers(Count count) {
            return count.first().stream().map(String::valueOf).collect(Collectors.joining(", "))
                    + (count.values() > count.first().size() ? " .." : "");
        }

        private static String values(List<Entry> found) {
            return found.stream()
                    .map(e -> String.format(
                            Locale.ROOT,
                            "%-6d %s %s, %s at %s: %s (%s)",
                            e.id(),
                            e.collection(),
                            Shown.key(e.documentKey()),
                            e.column(),
                            e.path(),
                            e.value(),
                            e.reason()))
                    .collect(Collectors.joining(System.lineSeparator()));
        }
    }

    /// `show`.
    @Command(
            name = "show",
            mixinStandardHelpOptions = true,
            versionProvider = SluiceCommand.Version.class,
            header = "Show one; the value itself only when asked for.")
    static final class Show implements Callable<Integer> {
        @Parameters(paramLabel = "ID", description = "Its number, as `list` shows it.")
        private long id;

        @Option(names = "--values", description = "Show the value too, as canonical Extended JSON.")
        private boolean values;

        @Option(names = "--json", description = "As JSON; `value` is null where it was not asked for.")
        private boolean json;

        @CommandLine.Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandSpec spec;

        @Override
        public Integer call() {
            Setup setup = Setup.forTarget();
            Entry entry = new Quarantine(setup.connector(), setup.pipelineName())
                    .find(id, values)
                    .orElseThrow(() -> new ParameterException(
                            spec.commandLine(),
                            "There is no value " + id
                                    + " in this pipeline's quarantine; it may have been settled meanwhile."));
            PrintWriter out = spec.commandLine().getOut();
            out.println(json ? SnakeCaseJson.write(entry) : text(entry));
            out.flush();
            return SluiceCommand.FINE;
        }

        private String text(Entry entry) {
            Map<String, Object> lines = new LinkedHashMap<>();
            lines.put("quarantined", entry.id());
            lines.put("collection", entry.collection());
            lines.put("document key", entry.documentKey());
            lines.put("column", entry.column());
            lines.put("path", entry.path());
            lines.put("BSON type", entry.bsonType());
            lines.put("reason", entry.reason());
            lines.put("committed", entry.clusterTime() == null ? "unknown (found by a copy)" : entry.clusterTime());
            lines.put("since", entry.quarantinedAt());
            lines.put("accepted", Accepting.said(entry.acceptedAt(), entry.acceptedBy(), entry.acceptedWhy()));
            lines.put("value", values ? String.valueOf(entry.value()) : "shown with --values");
            StringBuilder text = new StringBuilder();
            lines.forEach((name, value) -> text.append(String.format(Locale.ROOT, "%-14s %s%n", name, value)));
            return text.toString().stripTrailing();
        }
    }

    /// `accept`.
    @Command(
            name = "accept",
            mixinStandardHelpOptions = true,
            versionProvider = SluiceCommand.Version.class,
            header = "Accept values that rows landed without: the gate no longer counts them.",
            description = {
                "They stay on the list. A newer state of the document that does not fit either is counted again.",
                "Who accepted them and why is noted in sluice.audit. Ends with 1 when a number is not there."
            })
    static final class Accept implements Callable<Integer> {
        @Mixin
        private final Accepting accepting = new Accepting();

        @Mixin
        private final Printing printing = new Printing();

        @Override
        public Integer call() {
            Setup setup = Setup.forTarget();
            Accepted accepted =
                    new Quarantine(setup.connector(), setup.pipelineName()).accept(accepting.acceptance(setup));
            printing.print(accepted, () -> accepting.text(accepted.accepted(), "quarantined value"));
            return accepting.exitCode(accepted.accepted());
        }
    }
}
