package dev.sluice.change;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// Reads from a resume token what MongoDB does not send in any other field. MongoDB calls tokens opaque;
/// their form has been the same since 4.0.7, and a token of another form yields nothing here.
///
/// `_data` is a KeyString in hex: the cluster time (type byte `82`, then seconds and increment, four bytes
/// each, big-endian), the version (`2B` and one byte), and whether it is an event's (`2C0100`, the number
/// 128) or a high-water mark (`29`, the number 0).
final class ResumeTokens {
    private static final int TIME_END = 9;
    private static final int KIND_AT = 11;
    private static final byte TIMESTAMP = (byte) 0x82;
    private static final byte SMALL_INT = 0x2B;
    private static final byte ZERO = 0x29;

    private ResumeTokens() {}

    /// The time that a token carries; null when it is of another form.
    static @Nullable BsonTimestamp clusterTime(BsonDocument token) {
        byte[] bytes = bytes(token);
        return bytes != null && bytes.length >= TIME_END && bytes[0] == TIMESTAMP ? time(bytes) : null;
    }

    /// The time of a high-water mark; null for an event's token, and for one of another form.
    static @Nullable BsonTimestamp highWaterMark(BsonDocument token) {
        byte[] bytes = bytes(token);
        return bytes != null
                        && bytes.length > KIND_AT
                        && bytes[0] == TIMESTAMP
                        && bytes[TIME_END] == SMALL_INT
                        && bytes[KIND_AT] == ZERO
                ? time(bytes)
                : null;
    }

    private static byte @Nullable [] bytes(BsonDocument token) {
        if (!(token.get("_data") instanceof BsonString data)) {
            return null;
        }
        // The rest holds the _id, which may be long.
        String hex = data.getValue();
        String head = hex.substring(0, Math.min(hex.length(), 2 * (KIND_AT + 1)));
        try {
            return HexFormat.of().parseHex(head);
        } catch (IllegalArgumentException notHex) {
            return null;
        }
    }

    private static BsonTimestamp time(byte[] bytes) {
        ByteBuffer value = ByteBuffer.wrap(bytes, 1, Long.BYTES);
        return new BsonTimestamp(value.getLong());
    }
}
