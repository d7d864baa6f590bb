package dev.sluice.service.watch;

import dev.sluice.service.watch.Watched.GateState;
import dev.sluice.service.watch.Watched.Row;
import java.util.Locale;
import org.jline.utils.AttributedStyle;
import org.jspecify.annotations.Nullable;

/// The columns of the table of collections, in the order and by the names of the page. Some have a short
/// form for where there is little room.
enum Column {
    COLLECTION("Collection", "Collection", false),
    STATE("State", "State", false),
    DOCUMENTS("Documents", "Documents", true),
    ROWS("Rows", "Rows", true),
    COPIED("Copied", "Copied", false),
    LAG("Lag", "Lag", true),
    CURVE("last minute", "last min", false),
    DRIFT("Drift", "Drift", true),
    DEAD_LETTERS("Dead letters", "Dead", true),
    QUARANTINE("Quarantine", "Quar.", true),
    GATE("Gate", "Gate", false),
    READS_FROM("Reads from", "Reads from", false);

    private static final int BAR = 8;

    /// Of the curve, seconds that are at its top at least.
    private static final double CURVE_TOP = 2;

    private final String title;
    private final String shortTitle;
    private final boolean right;

    Column(String title, String shortTitle, boolean right) {
        this.title = title;
        this.shortTitle = shortTitle;
        this.right = right;
    }

    String title(boolean full) {
        return full ? title : shortTitle;
    }

    boolean right() {
        return right;
    }

    /// @param place only a curve fits itself to the width of it
    String cell(Row row, Glyphs glyphs, Layout.Place place) {
        boolean full = place.full();
        return switch (this) {
            case COLLECTION -> row.collection();
            case STATE -> full ? row.state() : shortState(row);
            case DOCUMENTS -> number(row.documents(), glyphs);
            case ROWS -> number(row.rows(), glyphs);
            case COPIED -> copied(row, glyphs);
            case LAG -> row.lagSeconds() == null ? glyphs.unknown() : Spans.exact(row.lagSeconds());
            case CURVE -> glyphs.curve(row.lags(), CURVE_TOP, History.LAGS_MAX, place.width());
            case DRIFT -> number(row.drift(), glyphs);
            case DEAD_LETTERS -> number(row.deadLetters(), glyphs);
            case QUARANTINE -> number(row.quarantined(), glyphs);
            case GATE -> gate(row.gate(), full);
            case READS_FROM -> full ? row.route() : row.route().replaceFirst(",.*", "");
        };
    }

    private static String gate(@Nullable GateState gate, boolean full) {
        return gate == null ? "" : full ? gate.text() : gate.shortText();
    }

    private static String number(@Nullable Long number, Glyphs glyphs) {
        return number == null ? glyphs.unknown() : String.format(Locale.ROOT, "%,d", number);
    }

    /// With the share that is copied, for where that has no column of its own.
    private static String shortState(Row row) {
        Double copied = row.copied();
        return copied != null
                ? String.format(Locale.ROOT, "%s %2.0f %%", row.state(), Math.floor(copied * 100))
                : row.state();
    }

    private static String copied(Row row, Glyphs glyphs) {
        Double copied = row.copied();
        if (copied == null) {
            return row.backfill().equals("done") || row.backfill().equals("writes_on_postgres")
                    ? "all"
                    : glyphs.unknown();
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
            case STATE, COPIED -> row.copied() == null ? plain : plain.foreground(AttributedStyle.CYAN);
            case DOCUMENTS, ROWS, LAG, READS_FROM -> plain;
            case CURVE -> plain.foreground(AttributedStyle.CYAN);
            case DRIFT -> found(row.drift(), AttributedStyle.RED);
            case DEAD_LETTERS -> found(row.deadLetters(), AttributedStyle.RED);
            case QUARANTINE -> found(row.quarantined(), AttributedStyle.YELLOW);
            case GATE ->
                plain.foreground(
                        row.gate() == null || row.gate().open() ? AttributedStyle.GREEN : AttributedStyle.YELLOW);
        };
    }

    private static AttributedStyle found(@Nullable Long number, int colour) {
        return number == null || number == 0 ? AttributedStyle.DEFAULT : AttributedStyle.DEFAULT.foreground(colour);
    }
}
