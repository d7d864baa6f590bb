package dev.sluice.service.cli;

import dev.sluice.balance.Balance;
import dev.sluice.control.DeadLetterStore;
import dev.sluice.control.DeadLetterStore.Staying;
import dev.sluice.failure.SluiceException;
import dev.sluice.service.ops.BalanceTable;
import dev.sluice.service.ops.SnakeCaseJson;
import dev.sluice.service.ops.Verifications;
import dev.sluice.service.pipeline.ReadLimitWatch;
import dev.sluice.service.pipeline.VerifyRun;
import dev.sluice.service.text.Counted;
import dev.sluice.service.text.TextTable;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.catalog.TableTriggers;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.verify.Drift;
import dev.sluice.verify.Mode;
import dev.sluice.verify.Origin;
import dev.sluice.verify.Repair;
import dev.sluice.verify.Verifier;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `sluice verify`: are both sides equal?
@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        versionProvider = SluiceCommand.Version.class,
        header = "Compare MongoDB with PostgreSQL, row by row, while both live.",
        description = {
            "Each document is mapped to its expected rows, child rows included, and compared with the stored rows by"
                    + " value. Rows that differ are compared again once all changes in flight are applied;"
                    + " only rows that still differ are drift. Rows that no document explains are found too.",
            "An interrupted verification resumes where it was when it is started again."
        },
        footer = {
            "",
            "For example:",
            "  sluice verify                               every row against its document",
            "  sluice verify --mode counts                 counts only, in seconds",
            "  sluice verify --collection orders --repair  and correct what differs",
            "  sluice verify --budget 20                   with a fifth of the time, beside busy servers",
            "",
            "Exit codes: 0 equal (or repaired and equal now), 1 drift, or not all could be compared, 2 wrong use, 3 could"
                    + " not run."
        })
final class VerifyCommand implements Callable<Integer> {
    private static final int SHOWN_MAX = 20;
    private static final int LISTED_MAX = 10_000;

    @Option(names = "--collection", paramLabel = "C", description = "Only this collection; may be repeated.")
    private List<String> collections = List.of();

    @Option(
            names = "--mode",
            paramLabel = "MODE",
            description = {
                "counts: the numbers of documents and of rows.",
                "sample: some documents and some rows, picked at random.",
                "full (default): every document and every row."
            })
    private Mode mode = Mode.FULL;

    @Option(
            names = "--sample",
            paramLabel = "N",
            description = "How many documents and rows a sample has; default ${DEFAULT-VALUE}.")
    private int sample = 1_000;

    @Option(
            names = "--repair",
            description = {
                "Then resync the documents that differ, delete the rows that are extra, and compare again. Rows that"
                        + " stay by the mapping are not extra: those of `on_delete: keep`, and those of other writers"
                        + " where `conflict` is without the key.",
                "The stream continues meanwhile."
            })
    private boolean repair;

    @Option(
            names = "--budget",
            paramLabel = "PERCENT",
            description = "Work at most this part of the time; default ${DEFAULT-VALUE}.")
    private int budget = 100;

    @Option(
            names = "--parallel",
            paramLabel = "N",
            description = "How many chunks are compared at once; default ${DEFAULT-VALUE}.")
    private int parallel = Verifier.Wish.WORKERS;

    @Option(names = "--fresh", description = "Start from the beginning, and do not resume an interrupted verification.")
    private boolean fresh;

    @Option(names = "--json", description = "As JSON.")
    private boolean json;

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    /// The result for one collection.
    ///
    /// @param copied false when it is not copied yet, and so was not compared
    /// @param obstacle why it can't be copied, one fault of the target a line; null when it is copied or can be
    /// @param documents that were compared
    /// @param rows of the collection's own table
    /// @param through the result holds for MongoDB as of this time; null when unknown
    /// @param resumedAt how many documents an earlier process had compared
    /// @param repaired documents that were repaired; null when that was not asked for
    /// @param left documents that still differ after the repair; null when that was not asked for
    /// @param balance the numbers of documents and rows afterwards, and the terms between them; null when
    ///     it was stopped
    record Verified(
            String collection,
            boolean copied,
            @Nullable String obstacle,
            String mode,
            boolean complete,
            long documents,
            long rows,
            long missing,
            long extra,
            long different,
            long undecided,
            @Nullable Instant through,
            long resumedAt,
            double seconds,
            @Nullable Long repaired,
            @Nullable Long left,
            @Nullable Balance balance) {
        boolean fine() {
            boolean clean = missing + extra + different == 0 || (left != null && left == 0);
            return copied && complete && clean && undecided == 0;
        }
    }

