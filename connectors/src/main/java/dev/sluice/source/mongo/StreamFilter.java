package dev.sluice.source.mongo;

import java.util.List;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.BsonTimestamp;

/// What the server leaves out of a change stream of a database. A mongod moves such a filter to the oplog, and what it
/// makes of it there costs more than what it reads: see
/// `service/docs/decisions/20261130-the-filter-of-the-stream.md`.
public final class StreamFilter {
    private static final List<String> OF_DOCUMENTS = List.of("insert", "update", "replace", "delete");

    private StreamFilter() {}

    /// Matches changes of documents of some collections.
    ///
    /// @param collections at least one, without the database's name
    public static BsonDocument ofDocuments(String database, List<String> collections) {
        BsonDocument match = new BsonDocument("operationType", in(OF_DOCUMENTS));
        if (collections.size() == 1) {
            // Becomes one comparison of the oplog's own field.
            return match.append(
                    "ns",
                    new BsonDocument("db", new BsonString(database))
                            .append("coll", new BsonString(collections.getFirst())));
        }
        // As an expression, since a mongod 6.0 makes a pattern of each name of an $in outside of one, and a comparison
        // of whole documents of each namespace, and tries them all.
        BsonDocument names = new BsonDocument("$literal", strings(collections));
        return match.append(
                "$expr", new BsonDocument("$in", new BsonArray(List.of(new BsonString("$ns.coll"), names))));
    }

    /// Matches changes of documents of some collections, and every event of a collection or of the database itself,
    /// of which [CollectionEvents#read] takes those that matter: there are few.
    ///
    /// @param collections at least one, without the database's name
    public static BsonDocument of(String database, List<String> collections) {
        return new BsonDocument(
                "$or",
                new BsonArray(List.of(
                        ofDocuments(database, collections),
                        new BsonDocument("operationType", in(CollectionEvents.OPERATIONS)))));
    }

    /// Matches the same, and behind a time changes of documents of all collections.
    ///
    /// @param end no change behind it is needed, except one that says how far MongoDB has looked
    public static BsonDocument of(String database, List<String> collections, BsonTimestamp end) {
        BsonArray either = of(database, collections).getArray("$or").clone();
        either.add(new BsonDocument("operationType", in(OF_DOCUMENTS))
                .append("clusterTime", new BsonDocument("$gt", end))
                .append("$expr", LargeChanges.isSmall()));
        return new BsonDocument("$or", either);
    }

    private static BsonDocument in(List<String> values) {
        return new BsonDocument("$in", strings(values));
    }

    private static BsonArray strings(List<String> values) {
        return new BsonArray(values.stream().map(BsonString::new).toList());
    }
}
