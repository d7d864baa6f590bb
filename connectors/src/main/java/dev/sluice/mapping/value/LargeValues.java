package dev.sluice.mapping.value;

import dev.sluice.memory.Footprint;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Sees to it that values with very much in them are decoded by one thread at a time, and not at all where the heap is
/// too small. For one thread, and one document after the other.
public final class LargeValues {
    /// The part of the heap that one document may take as objects.
    private static final int HEAP_SHARE = 3;

    /// Held from the first large value of a document that is decoded to the document's end.
    private static final ReentrantLock DECODING = new ReentrantLock();

    private boolean holds;

    /// The heap is too small. A control flow inside the mapping, so without a stack trace.
    public static final class TooLarge extends RuntimeException {
        private final String reason;

        TooLarge(String reason) {
            super(reason, null, false, false);
            this.reason = reason;
        }

        /// For people, without the value.
        public String reason() {
            return reason;
        }
    }

    /// To be called before a value is decoded.
    ///
    /// @throws TooLarge when it must not be
    public void admit(byte[] bytes, byte type, int at) {
        boolean isContainer = type == RawBytes.DOCUMENT || type == RawBytes.ARRAY;
        if (!isContainer || !Footprint.isLarge(RawBytes.int32(bytes, at))) {
            return;
        }
        String reason = refusal(bytes, at, RawBytes.documentEnd(bytes, at, bytes.length));
        if (reason != null) {
            throw new TooLarge(reason);
        }
        hold();
    }

    /// Waits for the documents of other threads that are being decoded.
    public void hold() {
        if (!holds) {
            DECODING.lock();
            holds = true;
        }
    }

    /// To be called when the document was mapped.
    public void release() {
        if (holds) {
            holds = false;
            DECODING.unlock();
        }
    }

    /// Why the heap is too small for a document or an array as objects and for what is made of them; null where it is
    /// not.
    public static @Nullable String refusal(byte[] bytes, int start, int limit) {
        long needed = DecodedSize.of(bytes, start, limit);
        long room = Runtime.getRuntime().maxMemory() / HEAP_SHARE;
        return needed <= room
                ? null
                : "takes about " + (needed >> 20) + " MB of memory to be mapped, and at most " + (room >> 20)
                        + " MB may be used for one document; raise the heap (-Xmx), then retry";
    }
}
