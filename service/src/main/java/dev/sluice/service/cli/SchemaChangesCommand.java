package dev.sluice.service.cli;

import dev.sluice.evolution.SchemaChangeStore.Change;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.service.ops.Accepted;
import dev.sluice.service.ops.SchemaChanges;
import dev.sluice.service.ops.SchemaChanges.Page;
import dev.sluice.service.text.Counted;
import dev.sluice.service.text.TextTable;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/// `sluice schema-changes`: collections dropped, renamed or replaced in MongoDB, and new fields.
@Command(
        name = "schema-changes",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "For example:",
            "  sluice schema-changes           what changed in MongoDB",
            "  sluice schema-changes accept 3  the rows stay; run again"
        },
        versionProvider = SluiceCommand.Version.class,
        header = "Look at collections dropped, renamed or replaced and fields that are new, and accept them.",
        description = {
            "What becomes of the rows, `on_drop` of the collection says in the mapping: stop, keep or follow.",
            "Ends with 1 when one is open: it waits for a decision, or for the stream to get there."
        },
        subcommands = {SchemaChangesCommand.Accept.class})
final class SchemaChangesCommand implements Callable<Integer> {
    @Mixin
    private final Printing printing = new Printing();

    @Override
    public Integer call() {
        Page page = changes().latest();
        printing.print(page, () -> text(page));
        return page.open() > 0 ? SluiceCommand.FINDING : SluiceCommand.FINE;
    }

    private static String text(Page page) {
        if (page.schemaChanges().isEmpty()) {
            return "No changes of collections.";
        }
        TextTable table = new TextTable()
                .words("id")
                .words("collection")
                .words("kind")
                .words("seen at")
                .words("policy")
                .words("what");
        for (Change c : page.schemaChanges()) {
            table.row(
                    // As it is typed for `accept`.
                    Long.toString(c.id()),
                    c.collection(),
                    c.kind(),
                    c.seenAt().truncatedTo(java.time.temporal.ChronoUnit.SECONDS),
                    c.policy() == null ? "-" : c.policy(),
                    c.forPeople() + " " + (c.settledAt() == null ? "Open." : "(" + c.done() + ")"));
        }
        return table.text();
    }

    private static SchemaChanges changes() {
        Setup setup = Setup.forTarget();
        return new SchemaChanges(setup.connector(), setup.pipelineName());
    }

    /// `accept`.
    @Command(
            name = "accept",
            mixinStandardHelpOptions = true,
            versionProvider = SluiceCommand.Version.class,
            header = "Go on with the rows as they are, after a stop.",
            description = "Who did it is noted in sluice.audit. Then start `sluice run` again.")
    static final class Accept implements Callable<Integer> {
        @Parameters(paramLabel = "ID", arity = "0..*", description = "Their numbers, as they are listed.")
        private List<Long> ids = List.of();

        @Option(names = "--all", description = "All that are open.")
        private boolean all;

        @Mixin
        private final Printing printing = new Printing();

        @CommandLine.Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandSpec spec;

        @Override
        public Integer call() {
            if (all == !ids.isEmpty()) {
                throw new ParameterException(
                        spec.commandLine(),
                        "Name the changes to accept by their numbers, or say --all; one of the two.");
            }
            SchemaChanges changes = changes();
            Accepted result = changes.accept(all ? null : ids, Actor.atTheKeyboard());
            List<Long> accepted = result.accepted();
            if (changes.latest().streamEnded()) {
                throw new SluiceException(FailureKind.DATABASE_DROPPED, "The drop of a database can't be accepted.");
            }
            List<Long> missing =
                    ids.stream().filter(id -> !accepted.contains(id)).toList();
            if (!missing.isEmpty()) {
                throw new ParameterException(
                        spec.commandLine(),
                        "There is no open change "
                                + String.join(
                                        ", ",
                                        missing.stream().map(String::valueOf).toList())
                                + " in this pipeline." + (accepted.isEmpty() ? "" : " The others are accepted."));
            }
            printing.print(
                    result,
                    () -> accepted.isEmpty()
                            ? "No change is open, so there was nothing to accept."
                            : Counted.of(accepted.size(), "change")
                                    + " accepted. The rows stay, and `sluice run` goes on. Their documents are gone, so"
                                    + " `verify` reports them as extra, and what reads documents again deletes them:"
                                    + " `verify --repair`, `replay`, and --prune.");
            return SluiceCommand.FINE;
        }
    }
}
