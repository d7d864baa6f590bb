package dev.sluice.memory;

/// About how many bytes of heap documents take, for taking a lease before they are mapped.
public final class Footprint {
    /// Without a document.
    public static final int SMALL = 256;

    /// A document is held as its bytes and as the objects of its rows.
    private static final int OBJECT_COPIES = 4;

    /// The rows of a large document are made when they are written: it is held as its bytes and its rows'.
    private static final int LARGE_COPIES = 2;

    private static final int LARGE = 1 << 18;

    private Footprint() {}

    /// Whether a document is mapped only when its rows are written.
    ///
    /// @param bytes of BSON
    public static boolean isLarge(long bytes) {
        return bytes >= LARGE;
    }

    /// @param bytes of BSON; 0 without a document
    public static long expected(long bytes) {
        return isLarge(bytes) ? SMALL + LARGE_COPIES * bytes : asObjects(bytes);
    }

    /// @param bytes of BSON
    public static long asObjects(long bytes) {
        return SMALL + OBJECT_COPIES * bytes;
    }
}
