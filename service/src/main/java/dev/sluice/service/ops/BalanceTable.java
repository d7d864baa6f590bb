package dev.sluice.service.ops;

import dev.sluice.balance.Balance;
import dev.sluice.balance.Term;
import dev.sluice.control.DeadLetterStore.Staying;
import dev.sluice.service.text.Counted;
import dev.sluice.service.text.TextTable;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// Balances for people: one table for every command, each line an equation.
public final class BalanceTable {

    private BalanceTable() {}

    /// The table, and below it which rows PostgreSQL does not let go, and what is in flight or drift.
    ///
    /// @param balances by collection
    /// @param staying rows that PostgreSQL does not let go, of the collections that have some
    /// @return lines without the last one's end; empty where nothing was counted
    public static String forPeople(SequencedMap<String, Balance> balances, Map<String, Staying> staying) {
        return forPeople(balances, staying, BalanceTable::open);
    }

    /// The same after a copy, when no stream is applied.
    ///
    /// @param pruned whether the copy has pruned, too
    /// @param triggers that may let rows stay that are deleted, of the collections whose table has some: part
    ///     of a sentence
    public static String afterCopy(
            SequencedMap<String, Balance> balances,
            Map<String, Staying> staying,
            boolean pruned,
            Map<String, String> triggers) {
        return forPeople(
                balances,
                staying,
                (collection, withoutRow, withoutDocument) -> sinceCopy(
                        collection, withoutRow, withoutDocument, beforeCopy(pruned, triggers.get(collection))));
    }

    /// What becomes of rows that have no document since before the copy.
    private static String beforeCopy(boolean pruned, @Nullable String trigger) {
        if (trigger == null) {
            return pruned ? "" : "rows from before the copy, which `sluice backfill --prune` deletes, or ";
        }
        return "rows from before the copy, which " + trigger + " lets stay "
                + (pruned ? "though they were to be pruned" : "where `sluice backfill --prune` would delete them")
                + " (let its function return OLD while current_setting('sluice.applying', true) is 'on'"
                + (pruned ? ", then prune again" : "") + "), or ";
    }

    /// Says what it is that should have a row, and which rows should go.
    @FunctionalInterface
    private interface Sentence {
        /// One of the two numbers is over 0 at least.
        String of(String collection, long withoutRow, long withoutDocument);
    }

    private static String forPeople(
            SequencedMap<String, Balance> balances, Map<String, Staying> staying, Sentence sentence) {
        List<String> lines = new ArrayList<>();
        if (!balances.isEmpty()) {
            lines.add(table(balances));
        }
        balances.forEach((collection, balance) -> {
            Staying rows = staying.get(collection);
            staying(collection, balance, rows).ifPresent(lines::add);
            long unexplained = balance.withoutDocument() - staying(balance, rows);
            if (balance.withoutRow() + unexplained > 0) {
                lines.add(sentence.of(collection, balance.withoutRow(), unexplained));
            }
        });
        return String.join(System.lineSeparator(), lines);
    }

    private static String sinceCopy(String collection, long withoutRow, long withoutDocument, String before) {
        List<String> sentences = new ArrayList<>();
        if (withoutRow > 0) {
            sentences.add(Counted.of(withoutRow, "document has no row yet", "documents have no row yet")
                    + ": changes since the copy, which `sluice run` applies, or drift.");
        }
        if (withoutDocument > 0) {
            sentences.add(Counted.of(withoutDocument, "row has no document", "rows have no document") + ": " + before
                    + "deletes since, which `sluice run` applies.");
        }
        return collection + ": " + String.join(" ", sentences) + " `sluice verify` tells which.";
    }

    private static String open(String collection, long withoutRow, long withoutDocument) {
        List<String> terms = new ArrayList<>();
        if (withoutRow > 0) {
            terms.add(Counted.of(withoutRow, "document has no row yet", "documents have no row yet"));
        }
        if (withoutDocument > 0) {
            terms.add(Counted.of(withoutDocument, "row is to be deleted", "rows are to be deleted"));
        }
        return collection + ": " + String.join(", ", terms)
                + ": changes that are not applied yet, or drift. `sluice verify` tells which.";
    }

    private static long staying(Balance balance, @Nullable Staying staying) {
        // Who else writes the table may have deleted some.
        return staying == null ? 0 : Math.min(staying.rows(), balance.withoutDocument());
    }

