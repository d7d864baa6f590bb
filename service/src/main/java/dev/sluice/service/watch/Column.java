package dev.sluice.service.watch;

import dev.sluice.service.watch.Watched.GateState;
import dev.sluice.service.watch.Watched.Row;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jline.utils.AttributedStyle;
import org.jspecify.annotations.Nullable;

/// The columns of the table of collections, in the order in which they stand.
enum Column {
    COLLECTION("collection", false, 0),
    BACKFILL("backfill", false, 1),
    DOCUMENTS("documents", true, 8),
    ROWS("rows", true, 9),
    LAG("lag s", true, 2),
    CURVE("lag, last minute", false, 10),
    DRIFT("drift", true, 4),
    DEAD_LETTERS("dead letters", true, 5),
    QUARANTINED("quarantined", true, 7),
    ROUTE("route", false, 6),
    GATE("gate", false, 3);

    private static final int BAR = 8;
    private static final int CURVE_WIDTH = 20;

    /// Of the curve, seconds that are at its top at least.
    private static final double CURVE_TOP = 2;

    private static final String UNKNOWN = "unknown";

    private final String title;
    private final boolean right;
    private final int rank;

    /// @param rank the columns with the greatest are left out first
    Column(String title, boolean right, int rank) {
        this.title = title;
        this.right = right;
        this.rank = rank;
    }

    String title() {
        return title;
    }

    boolean right() {
        return right;
    }

    int rank() {
        return rank;
    }

    String cell(Row row, Glyphs glyphs) {
        return switch (this) {
            case COLLECTION -> row.collection();
            case BACKFILL -> backfill(row, glyphs);
            case DOCUMENTS -> number(row.documents());
            case ROWS -> number(row.rows());
            case LAG -> row.lagSeconds() == null ? UNKNOWN : String.format(Locale.ROOT, "%.1f", row.lagSeconds());
            case CURVE -> glyphs.curve(row.lags(), CURVE_TOP, History.LAGS_MAX, CURVE_WIDTH);
            case DRIFT -> number(row.drift());
            case DEAD_LETTERS -> number(row.deadLetters());
            case QUARANTINED -> number(row.quarantined());
            case ROUTE -> row.route();
            case GATE -> gate(row.gate());
        };
    }

    private static String gate(@Nullable GateState gate) {
        return gate == null ? "" : gate.text();
    }

    private static String number(@Nullable Long number) {
        return number == null ? UNKNOWN : String.format(Locale.ROOT, "%,d", number);
    }

    private static String backfill(Row row, Glyphs glyphs) {
        Double copied = row.copied();
        if (copied == null) {
            return row.backfill();
        }
        Double left = row.secondsLeft();
        return glyphs.bar(copied, BAR)
                + String.format(Locale.ROOT, " %3.0f %%", Math.floor(copied * 100))
                + (left == null ? "" : ", " + Spans.text(left) + " left");
    }

    /// How a cell looks where colours are shown.
    AttributedStyle style(Row row) {
        AttributedStyle plain = AttributedStyle.DEFAULT;
        return switch (this) {
            case COLLECTION -> plain.bold();
            case BACKFILL -> row.copied() == null ? plain : plain.foreground(AttributedStyle.CYAN);
            case DOCUMENTS, ROWS, LAG, ROUTE -> plain;
            case CURVE -> plain.foreground(AttributedStyle.CYAN);
            case DRIFT -> found(row.drift(), AttributedStyle.RED);
            case DEAD_LETTERS -> found(row.deadLetters(), AttributedStyle.RED);
            case QUARANTINED -> found(row.quarantined(), AttributedStyle.YELLOW);
            case GATE ->
                plain.foreground(
                        row.gate() == null || row.gate().open() ? AttributedStyle.GREEN : AttributedStyle.YELLOW);
        };
    }

    private static AttributedStyle found(@Nullable Long number, int colour) {
        return number == null || number == 0 ? AttributedStyle.DEFAULT : AttributedStyle.DEFAULT.foreground(colour);
    }

    /// Those that fit, in the order in which they stand: in the order of their rank until one does
    /// not. The gate takes
    /// what is left.
    static List<Column> fitting(Map<Column, Integer> widths, int width, int gap) {
        List<Column> byRank = java.util.Arrays.stream(values())
                .sorted(java.util.Comparator.comparingInt(Column::rank))
                .toList();
        int taken = 0;
        List<Column> fitting = new java.util.ArrayList<>();
        for (Column column : byRank) {
            taken += widths.getOrDefault(column, 0) + (fitting.isEmpty() ? 0 : gap);
            if (taken > width && !fitting.isEmpty()) {
                break;
            }
            fitting.add(column);
        }
        fitting.sort(null);
        return fitting;
    }
}
