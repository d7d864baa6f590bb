package dev.sluice.service.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A table for people: a head and rows, each column as wide as its widest cell. For one thread.
public final class TextTable {
    private static final String GAP = "  ";

    private final List<String> head = new ArrayList<>();
    private final List<Boolean> right = new ArrayList<>();
    private final List<List<String>> rows = new ArrayList<>();

    /// Adds a column of words.
    public TextTable words(String title) {
        return column(title, false);
    }

    /// Adds a column of numbers, which end below each other.
    public TextTable numbers(String title) {
        return column(title, true);
    }

    private TextTable column(String title, boolean toTheRight) {
        head.add(title);
        right.add(toTheRight);
        return this;
    }

    /// @param cells one for each column: text as it is, whole numbers with separators of thousands
    /// @throws IllegalArgumentException when there are more or fewer
    public TextTable row(Object... cells) {
        if (cells.length != head.size()) {
            throw new IllegalArgumentException(cells.length + " cells for " + head.size() + " columns");
        }
        List<String> row = new ArrayList<>(cells.length);
        for (Object cell : cells) {
            row.add(
                    cell instanceof Long || cell instanceof Integer
                            ? String.format(Locale.ROOT, "%,d", ((Number) cell).longValue())
                            : cell.toString());
        }
        rows.add(row);
        return this;
    }

    /// @return lines without the last one's end
    public String text() {
        int[] widths = new int[head.size()];
        widen(widths, head);
        rows.forEach(row -> widen(widths, row));
        StringBuilder text = new StringBuilder(line(head, widths));
        rows.forEach(row -> text.append(System.lineSeparator()).append(line(row, widths)));
        return text.toString();
    }

    private static void widen(int[] widths, List<String> row) {
        for (int column = 0; column < widths.length; column++) {
            widths[column] = Math.max(widths[column], row.get(column).length());
        }
    }

    private String line(List<String> row, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int column = 0; column < widths.length; column++) {
            String cell = row.get(column);
            String padding = " ".repeat(widths[column] - cell.length());
            line.append(column == 0 ? "" : GAP).append(right.get(column) ? padding + cell : cell + padding);
        }
        return line.toString().stripTrailing();
    }
}
