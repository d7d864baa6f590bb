package dev.sluice.mapping;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// [BsonToJson] for values that are not decoded, as UTF-8. For one thread.
final class RawJson {
    /// A larger buffer is not kept.
    private static final int KEPT_MAX = 1 << 20;

    private static final NestedMisfits DECLINE = (path, part, reason) -> {
        throw RawBytes.Declined.INSTANCE;
    };

    private byte[] out = new byte[1 << 10];
    private int size;

    void clear() {
        size = 0;
        if (out.length > KEPT_MAX) {
            out = new byte[1 << 10];
        }
    }

    byte[] bytes() {
        return out;
    }

    int size() {
        return size;
    }

    void write(byte[] bytes, byte type, int at) {
        int end = RawBytes.end(bytes, type, at, bytes.length);
        Outcome outcome = BsonToJson.convert(RawBytes.decode(bytes, type, at, end), DECLINE);
        if (!(outcome instanceof Outcome.Fits(String json))) {
            throw RawBytes.Declined.INSTANCE;
        }
        raw(json.getBytes(StandardCharsets.UTF_8));
    }

    private void raw(byte[] more) {
        ensure(more.length);
        System.arraycopy(more, 0, out, size, more.length);
        size += more.length;
    }

    private void ensure(int more) {
        if (size + more > out.length) {
            out = Arrays.copyOf(out, Math.max(size + more, 2 * out.length));
        }
    }
}
