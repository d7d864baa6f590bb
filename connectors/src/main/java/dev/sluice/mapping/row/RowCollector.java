package dev.sluice.mapping.row;

import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Rows as objects, as [MappingResult.Mapped] has them. For one document and one thread.
public final class RowCollector implements RowOutput {
    private final int[] columns;
    private final List<List<@Nullable Object[]>> rows = new ArrayList<>();
    private @Nullable Object[] row = {};
    private int column;
    private List<@Nullable Object> array = new ArrayList<>();
    private boolean inArray;
    private @Nullable ByteArrayOutputStream pieces;

    /// @param columns how many the collection's own table has, and each child table
    public RowCollector(int[] columns) {
        this.columns = columns;
        for (int i = 0; i < columns.length; i++) {
            rows.add(new ArrayList<>());
        }
    }

    /// For one value.
    public static RowCollector ofOne() {
        RowCollector single = new RowCollector(new int[] {1});
        single.startRow(0);
        return single;
    }

    /// The value, where there is one only.
    public @Nullable Object one() {
        return row()[0];
    }

    /// The row of the collection's own table.
    public @Nullable Object[] row() {
        return rows.getFirst().getFirst();
    }

    /// The rows of each child table.
    public List<List<@Nullable Object[]>> children() {
        return rows.size() == 1 ? List.of() : rows.subList(1, rows.size());
    }

    @Override
    public void startRow(int table) {
        row = new @Nullable Object[columns[table]];
        rows.get(table).add(row);
        column = 0;
    }

    @Override
    public void value(@Nullable Object value) {
        if (inArray) {
            array.add(value);
        } else {
            row[column++] = value;
        }
    }

    @Override
    public void text(byte[] utf8, int offset, int length) {
        value(new String(utf8, offset, length, StandardCharsets.UTF_8));
    }

    @Override
    public void startText() {
        pieces = new ByteArrayOutputStream();
    }

    @Override
    public void piece(byte[] utf8, int offset, int length) {
        if (pieces != null) {
            pieces.write(utf8, offset, length);
        }
    }

    @Override
    public void endText() {
        if (pieces != null) {
            value(pieces.toString(StandardCharsets.UTF_8));
            pieces = null;
        }
    }

    @Override
    public void takeBackText() {
        pieces = null;
    }

    @Override
    public void whole(long value) {
        value(value);
    }

    @Override
    public void floating(double value) {
        value(value);
    }

    @Override
    public void truth(boolean value) {
        value(value);
    }

    @Override
    public void decimal(long unscaled, int scale) {
        value(BigDecimal.valueOf(unscaled, scale));
    }

    @Override
    public void uuid(long mostSignificant, long leastSignificant) {
        value(new UUID(mostSignificant, leastSignificant));
    }

    @Override
    public void binary(byte[] bytes, int offset, int length) {
        value(Arrays.copyOfRange(bytes, offset, offset + length));
    }

    @Override
    public void startArray() {
        array = new ArrayList<>();
        inArray = true;
    }

    @Override
    public void endArray() {
        inArray = false;
        value(Collections.unmodifiableList(array));
    }
}
