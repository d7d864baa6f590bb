package dev.sluice.service.plan;

import dev.sluice.mapping.row.RowOutput;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Counts the rows of one document and the NULLs in them, and keeps nothing else. For one thread.
final class RowCount implements RowOutput {
    private final long[] rows;
    private final Map<Column, Long> nulls = new HashMap<>();
    private int table;
    private int column;
    private boolean inArray;

    private record Column(int table, int number) {}

    RowCount(int tables) {
        rows = new long[tables];
    }

    long rows(int ofTable) {
        return rows[ofTable];
    }

    /// How many rows of a table have NULL in a column.
    long nulls(int ofTable, int ofColumn) {
        return nulls.getOrDefault(new Column(ofTable, ofColumn), 0L);
    }

    private void next() {
        if (!inArray) {
            column++;
        }
    }

    @Override
    public void startRow(int ofTable) {
        table = ofTable;
        rows[table]++;
        column = 0;
    }

    @Override
    public void value(@Nullable Object value) {
        if (value == null && !inArray) {
            nulls.merge(new Column(table, column), 1L, Long::sum);
        }
        next();
    }

    @Override
    public void text(byte[] utf8, int offset, int length) {
        next();
    }

    @Override
    public void startText() {}

    @Override
    public void piece(byte[] utf8, int offset, int length) {}

    @Override
    public void endText() {
        next();
    }

    @Override
    public void whole(long value) {
        next();
    }

    @Override
    public void floating(double value) {
        next();
    }

    @Override
    public void truth(boolean value) {
        next();
    }

    @Override
    public void decimal(long unscaled, int scale) {
        next();
    }

    @Override
    public void uuid(long mostSignificant, long leastSignificant) {
        next();
    }

    @Override
    public void binary(byte[] bytes, int offset, int length) {
        next();
    }

    @Override
    public void startArray() {
        inArray = true;
    }

    @Override
    public void endArray() {
        inArray = false;
        next();
    }
}
