package dev.sluice.mapping.row;

import org.jspecify.annotations.Nullable;

/// Keeps nothing of the rows: for what else is said of a document. Any thread.
public final class DroppedRows implements RowOutput {
    @Override
    public void startRow(int table) {}

    @Override
    public void value(@Nullable Object value) {}

    @Override
    public void text(byte[] utf8, int offset, int length) {}

    @Override
    public void startText() {}

    @Override
    public void piece(byte[] utf8, int offset, int length) {}

    @Override
    public void endText() {}

    @Override
    public void whole(long value) {}

    @Override
    public void floating(double value) {}

    @Override
    public void truth(boolean value) {}

    @Override
    public void decimal(long unscaled, int scale) {}

    @Override
    public void uuid(long mostSignificant, long leastSignificant) {}

    @Override
    public void binary(byte[] bytes, int offset, int length) {}

    @Override
    public void startArray() {}

    @Override
    public void endArray() {}
}
