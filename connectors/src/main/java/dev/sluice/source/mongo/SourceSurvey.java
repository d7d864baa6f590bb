package dev.sluice.source.mongo;

import com.mongodb.MongoCommandException;
import com.mongodb.MongoException;
import com.mongodb.ReadConcern;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoCursor;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Aggregates;
import com.mongodb.client.model.Sorts;
import dev.sluice.failure.Failures;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.bson.BsonBoolean;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonNumber;
import org.bson.BsonString;
import org.bson.RawBsonDocument;
import org.bson.conversions.Bson;

/// Information about MongoDB that is needed before the copy: its collections and their sizes, how far back
/// the oplog goes, and sample documents. Reads only. Any thread.
public final class SourceSurvey {
    /// Documents that the driver asks for at a time.
    private static final int BATCH = 200;

    private final MongoClient client;
    private final MongoDatabase database;

    SourceSurvey(MongoClient client, String database) {
        this.client = client;
        this.database = client.getDatabase(database);
    }

    /// What a name in the database stands for.
    public enum Kind {
        COLLECTION,
        /// Has no change stream of its own.
        VIEW,
        /// Drops its oldest documents by itself, without events in the change stream.
        CAPPED,
        /// Has no change stream.
        TIME_SERIES
    }

    /// A collection, or what passes for one.
    public record Found(String name, Kind kind) {}

    /// How large a collection is, by its metadata: cheap, and off after an unclean shutdown.
    ///
    /// @param bytes of all documents, uncompressed
    /// @param averageBytes of one document; 0 when there is none
    public record Size(long documents, long bytes, long averageBytes) {}

    /// The server's version, for example `8.0.4`.
    public String version() {
        return admin("buildInfo").getString("version").getValue();
    }

    /// The name of a server that only implements MongoDB's protocol; empty where it is MongoDB.
    public Optional<String> notMongoDb() {
        return ServerProduct.notMongoDb(admin("hello"), admin("buildInfo"));
    }

    private BsonDocument admin(String command) {
        try {
            return client.getDatabase("admin")
                    .runCommand(new BsonDocument(command, new BsonInt32(1)), BsonDocument.class);
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    /// Everything in the database but MongoDB's own, by name.
    ///
    /// @throws dev.sluice.failure.SluiceException of kind SOURCE_REFUSED where listing is not allowed
    public List<Found> collections() {
        try {
            List<Found> found = new ArrayList<>();
            for (BsonDocument entry : database.listCollections(BsonDocument.class)) {
                String name = entry.getString("name").getValue();
                if (!name.startsWith("system.")) {
                    found.add(new Found(name, kind(entry)));
                }
            }
            found.sort(Comparator.comparing(Found::name));
            return List.copyOf(found);
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    private static Kind kind(BsonDocument entry) {
        String type = entry.get("type") instanceof BsonString text ? text.getValue() : "collection";
        BsonDocument options = entry.get("options") instanceof BsonDocument document ? document : new BsonDocument();
        if (type.equals("view") || options.containsKey("viewOn")) {
            return Kind.VIEW;
        }
        if (type.equals("timeseries") || options.containsKey("timeseries")) {
            return Kind.TIME_SERIES;
        }
        return options.get("capped") instanceof BsonBoolean capped && capped.getValue() ? Kind.CAPPED : Kind.COLLECTION;
    }

    /// Empty where the server does not say: for a view, and without the right.
    public Optional<Size> size(String collection) {
        try {
            BsonDocument stats =
                    database.runCommand(new BsonDocument("collStats", new BsonString(collection)), BsonDocument.class);
            return Optional.of(new Size(number(stats, "count"), number(stats, "size"), number(stats, "avgObjSize")));
        } catch (MongoCommandException notSaid) {
            return Optional.empty();
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    private static long number(BsonDocument stats, String name) {
        return stats.get(name) instanceof BsonNumber number ? number.longValue() : 0;
    }

    /// How far the oplog goes back.
    public Oplog oplog() {
        return new Oplog(client);
    }

    /// The first documents in `_id` order.
    public void first(String collection, int count, Consumer<RawBsonDocument> each) {
        read(collection, count, Sorts.ascending("_id"), each);
    }

    /// The last documents in `_id` order, backwards.
    public void last(String collection, int count, Consumer<RawBsonDocument> each) {
        read(collection, count, Sorts.descending("_id"), each);
    }

    private void read(String collection, int count, Bson order, Consumer<RawBsonDocument> each) {
        try (MongoCursor<RawBsonDocument> cursor = documents(collection)
                .find()
                .sort(order)
                .limit(count)
                .batchSize(Math.min(count, BATCH))
                .cursor()) {
            cursor.forEachRemaining(each);
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    /// Documents at random, some perhaps twice. Cheap on a mongod as long as `count` is below a twentieth
    /// of the collection and that holds more than a hundred; else it reads and sorts all of it.
    public void random(String collection, int count, Consumer<RawBsonDocument> each) {
        try (MongoCursor<RawBsonDocument> cursor = documents(collection)
                .aggregate(List.of(Aggregates.sample(count)))
                .batchSize(Math.min(count, BATCH))
                .cursor()) {
            cursor.forEachRemaining(each);
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    private MongoCollection<RawBsonDocument> documents(String collection) {
        return database.getCollection(collection, RawBsonDocument.class).withReadConcern(ReadConcern.MAJORITY);
    }
}
