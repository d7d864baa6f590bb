package dev.sluice.source.mongo;

import com.mongodb.ServerAddress;
import com.mongodb.ServerCursor;
import com.mongodb.client.MongoCursor;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// A cursor that gives its documents no faster than a limit allows. For one thread.
record LimitedCursor(MongoCursor<RawBsonDocument> documents, ReadLimit limit) implements MongoCursor<RawBsonDocument> {
    @Override
    public boolean hasNext() {
        return documents.hasNext();
    }

    @Override
    public RawBsonDocument next() {
        return paid(documents.next());
    }

    @Override
    public @Nullable RawBsonDocument tryNext() {
        RawBsonDocument next = documents.tryNext();
        return next == null ? null : paid(next);
    }

    private RawBsonDocument paid(RawBsonDocument document) {
        limit.onRead(document.getByteBuffer().remaining());
        return document;
    }

    @Override
    public int available() {
        return documents.available();
    }

    @Override
    public @Nullable ServerCursor getServerCursor() {
        return documents.getServerCursor();
    }

    @Override
    public ServerAddress getServerAddress() {
        return documents.getServerAddress();
    }

    @Override
    public void close() {
        documents.close();
    }
}
