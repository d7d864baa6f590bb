package dev.sluice.service.bench;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.bson.Document;

/// Orders of the demo's shop: a row each, and five rows in a child table.
final class Orders {
    static final String COLLECTION = "orders";
    static final int LINES = 5;
    private static final List<String> STATES = List.of("new", "paid", "packed", "shipped", "returned");

    private Orders() {}

    static Document order(long n, Random random) {
        List<Document> lines = new ArrayList<>();
        for (int i = 0; i < LINES; i++) {
            lines.add(new Document("sku", "SKU-" + random.nextInt(10_000))
                    .append("title", "Thing number " + random.nextInt(500))
                    .append("quantity", 1 + random.nextInt(9))
                    .append("unitPrice", Users.money(random, 50_000))
                    .append("attributes", new Document("colour", random.nextBoolean() ? "blue" : "green")));
        }
        return new Document("_id", n)
                .append("userId", Users.id(random.nextInt(1_000_000)))
                .append("status", STATES.get(random.nextInt(STATES.size())))
                .append("placedAt", Instant.ofEpochMilli(1_700_000_000_000L + n * 1_000))
                .append("total", Users.money(random, 500_000))
                .append("currency", "EUR")
                .append("shipping", new Document("method", "post").append("tracking", "T" + random.nextInt(1_000_000)))
                .append("couponCodes", random.nextInt(5) == 0 ? List.of("WELCOME", "SPRING") : List.of())
                .append("lines", lines);
    }
}
