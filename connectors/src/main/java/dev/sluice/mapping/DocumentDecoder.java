package dev.sluice.mapping;

import org.bson.BsonArray;
import org.bson.BsonBinaryReader;
import org.bson.BsonDocument;
import org.bson.BsonReader;
import org.bson.BsonType;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.bson.codecs.BsonValueCodecProvider;
import org.bson.codecs.DecoderContext;
import org.bson.codecs.configuration.CodecRegistries;
import org.bson.codecs.configuration.CodecRegistry;

/// From a document's bytes to values, as MongoDB's queries see them: of a name that is there twice in a document,
/// which MongoDB does not check, they see the first. The driver's own decoder keeps the last.
public final class DocumentDecoder {
    private static final CodecRegistry VALUES = CodecRegistries.fromProviders(new BsonValueCodecProvider());
    private static final DecoderContext CONTEXT = DecoderContext.builder().build();

    private boolean twins;

    private DocumentDecoder() {}

    /// @param twins whether a name is there twice anywhere, as a [TwinDocument] says
    record Decoded(BsonDocument document, boolean twins) {}

    /// The document alone.
    ///
    /// @throws org.bson.BSONException when the bytes are no document
    public static BsonDocument document(RawBsonDocument raw) {
        return decode(raw).document();
    }

    /// @throws org.bson.BSONException when the bytes are no document
    static Decoded decode(RawBsonDocument raw) {
        DocumentDecoder decoder = new DocumentDecoder();
        try (BsonBinaryReader reader = new BsonBinaryReader(raw.getByteBuffer().asNIO())) {
            return new Decoded(decoder.document(reader), decoder.twins);
        }
    }

    private BsonDocument document(BsonReader reader) {
        BsonDocument document = new BsonDocument();
        reader.readStartDocument();
        while (reader.readBsonType() != BsonType.END_OF_DOCUMENT) {
            String name = reader.readName();
            BsonValue value = value(reader);
            if (document.putIfAbsent(name, value) != null) {
                twins = true;
                TwinDocument withTwins =
                        document instanceof TwinDocument already ? already : new TwinDocument(document);
                withTwins.addTwin(name, value);
                document = withTwins;
            }
        }
        reader.readEndDocument();
        return document;
    }

    private BsonArray array(BsonReader reader) {
        BsonArray array = new BsonArray();
        reader.readStartArray();
        while (reader.readBsonType() != BsonType.END_OF_DOCUMENT) {
            array.add(value(reader));
        }
        reader.readEndArray();
        return array;
    }

    private BsonValue value(BsonReader reader) {
        BsonType type = reader.getCurrentBsonType();
        if (type == BsonType.DOCUMENT) {
            return document(reader);
        }
        if (type == BsonType.ARRAY) {
            return array(reader);
        }
        return VALUES.get(BsonValueCodecProvider.getClassForBsonType(type)).decode(reader, CONTEXT);
    }
}
