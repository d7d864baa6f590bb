package dev.sluice.sink.copy;

/// The rows of one document, held in the binary format of COPY until they are written. Immutable; any thread.
public final class DocumentRows {
    /// Of the rows of all tables, one table after the other.
    private final byte[] encoded;

    /// For each table, where its rows end.
    private final int[] ends;

    /// For each table, how many rows it has.
    private final int[] counts;

    DocumentRows(byte[] encoded, int[] ends, int[] counts) {
        this.encoded = encoded;
        this.ends = ends;
        this.counts = counts;
    }

    /// What they take of the heap, in addition to the objects that every document has.
    public long heldBytes() {
        return encoded.length + (long) (Integer.BYTES + Integer.BYTES) * ends.length;
    }

    /// Adds a table's rows to others.
    ///
    /// @return how many there are
    int addTo(CopyBuffer buffer, int table) {
        int from = table == 0 ? 0 : ends[table - 1];
        buffer.raw(encoded, from, ends[table] - from);
        return counts[table];
    }
}
