package dev.sluice.service.cli;

import dev.sluice.control.DeadLetterStore.DeadLetter;
import dev.sluice.service.ops.Accepted;
import dev.sluice.service.ops.DeadLetters;
import dev.sluice.service.ops.DeadLetters.Outcome;
import dev.sluice.service.ops.DeadLetters.Page;
import dev.sluice.service.ops.DeadLetters.Retried;
import dev.sluice.service.ops.Pauses;
import dev.sluice.service.text.TextTable;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/// `sluice dead-letters`: documents that could not be applied; look, try again, discard.
@Command(
        name = "dead-letters",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "For example:",
            "  sluice dead-letters list --collection orders       documents that have no row, and why",
            "  sluice dead-letters show 7                         one, without its values",
            "  sluice dead-letters retry --all                    after the cause is mended",
            "  sluice dead-letters accept 7 --reason \"test data\"  it may stay without a row"
        },
        versionProvider = SluiceCommand.Version.class,
        header = "Look at documents that could not be applied, try them again, discard or accept them.",
        description =
                "A dead letter has no row, unless the mapping keeps rows. It leaves by itself once a later state of its"
                        + " document can be applied.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            DeadLettersCommand.ListThem.class,
            DeadLettersCommand.Show.class,
            DeadLettersCommand.Retry.class,
            DeadLettersCommand.Discard.class,
            DeadLettersCommand.Accept.class
        })
