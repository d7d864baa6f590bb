package dev.sluice.mapping;

import org.jspecify.annotations.Nullable;

/// Counts what rows take in PostgreSQL's binary format, about, and keeps nothing of them. For one thread.
final class MeasuredRows implements RowOutput {
    /// A field's length, and about what a value takes that is not text.
    private static final int FIELD = 12;

    /// A row's number of fields.
    private static final int ROW = 2;

    private long bytes;
    /// What there was before the text in pieces.
    private long textAt;

    /// What was written so far.
    long bytes() {
        return bytes;
    }

    @Override
    public void startRow(int table) {
        bytes += ROW;
    }

    @Override
    public void value(@Nullable Object value) {
        bytes += FIELD + (value instanceof String text ? text.length() : value instanceof byte[] raw ? raw.length : 0);
    }

    @Override
    public void text(byte[] utf8, int offset, int length) {
        bytes += FIELD + length;
    }

    @Override
    public void startText() {
        textAt = bytes;
        bytes += FIELD;
    }

    @Override
    public void takeBackText() {
        bytes = textAt;
    }

    @Override
    public void piece(byte[] utf8, int offset, int length) {
        bytes += length;
    }

    @Override
    public void endText() {}

    @Override
    public void whole(long value) {
        bytes += FIELD;
    }

    @Override
    public void floating(double value) {
        bytes += FIELD;
    }

    @Override
    public void truth(boolean value) {
        bytes += FIELD;
    }

    @Override
    public void decimal(long unscaled, int scale) {
        bytes += 2 * FIELD;
    }

    @Override
    public void uuid(long mostSignificant, long leastSignificant) {
        bytes += 2 * FIELD;
    }

    @Override
    public void binary(byte[] value, int offset, int length) {
        bytes += FIELD + length;
    }

    @Override
    public void startArray() {
        bytes += 2 * FIELD;
    }

    @Override
    public void endArray() {}
}
