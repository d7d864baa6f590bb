package dev.sluice.source.mongo;

import com.mongodb.MongoClientSettings;
import com.mongodb.client.ChangeStreamIterable;
import com.mongodb.client.MongoChangeStreamCursor;
import com.mongodb.client.MongoDatabase;
import java.util.ArrayList;
import java.util.List;
import org.bson.BsonBinary;
import org.bson.BsonReader;
import org.bson.BsonTimestamp;
import org.bson.BsonType;
import org.bson.BsonWriter;
import org.bson.RawBsonDocument;
import org.bson.codecs.BsonBinaryCodec;
import org.bson.codecs.Codec;
import org.bson.codecs.DecoderContext;
import org.bson.codecs.EncoderContext;
import org.bson.codecs.configuration.CodecRegistries;
import org.jspecify.annotations.Nullable;

/// An event of a change stream. Its documents are the bytes that MongoDB sent: the driver's own
/// class decodes a change's key, in which what is not UTF-8 becomes U+FFFD and of two fields of a
/// name the last is left, so that the key may be another document's; and it takes several times as
/// long.
///
/// @param kind what happened
/// @param collection without the database; empty for an event of the database
/// @param to the collection's name after a rename; empty otherwise
/// @param token what the stream resumes after
/// @param clusterTime zero where the server does not say
/// @param wallMillis when it was committed by MongoDB's wall clock, milliseconds since 1970; by the
///     cluster time, in seconds, before MongoDB 6.0
/// @param key the whole key of the changed document: of a sharded collection, the shard key is in
///     it too; null for an event of a collection
/// @param document after the change; null where the event has none
/// @param collectionUuid MongoDB's identifier of the collection; null where the stream does not
///     have it: before 6.0, and without expanded events
/// @param updated of an update, the names of the fields that it was of, as [UpdatedNames] has MongoDB
///     say them; empty where MongoDB does not say
/// @param description of an event of a collection; null where there is none
/// @param inTransaction whether it is of a transaction
public record StreamEvent(
        Kind kind,
        String collection,
        String to,
        RawBsonDocument token,
        BsonTimestamp clusterTime,
        long wallMillis,
        @Nullable RawBsonDocument key,
        @Nullable RawBsonDocument document,
        @Nullable BsonBinary collectionUuid,
        List<String> updated,
        @Nullable RawBsonDocument description,
        boolean inTransaction) {
    public StreamEvent {
        updated = List.copyOf(updated);
    }

    /// What happened.
    public enum Kind {
        INSERT,
        UPDATE,
        REPLACE,
        DELETE,
        /// The collection was dropped.
        DROP,
        /// The collection has another name now, maybe that of another one.
        RENAME,
        DROP_DATABASE,
        /// The collection's options were changed.
        MODIFY,
        /// The stream ends.
        INVALIDATE,
        /// Anything else.
        OTHER;

        /// Whether it is a change of a document.
        public boolean ofDocument() {
            return switch (this) {
                case INSERT, UPDATE, REPLACE, DELETE -> true;
                case DROP, RENAME, DROP_DATABASE, MODIFY, INVALIDATE, OTHER -> false;
            };
        }

        private static Kind of(String operation) {
            return switch (operation) {
                case "insert" -> INSERT;
                case "update" -> UPDATE;
                case "replace" -> REPLACE;
                case "delete" -> DELETE;
                case "drop" -> DROP;
                case "rename" -> RENAME;
                case "dropDatabase" -> DROP_DATABASE;
                case "modify" -> MODIFY;
                case "invalidate" -> INVALIDATE;
                default -> OTHER;
            };
        }
    }

    /// The database with what decodes its events.
    public static MongoDatabase decodedBy(MongoDatabase database) {
        return database.withCodecRegistry(CodecRegistries.fromRegistries(
                CodecRegistries.fromCodecs(new ExactBytes(), new Decoder()),
                MongoClientSettings.getDefaultCodecRegistry()));
    }

    /// Opens a stream of a database of [#decodedBy].
    ///
    /// @throws com.mongodb.MongoException when MongoDB does not open it
    public static MongoChangeStreamCursor<StreamEvent> open(ChangeStreamIterable<?> stream) {
        // The driver gives a cursor that knows the stream's token for every class of events; only its type for other
        // classes than its own does not say so.
        return (MongoChangeStreamCursor<StreamEvent>)
                stream.withDocumentClass(StreamEvent.class).cursor();
    }

    /// The same change without its document and as an update: what was inserted may be deleted by now.
    public StreamEvent asUpdate() {
        return new StreamEvent(
                Kind.UPDATE,
                collection,
                to,
                token,
                clusterTime,
                wallMillis,
                key,
                null,
                collectionUuid,
                List.of(),
                description,
                inTransaction);
    }

    /// In one pass over the bytes.
    private static final class Decoder implements Codec<StreamEvent> {
        private static final ExactBytes BYTES = new ExactBytes();
        private static final BsonBinaryCodec BINARY = new BsonBinaryCodec();
        private static final long MILLIS = 1_000;

        @Override
        public StreamEvent decode(BsonReader reader, DecoderContext context) {
            Kind kind = Kind.OTHER;
            String collection = "";
            String to = "";
            RawBsonDocument token = null;
            BsonTimestamp time = new BsonTimestamp(0);
            long wall = -1;
            RawBsonDocument key = null;
            RawBsonDocument document = null;
            BsonBinary uuid = null;
            List<String> updated = List.of();
            RawBsonDocument description = null;
            boolean inTransaction = false;
            reader.readStartDocument();
            while (reader.readBsonType() != BsonType.END_OF_DOCUMENT) {
                switch (reader.readName()) {
                    case "_id" -> token = BYTES.decode(reader, context);
                    case "operationType" -> kind = Kind.of(reader.readString());
                    case "clusterTime" -> time = reader.readTimestamp();
                    case "wallTime" -> wall = reader.readDateTime();
                    case "ns" -> collection = collection(reader);
                    case "to" -> to = collection(reader);
                    case "documentKey" -> key = document(reader, context);
                    case "fullDocument" -> document = document(reader, context);
                    case "collectionUUID" -> uuid = BINARY.decode(reader, context);
                    case UpdatedNames.FIELD -> updated = names(reader);
                    case "operationDescription" -> description = document(reader, context);
                    case "txnNumber" -> {
                        inTransaction = true;
                        reader.skipValue();
                    }
                    default -> reader.skipValue();
                }
            }
            reader.readEndDocument();
            if (token == null) {
                throw new IllegalArgumentException("an event of a change stream has a resume token");
            }
            return new StreamEvent(
                    kind,
                    collection,
                    to,
                    token,
                    time,
                    wall < 0 ? time.getTime() * MILLIS : wall,
                    key,
                    document,
                    uuid,
                    updated,
                    description,
                    inTransaction);
        }

        /// An updated document that is gone by now comes as null.
        private static @Nullable RawBsonDocument document(BsonReader reader, DecoderContext context) {
            if (reader.getCurrentBsonType() == BsonType.DOCUMENT) {
                return BYTES.decode(reader, context);
            }
            reader.skipValue();
            return null;
        }

        private static List<String> names(BsonReader reader) {
            if (reader.getCurrentBsonType() != BsonType.ARRAY) {
                reader.skipValue();
                return List.of();
            }
            List<String> names = new ArrayList<>();
            reader.readStartArray();
            while (reader.readBsonType() != BsonType.END_OF_DOCUMENT) {
                names.add(reader.readString());
            }
            reader.readEndArray();
            return names;
        }

        private static String collection(BsonReader reader) {
            String collection = "";
            reader.readStartDocument();
            while (reader.readBsonType() != BsonType.END_OF_DOCUMENT) {
                if (reader.readName().equals("coll")) {
                    collection = reader.readString();
                } else {
                    reader.skipValue();
                }
            }
            reader.readEndDocument();
            return collection;
        }

        @Override
        public void encode(BsonWriter writer, StreamEvent event, EncoderContext context) {
            throw new UnsupportedOperationException("events are only read");
        }

        @Override
        public Class<StreamEvent> getEncoderClass() {
            return StreamEvent.class;
        }
    }
}
