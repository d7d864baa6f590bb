package dev.sluice.service.bench;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.DeleteOneModel;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.InsertOneModel;
import com.mongodb.client.model.UpdateOneModel;
import com.mongodb.client.model.Updates;
import com.mongodb.client.model.WriteModel;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;
import org.bson.Document;
import org.bson.conversions.Bson;

/// Changes of users that wait to be drained: 60 % updates of two fields, 30 % inserts, 10 % deletes.
final class UserChanges {
    /// The user that [#writeLast] inserts.
    static final String LAST = Users.id(999_999_999_999L);

    private static final int WRITE_BATCH = 1_000;
    private static final int LEAST_ALIVE = 100;
    private static final long SEED = 1;

    private UserChanges() {}

    static void write(MongoCollection<Document> users, int changes) {
        write(users, changes, UserChanges::update);
    }

    /// Of two fields, one of them with a value never used before: an update that changes nothing makes no event.
    static Bson update(int n) {
        return Updates.combine(Updates.set("age", n), Updates.set("lastSeenAt", Instant.now()));
    }

    /// @param update by the change's number
    static void write(MongoCollection<Document> users, int changes, IntFunction<Bson> update) {
        Random random = new Random(SEED);
        List<Integer> alive = new ArrayList<>();
        List<WriteModel<Document>> batch = new ArrayList<>();
        for (int n = 0; n < changes; n++) {
            int what = alive.size() < LEAST_ALIVE ? 9 : random.nextInt(10);
            if (what >= 7) {
                alive.add(n);
                batch.add(new InsertOneModel<>(Users.user(n, random)));
            } else if (what == 6) {
                // The last one takes its place: no list is moved.
                int at = random.nextInt(alive.size());
                int last = alive.removeLast();
                int deleted = at == alive.size() ? last : alive.set(at, last);
                batch.add(new DeleteOneModel<>(Filters.eq("_id", Users.id(deleted))));
            } else {
                batch.add(new UpdateOneModel<>(
                        Filters.eq("_id", Users.id(alive.get(random.nextInt(alive.size())))), update.apply(n)));
            }
            if (batch.size() == WRITE_BATCH || n == changes - 1) {
                users.bulkWrite(batch);
                batch.clear();
            }
        }
    }

    /// The change after all others, whose row shows that they were applied.
    static void writeLast(MongoCollection<Document> users) {
        users.insertOne(Users.user(0, new Random(SEED)).append("_id", LAST));
    }
}
