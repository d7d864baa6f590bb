package dev.sluice.source.mongo;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.MongoNamespace;
import com.mongodb.client.MongoChangeStreamCursor;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import com.mongodb.client.model.changestream.ChangeStreamDocument;
import dev.sluice.testkit.TestingServers;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonString;
import org.bson.Document;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What a mongod sends, and what it makes of the filter.
class StreamFilterIT {
    private static final List<String> ODD_NAMES = List.of("orders", "orders.archive", "Ünï (1)", "a.b.c");

    private final MongoDatabase database = TestingServers.mongoDatabase();

    @BeforeEach
    void create() {
        database.createCollection("before");
    }

    @AfterEach
    void drop() {
        database.drop();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    @DisplayName("of some of several collections with names that resemble each other, exactly their changes come")
    void exactlyThoseAskedFor(int asked) {
        List<String> collections = ODD_NAMES.subList(0, asked);
        try (MongoChangeStreamCursor<ChangeStreamDocument<Document>> stream = stream(collections)) {
            List<String> all = Stream.concat(
                            ODD_NAMES.stream(), Stream.of("order", "archive", "Orders", "orders2", "b.c"))
                    .toList();
            for (String collection : all) {
                database.getCollection(collection).insertOne(new Document("_id", 1));
                database.getCollection(collection).updateOne(Filters.eq("_id", 1), Updates.set("a", 1));
                database.getCollection(collection).replaceOne(Filters.eq("_id", 1), new Document("a", 2));
                database.getCollection(collection).deleteOne(Filters.eq("_id", 1));
            }
            List<String> expected = collections.stream()
                    .flatMap(c ->
                            Stream.of("insert", "update", "replace", "delete").map(o -> o + " " + c))
                    .toList();

            assertThat(read(stream, expected.size())).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    @DisplayName("drops and renames come, also one that puts another collection in the place of one asked for")
    void whatBecomesOfCollections(int asked) {
        List<String> collections = ODD_NAMES.subList(0, asked);
        database.createCollection("orders");
        database.createCollection("other");
        try (MongoChangeStreamCursor<ChangeStreamDocument<Document>> stream = stream(collections)) {
            database.getCollection("orders").renameCollection(new MongoNamespace(database.getName(), "gone"));
            database.getCollection("other").renameCollection(new MongoNamespace(database.getName(), "orders"));
            database.getCollection("orders").drop();
            database.drop();

            assertThat(read(stream, 4).subList(0, 3)).containsExactly("rename orders", "rename other", "drop orders");
        }
    }

    @Test
    @DisplayName("a mongod makes no pattern of any name, and tries none on its oplog")
    void noPatternOfANameInTheOplog() {
        assertThat(plan(List.of("orders"))).doesNotContain("orders$");
        assertThat(plan(ODD_NAMES)).doesNotContain("orders$").doesNotContain("archive$");
    }

    private String plan(List<String> collections) {
        BsonDocument aggregate = new BsonDocument("aggregate", new BsonInt32(1))
                .append(
                        "pipeline",
                        new BsonArray(List.of(
                                new BsonDocument("$changeStream", new BsonDocument()),
                                new BsonDocument("$match", StreamFilter.of(database.getName(), collections)))))
                .append("cursor", new BsonDocument());
        return database.runCommand(
                        new BsonDocument("explain", aggregate).append("verbosity", new BsonString("queryPlanner")),
                        BsonDocument.class)
                .toJson();
    }

    private MongoChangeStreamCursor<ChangeStreamDocument<Document>> stream(List<String> collections) {
        return database.watch(List.of(new BsonDocument("$match", StreamFilter.of(database.getName(), collections))))
                .cursor();
    }

    private static List<String> read(MongoChangeStreamCursor<ChangeStreamDocument<Document>> stream, int count) {
        List<String> events = new ArrayList<>();
        IntStream.range(0, count).forEach(i -> {
            ChangeStreamDocument<Document> event = stream.next();
            events.add(event.getOperationTypeString() + " "
                    + (event.getNamespace() == null ? "" : event.getNamespace().getCollectionName()));
        });
        return events;
    }
}
