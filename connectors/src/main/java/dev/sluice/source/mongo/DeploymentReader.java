package dev.sluice.source.mongo;

import com.mongodb.MongoCommandException;
import com.mongodb.MongoException;
import com.mongodb.ReadPreference;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoDatabase;
import dev.sluice.failure.Failures;
import dev.sluice.source.mongo.Deployment.Newest;
import java.util.Collection;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.bson.BsonBoolean;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonObjectId;
import org.bson.BsonString;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// Reads which deployment of MongoDB it is. Any thread.
final class DeploymentReader {
    private final MongoClient client;
    private final String database;

    DeploymentReader(MongoClient client, String database) {
        this.client = client;
        this.database = database;
    }

    Deployment read(Collection<String> collections) {
        try {
            BsonDocument hello = client.getDatabase("admin")
                    .runCommand(new BsonDocument("hello", new BsonInt32(1)), BsonDocument.class);
            boolean sharded = new BsonString("isdbgrid").equals(hello.get("msg"));
            return new Deployment(
                    database,
                    sharded,
                    hello.get("setName") instanceof BsonString name ? name.getValue() : null,
                    sharded ? clusterId() : replicaSetId(),
                    uuids(client.getDatabase(database), collections).orElse(null),
                    BsonBoolean.TRUE.equals(hello.get("isWritablePrimary")) ? newest(hello) : null);
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    private @Nullable String clusterId() {
        return first("config", "version").map(v -> hex(v.get("clusterId"))).orElse(null);
    }

    /// A right on one collection is easier to grant than the one to the command.
    private @Nullable String replicaSetId() {
        return first("local", "system.replset")
                .or(() -> {
                    try {
                        BsonDocument answer = client.getDatabase("admin")
                                .runCommand(new BsonDocument("replSetGetConfig", new BsonInt32(1)), BsonDocument.class);
                        return Optional.ofNullable(answer.get("config")).map(BsonValue::asDocument);
                    } catch (MongoCommandException notAllowed) {
                        return Optional.empty();
                    }
                })
                .map(config -> config.get("settings") instanceof BsonDocument settings
                        ? hex(settings.get("replicaSetId"))
                        : null)
                .orElse(null);
    }

    private Optional<BsonDocument> first(String in, String collection) {
        try {
            return Optional.ofNullable(client.getDatabase(in)
                    .withReadPreference(ReadPreference.primaryPreferred())
                    .getCollection(collection, BsonDocument.class)
                    .find()
                    .first());
        } catch (MongoCommandException notAllowed) {
            return Optional.empty();
        }
    }

    private static @Nullable String hex(@Nullable BsonValue id) {
        return id instanceof BsonObjectId objectId
                ? HexFormat.of().formatHex(objectId.getValue().toByteArray())
                : null;
    }

    private static @Nullable Newest newest(BsonDocument hello) {
        return hello.get("lastWrite") instanceof BsonDocument last
                        && last.get("opTime") instanceof BsonDocument own
                        && own.get("ts") instanceof BsonTimestamp time
                        && last.get("majorityOpTime") instanceof BsonDocument majority
                        && majority.get("ts") instanceof BsonTimestamp majorityTime
                        && majority.get("t") instanceof BsonInt64 term
                ? new Newest(time, majorityTime, term.getValue())
                : null;
    }

    /// Empty where listing is not allowed, or the server gives no identifiers.
    static Optional<Map<String, String>> uuids(MongoDatabase database, Collection<String> collections) {
        Map<String, String> uuids = new TreeMap<>();
        try {
            for (BsonDocument found : database.listCollections(BsonDocument.class)) {
                String name = found.getString("name").getValue();
                if (!collections.contains(name)) {
                    continue;
                }
                String uuid =
                        found.get("info") instanceof BsonDocument info ? CollectionEvents.hex(info.get("uuid")) : null;
                if (uuid != null) {
                    uuids.put(name, uuid);
                } else if (new BsonString("collection").equals(found.get("type"))) {
                    return Optional.empty();
                }
            }
            return Optional.of(uuids);
        } catch (MongoCommandException notAllowed) {
            return Optional.empty();
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }
}
