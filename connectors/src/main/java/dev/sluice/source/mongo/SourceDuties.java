package dev.sluice.source.mongo;

import com.mongodb.MongoCommandException;
import com.mongodb.MongoException;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Aggregates;
import com.mongodb.client.model.Filters;
import dev.sluice.failure.Failures;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.bson.BsonBoolean;
import org.bson.BsonDocument;
import org.bson.BsonNumber;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.conversions.Bson;
import org.jspecify.annotations.Nullable;

/// What MongoDB does by itself for collections, and who else follows them: nobody does that once their writes have
/// moved. Reads only. Any thread.
public final class SourceDuties {
    /// What every change stream that Sluice opens has as its comment. By it MongoDB's list of operations shows whose
    /// a cursor is, also between two reads, when it names no application.
    public static final String STREAM_COMMENT = "sluice";

    private static final String COMMAND = "cursor.originatingCommand";

    private final MongoClient client;
    private final MongoDatabase database;

    SourceDuties(MongoClient client, String database) {
        this.client = client;
        this.database = client.getDatabase(database);
    }

    /// What MongoDB does for a collection.
    public sealed interface Duty {
        String collection();

        /// Deletes documents some time after the one in a field.
        ///
        /// @param field of the index, as `expires_at`
        record Ttl(String collection, String index, String field, long afterSeconds) implements Duty {}

        /// Deletes the oldest documents when there are too many.
        record Capped(String collection) implements Duty {}

        /// Refuses documents that do not fit a schema.
        record Validator(String collection) implements Duty {}
    }

    /// A change stream that somebody reads.
    ///
    /// @param namespace what it follows
    /// @param application as it calls itself; null when it does not
    /// @param client its address
    public record Reader(
            String namespace,
            @Nullable String application,
            @Nullable String client) {}

    /// @param collections of which it is asked
    /// @throws dev.sluice.failure.SluiceException when MongoDB can't be asked, or listing is not allowed
    public List<Duty> of(Collection<String> collections) {
        try {
            List<Duty> duties = new ArrayList<>();
            for (BsonDocument entry : database.listCollections(BsonDocument.class)) {
                String name = entry.getString("name").getValue();
                if (!collections.contains(name)) {
                    continue;
                }
                BsonDocument options = entry.get("options") instanceof BsonDocument o ? o : new BsonDocument();
                if (options.get("capped") instanceof BsonBoolean capped && capped.getValue()) {
                    duties.add(new Duty.Capped(name));
                }
                if (options.get("validator") instanceof BsonDocument validator && !validator.isEmpty()) {
                    duties.add(new Duty.Validator(name));
                }
                for (BsonDocument index : database.getCollection(name).listIndexes(BsonDocument.class)) {
                    if (index.get("expireAfterSeconds") instanceof BsonNumber seconds) {
                        duties.add(new Duty.Ttl(
                                name,
                                index.getString("name").getValue(),
                                index.getDocument("key").getFirstKey(),
                                seconds.longValue()));
                    }
                }
            }
            return List.copyOf(duties);
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    /// Who else reads change streams of the server now; not Sluice's own.
    ///
    /// @return empty where the user may not see the operations of others
    /// @throws dev.sluice.failure.SluiceException when MongoDB can't be asked
    public Optional<List<Reader>> readers() {
        Bson operations = new BsonDocument(
                "$currentOp", new BsonDocument("allUsers", BsonBoolean.TRUE).append("idleCursors", BsonBoolean.TRUE));
        try {
            List<Reader> readers = new ArrayList<>();
            for (BsonDocument operation : client.getDatabase("admin")
                    .aggregate(
                            List.of(
                                    operations,
                                    Aggregates.match(Filters.exists(COMMAND + ".pipeline.0.$changeStream")),
                                    Aggregates.match(Filters.ne(COMMAND + ".comment", STREAM_COMMENT))),
                            BsonDocument.class)) {
                readers.add(new Reader(
                        String.valueOf(text(operation.get("ns"))),
                        text(operation.get("appName")),
                        text(operation.get("client"))));
            }
            return Optional.of(List.copyOf(readers));
        } catch (MongoCommandException notAllowed) {
            return Optional.empty();
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    private static @Nullable String text(@Nullable BsonValue value) {
        return value instanceof BsonString text ? text.getValue() : null;
    }
}
