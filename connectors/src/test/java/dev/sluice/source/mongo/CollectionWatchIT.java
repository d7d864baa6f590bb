package dev.sluice.source.mongo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoDatabase;
import dev.sluice.change.CollectionChange;
import dev.sluice.change.Position;
import dev.sluice.testkit.TestingServers;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// What becomes of collections, from a position on.
class CollectionWatchIT {
    @Test
    @DisplayName(
            "begins at the position of a document's change, which it does not watch itself, and goes on from its own")
    void fromADocumentsChange() {
        String name = "watch_" + UUID.randomUUID().toString().substring(0, 8);
        try (MongoClient client = MongoClients.create(TestingServers.mongo().uri());
                MongoSource source = new MongoSource(TestingServers.mongo().uri(), name)) {
            MongoDatabase database = client.getDatabase(name);
            database.createCollection("ours");
            Position at = StreamHistoryIT.positionOfAnInsert(database, "others");
            database.getCollection("ours").drop();

            Position own;
            try (CollectionWatch watch = source.watchCollections(at, Set.of("ours"))) {
                assertThat(await().until(() -> all(watch), events -> !events.isEmpty()))
                        .extracting(CollectionChange::kind)
                        .containsExactly(CollectionChange.Kind.DROPPED);
                await().until(() -> {
                    watch.next();
                    return watch.hasReached(source.hello().lastWrite());
                });
                own = watch.position();
            }
            database.createCollection("ours");
            database.getCollection("ours").drop();
            try (CollectionWatch watch = source.watchCollections(own, Set.of("ours"))) {
                assertThat(await().until(() -> all(watch), events -> !events.isEmpty()))
                        .hasSize(1);
            }
        }
    }

    private static List<CollectionChange> all(CollectionWatch watch) {
        return new ArrayList<>(watch.next());
    }
}
