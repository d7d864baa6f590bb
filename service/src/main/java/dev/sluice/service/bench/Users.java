package dev.sluice.service.bench;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.bson.Document;
import org.bson.types.Decimal128;

/// Users of the demo's shop, of about 450 bytes of BSON: a text key, numbers, times, a nested address, an
/// array and a field without a column. The same number makes the same user but for what is random in it.
final class Users {
    static final String COLLECTION = "users";
    private static final List<String> CITIES = List.of("Lisbon", "Gdansk", "Łódź", "Aarhus", "Quito", "Kyoto");
    private static final List<String> STREETS = List.of("High Street", "Station Road", "Park Avenue", "Mill Lane");
    private static final List<String> TAGS = List.of("new", "vip", "newsletter", "beta", "wholesale", "student");
    private static final long BEGIN_MILLIS = 1_700_000_000_000L;

    private Users() {}

    static String id(long n) {
        return "user-" + String.format("%012d", n);
    }

    static Document user(long n, Random random) {
        return new Document("_id", id(n))
                .append("email", "firstname.lastname" + n + "@customers.shop.example")
                .append("name", "Firstname Lastname number " + n)
                .append("age", 18 + random.nextInt(70))
                .append("balance", money(random, 10_000_000))
                .append("active", random.nextInt(10) != 0)
                .append("signedUpAt", Instant.ofEpochMilli(BEGIN_MILLIS + n * 1_000))
                .append("lastSeenAt", Instant.ofEpochMilli(BEGIN_MILLIS + n * 1_000 + random.nextInt(1_000_000_000)))
                .append(
                        "address",
                        new Document("street", (1 + random.nextInt(200)) + " " + pick(STREETS, random))
                                .append("city", pick(CITIES, random))
                                .append("postcode", String.format("%05d", random.nextInt(100_000)))
                                .append("country", "Somewhere")
                                .append("geo.lat", random.nextDouble() * 180 - 90)
                                .append("geo.lon", random.nextDouble() * 360 - 180))
                .append("tags", List.of(pick(TAGS, random), pick(TAGS, random), pick(TAGS, random)))
                .append("visits", random.nextInt(100_000));
    }

    static Decimal128 money(Random random, int belowCents) {
        return new Decimal128(BigDecimal.valueOf(random.nextInt(belowCents), 2));
    }

    private static String pick(List<String> from, Random random) {
        return from.get(random.nextInt(from.size()));
    }
}