    /// Which rows are to be deleted and stay, since PostgreSQL does not let them go.
    ///
    /// @param staying null where there are none
    /// @return empty where there are none
    public static Optional<String> staying(String collection, Balance balance, @Nullable Staying staying) {
        long rows = staying(balance, staying);
        return staying == null || rows == 0
                ? Optional.empty()
                : Optional.of(collection + ": "
                        + Counted.of(rows, "row is to be deleted and stays", "rows are to be deleted and stay")
                        + ", since PostgreSQL does not let " + (rows == 1 ? "it" : "them") + " go: " + staying.why()
                        + ". Once nothing keeps " + (rows == 1 ? "it" : "them")
                        + ", `sluice dead-letters retry` deletes "
                        + (rows == 1 ? "it." : "them."));
    }

    /// What of a collection is in flight and what is drift, where that is known.
    ///
    /// @param missing rows of the collection's own table that are proved to be missing
    /// @param extra and those that are proved to be extra
    /// @return empty where all documents have their rows and no row is to be deleted
    public static Optional<String> explained(String collection, Balance balance, long missing, long extra) {
        List<String> terms = new ArrayList<>();
        if (balance.withoutRow() > 0) {
            terms.add(parts(Term.WITHOUT_ROW, balance.withoutRow(), missing, "missing"));
        }
        if (balance.withoutDocument() > 0) {
            terms.add(parts(Term.WITHOUT_DOCUMENT, balance.withoutDocument(), extra, "extra"));
        }
        return terms.isEmpty() ? Optional.empty() : Optional.of(collection + ": " + String.join("; ", terms));
    }

    private static String parts(Term term, long all, long proved, String kind) {
        long drift = Math.min(all, proved);
        return String.format(Locale.ROOT, "%,d %s = %,d %s", all, term.words(), drift, kind)
                + (all == drift ? "" : String.format(Locale.ROOT, " + %,d not applied yet", all - drift));
    }

    /// @param balances by collection, at least one
    /// @return lines without the last one's end
    public static String table(SequencedMap<String, Balance> balances) {
        TextTable table = new TextTable().words("collection");
        for (Term term : Term.values()) {
            table.numbers(title(term));
        }
        table.words("counted at");
        balances.forEach((collection, balance) -> table.row(line(collection, balance)));
        if (balances.size() > 1) {
            table.row(
                    line("all", balances.values().stream().reduce(Balance::plus).orElseThrow()));
        }
        return table.text();
    }

    /// What the documents are, in one sentence's end: `34,000 documents`, or
    /// `34,000 documents = 33,949 rows + 13 dead letters + 38 waiting`.
    public static String equation(Balance balance) {
        StringBuilder text = new StringBuilder(Counted.of(balance.documents(), "document"));
        boolean plain = balance.documents() == balance.rows();
        for (Term term : Term.values()) {
            plain &= term == Term.DOCUMENTS || term == Term.ROWS || balance.of(term) == 0;
        }
        if (plain) {
            return text.toString();
        }
        text.append(" = " + Counted.of(balance.rows(), "row"));
        for (Term term : Term.values()) {
            if (term != Term.DOCUMENTS && term != Term.ROWS && balance.of(term) > 0) {
                text.append(String.format(
                        Locale.ROOT, " %c %,d %s", term.sign(), balance.of(term), term.words(balance.of(term))));
            }
        }
        return text.toString();
    }

    private static Object[] line(String collection, Balance balance) {
        List<Object> cells = new ArrayList<>(List.of(collection));
        for (Term term : Term.values()) {
            cells.add(balance.of(term));
        }
        cells.add(balance.countedAt().truncatedTo(ChronoUnit.SECONDS));
        return cells.toArray();
    }

    /// With the sign by which it is part of the equation: `= rows`, `- kept`, `+ waiting`.
    private static String title(Term term) {
        return switch (term) {
            case DOCUMENTS -> term.words();
            case ROWS -> "= " + term.words();
            case KEPT, WITHOUT_DOCUMENT, NOT_OURS, DEAD_LETTERS, WAITING, SKIPPED, DEDUPLICATED, WITHOUT_ROW ->
                term.sign() + " " + term.words();
        };
    }
}
