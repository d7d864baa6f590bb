package dev.sluice.bson;

import org.bson.BsonArray;
import org.bson.BsonBinaryReader;
import org.bson.BsonDocument;
import org.bson.BsonJavaScriptWithScope;
import org.bson.BsonType;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;

/// From a document's bytes to values, as MongoDB's queries see them: of a name that is there twice in a document,
/// which MongoDB does not check, they see the first. The driver's own decoder keeps the last. Strings are exact, see
/// [Utf8].
public final class DocumentDecoder {
    private boolean twins;

    private DocumentDecoder() {}

    /// @param twins whether a name is there twice anywhere, as a [TwinDocument] says
    public record Decoded(BsonDocument document, boolean twins) {}

    /// The document alone.
    ///
    /// @throws org.bson.BSONException when the bytes are no document
    public static BsonDocument document(RawBsonDocument raw) {
        return decode(raw).document();
    }

    /// @throws org.bson.BSONException when the bytes are no document
    public static Decoded decode(RawBsonDocument raw) {
        DocumentDecoder decoder = new DocumentDecoder();
        try (BsonBinaryReader reader = ExactBson.reader(raw)) {
            return new Decoded(decoder.document(reader), decoder.twins);
        }
    }

    /// The value that the reader is at, whatever its type.
    static BsonValue valueAt(BsonBinaryReader reader) {
        return new DocumentDecoder().value(reader);
    }

    private BsonDocument document(BsonBinaryReader reader) {
        BsonDocument document = new BsonDocument();
        reader.readStartDocument();
        while (reader.readBsonType() != BsonType.END_OF_DOCUMENT) {
            String name = reader.readName();
            BsonValue value = value(reader);
            if (document.putIfAbsent(name, value) != null) {
                twins = true;
                document = TwinDocument.with(document, name, value);
            }
        }
        reader.readEndDocument();
        return document;
    }

    private BsonArray array(BsonBinaryReader reader) {
        BsonArray array = new BsonArray();
        reader.readStartArray();
        while (reader.readBsonType() != BsonType.END_OF_DOCUMENT) {
            array.add(value(reader));
        }
        reader.readEndArray();
        return array;
    }

    private BsonValue value(BsonBinaryReader reader) {
        BsonType type = reader.getCurrentBsonType();
        if (type == BsonType.DOCUMENT) {
            return document(reader);
        }
        if (type == BsonType.ARRAY) {
            return array(reader);
        }
        if (type == BsonType.JAVASCRIPT_WITH_SCOPE) {
            return new BsonJavaScriptWithScope(reader.readJavaScriptWithScope(), document(reader));
        }
        return ExactBson.scalar(reader);
    }
}
