package dev.sluice.service.systems;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Random;
import org.bson.Document;
import org.bson.types.Binary;
import org.bson.types.Decimal128;
import org.bson.types.ObjectId;
import org.jspecify.annotations.Nullable;

/// What stands in a field where the application means something else: values of other types, half-broken
/// ones, and none. Which one is up to the given source of randomness alone.
final class OddValues {
    private OddValues() {}

    /// @param value what the application would have written
    /// @return something else, or null for BSON's null
    static @Nullable Object insteadOf(Object value, Random random) {
        return switch (value) {
            case String text -> text(text, random);
            case Boolean flag -> flag(random);
            case Integer number -> number(number, random);
            case Date date -> date(date, random);
            case List<?> list when list.stream().allMatch(String.class::isInstance) -> texts(list, random);
            case List<?> list -> json(new Document("was", list), random);
            case Document object -> json(object, random);
            default -> null;
        };
    }

    private static @Nullable Object text(String text, Random random) {
        return switch (random.nextInt(9)) {
            case 0 -> random.nextInt(1_000);
            case 1 -> random.nextDouble() * 100;
            case 2 -> random.nextBoolean();
            case 3 -> new ObjectId(1_700_000_000 + random.nextInt(1_000_000), random.nextInt(1 << 24));
            case 4 -> text + "\0" + text;
            case 5 -> new Document("text", text);
            case 6 -> List.of(text, text);
            case 7 -> "naïve 😀 \u2028 " + text;
            default -> null;
        };
    }

    private static @Nullable Object flag(Random random) {
        Object[] odd = {"true", "Yes", "1", "TRUE", "false", "no", "", 0, 1, 0.0, 2L, List.of(), null};
        return odd[random.nextInt(odd.length)];
    }

    private static @Nullable Object number(int number, Random random) {
        Object[] odd = {
            "" + number,
            " " + number + " ",
            number + ".9",
            number + 0.5,
            (double) number,
            (long) number,
            new Decimal128(number),
            3_221_225_472L,
            "10 MB",
            Double.NaN,
            true,
            new Document(),
            null
        };
        return odd[random.nextInt(odd.length)];
    }

    private static @Nullable Object date(Date date, Random random) {
        Instant instant = date.toInstant();
        Object[] odd = {
            instant.toString(),
            instant.toString().replace("Z", ""),
            instant.toString().replace("Z", "+02:00"),
            instant.toString().substring(0, 10),
            instant.getEpochSecond(),
            (int) instant.getEpochSecond(),
            instant.toEpochMilli() / 1_000.0,
            instant.toEpochMilli(),
            "yesterday",
            Date.from(Instant.parse("9999-12-31T23:59:59.999Z")),
            null
        };
        return odd[random.nextInt(odd.length)];
    }

    private static @Nullable Object texts(List<?> texts, Random random) {
        List<@Nullable Object> more = new ArrayList<>(texts);
        return switch (random.nextInt(8)) {
            case 0 -> "single";
            case 1 -> "";
            case 2 -> with(more, null);
            case 3 -> with(more, 7);
            case 4 -> with(more, "a\0b");
            case 5 -> with(more, new Document("tag", "x"));
            case 6 -> new Document("0", "x");
            default -> null;
        };
    }

    private static List<@Nullable Object> with(List<@Nullable Object> list, @Nullable Object element) {
        list.add(element);
        return list;
    }

    private static @Nullable Object json(Document object, Random random) {
        Document changed = new Document(object);
        return switch (random.nextInt(10)) {
            case 0 -> changed.append("cost", new Decimal128(new java.math.BigDecimal("0.1000000000000000055")));
            case 1 -> changed.append("bytes", new Binary(new byte[] {1, 2, 3}));
            case 2 -> changed.append("score", Double.NaN);
            case 3 -> changed.append("score", Double.NEGATIVE_INFINITY);
            case 4 -> changed.append("note", "a\0b");
            case 5 -> changed.append("at", Date.from(Instant.parse("2026-01-02T03:04:05.678Z")));
            case 6 -> changed.append("ref", new ObjectId(1_700_000_000, random.nextInt(1 << 24)));
            case 7 -> Arrays.asList(1, null, "x");
            case 8 -> "just text";
            default -> null;
        };
    }
}