final class DeadLettersCommand implements Runnable {
    /// More than a person reads, and few enough to hold in memory.
    private static final int ALL_MAX = 100_000;

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Name what to do: list, show, retry, discard or accept.");
    }

    private static DeadLetters deadLetters(Setup setup) {
        return new DeadLetters(
                setup.connector(),
                setup.pipelineName(),
                setup.entry().mapping().byCollection().keySet());
    }

    /// An unknown collection is a typing error; one that was mapped once may still have dead
    /// letters.
    static void requireKnown(CommandSpec spec, Setup setup, @Nullable String collection, boolean hasSome) {
        if (collection != null
                && !hasSome
                && !setup.entry().mapping().byCollection().containsKey(collection)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "The mapping has no collection '" + collection + "'; it has "
                            + String.join(
                                    ", ", setup.entry().mapping().byCollection().keySet()) + ".");
        }
    }

    /// As `find`, and an error where one is missing.
    private static List<DeadLetter> require(CommandSpec spec, DeadLetters all, List<Long> ids) {
        List<DeadLetter> found = all.find(ids);
        List<Long> known = found.stream().map(DeadLetter::id).toList();
        List<String> missing = ids.stream()
                .filter(id -> !known.contains(id))
                .map(String::valueOf)
                .toList();
        if (!missing.isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(),
                    "There is no dead letter " + String.join(", ", missing)
                            + " in this pipeline; it may have been settled meanwhile.");
        }
        return found;
    }

    /// `list`.
    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            versionProvider = SluiceCommand.Version.class,
            header = "List them, the oldest first; never the documents.")
    static final class ListThem implements Callable<Integer> {
        @Option(names = "--collection", paramLabel = "C", description = "Only those of this collection.")
        private @Nullable String collection;

        @Option(
                names = "--limit",
                paramLabel = "N",
                description = "Most that are shown (default: ${DEFAULT-VALUE}).",
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
            Page page = deadLetters(setup).list(collection, limit);
            requireKnown(spec, setup, collection, page.total() > 0);
            printing.print(page, () -> text(page));
            return SluiceCommand.FINE;
        }

        private static String text(Page page) {
            if (page.total() == 0) {
                return "No dead letters.";
            }
            TextTable table = new TextTable()
                    .words("id")
                    .words("collection")
                    .words("document key")
                    .words("sqlstate")
                    .numbers("attempts")
                    .numbers("age")
                    .words("accepted")
                    .words("reason");
            for (DeadLetter letter : page.deadLetters()) {
                table.row(
                        // As it is typed for `retry`.
                        Long.toString(letter.id()),
                        letter.collection(),
                        Shown.key(letter.documentKey()),
                        letter.sqlstate() == null ? "-" : letter.sqlstate(),
                        letter.attempts(),
                        Shown.age(letter.ageSeconds()),
                        letter.accepted() ? "yes" : "-",
                        letter.reason());
            }
            long more = page.total() - page.deadLetters().size();
            return more == 0
                    ? table.text()
                    : String.format(Locale.ROOT, "%s%nand %,d more; --limit shows more of them.", table.text(), more);
        }
    }

    /// `show`.
    @Command(
            name = "show",
            mixinStandardHelpOptions = true,
            versionProvider = SluiceCommand.Version.class,
            header = "Show one; the document itself only when asked for.")
    static final class Show implements Callable<Integer> {
        @Parameters(paramLabel = "ID", description = "Its number, as `list` shows it.")
        private long id;

        @Option(names = "--document", description = "Show the document too, as canonical Extended JSON.")
        private boolean withDocument;

        @Mixin
        private final Printing printing = new Printing();

        @CommandLine.Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandSpec spec;

        @Override
        public Integer call() {
            DeadLetters all = deadLetters(Setup.forTarget());
            DeadLetter letter = require(spec, all, List.of(id)).getFirst();
            String document = withDocument ? all.document(id).orElse(null) : null;
            printing.print(fields(letter, document), () -> text(letter, document));
            return SluiceCommand.FINE;
        }

        /// The letter, with `document` only where that was asked for.
        private Object fields(DeadLetter letter, @Nullable String document) {
            return withDocument ? new WithDocument(letter, document) : letter;
        }

        /// @param document canonical Extended JSON; null for a delete
        private record WithDocument(
                @com.fasterxml.jackson.annotation.JsonUnwrapped
                DeadLetter deadLetter,

                @Nullable String document) {}

        private String text(DeadLetter letter, @Nullable String document) {
            Map<String, Object> lines = new LinkedHashMap<>();
            lines.put("dead letter", letter.id());
            lines.put("collection", letter.collection());
            lines.put("document key", letter.documentKey());
            lines.put("operation", letter.operation());
            lines.put("reason", letter.reason());
            lines.put("SQLSTATE", letter.sqlstate() == null ? "none; PostgreSQL never saw it" : letter.sqlstate());
            lines.put("committed", letter.clusterTime() == null ? "unknown (found by a copy)" : letter.clusterTime());
            lines.put("attempts", letter.attempts());
            lines.put("first failed", letter.firstFailedAt() + ", " + Shown.age(letter.ageSeconds()) + " ago");
            lines.put("last failed", letter.lastFailedAt());
            lines.put("accepted", Accepting.said(letter.acceptedAt(), letter.acceptedBy(), letter.acceptedWhy()));
            if (withDocument) {
                lines.put("document", document == null ? "none; it was deleted" : document);
            }
            StringBuilder text = new StringBuilder();
            lines.forEach((name, value) -> text.append(String.format(Locale.ROOT, "%-14s %s%n", name, value)));
            if (!withDocument) {
                text.append("The document itself is shown with --document.");
            }
            return text.toString().stripTrailing();
        }
    }

    /// `retry`.
    @Command(
            name = "retry",
            mixinStandardHelpOptions = true,
            versionProvider = SluiceCommand.Version.class,
            header = "Read documents from MongoDB again and write them.",
            description = {
                "A running process resyncs them within a second, while it streams. If no process runs, the next"
                        + " `sluice run` or `sluice backfill` resyncs them.",
                "Ends with 0 when each is settled or waits for a process, 1 when one is refused again or not resynced in"
                        + " time."
            })
    static final class Retry implements Callable<Integer> {
        @Parameters(paramLabel = "ID", arity = "0..*", description = "Their numbers, as `list` shows them.")
        private List<Long> ids = List.of();

        @Option(names = "--all", description = "All of them.")
        private boolean all;

        @Option(names = "--collection", paramLabel = "C", description = "With --all: those of this collection.")
        private @Nullable String collection;

        @Option(
                names = "--timeout",
                paramLabel = "TIME",
                description = "How long to wait for the outcome, as 30s or 2m (default: ${DEFAULT-VALUE}).",
                defaultValue = "30s",
                converter = DemoCommand.Length.class)
        private Duration timeout = Duration.ofSeconds(30);

        @Mixin
        private final Printing printing = new Printing();

        @CommandLine.Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandSpec spec;

        @Override
        public Integer call() throws InterruptedException {
            if (all == !ids.isEmpty()) {
                throw new ParameterException(
                        spec.commandLine(),
                        "Name the dead letters to retry by their numbers, or say --all; one of the two.");
            }
            if (collection != null && !all) {
                throw new ParameterException(spec.commandLine(), "--collection goes with --all.");
            }
            Setup setup = Setup.forTarget();
            DeadLetters deadLetters = deadLetters(setup);
            List<DeadLetter> letters;
            if (all) {
                letters = deadLetters.list(collection, ALL_MAX).deadLetters();
                requireKnown(spec, setup, collection, !letters.isEmpty());
            } else {
                letters = require(spec, deadLetters, ids);
            }
            List<Retried> retried = deadLetters.retry(letters, Actor.atTheKeyboard(), timeout);
            boolean paused =
                    new Pauses(setup.connector(), setup.pipelineName()).now().paused();
            printing.print(retried, () -> text(retried, paused));
            return retried.stream().allMatch(r -> isFine(r.outcome())) ? SluiceCommand.FINE : SluiceCommand.FINDING;
        }

        private static boolean isFine(Outcome outcome) {
            return switch (outcome) {
                case SETTLED, QUEUED -> true;
                case REFUSED, WAITING, UNMAPPED -> false;
            };
        }

        private String text(List<Retried> retried, boolean paused) {
            if (retried.isEmpty()) {
                return "No dead letters.";
            }
            StringBuilder text = new StringBuilder();
            for (Retried r : retried) {
                text.append(String.format(
                        Locale.ROOT,
                        "%d %s %s: %s%n",
                        r.id(),
                        r.collection(),
                        Shown.key(r.documentKey()),
                        switch (r.outcome()) {
                            case SETTLED -> "settled.";
                            case REFUSED -> "refused again: " + r.reason();
                            case WAITING -> "not taken within " + timeout.toSeconds() + " s; it stays on the list.";
                            case QUEUED -> "on the list.";
                            case UNMAPPED -> "can't be tried, since the mapping has no such collection.";
                        }));
            }
            if (retried.stream().anyMatch(r -> r.outcome() == Outcome.QUEUED || r.outcome() == Outcome.WAITING)
                    && paused) {
                text.append("The pipeline is paused: what is on the list is taken after `sluice resume`.");
            } else if (retried.stream().anyMatch(r -> r.outcome() == Outcome.QUEUED)) {
                text.append(
                        "No process holds this pipeline now: the next `sluice run` or `sluice backfill` takes what is on"
                                + " the list.");
            }
            return text.toString().stripTrailing();
        }
    }

    /// `discard`.
    @Command(
            name = "discard",
            mixinStandardHelpOptions = true,
            versionProvider = SluiceCommand.Version.class,
            header = "Forget documents for good.",
            description = {
                "Their rows stay as they are. Who did it, why, and the documents' keys are noted in sluice.audit.",
                "A document that PostgreSQL refused stays in MongoDB without a row: `sluice verify` reports it as missing, and"
                        + " --repair or a later change of it tries it again. To leave it as it is, `accept` it."
            })
    static final class Discard implements Callable<Integer> {
        @Parameters(paramLabel = "ID", arity = "1..*", description = "Their numbers, as `list` shows them.")
        private List<Long> ids = List.of();

        @Option(names = "--reason", paramLabel = "TEXT", description = "Why; noted in sluice.audit.")
        private String reason = "";

        @Option(names = "--yes", description = "Do it; without this, nothing is done.")
        private boolean yes;

        @Mixin
        private final Printing printing = new Printing();

        @CommandLine.Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandSpec spec;

        /// What was discarded.
        private record Discarded(List<Long> discarded) {}

        @Override
        public Integer call() {
            DeadLetters deadLetters = deadLetters(Setup.forTarget());
            List<DeadLetter> letters = require(spec, deadLetters, ids);
            if (!yes) {
                throw new ParameterException(
                        spec.commandLine(),
                        "This forgets " + letters.size() + (letters.size() == 1 ? " document" : " documents")
                                + " for good; say --yes to do it.");
            }
            List<Long> gone = deadLetters.discard(ids, Actor.atTheKeyboard(), reason);
            printing.print(new Discarded(gone), () -> "Discarded " + gone.size() + "; noted in sluice.audit.");
            return SluiceCommand.FINE;
        }
    }

    /// `accept`.
    @Command(
            name = "accept",
            mixinStandardHelpOptions = true,
            versionProvider = SluiceCommand.Version.class,
            header = "Accept documents that could not be applied: the gate no longer counts them.",
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
            Accepted accepted = deadLetters(setup).accept(accepting.acceptance(setup));
            printing.print(accepted, () -> accepting.text(accepted.accepted(), "dead letter"));
            return accepting.exitCode(accepted.accepted());
        }
    }
}
