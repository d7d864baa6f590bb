package dev.sluice.service.infer;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.function.IntFunction;
import org.bson.BsonBinarySubType;
import org.bson.Document;
import org.bson.types.Binary;
import org.bson.types.ObjectId;

/// Documents as years of several drivers and scripts leave them: nearly all ids and values of a field are
/// of one type, and a few are written otherwise. Under `f_` are fields that refer to nothing.
public final class MixedDocuments {
    private static final int COUNT = 250;
    private static final long START = 1_740_000_000_000L;

    private MixedDocuments() {}

    /// @return by collection
    public static Map<String, List<Document>> of() {
        Map<String, List<Document>> collections = new LinkedHashMap<>();
        // 242 ObjectIds and 8 strings.
        collections.put("agents", many(i -> new Document("_id", i < 8 ? "agent " + i : oid(i))));
        // A number and the string of its digits, so that the key needs the types.
        collections.put("teams", many(i -> new Document("_id", i < 20 ? Integer.toString(i + 20) : (Object) i)));
        collections.put("users", many(i -> new Document("_id", uuid(i))));
        collections.put("places", many(i -> new Document("_id", (long) i)));
        collections.put("runs", many(MixedDocuments::run));
        return collections;
    }

    private static Document run(int i) {
        Document run = new Document("_id", i)
                // 236 join: the first 8 with strings, and 14 are gone.
                .append("agent", i < 8 ? "agent " + i : oid(i >= 236 ? i + 1_000 : i))
                .append("agent_id", i % 3 == 0 ? hex(i).toUpperCase(Locale.ROOT) : i % 3 == 1 ? hex(i) : oid(i + 9))
                .append("allAgents", List.of(oid(i + 1), hex(i + 2)))
                .append("teamId", i < 50 ? Integer.toString(i) : (Object) i)
                .append("userId", i % 50 == 7 ? uuidOf(i).toString() : uuid(i + 5))
                .append(
                        "placeId",
                        i % 50 == 7 ? Integer.toString(i) : i % 50 == 8 ? (Object) (double) i : (long) i + 25)
                .append(
                        "createdAt",
                        i == 3
                                ? "yesterday"
                                : i % 50 == 9 ? "2025-05-01T10:20:30.123456+02:00" : Instant.ofEpochMilli(START + i))
                .append("fCount", i % 50 == 5 ? Integer.toString(i) : i % 50 == 6 ? "" : (Object) i)
                .append("fSize", i % 200 == 6 ? (Object) 6.0 : i % 2 == 0 ? (Object) i : (long) i << 40)
                .append("fRatio", i % 50 == 5 ? "0.25" : (Object) (i / 8.0))
                .append("fDone", i % 50 == 5 ? "False" : i % 50 == 6 ? 1 : (Object) true)
                .append("fSeen", i % 50 == 5 ? (Object) (START + i) : Instant.ofEpochMilli(START + i))
                .append("fTags", i % 25 == 5 ? "alone" : List.of("a", "b"))
                .append("fNumbers", i % 25 == 5 ? List.of("7", 8) : List.of(1, 2L))
                .append("order", new Document("placed", i % 50 == 5 ? "2025-05-01" : Instant.ofEpochMilli(START + i)))
                .append(
                        "steps",
                        List.of(
                                new Document("stepAgent", oid(i)).append("at", Instant.ofEpochMilli(START)),
                                new Document("stepAgent", hex(i + 30))
                                        .append(
                                                "at",
                                                i % 10 == 5 ? "2025-05-01T10:20:30Z" : Instant.ofEpochMilli(START))));
        if (i < 10) {
            run.append("created_at", Instant.ofEpochMilli(START)).append("Order Placed", Instant.ofEpochMilli(START));
        }
        return run;
    }

    private static List<Document> many(IntFunction<Document> maker) {
        List<Document> made = new ArrayList<>();
        for (int i = 0; i < COUNT; i++) {
            made.add(maker.apply(i));
        }
        return made;
    }

    private static String hex(int i) {
        return String.format("65f0c0ffee65f0c0ffee%04x", i);
    }

    private static ObjectId oid(int i) {
        return new ObjectId(hex(i));
    }

    private static UUID uuidOf(int i) {
        return new UUID(0x0011223344556677L, 0x8899aabbccdd0000L + i);
    }

    private static Binary uuid(int i) {
        UUID uuid = uuidOf(i);
        return new Binary(
                BsonBinarySubType.UUID_STANDARD,
                ByteBuffer.allocate(16)
                        .putLong(uuid.getMostSignificantBits())
                        .putLong(uuid.getLeastSignificantBits())
                        .array());
    }
}
