package dev.sluice.source.mongo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.mongodb.client.MongoChangeStreamCursor;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.PushOptions;
import com.mongodb.client.model.Updates;
import dev.sluice.testkit.TestingServers;
import java.util.List;
import java.util.stream.IntStream;
import org.bson.Document;
import org.bson.conversions.Bson;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// What a real server says of an update: names, never values.
class UpdatedNamesIT {
    private final MongoDatabase database = TestingServers.mongoDatabase();
    private final MongoDatabase decoded = StreamEvent.decodedBy(database);
    private final MongoCollection<Document> things = database.getCollection("things");

    @BeforeEach
    void create() {
        // Of a small document a mongod has a replacement instead of a description.
        things.insertOne(Document.parse("{_id: 1, a: {b: 1}, list: [1, 2, {x: 3}, 4], gone: 1}")
                .append("more", "x".repeat(500)));
    }

    @AfterEach
    void drop() {
        database.drop();
    }

    private MongoChangeStreamCursor<StreamEvent> stream(String... collections) {
        return StreamEvent.open(decoded.watch(List.of(UpdatedNames.stage(List.of(collections)))));
    }

    private List<String> updatedBy(Bson update) {
        try (MongoChangeStreamCursor<StreamEvent> stream = stream("things", "$others")) {
            things.updateOne(Filters.eq("_id", 1), update);
            return stream.next().updated();
        }
    }

    @Test
    @DisplayName("what was set, unset, renamed, and changed inside an array is named")
    void names() {
        assertThat(updatedBy(Updates.combine(Updates.set("a.b", "secret"), Updates.unset("gone"), Updates.set("n", 1))))
                .containsExactlyInAnyOrder("a.b", "gone", "n");
        assertThat(updatedBy(Updates.set("list.2.x", 4))).containsExactly("list.2.x");
        assertThat(updatedBy(Updates.rename("n", "m"))).containsExactlyInAnyOrder("n", "m");
        assertThat(updatedBy(Updates.pushEach("list", List.of(0), new PushOptions().position(0))))
                .isNotEmpty()
                .allMatch(name -> name.equals("list") || name.startsWith("list."));
        assertThat(updatedBy(Updates.popLast("list"))).containsExactly("list");
    }

    @Test
    @DisplayName("an array that a pipeline makes shorter is named")
    void truncated() {
        try (MongoChangeStreamCursor<StreamEvent> stream = stream("things")) {
            things.updateOne(
                    Filters.eq("_id", 1),
                    List.of(Document.parse("{$set: {list: {$slice: ['$list', 2]}, a: {b: 1, c: 2}}}")));

            StreamEvent event = stream.next();
            // MongoDB 4.4 replaces the document.
            assumeThat(event.kind()).isEqualTo(StreamEvent.Kind.UPDATE);
            assertThat(event.updated()).contains("list").hasSize(2);
        }
    }

    @Test
    @DisplayName("of an update of more fields than a hundred, and of other events and collections, there are none")
    void none() {
        Bson hundred = Updates.combine(
                IntStream.range(0, 100).mapToObj(i -> Updates.set("f" + i, i)).toList());
        assertThat(updatedBy(hundred)).hasSize(100);
        assertThat(updatedBy(Updates.combine(IntStream.range(0, 101)
                        .mapToObj(i -> Updates.set("f" + i, -1))
                        .toList())))
                .isEmpty();
        try (MongoChangeStreamCursor<StreamEvent> stream = stream("others")) {
            things.updateOne(Filters.eq("_id", 1), Updates.set("a", 2));
            things.replaceOne(Filters.eq("_id", 1), new Document("a", 3));
            things.deleteOne(Filters.eq("_id", 1));

            assertThat(List.of(stream.next(), stream.next(), stream.next()))
                    .allMatch(event -> event.updated().isEmpty());
        }
    }
}
