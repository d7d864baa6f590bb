package dev.sluice.change;

import java.util.HexFormat;
import org.bson.BsonBinaryReader;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.BsonTimestamp;
import org.bson.BsonType;
import org.bson.BsonValue;
import org.bson.codecs.BsonDocumentCodec;
import org.bson.codecs.DecoderContext;
import org.jspecify.annotations.Nullable;

/// Reads the cluster time out of a resume token. MongoDB calls tokens opaque, so this is used for nothing
/// that correctness depends on: only to know how fresh an idle stream is, where the event itself carries no
/// time.
///
/// A mongod's token is a KeyString in hex whose first value is the cluster time (type byte `82`, then
/// seconds and increment, four bytes each, big-endian). SecantusDB's is a BSON document in hex with the
/// cluster time in `t`.
final class ResumeTokens {
    private ResumeTokens() {}

    /// Whether the token has a mongod's form.
    static boolean isKeyString(BsonDocument token) {
        // A BSON document of 130 bytes begins with that length, least byte first. No time is in 1970.
        return token.get("_data") instanceof BsonString data
                && data.getValue().startsWith("82")
                && !data.getValue().startsWith("82000000");
    }

    static @Nullable BsonTimestamp clusterTime(BsonDocument token) {
        BsonValue data = token.get("_data");
        if (data == null || data.getBsonType() != BsonType.STRING) {
            return null;
        }
        try {
            byte[] bytes = HexFormat.of().parseHex(data.asString().getValue());
            if (bytes.length >= 9 && isKeyString(token)) {
                return new BsonTimestamp(intAt(bytes, 1), intAt(bytes, 5));
            }
            try (BsonBinaryReader reader = new BsonBinaryReader(java.nio.ByteBuffer.wrap(bytes))) {
                BsonValue time = new BsonDocumentCodec()
                        .decode(reader, DecoderContext.builder().build())
                        .get("t");
                return time != null && time.isTimestamp() ? time.asTimestamp() : null;
            }
        } catch (RuntimeException notOurs) {
            // Another server's token: the time stays unknown, which the lag then says.
            return null;
        }
    }

    private static int intAt(byte[] bytes, int offset) {
        return (bytes[offset] & 0xFF) << 24
                | (bytes[offset + 1] & 0xFF) << 16
                | (bytes[offset + 2] & 0xFF) << 8
                | (bytes[offset + 3] & 0xFF);
    }
}
