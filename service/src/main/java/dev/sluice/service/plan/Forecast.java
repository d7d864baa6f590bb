package dev.sluice.service.plan;

import dev.sluice.balance.Term;
import dev.sluice.service.text.Counted;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What would become of documents of a collection, counted, without a value of any.
///
/// @param documentsRead how many were looked at
/// @param estimatedDocuments how many there are, about; null where that was not asked
/// @param rows of the collection's own table that would be written. The documents that were looked at are these
///     and the dead letters, those that are skipped, wait, or are deduplicated
/// @param deadLetters documents that would be dead letters, as far as it can be told without writing: CHECK
///     constraints and triggers speak when they see the row
/// @param waiting documents that would have no row until the row comes that they refer to; null where that can't
///     be told, and then they are among the rows
/// @param deduplicated documents whose row another document would have; null as for the others
/// @param childRows that would be written to each child table
/// @param skipped documents that have no row by a rule of the mapping
/// @param rejected documents that would be dead letters
/// @param quarantined values that their rows would land without
/// @param nulls NULL for columns that take none: PostgreSQL would refuse the row, and the document be a
///     dead letter
/// @param unmapped fields that documents have and no column reads
/// @param absent paths that the mapping reads and no document has
public record Forecast(
        String collection,
        long documentsRead,
        @Nullable Long estimatedDocuments,
        long rows,
        long deadLetters,
        @Nullable Long waiting,
        @Nullable Long deduplicated,
        List<ChildRows> childRows,
        List<Skipped> skipped,
        List<Rejected> rejected,
        List<Quarantined> quarantined,
        List<Nulls> nulls,
        List<Unmapped> unmapped,
        List<Absent> absent) {
    /// Fields that are shown to people; the JSON has all.
    private static final int SHOWN_MAX = 20;

    public Forecast {
        childRows = List.copyOf(childRows);
        skipped = List.copyOf(skipped);
        rejected = List.copyOf(rejected);
        quarantined = List.copyOf(quarantined);
        nulls = List.copyOf(nulls);
        unmapped = List.copyOf(unmapped);
        absent = List.copyOf(absent);
    }

    public record ChildRows(String table, long rows) {}

    public record Skipped(String reason, long documents) {}

    /// @param column `table.column`
    public record Rejected(String column, String reason, long documents) {}

    /// @param column `table.column`
    public record Quarantined(String column, String reason, long values) {}

    /// @param column `table.column`
    public record Nulls(String column, long rows) {}

    /// @param path dotted; `[]` stands for the elements of an array
    public record Unmapped(String path, long documents) {}

    /// @param column `table.column` that reads it, or the child table
    /// @param path as the mapping has it, `lines[].sku` within the elements of an array; several,
    ///     joined by commas, where one of them would do
    /// @param nearest a path that documents have and the mapping does not read, and that may be meant;
    ///     null where none is like it
    public record Absent(
            String column, String path, @Nullable String nearest) {
        /// With the question what was meant.
        String forPeople() {
            return path + " (" + column + (nearest == null ? "" : "; did you mean " + nearest + "?") + ")";
        }
    }

    Forecast withEstimate(long documents) {
        return new Forecast(
                collection,
                documentsRead,
                documents,
                rows,
                deadLetters,
                waiting,
                deduplicated,
                childRows,
                skipped,
                rejected,
                quarantined,
                nulls,
                unmapped,
                absent);
    }

    /// Documents that have no row by a rule of the mapping.
    public long skippedDocuments() {
        return skipped.stream().mapToLong(Skipped::documents).sum();
    }

    /// A line for the collection, and one for each thing that is not a row.
    public String forPeople() {
        StringBuilder text = new StringBuilder();
        text.append(collection + ": " + Counted.of(documentsRead, "document") + " would be " + Counted.of(rows, "row"));
        term(text, deadLetters, Term.DEAD_LETTERS);
        term(text, waiting == null ? 0 : waiting, Term.WAITING);
        term(text, skippedDocuments(), Term.SKIPPED);
        term(text, deduplicated == null ? 0 : deduplicated, Term.DEDUPLICATED);
        if (estimatedDocuments != null) {
            text.append(String.format(Locale.ROOT, " (a sample; there are about %,d)", estimatedDocuments));
        }
        if (waiting == null || deduplicated == null) {
            text.append(String.format(
                    Locale.ROOT,
                    "%n  the rows include those of documents that would wait for another row, or whose row another document"
                            + " would have: a dry run of all documents (`sluice backfill --dry-run`) counts these once the"
                            + " tables exist"));
        }
        childRows.stream().filter(c -> c.rows() > 0).forEach(c -> line(text, c.rows(), "row of " + c.table()));
        quarantined.forEach(q -> line(text, q.values(), "quarantine " + q.column() + ": " + q.reason()));
        rejected.forEach(r -> line(text, r.documents(), "dead letter " + r.column() + ": " + r.reason()));
        nulls.forEach(
                n -> line(text, n.rows(), "dead letter " + n.column() + ": would be NULL, and the table takes none"));
        skipped.forEach(s -> line(text, s.documents(), "skip: " + s.reason()));
        unmapped.stream().limit(SHOWN_MAX).forEach(u -> line(text, u.documents(), "no column reads " + u.path()));
        if (unmapped.size() > SHOWN_MAX) {
            text.append(String.format(
                    Locale.ROOT,
                    "%n  and %s that no column reads",
                    Counted.of(unmapped.size() - SHOWN_MAX, "more field", "more fields")));
        }
        return text.toString();
    }

    private static void term(StringBuilder text, long count, Term term) {
        if (count > 0) {
            text.append(String.format(Locale.ROOT, " %c %,d %s", term.sign(), count, term.words(count)));
        }
    }

    private static void line(StringBuilder text, long count, String what) {
        text.append(String.format(Locale.ROOT, "%n  %,8d x %s", count, what));
    }
}
