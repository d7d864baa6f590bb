package dev.sluice.service.chaos;

import com.mongodb.MongoException;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.bson.Document;
import org.bson.types.Decimal128;

/// Writes to the demo shop while things break: inserts, updates that grow and shrink arrays, replaces,
/// deletes, and re-inserts of the `_id`s that were deleted. Users carry a version in `age` that only grows,
/// so that a row that goes back can be seen.
final class LiveWriter implements AutoCloseable {
    private final MongoCollection<Document> users;
    private final MongoCollection<Document> orders;
    private final Random random;
    private final int perSecond;
    private final LongAdder written = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final List<Long> alive = new ArrayList<>();
    private final List<Long> deleted = new ArrayList<>();
    private final int userCount;
    private final int[] versions;
    private long nextOrder = 1;
    private volatile boolean stopped;
    private final Thread thread;

    LiveWriter(MongoDatabase database, int userCount, int orderCount, long seed, int perSecond) {
        this.users = database.getCollection("users");
        this.orders = database.getCollection("orders");
        this.random = new Random(seed);
        this.perSecond = perSecond;
        this.userCount = userCount;
        this.versions = new int[userCount];
        List<Document> batch = new ArrayList<>();
        for (int i = 0; i < userCount; i++) {
            batch.add(new Document("_id", "user-" + i)
                    .append("email", "user-" + i + "@shop.example")
                    .append("name", "User " + i)
                    .append("age", 0)
                    .append("address", new Document("city", "Łódź").append("geo.lat", i / 7.0)));
        }
        users.insertMany(batch);
        batch.clear();
        for (int i = 0; i < orderCount; i++) {
            alive.add(nextOrder);
            batch.add(order(nextOrder++));
        }
        orders.insertMany(batch);
        this.thread = Thread.ofPlatform().name("live-writer").unstarted(this::write);
    }

    LiveWriter start() {
        thread.start();
        return this;
    }

    long written() {
        return written.sum();
    }

    private void write() {
        Instant start = Instant.now();
        while (!stopped) {
            long due = (Instant.now().toEpochMilli() - start.toEpochMilli()) * perSecond / 1_000;
            if (written.sum() + failed.sum() >= due) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
                continue;
            }
            try {
                one();
                written.increment();
            } catch (MongoException away) {
                // The server is down for a while: that is what some tests are about.
                failed.increment();
            }
        }
    }

    private void one() {
        switch (random.nextInt(10)) {
            case 0, 1 -> {
                int user = random.nextInt(userCount);
                users.updateOne(
                        Filters.eq("_id", "user-" + user),
                        Updates.combine(Updates.set("age", ++versions[user]), Updates.set("balance", money())));
            }
            // A field that has no column.
            case 2 -> {
                if (random.nextBoolean()) {
                    users.updateOne(Filters.eq("_id", "user-" + random.nextInt(userCount)), Updates.inc("visits", 1));
                } else {
                    orders.updateOne(Filters.eq("_id", pick()), Updates.inc("visits", 1));
                }
            }
            case 3 -> {
                long id = nextOrder++;
                orders.insertOne(order(id));
                alive.add(id);
            }
            case 4 -> {
                if (!deleted.isEmpty()) {
                    long id = deleted.get(random.nextInt(deleted.size()));
                    orders.insertOne(order(id));
                    deleted.remove(id);
                    alive.add(id);
                }
            }
            case 5 -> {
                if (alive.size() > 10) {
                    long id = pick();
                    orders.deleteOne(Filters.eq("_id", id));
                    alive.remove(id);
                    deleted.add(id);
                }
            }
            case 6 -> orders.updateOne(Filters.eq("_id", pick()), Updates.popFirst("lines"));
            case 7 -> orders.updateOne(Filters.eq("_id", pick()), Updates.set("lines", lines(random.nextInt(3))));
            case 8 -> {
                long id = pick();
                orders.replaceOne(Filters.eq("_id", id), order(id));
            }
            default -> orders.updateOne(Filters.eq("_id", pick()), Updates.push("lines", line(random.nextInt(100))));
        }
    }

    private long pick() {
        return alive.get(random.nextInt(alive.size()));
    }

    private Document order(long id) {
        return new Document("_id", id)
                .append("userId", "user-" + random.nextInt(userCount))
                .append("status", "new")
                .append("placedAt", Instant.ofEpochMilli(1_700_000_000_000L + random.nextInt(1_000_000)))
                .append("total", money())
                .append("lines", lines(1 + random.nextInt(5)))
                .append("note", "n" + random.nextInt(1_000));
    }

    private List<Document> lines(int count) {
        List<Document> lines = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            lines.add(line(i));
        }
        return lines;
    }

    private Document line(int i) {
        return new Document("sku", "S" + random.nextInt(100))
                .append("quantity", i)
                .append("unitPrice", money());
    }

    private Decimal128 money() {
        return new Decimal128(BigDecimal.valueOf(random.nextInt(1_000_000), 2));
    }

    /// Stops writing and waits until the last write is acknowledged.
    @Override
    public void close() {
        stopped = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
