package dev.sluice.service.bench;

import com.mongodb.MongoClientSettings;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoCursor;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.bson.BsonReader;
import org.bson.BsonType;
import org.bson.BsonWriter;
import org.bson.codecs.Codec;
import org.bson.codecs.DecoderContext;
import org.bson.codecs.EncoderContext;
import org.bson.codecs.configuration.CodecRegistries;

/// Writes the rows of a document while the driver reads it: no document object is made. The codec only returns
/// that a document was read. For one thread.
abstract class RowCodec implements Codec<RowCodec.Read> {

    /// A document was read and its rows are written.
    enum Read {
        DOCUMENT
    }

    /// Rows of one table, in a buffer that can be exchanged, so that one is sent while the next is filled.
    static final class Rows {
        private final String table;
        private final List<String> columns;
        private final int keyColumns;
        private BinaryCopy copy = new BinaryCopy();

        /// @param columns in the order in which they are written, those of the key first
        Rows(String table, List<String> columns, int keyColumns) {
            this.table = table;
            this.columns = List.copyOf(columns);
            this.keyColumns = keyColumns;
        }

        String table() {
            return table;
        }

        List<String> columns() {
            return columns;
        }

        int keyColumns() {
            return keyColumns;
        }

        BinaryCopy copy() {
            return copy;
        }

        /// Gives the filled buffer away for an empty one.
        BinaryCopy exchange(BinaryCopy empty) {
            BinaryCopy filled = copy;
            copy = empty;
            return filled;
        }
    }

    /// Parent first.
    abstract List<Rows> tables();

    abstract void read(BsonReader reader);

    @Override
    public final Read decode(BsonReader reader, DecoderContext context) {
        read(reader);
        return Read.DOCUMENT;
    }

    @Override
    public final void encode(BsonWriter writer, Read value, EncoderContext context) {
        throw new UnsupportedOperationException("rows are only read");
    }

    @Override
    public final Class<Read> getEncoderClass() {
        return Read.class;
    }

    /// A batch of the cursor whose rows, and only its, are in the buffers.
    interface Batch {
        void take() throws SQLException;
    }

    /// Reads a whole collection.
    final void readAll(MongoCollection<?> collection, int batchSize, Batch batch) throws SQLException {
        try (MongoCursor<Read> cursor = collection
                .withCodecRegistry(CodecRegistries.fromRegistries(
                        CodecRegistries.fromCodecs(this), MongoClientSettings.getDefaultCodecRegistry()))
                .find(Read.class)
                .batchSize(batchSize)
                .cursor()) {
            while (cursor.hasNext()) {
                cursor.next();
                // The driver decodes a whole batch when it comes.
                if (cursor.available() == 0) {
                    batch.take();
                }
            }
        }
    }

    static List<String> strings(BsonReader reader) {
        List<String> values = new ArrayList<>(4);
        reader.readStartArray();
        while (reader.readBsonType() != BsonType.END_OF_DOCUMENT) {
            values.add(reader.readString());
        }
        reader.readEndArray();
        return values;
    }
}
