package dev.sluice.service.ops;

import dev.sluice.balance.Balance;
import dev.sluice.balance.Term;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;

/// Balances for people: one table for every command, each line an equation.
public final class BalanceTable {
    private static final String NAME = "%-24s";
    private static final int GAP = 3;
    private static final int WIDTH_MIN = 7;

    private BalanceTable() {}

    /// @param balances by collection
    /// @return lines without the last one's end; empty where nothing was counted
    public static String forPeople(SequencedMap<String, Balance> balances) {
        if (balances.isEmpty()) {
            return "";
        }
        List<String> lines = new ArrayList<>();
        StringBuilder head = new StringBuilder(String.format(Locale.ROOT, NAME, "collection"));
        for (Term term : Term.values()) {
            head.append(String.format(Locale.ROOT, "%" + width(term) + "s", title(term)));
        }
        lines.add(head.append("  counted at").toString());
        balances.forEach((collection, balance) -> lines.add(line(collection, balance)));
        if (balances.size() > 1) {
            lines.add(
                    line("all", balances.values().stream().reduce(Balance::plus).orElseThrow()));
        }
        balances.forEach((collection, balance) -> {
            if (balance.open() > 0) {
                lines.add(String.format(
                        Locale.ROOT,
                        "%s: %s, and %s: changes that are not applied yet, or drift." + " `sluice verify` tells which.",
                        collection,
                        Counted.of(
                                balance.withoutRow(),
                                "document should have a row and has none yet",
                                "documents should have a row and have none yet"),
                        Counted.of(
                                balance.withoutDocument(),
                                "row is there whose document is gone",
                                "rows are there whose document is gone")));
            }
        });
        return String.join(System.lineSeparator(), lines);
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

    private static String line(String collection, Balance balance) {
        StringBuilder line = new StringBuilder(String.format(Locale.ROOT, NAME, collection));
        for (Term term : Term.values()) {
            line.append(String.format(Locale.ROOT, "%," + width(term) + "d", balance.of(term)));
        }
        return line.append("  ")
                .append(balance.countedAt().truncatedTo(ChronoUnit.SECONDS))
                .toString();
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

    private static int width(Term term) {
        return GAP + Math.max(WIDTH_MIN, title(term).length());
    }
}