    /// Rows of a collection's own table that are proved to differ, now.
    private record Proved(long missing, long extra) {
        boolean explains(Balance balance) {
            return balance.withoutRow() <= missing && balance.withoutDocument() <= extra;
        }

        Proved and(Map<Drift.Kind, Long> differing) {
            return new Proved(
                    Math.max(missing, differing.getOrDefault(Drift.Kind.MISSING, 0L)),
                    Math.max(extra, differing.getOrDefault(Drift.Kind.EXTRA, 0L)));
        }
    }

    private final Map<String, Proved> provedIn = new HashMap<>();

    /// What `--json` says.
    ///
    /// @param drift what differs now; 10,000 entries at most
    record Verdict(String pipeline, boolean equal, List<Verified> collections, List<Verifications.Drift> drift) {}

    @Override
    public Integer call() throws InterruptedException {
        check();
        Setup setup = Setup.forBoth();
        List<CollectionTarget> all = setup.followed(collections);
        List<CollectionTarget> chosen = Setup.chosen(spec, all, collections);
        PrintWriter err = spec.commandLine().getErr();
        try (MongoSource source = setup.source();
                ReadLimitWatch limit = setup.keepReadLimit(source);
                StopSignal stop = StopSignal.install(
                        err,
                        "Stopping: the chunks in progress are finished first.",
                        "Stopped before the end. Run the same command again to resume there.")) {
            setup.prepareTarget();
            source.hello();
            setup.requireSameMapping();
            VerifyRun run = new VerifyRun(setup.pipeline(all, source));
            VerifyProgress progress = new VerifyProgress(err);
            List<Verified> verified = new ArrayList<>();
            // All of them first: it refuses what can't be copied before it compares for hours.
            Set<CollectionTarget> copied = chosen.stream().filter(run::isCopied).collect(Collectors.toSet());
            for (CollectionTarget target : chosen) {
                if (!copied.contains(target)) {
                    verified.add(notCopied(target, run.obstacle(target).orElse(null)));
                } else if (!stop.getAsBoolean()) {
                    verified.add(verify(run, target, progress, stop));
                }
            }
            boolean fine = verified.size() == chosen.size() && verified.stream().allMatch(Verified::fine);
            show(setup, verified, fine, fine ? equal(verified) : unequal(run, verified));
            return fine ? SluiceCommand.FINE : SluiceCommand.FINDING;
        }
    }

    private void check() {
        if (sample < 1) {
            throw wrong("--sample is at least 1.");
        }
        if (budget < 1 || budget > 100) {
            throw wrong("--budget is a percentage from 1 to 100.");
        }
        if (parallel < 1 || parallel > 32) {
            throw wrong("--parallel is a number from 1 to 32.");
        }
    }

    private CommandLine.ParameterException wrong(String why) {
        return new CommandLine.ParameterException(spec.commandLine(), why);
    }

    private Verified notCopied(CollectionTarget target, @Nullable String obstacle) {
        return new Verified(
                target.collection(),
                false,
                obstacle,
                mode.text(),
                false,
                0,
                0,
                0,
                0,
                0,
                0,
                null,
                0,
                0,
                null,
                null,
                null);
    }

    private Verified verify(VerifyRun run, CollectionTarget target, VerifyProgress progress, StopSignal stop)
            throws InterruptedException {
        Verifier.Result found = run.verify(
                target, new Verifier.Wish(mode, Origin.ASKED, sample, budget / 100.0, parallel, fresh), progress, stop);
        Optional<Repair.Repaired> repaired = repair && found.complete()
                ? run.repair(target, found, Actor.atTheKeyboard(), progress, stop)
                : Optional.empty();
        boolean asked = repair && found.complete();
        // Last, so that the counts are current.
        Balance balance = found.complete() ? run.count(target, stop).orElse(null) : null;
        Proved proved = new Proved(0, 0)
                .and(mode == Mode.COUNTS || !found.complete() ? found.drift() : run.driftOfRows(target));
        Verifier.Standing standing = new Verifier.Standing(Map.of(), 0);
        if (balance != null && !proved.explains(balance)) {
            // What was found missing meanwhile is in flight, or was not looked at: a sample leaves most out.
            standing = run.standing(target, stop).orElse(standing);
        }
        Proved now = proved.and(standing.differing());
        provedIn.put(target.collection(), now);
        long beyond = now.missing() - proved.missing() + now.extra() - proved.extra();
        return new Verified(
                target.collection(),
                true,
                null,
                mode.text(),
                found.complete() && repaired.map(Repair.Repaired::complete).orElse(true),
                found.documents(),
                balance == null ? found.rows() : balance.rows(),
                Math.max(found.drift().getOrDefault(Drift.Kind.MISSING, 0L), now.missing()),
                Math.max(found.drift().getOrDefault(Drift.Kind.EXTRA, 0L), now.extra()),
                found.drift().getOrDefault(Drift.Kind.DIFFERENT, 0L),
                Math.max(found.undecided(), standing.undecided()),
                found.through(),
                found.resumedAt(),
                found.took().toMillis() / 1000.0,
                asked ? repaired.map(Repair.Repaired::repaired).orElse(0L) : null,
                asked ? repaired.map(Repair.Repaired::left).orElse(0L) + beyond : null,
                balance);
    }

