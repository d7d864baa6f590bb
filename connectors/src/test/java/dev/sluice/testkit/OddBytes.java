package dev.sluice.testkit;

import dev.sluice.bson.ExactBson;
import dev.sluice.bson.Utf8;
import java.util.HexFormat;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.ByteBuf;
import org.bson.RawBsonDocument;

/// Documents with strings of any bytes, as old drivers wrote them and today's does not.
public final class OddBytes {
    private OddBytes() {}

    /// @param hex the string's bytes, as hex digits
    public static BsonString string(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        return new BsonString(Utf8.decode(bytes, 0, bytes.length));
    }

    /// @param hex the bytes of the `_id`, a string
    /// @param rest the other fields
    public static RawBsonDocument withId(String hex, BsonDocument rest) {
        BsonDocument document = new BsonDocument("_id", string(hex));
        document.putAll(rest);
        return ExactBson.document(document);
    }

    /// The document's own bytes.
    public static byte[] bytes(RawBsonDocument document) {
        ByteBuf buffer = document.getByteBuffer();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }
}
