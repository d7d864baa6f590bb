package dev.sluice.service.demo;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.InsertManyOptions;
import com.mongodb.client.model.ReplaceOptions;
import com.mongodb.client.model.Updates;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.bson.Document;
import org.bson.types.Decimal128;
import org.bson.types.ObjectId;

/// A made-up shop in MongoDB: users with a nested address and tags, orders with line items. The same seed
/// makes the same shop. For one thread.
public final class Shop {
    private static final int INSERT_BATCH = 1_000;
    private static final List<String> CITIES =
            List.of("Lisbon", "Kraków", "Québec", "Łódź", "São Paulo", "東京", "Aarhus");
    private static final List<String> TAGS = List.of("new", "vip", "newsletter", "beta", "wholesale", "student");
    private static final List<String> STATES = List.of("new", "paid", "packed", "shipped", "returned");
    private static final List<String> THINGS = List.of("kettle", "lamp", "notebook", "chair", "mug", "blanket");

    private final Random random;
    private final MongoCollection<Document> users;
    private final MongoCollection<Document> orders;
    private final List<ObjectId> userIds = new ArrayList<>();
    private final List<Long> orderIds = new ArrayList<>();
    private long nextOrder = 1;
    private int nextUser;

    public Shop(MongoDatabase database, long seed) {
        this.random = new Random(seed);
        this.users = database.getCollection("users");
        this.orders = database.getCollection("orders");
    }

    /// Fills the shop with what was there before Sluice came.
    public void open(int userCount, int orderCount) {
        List<Document> batch = new ArrayList<>();
        for (int i = 0; i < userCount; i++) {
            batch.add(user());
            flush(users, batch, i == userCount - 1);
        }
        for (int i = 0; i < orderCount; i++) {
            batch.add(order());
            flush(orders, batch, i == orderCount - 1);
        }
    }

    private static void flush(MongoCollection<Document> collection, List<Document> batch, boolean last) {
        if (batch.size() == INSERT_BATCH || last) {
            collection.insertMany(batch, new InsertManyOptions().ordered(false));
            batch.clear();
        }
    }

    /// Does one thing that a shop's application does: 6 of 10 are updates, 3 inserts, 1 a delete.
    public void live() {
        int what = random.nextInt(20);
        if (what < 5) {
            updateUser();
        } else if (what < 12) {
            updateOrder();
        } else if (what < 15) {
            users.insertOne(user());
        } else if (what < 18) {
            orders.insertOne(order());
        } else if (what == 18 && userIds.size() > 1) {
            users.deleteOne(Filters.eq("_id", userIds.remove(random.nextInt(userIds.size()))));
        } else if (orderIds.size() > 1) {
            orders.deleteOne(Filters.eq("_id", orderIds.remove(random.nextInt(orderIds.size()))));
        }
    }

    private void updateUser() {
        ObjectId id = userIds.get(random.nextInt(userIds.size()));
        switch (random.nextInt(4)) {
            case 0 ->
                users.updateOne(
                        Filters.eq("_id", id),
                        Updates.combine(
                                Updates.set("lastSeenAt", Instant.now()),
                                Updates.set("balance", money(random.nextInt(100_000)))));
            case 1 -> users.updateOne(Filters.eq("_id", id), Updates.set("address.city", pick(CITIES)));
            case 2 -> users.updateOne(Filters.eq("_id", id), Updates.addToSet("tags", pick(TAGS)));
            default -> users.updateOne(Filters.eq("_id", id), Updates.unset("preferences"));
        }
    }

    private void updateOrder() {
        Long id = orderIds.get(random.nextInt(orderIds.size()));
        switch (random.nextInt(4)) {
            case 0 -> orders.updateOne(Filters.eq("_id", id), Updates.set("status", pick(STATES)));
            case 1 -> orders.updateOne(Filters.eq("_id", id), Updates.push("lines", line()));
            case 2 -> orders.updateOne(Filters.eq("_id", id), Updates.popLast("lines"));
            default -> orders.replaceOne(Filters.eq("_id", id), order(id), new ReplaceOptions());
        }
    }

    private Document user() {
        ObjectId id = new ObjectId();
        userIds.add(id);
        int n = nextUser++;
        Document address = new Document("street", (1 + random.nextInt(200)) + " High Street")
                .append("city", pick(CITIES))
                .append("postcode", String.format("%05d", random.nextInt(100_000)))
                .append("country", "Somewhere")
                .append("geo.lat", random.nextDouble() * 180 - 90)
                .append("geo.lon", random.nextDouble() * 360 - 180);
        Document user = new Document("_id", id)
                .append("email", "user" + n + "@shop.example")
                .append("name", "User " + n)
                .append("balance", money(random.nextInt(1_000_000)))
                .append("active", random.nextInt(10) != 0)
                .append("signedUpAt", Instant.now().minusMillis(random.nextInt(1_000_000_000)))
                .append("address", address)
                .append("tags", tags())
                .append("visits", random.nextInt(1_000));
        if (random.nextBoolean()) {
            user.append("age", 18 + random.nextInt(70));
        }
        if (random.nextInt(3) == 0) {
            user.append(
                    "preferences",
                    new Document("theme", "dark").append("perPage", 50).append("seen", List.of("tour", "sale")));
        }
        return user;
    }

    private Document order() {
        long id = nextOrder++;
        orderIds.add(id);
        return order(id);
    }

    private Document order(long id) {
        List<Document> lines = new ArrayList<>();
        for (int i = random.nextInt(6); i >= 0; i--) {
            lines.add(line());
        }
        return new Document("_id", id)
                .append("userId", userIds.get(random.nextInt(userIds.size())).toHexString())
                .append("status", pick(STATES))
                .append("placedAt", Instant.now().minusMillis(random.nextInt(100_000_000)))
                .append("total", money(random.nextInt(500_000)))
                .append("currency", "EUR")
                .append("shipping", new Document("method", "post").append("tracking", "T" + random.nextInt(1_000_000)))
                .append("couponCodes", random.nextInt(5) == 0 ? List.of("WELCOME", "SPRING") : List.of())
                .append("lines", lines);
    }

    private Document line() {
        return new Document("sku", "SKU-" + random.nextInt(10_000))
                .append("title", pick(THINGS))
                .append("quantity", 1 + random.nextInt(5))
                .append("unitPrice", money(random.nextInt(20_000)))
                .append("attributes", new Document("colour", random.nextBoolean() ? "blue" : "green"));
    }

    private List<String> tags() {
        List<String> tags = new ArrayList<>();
        for (String tag : TAGS) {
            if (random.nextInt(3) == 0) {
                tags.add(tag);
            }
        }
        return tags;
    }

    private static Decimal128 money(int cents) {
        return new Decimal128(BigDecimal.valueOf(cents, 2));
    }

    private String pick(List<String> from) {
        return from.get(random.nextInt(from.size()));
    }
}
