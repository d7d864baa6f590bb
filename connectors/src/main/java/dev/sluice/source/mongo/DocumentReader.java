package dev.sluice.source.mongo;

import com.mongodb.MongoException;
import com.mongodb.client.MongoCursor;
import dev.sluice.bson.ExactBson;
import dev.sluice.change.IdBracket;
import dev.sluice.failure.Failures;
import org.bson.BsonType;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// Reads documents of a collection in the order of their `_id`s with one cursor: those of a range, or all
/// of them. For one thread at a time.
public final class DocumentReader implements AutoCloseable {
    private static final byte[] ID = {'_', 'i', 'd', 0};
    /// Behind a document's length and the type of its first field.
    private static final int FIRST_NAME = 5;

    private final MongoCursor<RawBsonDocument> cursor;
    private final Runnable closed;
    private @Nullable RawBsonDocument next;
    private int lastType = -1;
    private IdBracket lastBracket = IdBracket.OTHER;

    /// @param cursor closed with the reader
    /// @param closed run after that
    public DocumentReader(MongoCursor<RawBsonDocument> cursor, Runnable closed) {
        this.cursor = cursor;
        this.closed = closed;
    }

    /// The next document, without taking it.
    ///
    /// @return null at the end
    /// @throws dev.sluice.failure.SluiceException when MongoDB does not answer
    public @Nullable RawBsonDocument peek() {
        if (next == null) {
            try {
                next = cursor.hasNext() ? cursor.next() : null;
            } catch (MongoException e) {
                throw Failures.classify(e);
            }
        }
        return next;
    }

    /// Takes the document that [#peek] has shown.
    public void take() {
        next = null;
    }

    /// The bracket of a document's `_id`.
    public IdBracket bracket(RawBsonDocument document) {
        byte[] bytes = document.getByteBuffer().array();
        int start = document.getByteBuffer().position();
        int type = isIdFirst(bytes, start) ? bytes[start + FIRST_NAME - 1] : -1;
        // Two of the types are in two brackets, one of which is NaN's.
        if (type != lastType
                || type < 0
                || type == BsonType.DOUBLE.getValue()
                || type == BsonType.DECIMAL128.getValue()) {
            lastType = type;
            lastBracket = IdBracket.of(ExactBson.id(document));
        }
        return lastBracket;
    }

    private static boolean isIdFirst(byte[] bytes, int start) {
        if (bytes.length < start + FIRST_NAME + ID.length) {
            return false;
        }
        for (int i = 0; i < ID.length; i++) {
            if (bytes[start + FIRST_NAME + i] != ID[i]) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() {
        try {
            cursor.close();
        } catch (MongoException away) {
            // The server forgets the cursor by itself.
        } finally {
            closed.run();
        }
    }
}
