package dev.sluice.source.mongo;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.bson.BsonBinary;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.bson.codecs.BsonDocumentCodec;

/// Shares `_id`s out among commands: a command holds 16 MB, and an `_id` may be as long as it likes.
final class IdPortions {
    private static final long BYTES_MAX = 8 << 20;

    /// What any value takes, about.
    private static final long VALUE_BYTES = 32;

    private IdPortions() {}

    /// All of them, in their order.
    static List<List<BsonValue>> of(Collection<BsonValue> ids) {
        List<List<BsonValue>> portions = new ArrayList<>();
        List<BsonValue> portion = new ArrayList<>();
        long bytes = 0;
        for (BsonValue id : ids) {
            long size = size(id);
            if (!portion.isEmpty() && bytes + size > BYTES_MAX) {
                portions.add(portion);
                portion = new ArrayList<>();
                bytes = 0;
            }
            portion.add(id);
            bytes += size;
        }
        if (!portion.isEmpty()) {
            portions.add(portion);
        }
        return portions;
    }

    private static long size(BsonValue id) {
        return VALUE_BYTES
                + switch (id) {
                    // In UTF-8 a character takes three bytes at most, and two that make one take four.
                    case BsonString text -> 3L * text.getValue().length();
                    case BsonBinary binary -> binary.getData().length;
                    case RawBsonDocument raw -> raw.getByteBuffer().remaining();
                    case BsonDocument document ->
                        new RawBsonDocument(document, new BsonDocumentCodec())
                                .getByteBuffer()
                                .remaining();
                    default -> 0;
                };
    }
}
