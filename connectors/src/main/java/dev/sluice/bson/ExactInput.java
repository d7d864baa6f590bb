package dev.sluice.bson;

import java.nio.ByteBuffer;
import org.bson.BsonSerializationException;
import org.bson.ByteBufNIO;
import org.bson.io.ByteBufferBsonInput;

/// Reads strings and names as [Utf8] does. For one thread.
final class ExactInput extends ByteBufferBsonInput {
    private final byte[] bytes;
    private final int end;

    ExactInput(byte[] bytes, int start, int length) {
        super(new ByteBufNIO(ByteBuffer.wrap(bytes, start, length)));
        this.bytes = bytes;
        this.end = start + length;
    }

    @Override
    public String readString() {
        int size = readInt32();
        int at = getPosition();
        if (size < 1 || size > end - at || bytes[at + size - 1] != 0) {
            throw new BsonSerializationException("While decoding a BSON string found an invalid size or end");
        }
        skip(size);
        return Utf8.decode(bytes, at, size - 1);
    }

    @Override
    public String readCString() {
        int at = getPosition();
        int terminator = at;
        while (terminator < end && bytes[terminator] != 0) {
            terminator++;
        }
        if (terminator == end) {
            throw new BsonSerializationException("While decoding a BSON name found no end of it");
        }
        skip(terminator + 1 - at);
        return Utf8.decode(bytes, at, terminator - at);
    }
}
