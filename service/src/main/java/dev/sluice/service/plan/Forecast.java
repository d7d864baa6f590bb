package dev.sluice.service.plan;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What would become of documents of a collection, counted, without a value of any.
///
/// @param documentsRead how many were looked at
/// @param estimatedDocuments how many there are, about; null where that was not asked
/// @param rows that would be written, those of child tables included
/// @param childRows of those, the ones of each child table
/// @param skipped documents that have no row by a rule of the mapping
/// @param rejected documents that would be dead letters
/// @param quarantined values that their rows would land without
/// @param nulls NULL for columns that take none: PostgreSQL would refuse the row, and the document be a
///     dead letter
/// @param unmapped fields that documents have and no column reads
public record Forecast(
        String collection,
        long documentsRead,
        @Nullable Long estimatedDocuments,
        long rows,
        List<ChildRows> childRows,
        List<Skipped> skipped,
        List<Rejected> rejected,
        List<Quarantined> quarantined,
        List<Nulls> nulls,
        List<Unmapped> unmapped) {
    /// Fields that are shown to people; the JSON has all.
    private static final int SHOWN_MAX = 20;

    public Forecast {
        childRows = List.copyOf(childRows);
        skipped = List.copyOf(skipped);
        rejected = List.copyOf(rejected);
        quarantined = List.copyOf(quarantined);
        nulls = List.copyOf(nulls);
        unmapped = List.copyOf(unmapped);
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

    Forecast withEstimate(long documents) {
        return new Forecast(
                collection, documentsRead, documents, rows, childRows, skipped, rejected, quarantined, nulls, unmapped);
    }

    /// A line for the collection, and one for each thing that is not a row.
    public String forPeople() {
        StringBuilder text = new StringBuilder();
        text.append(String.format(Locale.ROOT, "%s: %,d documents would be %,d rows", collection, documentsRead, rows));
        if (estimatedDocuments != null) {
            text.append(String.format(Locale.ROOT, " (a sample; there are about %,d)", estimatedDocuments));
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
                    Locale.ROOT, "%n  and %,d more fields that no column reads", unmapped.size() - SHOWN_MAX));
        }
        return text.toString();
    }

    private static void line(StringBuilder text, long count, String what) {
        text.append(String.format(Locale.ROOT, "%n  %,8d x %s", count, what));
    }
}
