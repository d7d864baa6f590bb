package dev.sluice.source.mongo;

import static java.util.stream.Collectors.toCollection;

import com.mongodb.ClientSessionOptions;
import com.mongodb.MongoCommandException;
import com.mongodb.MongoException;
import com.mongodb.MongoNodeIsRecoveringException;
import com.mongodb.MongoNotPrimaryException;
import com.mongodb.MongoSocketException;
import com.mongodb.ReadPreference;
import com.mongodb.client.ClientSession;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoDatabase;
import dev.sluice.bson.ExactBson;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bson.BsonArray;
import org.bson.BsonBinary;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonString;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.ByteBuf;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// Reads the documents of changes, those of many changes with one command. As MongoDB itself does
/// for `updateLookup`, it reads what a majority has, not from before the changes, and only from the
/// very collection that was changed: after a drop or a rename there is nothing, and not what
/// another collection of the name has. For one thread.
public final class LookUps implements AutoCloseable {
    /// Whether the collection that has the name is another one, or none has it.
    private static final int COLLECTION_UUID_MISMATCH = 361;

    private static final int NAMESPACE_NOT_FOUND = 26;

    private static final int WIRE_VERSION_6_0 = 17;

    /// Where nothing was asked for.
    public static final Found NOTHING = new Found(Map.of(), Set.of());

    private final MongoDatabase database;
    private final ReadPreference servers;
    private final ClientSession session;

    /// Documents by their `_id`s, as far as they were read.
    ///
    /// @param documents those that there are, by [#identity]
    /// @param unread what was asked for and not answered, by [#identity]
    public record Found(Map<Object, RawBsonDocument> documents, Set<Object> unread) {
        /// The document with an `_id` that was asked for; null where there is none, or where it is
        /// not read.
        public @Nullable RawBsonDocument document(BsonValue id) {
            return documents.get(identity(id));
        }

        /// Whether MongoDB's answer, or the command, had no room for a document or its `_id`: it
        /// has to be asked for again.
        public boolean isUnread(BsonValue id) {
            return unread.contains(identity(id));
        }

        /// How many documents were found.
        public int size() {
            return documents.size();
        }

        /// How long they are together, bytes.
        public long bytes() {
            return documents.values().stream()
                    .mapToLong(document -> document.getByteBuffer().remaining())
                    .sum();
        }
    }

    /// What is equal for the same `_id` only. The driver compares documents decoded, and so as
    /// equal some that are not.
    ///
    /// @param id as [ExactBson#id] gives it
    public static Object identity(BsonValue id) {
        if (id instanceof RawBsonDocument raw) {
            ByteBuf bytes = raw.getByteBuffer();
            return ByteBuffer.wrap(bytes.array(), bytes.position(), bytes.remaining());
        }
        return id;
    }

    /// Whether this MongoDB names the very collection with an event, and reads from that one only:
    /// a replica set of version 6.0 and later does. Others look documents up themselves.
    ///
    /// @throws MongoException when MongoDB does not answer
    public static boolean arePossible(MongoClient client) {
        BsonDocument hello = admin(client, "hello");
        return hello.containsKey("setName")
                && hello.getNumber("maxWireVersion", new BsonInt32(0)).intValue() >= WIRE_VERSION_6_0
                && ServerProduct.notMongoDb(hello, admin(client, "buildInfo")).isEmpty();
    }

    private static BsonDocument admin(MongoClient client, String command) {
        return client.getDatabase("admin").runCommand(new BsonDocument(command, new BsonInt32(1)), BsonDocument.class);
    }

    /// @param client that the stream is read with, too: what it has shown is there
    public LookUps(MongoClient client, String database) {
        this.database = StreamEvent.decodedBy(client.getDatabase(database));
        this.servers = this.database.getReadPreference();
        this.session = client.startSession(
                ClientSessionOptions.builder().causallyConsistent(true).build());
    }

    /// Reads documents, or as many of them as fit into one answer.
    ///
    /// @param uuid of the collection that was changed; null where it is not known
    /// @param ids different ones, as [ExactBson#id] gives them; at least one
    /// @param notBefore the time of the newest of the changes
    /// @throws MongoException when MongoDB does not answer
    public Found read(
            String collection, @Nullable BsonBinary uuid, Collection<BsonValue> ids, BsonTimestamp notBefore) {
        List<BsonValue> asked = IdPortions.of(ids).getFirst();
        Set<Object> wanted = new HashSet<>();
        asked.forEach(id -> wanted.add(identity(id)));
        Set<Object> unread = ids.stream()
                .map(LookUps::identity)
                .filter(id -> !wanted.contains(id))
                .collect(toCollection(HashSet::new));
        BsonDocument cursor;
        try {
            cursor = ask(command(collection, uuid, asked, notBefore)).getDocument("cursor");
        } catch (MongoCommandException e) {
            if (e.getCode() == COLLECTION_UUID_MISMATCH || e.getCode() == NAMESPACE_NOT_FOUND) {
                return new Found(Map.of(), unread);
            }
            throw e;
        }
        Map<Object, RawBsonDocument> documents = new HashMap<>();
        for (BsonValue each : cursor.getArray("firstBatch")) {
            RawBsonDocument document = ExactBytes.own((RawBsonDocument) each);
            Object id = identity(ExactBson.id(document));
            // MongoDB takes 1 and 1.0 for one, and a collation `a` and `A`. A document whose `_id` has other bytes is
            // another one that was written since; its own change follows.
            if (wanted.contains(id)) {
                documents.put(id, document);
            }
        }
        long rest = cursor.getNumber("id").longValue();
        if (rest != 0) {
            forget(collection, rest);
            wanted.removeAll(documents.keySet());
            unread.addAll(wanted);
        }
        return new Found(documents, unread);
    }

    private static RawBsonDocument command(
            String collection, @Nullable BsonBinary uuid, List<BsonValue> ids, BsonTimestamp notBefore) {
        BsonDocument command = new BsonDocument("find", new BsonString(collection))
                .append("filter", new BsonDocument("_id", new BsonDocument("$in", new BsonArray(ids))))
                .append(
                        "readConcern",
                        new BsonDocument("level", new BsonString("majority")).append("afterClusterTime", notBefore))
                // More than there can be: where all fit into one answer MongoDB keeps no cursor.
                .append("batchSize", new BsonInt32(ids.size() + 1))
                .append("comment", new BsonString(SourceDuties.STREAM_COMMENT));
        if (uuid != null) {
            command.append("collectionUUID", uuid);
        }
        return ExactBson.document(command);
    }

    /// Once more where the server is no longer there: after an election the driver finds the next one.
    private RawBsonDocument ask(RawBsonDocument command) {
        try {
            return database.runCommand(session, command, servers, RawBsonDocument.class);
        } catch (MongoSocketException | MongoNotPrimaryException | MongoNodeIsRecoveringException gone) {
            return database.runCommand(session, command, servers, RawBsonDocument.class);
        }
    }

    private void forget(String collection, long cursor) {
        BsonDocument kill = new BsonDocument("killCursors", new BsonString(collection))
                .append("cursors", new BsonArray(List.of(new BsonInt64(cursor))));
        try {
            database.runCommand(session, kill, servers, RawBsonDocument.class);
        } catch (MongoException away) {
            // The server forgets it by itself.
        }
    }

    @Override
    public void close() {
        session.close();
    }
}
