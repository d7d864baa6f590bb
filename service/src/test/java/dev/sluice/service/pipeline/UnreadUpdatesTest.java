package dev.sluice.service.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.change.Change;
import java.util.List;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// Updates whose documents were gone when they were looked up.
class UnreadUpdatesTest {
    private static final BsonTimestamp AT = new BsonTimestamp(7, 1);

    private final UnreadUpdates unread = new UnreadUpdates();

    @Test
    @DisplayName("a document counts once, of its own collection, and not once its delete or a later state came")
    void counts() {
        unread.add(List.of(
                unresolved("users", new BsonInt32(1)),
                unresolved("users", new BsonInt32(1)),
                unresolved("users", new BsonInt32(2)),
                unresolved("users", new BsonInt32(3)),
                unresolved("orders", new BsonInt32(1))));
        unread.add(List.of(
                // The same _id by its value.
                new Change.Delete("users", new BsonInt64(2), AT, 0),
                new Change.Upsert("users", new BsonInt32(3), new BsonDocument("_id", new BsonInt32(3)), AT, 0)));

        assertThat(unread.take("users")).isOne();
        assertThat(unread.take("users")).as("the next collection of that name").isZero();
        assertThat(unread.take("orders")).isOne();
        assertThat(unread.take("carts")).isZero();
    }

    private static Change unresolved(String collection, BsonValue id) {
        return new Change.Unresolved(collection, id, AT, 0);
    }
}
