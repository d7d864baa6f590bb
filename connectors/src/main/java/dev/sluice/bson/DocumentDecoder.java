package dev.sluice.bson;

import org.bson.BsonArray;
import org.bson.BsonBinaryReader;
import org.bson.BsonDocument;
import org.bson.BsonJavaScriptWithScope;
import org.bson.BsonType;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;

/// From a document's bytes to values, as MongoDB's queries see them: of a name that is there twice in a document,
/// which MongoDB does not check, they see the first, see [TwinDocument]. The driver's own decoder keeps the last.
/// Strings are exact, see [Utf8].
public final class DocumentDecoder {
    private DocumentDecoder() {}

    /// @throws org.bson.BSONException when the bytes are no document
    public static BsonDocument document(RawBsonDocument raw) {
        try (BsonBinaryReader reader = ExactBson.reader(raw)) {
            return document(reader);
        }
    }

    /// The value that the reader is at, whatever its type.
    static BsonValue valueAt(BsonBinaryReader reader) {
        return switch (reader.getCurrentBsonType()) {
            case DOCUMENT -> document(reader);
            case ARRAY -> array(reader);
            case JAVASCRIPT_WITH_SCOPE ->
                new BsonJavaScriptWithScope(reader.readJavaScriptWithScope(), document(reader));
            default -> ExactBson.scalar(reader);
        };
    }

    private static BsonDocument document(BsonBinaryReader reader) {
        BsonDocument document = new BsonDocument();
        reader.readStartDocument();
        while (reader.readBsonType() != BsonType.END_OF_DOCUMENT) {
            String name = reader.readName();
            BsonValue value = valueAt(reader);
            if (document.putIfAbsent(name, value) != null) {
                document = TwinDocument.with(document, name, value);
            }
        }
        reader.readEndDocument();
        return document;
    }

    private static BsonArray array(BsonBinaryReader reader) {
        BsonArray array = new BsonArray();
        reader.readStartArray();
        while (reader.readBsonType() != BsonType.END_OF_DOCUMENT) {
            array.add(valueAt(reader));
        }
        reader.readEndArray();
        return array;
    }
}
