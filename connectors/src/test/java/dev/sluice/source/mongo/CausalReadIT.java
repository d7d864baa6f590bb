package dev.sluice.source.mongo;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import dev.sluice.change.IdBracket;
import dev.sluice.change.IdRange;
import dev.sluice.change.Position;
import dev.sluice.testkit.TestingServers;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.bson.BsonInt32;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.Document;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// Reads that are not from before the stream's position.
class CausalReadIT {
    private static final String C = "things";
    private static final BsonInt32 ONE = new BsonInt32(1);

    @Test
    @DisplayName("every read takes the position of an idle stream, which may be ahead of the newest operation")
    void idlePosition() {
        String name = "causal_" + UUID.randomUUID().toString().substring(0, 8);
        try (MongoClient client = MongoClients.create(TestingServers.mongo().uri());
                MongoSource source = new MongoSource(TestingServers.mongo().uri(), name)) {
            client.getDatabase(name).getCollection(C).insertOne(new Document("_id", 1));
            Position idle = source.currentPosition();
            BsonTimestamp notBefore = idle.newestOperation();

            assertThat(notBefore).isGreaterThanOrEqualTo(source.hello().lastWrite());
            assertThat(source.read(C, List.of(ONE), 1 << 20, notBefore).documents())
                    .hasSize(1);
            assertThat(source.read(C, IdRange.all(IdBracket.NUMBER), 10, 1 << 20, notBefore)
                            .documents())
                    .hasSize(1);
            assertThat(source.ids(C, IdRange.all(IdBracket.NUMBER), 10, notBefore))
                    .containsExactly(ONE);
            List<BsonValue> ids = new ArrayList<>();
            source.forEachId(C, notBefore, ids::add);
            assertThat(ids).containsExactly(ONE);
            try (DocumentReader range = source.readRange(C, IdRange.all(IdBracket.NUMBER), 10, notBefore);
                    DocumentReader all = source.readAll(C, 10, notBefore)) {
                assertThat(range.peek()).isNotNull();
                assertThat(all.peek()).isNotNull();
            }
        }
    }
}
