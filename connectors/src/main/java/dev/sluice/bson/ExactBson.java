package dev.sluice.bson;

import java.util.Arrays;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.bson.BsonArray;
import org.bson.BsonBinaryReader;
import org.bson.BsonBinaryWriter;
import org.bson.BsonDateTime;
import org.bson.BsonDocument;
import org.bson.BsonJavaScriptWithScope;
import org.bson.BsonNull;
import org.bson.BsonObjectId;
import org.bson.BsonReader;
import org.bson.BsonType;
import org.bson.BsonValue;
import org.bson.BsonWriter;
import org.bson.ByteBuf;
import org.bson.RawBsonDocument;
import org.bson.codecs.BsonDocumentCodec;
import org.bson.codecs.BsonValueCodec;
import org.bson.codecs.BsonValueCodecProvider;
import org.bson.codecs.DecoderContext;
import org.bson.codecs.EncoderContext;
import org.bson.codecs.configuration.CodecRegistries;
import org.bson.codecs.configuration.CodecRegistry;
import org.bson.io.BasicOutputBuffer;
import org.bson.types.ObjectId;

/// Documents and values, read and written without loss: strings as [Utf8] has them, and every value of a
/// name that is there twice. Where an `_id` is to find its document again, it has to come and go this way. Any thread.
public final class ExactBson {
    private static final CodecRegistry VALUES = CodecRegistries.fromProviders(new BsonValueCodecProvider());
    private static final DecoderContext DECODING = DecoderContext.builder().build();
    private static final EncoderContext ENCODING = EncoderContext.builder().build();
    private static final BsonDocumentCodec DOCUMENTS = new BsonDocumentCodec(VALUES);
    private static final BsonValueCodec VALUE = new BsonValueCodec(VALUES);

    private static final String ID = "_id";
    private static final byte[] FIRST_IS_OBJECT_ID = {(byte) BsonType.OBJECT_ID.getValue(), '_', 'i', 'd', 0};
    private static final int LENGTH_BYTES = 4;
    private static final int OBJECT_ID_BYTES = 12;

    private ExactBson() {}

    /// Reads a document from its beginning.
    public static BsonBinaryReader reader(RawBsonDocument document) {
        return new BsonBinaryReader(input(document));
    }

    private static ExactInput input(RawBsonDocument document) {
        ByteBuf bytes = document.getByteBuffer();
        return new ExactInput(bytes.array(), bytes.position(), bytes.remaining());
    }

    /// A value that has no document in it, where the reader is.
    static BsonValue scalar(BsonBinaryReader reader) {
        return VALUES.get(BsonValueCodecProvider.getClassForBsonType(reader.getCurrentBsonType()))
                .decode(reader, DECODING);
    }

    /// The document's bytes, for MongoDB. What is raw in it stays as it is, which the driver's codecs do not leave so.
    public static RawBsonDocument document(BsonDocument document) {
        return document instanceof RawBsonDocument raw ? raw : written(writer -> write(writer, document));
    }

    /// The bytes of the document that a reader is at.
    public static RawBsonDocument document(BsonReader reader) {
        return written(writer -> writer.pipe(reader));
    }

    private static RawBsonDocument written(Consumer<BsonBinaryWriter> document) {
        try (ExactOutput output = new ExactOutput();
                BsonBinaryWriter writer = new BsonBinaryWriter(output)) {
            document.accept(writer);
            return new RawBsonDocument(output.toByteArray());
        }
    }

    /// Writes a value with all that is in it, as the driver's codecs do not: what is raw as it is, and every value of a
    /// name that is there twice.
    ///
    /// @param writer where a value of this type may stand: at the beginning, that is a document
    public static void write(BsonWriter writer, BsonValue value) {
        switch (value) {
            case RawBsonDocument raw -> writer.pipe(reader(raw));
            case TwinDocument twins -> writeFields(writer, twins::forEachField);
            case BsonDocument document -> writeFields(writer, document::forEach);
            case BsonArray array -> {
                writer.writeStartArray();
                array.forEach(element -> write(writer, element));
                writer.writeEndArray();
            }
            case BsonJavaScriptWithScope code -> {
                writer.writeJavaScriptWithScope(code.getCode());
                write(writer, code.getScope());
            }
            // Also one with microseconds, which a conversion has made and BSON has not.
            case BsonDateTime date -> writer.writeDateTime(date.getValue());
            default -> VALUE.encode(writer, value, ENCODING);
        }
    }

    private static void writeFields(BsonWriter writer, Consumer<BiConsumer<String, BsonValue>> fields) {
        writer.writeStartDocument();
        fields.accept((name, field) -> {
            writer.writeName(name);
            write(writer, field);
        });
        writer.writeEndDocument();
    }

    /// Whether the driver sends the document as it is: by its own codecs, which know neither bytes that are not UTF-8
    /// nor a name that is there twice.
    public static boolean isKeptByDriver(BsonDocument document) {
        try (BasicOutputBuffer output = new BasicOutputBuffer();
                BsonBinaryWriter writer = new BsonBinaryWriter(output)) {
            DOCUMENTS.encode(writer, document, ENCODING);
            ByteBuf exact = document(document).getByteBuffer();
            return Arrays.equals(
                    output.getInternalBuffer(),
                    0,
                    output.getPosition(),
                    exact.array(),
                    exact.position(),
                    exact.position() + exact.remaining());
        }
    }

    /// A document's `_id`; one that is a document is given as its bytes.
    ///
    /// @return BSON's null where there is none
    /// @throws org.bson.BSONException when the bytes are no document
    public static BsonValue id(RawBsonDocument document) {
        ByteBuf buffer = document.getByteBuffer();
        byte[] bytes = buffer.array();
        int first = buffer.position() + LENGTH_BYTES;
        int value = first + FIRST_IS_OBJECT_ID.length;
        // What nearly all of them are, without a reader.
        if (buffer.remaining() > FIRST_IS_OBJECT_ID.length + LENGTH_BYTES + OBJECT_ID_BYTES
                && Arrays.equals(FIRST_IS_OBJECT_ID, 0, FIRST_IS_OBJECT_ID.length, bytes, first, value)) {
            return new BsonObjectId(new ObjectId(Arrays.copyOfRange(bytes, value, value + OBJECT_ID_BYTES)));
        }
        return get(document, ID);
    }

    /// The first value of a name; a document is given as its bytes.
    ///
    /// @return BSON's null where there is none
    /// @throws org.bson.BSONException when the bytes are no document
    public static BsonValue get(RawBsonDocument document, String name) {
        byte[] bytes = document.getByteBuffer().array();
        ExactInput input = input(document);
        try (BsonBinaryReader reader = new BsonBinaryReader(input)) {
            reader.readStartDocument();
            while (reader.readBsonType() != BsonType.END_OF_DOCUMENT) {
                if (!reader.readName().equals(name)) {
                    reader.skipValue();
                } else if (reader.getCurrentBsonType() == BsonType.DOCUMENT) {
                    int start = input.getPosition();
                    reader.skipValue();
                    return new RawBsonDocument(bytes, start, input.getPosition() - start);
                } else {
                    return DocumentDecoder.valueAt(reader);
                }
            }
        }
        return BsonNull.VALUE;
    }
}
