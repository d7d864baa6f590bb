package dev.sluice.mapping.value;

/// What a document takes as objects: many small fields take ten times their bytes.
final class DecodedSize {
    /// A field of a document: an entry of a map, its name, its value.
    private static final int FIELD = 120;

    /// An element of an array.
    private static final int ELEMENT = 28;

    /// A document or an array without what is in it.
    private static final int CONTAINER = 120;

    /// Text is held as the value and, while rows are made, as JSON that is put together in a growing buffer.
    private static final int TEXT_COPIES = 5;

    private DecodedSize() {}

    /// @return bytes of heap, about
    /// @throws org.bson.BSONException when it is not well-formed
    static long of(byte[] bytes, int start, int limit) {
        return container(bytes, start, RawBytes.documentEnd(bytes, start, limit), false, 1);
    }

    private static long container(byte[] bytes, int start, int end, boolean array, int depth) {
        if (depth > RawBytes.DEPTH_MAX) {
            throw RawBytes.malformed("it is nested deeper than " + RawBytes.DEPTH_MAX + " levels");
        }
        long size = CONTAINER;
        int last = end - 1;
        int at = start + 4;
        while (at < last) {
            byte type = bytes[at];
            int value = RawBytes.nameEnd(bytes, at + 1, last);
            int next = RawBytes.end(bytes, type, value, last);
            size += array ? ELEMENT : FIELD + 2L * (value - at);
            size += switch (type) {
                case RawBytes.DOCUMENT -> container(bytes, value, next, false, depth + 1);
                case RawBytes.ARRAY -> container(bytes, value, next, true, depth + 1);
                default -> (long) TEXT_COPIES * (next - value);
            };
            at = next;
        }
        return size;
    }
}