    /// @param sentence what all of it comes to
    private void show(Setup setup, List<Verified> verified, boolean fine, String sentence) {
        PrintWriter out = spec.commandLine().getOut();
        Verifications verifications = new Verifications(setup.connector(), setup.pipelineName());
        List<Verifications.Drift> drift = verifications.drift(null, LISTED_MAX).stream()
                .filter(d -> verified.stream().anyMatch(v -> v.collection().equals(d.collection())))
                .toList();
        if (json) {
            out.println(SnakeCaseJson.write(new Verdict(setup.pipelineName(), fine, verified, drift)));
            out.flush();
            return;
        }
        out.println(table(verified));
        if (repair) {
            out.println(
                    "(missing, extra and different: rows, as found before the repair; repaired and left: documents)");
        }
        SequencedMap<String, Balance> balances = balances(verified);
        if (!balances.isEmpty()) {
            out.println();
            out.println(BalanceTable.table(balances));
            Map<String, Staying> staying = DeadLetterStore.staying(setup.connector(), setup.pipelineName());
            balances.forEach((collection, balance) -> {
                Proved proved = provedIn.getOrDefault(collection, new Proved(0, 0));
                BalanceTable.explained(collection, balance, proved.missing(), proved.extra())
                        .ifPresent(out::println);
                BalanceTable.staying(collection, balance, staying.get(collection))
                        .ifPresent(out::println);
            });
            out.println();
        }
        List<Verifications.Drift> shown = drift.stream().limit(SHOWN_MAX).toList();
        Map<Verifications.Drift, List<String>> keeping = verifications.keeping(setup.targets(), shown);
        shown.forEach(d -> out.println(line(d, keeping.get(d))));
        if (drift.size() > SHOWN_MAX) {
            out.printf(Locale.ROOT, "%,d more: SELECT * FROM sluice.drift, or --json.%n", drift.size() - SHOWN_MAX);
        }
        verified.stream()
                .map(Verified::obstacle)
                .filter(Objects::nonNull)
                .flatMap(String::lines)
                .distinct()
                .forEach(out::println);
        verified.stream()
                .map(VerifyCommand::deadLetters)
                .flatMap(Optional::stream)
                .forEach(out::println);
        out.println(sentence);
        if (!fine && repair) {
            triggers(setup, verified).ifPresent(out::println);
        }
        out.flush();
    }

    /// Documents without a row count as explained, and somebody has to look at them all the same.
    private static Optional<String> deadLetters(Verified of) {
        Balance balance = of.balance();
        return balance == null || balance.deadLetters() == 0
                ? Optional.empty()
                : Optional.of(String.format(
                        Locale.ROOT,
                        "%s: %s %s no row. `sluice dead-letters list --collection %s` says why.",
                        of.collection(),
                        Counted.of(balance.deadLetters(), "dead letter"),
                        balance.deadLetters() == 1 ? "has" : "have",
                        of.collection()));
    }

    /// What may undo a repair.
    private static Optional<String> triggers(Setup setup, List<Verified> verified) {
        Set<String> left = verified.stream()
                .filter(v -> v.left() != null && v.left() > 0)
                .map(Verified::collection)
                .collect(Collectors.toSet());
        Map<String, String> named = TableTriggers.ofWrites(
                setup.connector(),
                setup.targets().stream()
                        .filter(t -> left.contains(t.collection()))
                        .toList());
        return named.isEmpty()
                ? Optional.empty()
                : Optional.of("Triggers that may change, undo or keep rows: "
                        + String.join(" and ", new TreeMap<>(named).values()) + ".");
    }

    private static SequencedMap<String, Balance> balances(List<Verified> verified) {
        SequencedMap<String, Balance> balances = new LinkedHashMap<>();
        for (Verified v : verified) {
            Balance balance = v.balance();
            if (balance != null) {
                balances.put(v.collection(), balance);
            }
        }
        return balances;
    }

