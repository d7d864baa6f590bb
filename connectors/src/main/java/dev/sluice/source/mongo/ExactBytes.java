package dev.sluice.source.mongo;

import java.util.Arrays;
import org.bson.BsonBinaryReader;
import org.bson.BsonReader;
import org.bson.BsonWriter;
import org.bson.ByteBuf;
import org.bson.RawBsonDocument;
import org.bson.codecs.Codec;
import org.bson.codecs.DecoderContext;
import org.bson.codecs.EncoderContext;
import org.bson.codecs.RawBsonDocumentCodec;
import org.bson.io.BsonInput;
import org.bson.io.BsonInputMark;

/// Takes documents as the bytes that they are, in arrays of their own size. The driver's codec lets
/// an array grow by doubling and keeps it: of a document of 9 MB it holds 16 MB, and up to three
/// times as much while it copies.
final class ExactBytes implements Codec<RawBsonDocument> {
    private final RawBsonDocumentCodec driver = new RawBsonDocumentCodec();

    /// The same document in an array of its own size: it keeps nothing alive of what it came in.
    static RawBsonDocument own(RawBsonDocument document) {
        ByteBuf bytes = document.getByteBuffer();
        return new RawBsonDocument(
                Arrays.copyOfRange(bytes.array(), bytes.position(), bytes.position() + bytes.remaining()));
    }

    @Override
    public RawBsonDocument decode(BsonReader reader, DecoderContext context) {
        if (!(reader instanceof BsonBinaryReader binary)) {
            return driver.decode(reader, context);
        }
        BsonInput input = binary.getBsonInput();
        BsonInputMark start = input.getMark(Integer.MAX_VALUE);
        byte[] bytes = new byte[input.readInt32()];
        start.reset();
        input.readBytes(bytes);
        // A reader at the beginning has nothing behind what was read.
        if (reader.getCurrentBsonType() != null) {
            start.reset();
            reader.skipValue();
        }
        return new RawBsonDocument(bytes);
    }

    @Override
    public void encode(BsonWriter writer, RawBsonDocument value, EncoderContext context) {
        driver.encode(writer, value, context);
    }

    @Override
    public Class<RawBsonDocument> getEncoderClass() {
        return RawBsonDocument.class;
    }
}
