package dev.sluice.service.watch;

import dev.sluice.service.watch.Watched.Row;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jline.utils.AttributedString;

/// Which columns a table has at a width, and how wide each is. The most important ones come first, in
/// their short form; then there is room for full forms.
final class Layout {
    /// Blanks between two columns.
    static final int GAP = 2;

    /// What an operator has to see anywhere: for these the text of the gate is cut.
    private static final List<Column> NEEDED = List.of(
            Column.COLLECTION,
            Column.STATE,
            Column.LAG,
            Column.GATE,
            Column.CURVE,
            Column.DRIFT,
            Column.QUARANTINE,
            Column.DEAD_LETTERS);

    private static final List<Column> WANTED = List.of(Column.READS_FROM, Column.COPIED, Column.DOCUMENTS, Column.ROWS);

    private static final List<Column> MADE_FULL = List.of(Column.DEAD_LETTERS, Column.QUARANTINE, Column.READS_FROM);

    private static final int COLLECTION_SHORT = 16;
    private static final int COLLECTION_MAX = 28;

    /// A lag does not move the columns beside it from second to second.
    private static final int LAG_LEAST = 6;

    private static final int CURVE_LEAST = 8;
    private static final int CURVE_MAX = 20;
    private static final int GATE_LEAST = 11;
    private static final int GATE_SHORT_MAX = 20;

    /// Where a reason would be little more than its beginning, the name of the condition says more.
    private static final int REASON_LEAST = 40;

    private final List<Row> rows;
    private final Frame.Look look;
    private Map<Column, Place> places = new EnumMap<>(Column.class);

    /// @param full whether in its full form
    /// @param width in columns of the screen
    record Place(boolean full, int width) {}

    private Layout(List<Row> rows, Frame.Look look) {
        this.rows = rows;
        this.look = look;
    }

    /// The columns in the order in which they stand; at least one, which may be wider than the screen.
    ///
    /// @param rows all of them, so that scrolling moves no column
    static Map<Column, Place> of(List<Row> rows, Frame.Look look) {
        Layout layout = new Layout(rows, look);
        boolean all = layout.addWhileTheyFit(NEEDED);
        if (layout.places.containsKey(Column.GATE)) {
            layout.cutGate();
        }
        if (layout.places.size() > 1) {
            layout.tryPlace(Column.COLLECTION, true);
        }
        if (all) {
            layout.addWhileTheyFit(WANTED);
        }
        for (Column column : MADE_FULL) {
            if (layout.places.containsKey(column)) {
                layout.tryPlace(column, true);
            }
        }
        layout.giveTheRest();
        return layout.places;
    }

    private boolean addWhileTheyFit(List<Column> columns) {
        return columns.stream().allMatch(column -> tryPlace(column, false));
    }

    /// What is added from now on leaves the name of a condition readable, where there is room for it.
    private void cutGate() {
        int readable = Math.clamp(widest(Column.GATE, false), GATE_LEAST, GATE_SHORT_MAX);
        places.put(Column.GATE, new Place(false, readable));
    }

    private boolean tryPlace(Column column, boolean full) {
        Map<Column, Place> more = new EnumMap<>(places);
        more.put(column, new Place(full, width(column, full)));
        if (column == Column.COPIED) {
            // The share has a column of its own now.
            more.put(Column.STATE, new Place(true, width(Column.STATE, true)));
        }
        if (!places.isEmpty() && taken(more) > look.width()) {
            return false;
        }
        places = more;
        return true;
    }

    /// To the gate where that is enough for its reason, then to the curve, then to the gate.
    private void giveTheRest() {
        int reason = Math.min(widest(Column.GATE, true), REASON_LEAST);
        Place gate = places.get(Column.GATE);
        if (gate != null && rest() + gate.width() >= reason) {
            places.put(Column.GATE, new Place(true, reason));
        }
        Place curve = places.get(Column.CURVE);
        if (curve != null) {
            int width = Math.min(CURVE_MAX, curve.width() + rest());
            places.put(Column.CURVE, new Place(width >= Column.CURVE.title(true).length(), width));
        }
        Place gateNow = places.get(Column.GATE);
        if (gateNow != null) {
            int width = Math.min(widest(Column.GATE, gateNow.full()), gateNow.width() + rest());
            places.put(Column.GATE, new Place(gateNow.full(), width));
        }
    }

    private int rest() {
        return Math.max(0, look.width() - taken(places));
    }

    private static int taken(Map<Column, Place> places) {
        return places.values().stream().mapToInt(Place::width).sum() + GAP * (places.size() - 1);
    }

    private int width(Column column, boolean full) {
        int widest = widest(column, full);
        return switch (column) {
            case COLLECTION -> Math.min(widest, full ? COLLECTION_MAX : COLLECTION_SHORT);
            case LAG -> Math.max(widest, LAG_LEAST);
            case GATE -> GATE_LEAST;
            case CURVE -> CURVE_LEAST;
            case STATE, DOCUMENTS, ROWS, COPIED, DRIFT, DEAD_LETTERS, QUARANTINE, READS_FROM -> widest;
        };
    }

    private int widest(Column column, boolean full) {
        Place place = new Place(full, CURVE_LEAST);
        return Math.max(
                column.title(full).length(),
                rows.stream()
                        .mapToInt(row -> new AttributedString(column.cell(row, look.glyphs(), place)).columnLength())
                        .max()
                        .orElse(0));
    }
}