    private String table(List<Verified> verified) {
        TextTable table = new TextTable()
                .words("collection")
                .numbers(mode == Mode.COUNTS ? "documents" : "compared")
                .numbers("rows there")
                .numbers("missing")
                .numbers("extra")
                .numbers("different");
        if (repair) {
            table.numbers("repaired").numbers("left");
        }
        table.numbers("undecided").numbers("seconds").words("verified through");
        for (Verified v : verified) {
            List<Object> cells = new ArrayList<>(List.of(v.collection()));
            cells.addAll(numbers(v));
            cells.add(
                    !v.copied()
                            ? v.obstacle() == null
                                    ? "not copied yet, so there is nothing to compare"
                                    : "not copied, and can't be: see below"
                            : !v.complete() ? "stopped before the end" : v.through() == null ? "unknown" : v.through());
            table.row(cells.toArray());
        }
        return table.text();
    }

    private List<Object> numbers(Verified v) {
        if (!v.copied()) {
            return Collections.nCopies(repair ? 9 : 7, "-");
        }
        List<Object> numbers = new ArrayList<>(List.of(v.documents(), v.rows(), v.missing(), v.extra(), v.different()));
        if (repair) {
            numbers.add(v.repaired() == null ? "-" : v.repaired());
            numbers.add(v.left() == null ? "-" : v.left());
        }
        numbers.addAll(List.of(v.undecided(), String.format(Locale.ROOT, "%.1f", v.seconds())));
        return numbers;
    }

    /// @param keeping the foreign keys that lead to the row; null where none does
    private static String line(Verifications.Drift d, @Nullable List<String> keeping) {
        return String.format(
                Locale.ROOT,
                "%s: %s %s%s%s%s; first seen %s ago",
                d.collection(),
                d.documentKey() == null ? "row " + Shown.key(d.rowKey()) : Shown.key(d.documentKey()),
                d.kind() + " in " + d.table(),
                d.columns().isEmpty() ? "" : ": " + String.join(", ", d.columns()),
                d.rows() == 1 ? "" : String.format(Locale.ROOT, " (%,d rows)", d.rows()),
                keeping == null ? "" : ", which " + foreignKeys(keeping) + " from being deleted",
                Shown.age(d.ageSeconds()));
    }

    private static String foreignKeys(List<String> keeping) {
        return keeping.size() == 1
                ? "the foreign key " + keeping.getFirst() + " keeps"
                : "the foreign keys " + String.join(", ", keeping) + " keep";
    }

    private String equal(List<Verified> verified) {
        Optional<Balance> all = balances(verified).values().stream().reduce(Balance::plus);
        return String.format(
                Locale.ROOT,
                all.map(Balance::open).orElse(0L) > 0
                        ? "Nothing differs%s but what changes in flight explain: %s, %s."
                        : "Equal%s: %s, %s.",
                repair && verified.stream().anyMatch(v -> v.repaired() != null && v.repaired() > 0)
                        ? " after the repair"
                        : "",
                Counted.of(verified.size(), "collection"),
                all.map(BalanceTable::equation).orElse("nothing counted"));
    }

    private String unequal(VerifyRun run, List<Verified> verified) {
        if (verified.stream().anyMatch(v -> v.copied() && !v.complete())) {
            return "Not everything was compared; run the same command again to resume.";
        }
        if (repair && verified.stream().anyMatch(v -> v.left() != null && v.left() > 0)) {
            return "Drift is left that the resync did not correct: look at the dead letters, and at what else writes"
                    + " these tables.";
        }
        if (!repair && verified.stream().anyMatch(v -> v.missing() + v.extra() + v.different() > 0)) {
            String stayed = verified.stream()
                    .filter(v -> v.extra() > 0)
                    .flatMap(v -> run.stayed(v.collection()).stream())
                    .map(sentence -> sentence + System.lineSeparator())
                    .collect(Collectors.joining());
            return stayed + "Drift. `sluice verify --repair` resyncs these documents"
                    + (verified.stream().anyMatch(v -> v.extra() > 0) ? " and deletes the rows that are extra." : ".");
        }
        if (verified.stream().anyMatch(v -> v.undecided() > 0)) {
            return "No drift, but some documents are undecided: "
                    + run.stop()
                            .map(VerifyCommand::stopped)
                            .orElse("they change faster than they can be compared, wait for others, or no process runs"
                                    + " the pipeline to apply their changes. Verify again later.");
        }
        return verified.stream().anyMatch(v -> v.obstacle() != null)
                ? "Some collections can't be copied before the tables or the mapping are changed as said above; `sluice plan`"
                        + " says it too. Then `sluice run` or `sluice backfill` copies them."
                : "Some collections are not copied yet: `sluice run` or `sluice backfill` copies them.";
    }

    private static String stopped(SluiceException stop) {
        return "a change of a collection waits for a decision, and the stream stops there. " + stop.getMessage() + " "
                + stop.kind().remedy() + " Verify after that.";
    }
}
