package dev.sluice.bson;

import org.bson.BsonSerializationException;
import org.bson.io.BasicOutputBuffer;

/// Writes strings and names as the bytes that [ExactInput] read them from. For one thread.
final class ExactOutput extends BasicOutputBuffer {
    @Override
    public void writeString(String text) {
        byte[] bytes = Utf8.encode(text);
        writeInt32(bytes.length + 1);
        writeBytes(bytes);
        writeByte(0);
    }

    @Override
    public void writeCString(String name) {
        if (name.indexOf('\0') >= 0) {
            throw new BsonSerializationException("A name in BSON can't hold NUL");
        }
        writeBytes(Utf8.encode(name));
        writeByte(0);
    }
}
