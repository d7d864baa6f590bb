package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.MongoException;
import com.mongodb.client.MongoCollection;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.service.pipeline.PipelineState;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.bson.BsonArray;
import org.bson.BsonBinary;
import org.bson.BsonBoolean;
import org.bson.BsonDateTime;
import org.bson.BsonDecimal128;
import org.bson.BsonDocument;
import org.bson.BsonDouble;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonJavaScript;
import org.bson.BsonMaxKey;
import org.bson.BsonMinKey;
import org.bson.BsonNull;
import org.bson.BsonObjectId;
import org.bson.BsonRegularExpression;
import org.bson.BsonString;
import org.bson.BsonSymbol;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.types.Decimal128;
import org.bson.types.ObjectId;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// Promise 5: each odd document ends as the mapping says, none stops the stream, none is lost; as well by
/// the backfill as by the stream.
class OddDocumentsIT {
    private static final int FIFTEEN_MB = 15 << 20;

    @Test
    @DisplayName("values and ids of every kind land, or are quarantined and the row lands, or are dead-lettered")
    void everyKind() throws SQLException {
        try (LiveSystem system =
                LiveSystem.start("src/test/resources/odd/mapping.yaml", SandboxMongo.Options.DEFAULTS)) {
            MongoCollection<BsonDocument> values = system.database().getCollection("values", BsonDocument.class);
            MongoCollection<BsonDocument> strict = system.database().getCollection("strict", BsonDocument.class);
            int before = insertAll(values, "before ", id -> id) + insertIds(values, "before ");
            strict.insertOne(strict(1, new BsonInt32(5)));
            strict.insertOne(strict(2, new BsonString("no number")));
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                int after = insertAll(values, "after ", id -> id) + insertIds(values, "after ");
                strict.insertOne(strict(3, new BsonDouble(0.5)));
                strict.insertOne(strict(4, new BsonInt64(4)));
                running.awaitApplied();
                assertThat(running.pipeline().status().state()).isInstanceOf(PipelineState.Streaming.class);
                assertThat(system.number("SELECT count(*) FROM odd_values")).isEqualTo(before + after);
                assertThat(values.countDocuments()).isEqualTo(before + after);

                for (String when : List.of("before ", "after ")) {
                    landed(system, when);
                }
                assertThat(system.text("SELECT string_agg(id || ':' || v, ' ' ORDER BY id) FROM odd_strict"))
                        .isEqualTo("1:5 4:4");
                assertThat(system.text("SELECT string_agg(document_key || ' ' || document, ' ' ORDER BY document_key)"
                                + " FROM sluice.dead_letter"))
                        .contains("no number")
                        .contains("0.5");

                // Mended, or gone: nothing is parked any longer.
                strict.replaceOne(new BsonDocument("_id", new BsonInt64(2)), strict(2, new BsonInt32(2)));
                strict.deleteOne(new BsonDocument("_id", new BsonInt64(3)));
                running.awaitApplied();
                assertThat(system.number("SELECT count(*) FROM sluice.dead_letter"))
                        .isZero();
                assertThat(system.number("SELECT v FROM odd_strict WHERE id = 2"))
                        .isEqualTo(2);
            }
            assertThat(system.differences()).isEmpty();
        }
    }

    @Test
    @DisplayName("ids and field names that no index of PostgreSQL can hold stop nothing")
    void tooLongForAnIndex() throws SQLException {
        try (LiveSystem system =
                LiveSystem.start("src/test/resources/odd/mapping.yaml", SandboxMongo.Options.DEFAULTS)) {
            MongoCollection<BsonDocument> values = system.database().getCollection("values", BsonDocument.class);
            MongoCollection<BsonDocument> strict = system.database().getCollection("strict", BsonDocument.class);
            String longName = incompressible(1);
            BsonDocument longId = new BsonDocument("_id", new BsonString(incompressible(2)));
            BsonDocument otherLongId = new BsonDocument("_id", new BsonString(incompressible(3)));
            values.insertOne(longId);
            values.insertOne(new BsonDocument("_id", new BsonString("short")));
            strict.insertOne(strict(1, new BsonInt32(5)).append(longName, new BsonInt32(1)));
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                values.insertOne(otherLongId);
                values.insertOne(new BsonDocument("_id", new BsonString("also short")));
                strict.insertOne(strict(2, new BsonInt32(6)).append(longName, new BsonInt32(1)));
                running.awaitApplied();

                assertThat(running.pipeline().status().state()).isInstanceOf(PipelineState.Streaming.class);
                assertThat(system.number("SELECT count(*) FROM odd_values")).isEqualTo(2);
                assertThat(system.number("SELECT count(*) FROM odd_strict")).isEqualTo(2);
                assertThat(system.number("SELECT count(*) FROM sluice.dead_letter WHERE sqlstate = '54000'"))
                        .isEqualTo(2);
                assertThat(system.number("SELECT sum(documents) FROM sluice.unmapped_field"))
                        .isEqualTo(2);

                // What is on its list is looked at by key.
                system.execute("INSERT INTO sluice.resync (pipeline, collection, document_key, reason)"
                        + " SELECT pipeline, collection, document_key, 'dead_letter' FROM sluice.dead_letter");
                running.awaitApplied();
                assertThat(system.number("SELECT min(attempts) FROM sluice.dead_letter"))
                        .isEqualTo(2);
                values.deleteOne(longId);
                values.deleteOne(otherLongId);
                running.awaitApplied();
                assertThat(system.number("SELECT count(*) FROM sluice.dead_letter"))
                        .isZero();
            }
            assertThat(system.differences()).isEmpty();
        }
    }

    /// Text of more bytes than an index holds, also when PostgreSQL has compressed it.
    private static String incompressible(long seed) {
        return new Random(seed)
                .ints(12_000, 'a', 'z' + 1)
                .mapToObj(Character::toString)
                .collect(Collectors.joining());
    }

    private static void landed(LiveSystem system, String when) throws SQLException {
        assertThat(cell(system, when, "nul", "as_text")).isNull();
        assertThat(cell(system, when, "nul", "as_jsonb")).isEqualTo("\"a\uFFFDb\"");
        assertThat(quarantined(system, when, "nul", "as_text")).isEqualTo("\"a\\u0000b\"");
        assertThat(cell(system, when, "NaN", "as_double")).isEqualTo("NaN");
        assertThat(cell(system, when, "NaN", "as_numeric")).isEqualTo("NaN");
        assertThat(quarantined(system, when, "NaN", "as_bigint")).isEqualTo("{\"$numberDouble\": \"NaN\"}");
        assertThat(cell(system, when, "Infinity", "as_double")).isEqualTo("Infinity");
        assertThat(quarantined(system, when, "Infinity", "as_money")).isEqualTo("{\"$numberDouble\": \"Infinity\"}");
        assertThat(cell(system, when, "34 digits", "as_numeric")).isEqualTo("0.1234567890123456789012345678901234");
        assertThat(cell(system, when, "34 digits", "as_jsonb")).isEqualTo("0.1234567890123456789012345678901234");
        assertThat(quarantined(system, when, "34 digits", "as_money")).contains("0.1234567890123456789012345678901234");
        assertThat(cell(system, when, "year 9999", "as_timestamptz")).isEqualTo("9999-12-31 23:59:59.999+00");
        assertThat(cell(system, when, "int64 max", "as_bigint")).isEqualTo("9223372036854775807");
        assertThat(quarantined(system, when, "int64 max", "as_integer"))
                .isEqualTo("{\"$numberLong\": \"9223372036854775807\"}");
        assertThat(system.number("SELECT length(as_text) FROM odd_values WHERE id = '" + key(when + "15 MB") + "'"))
                .isEqualTo(FIFTEEN_MB);
        assertThat(system.number(
                        "SELECT length(as_jsonb::text) FROM odd_values WHERE id = '" + key(when + "depth 50") + "'"))
                .isGreaterThan(50 * 5);
        assertThat(cell(system, when, "uuid", "as_uuid")).isEqualTo("00112233-4455-6677-8899-aabbccddeeff");
        assertThat(cell(system, when, "mixed as int", "as_integer")).isEqualTo("7");
        assertThat(cell(system, when, "mixed as string", "as_text")).isEqualTo("seven");
        assertThat(quarantined(system, when, "mixed as string", "as_integer")).isEqualTo("\"seven\"");
        assertThat(cell(system, when, "mixed as array", "as_texts")).isEqualTo("{x,NULL,y}");
    }

    private static String key(String id) {
        return "\"" + id + "\"";
    }

    private static @org.jspecify.annotations.Nullable String cell(
            LiveSystem system, String when, String name, String column) throws SQLException {
        return system.text("SELECT " + column + " FROM odd_values WHERE id = '" + key(when + name) + "'");
    }

    private static @org.jspecify.annotations.Nullable String quarantined(
            LiveSystem system, String when, String name, String column) throws SQLException {
        return system.text("SELECT value FROM sluice.quarantine WHERE document_key = '" + key(when + name)
                + "' AND column_name LIKE '%." + column + "'");
    }

    private static BsonDocument strict(long id, BsonValue v) {
        return new BsonDocument("_id", new BsonInt64(id)).append("v", v);
    }

    private static int insertAll(MongoCollection<BsonDocument> values, String when, Function<String, String> id) {
        Map<String, BsonValue> odd = odd();
        odd.forEach((name, value) ->
                values.insertOne(new BsonDocument("_id", new BsonString(id.apply(when + name))).append("v", value)));
        return odd.size();
    }

    private static Map<String, BsonValue> odd() {
        Map<String, BsonValue> odd = new LinkedHashMap<>();
        odd.put("nul", new BsonString("a\0b"));
        odd.put("NaN", new BsonDouble(Double.NaN));
        odd.put("Infinity", new BsonDouble(Double.POSITIVE_INFINITY));
        odd.put("decimal NaN", new BsonDecimal128(Decimal128.NaN));
        odd.put("34 digits", new BsonDecimal128(Decimal128.parse("0.1234567890123456789012345678901234")));
        odd.put("decimal 1E+6144", new BsonDecimal128(Decimal128.parse("1E+6144")));
        odd.put(
                "year 9999",
                new BsonDateTime(Instant.parse("9999-12-31T23:59:59.999Z").toEpochMilli()));
        odd.put("year 1", new BsonDateTime(Instant.parse("0001-01-01T00:00:00Z").toEpochMilli()));
        odd.put("int64 max", new BsonInt64(Long.MAX_VALUE));
        odd.put("int64 min", new BsonInt64(Long.MIN_VALUE));
        odd.put("15 MB", new BsonString("x".repeat(FIFTEEN_MB)));
        BsonDocument deep = new BsonDocument("leaf", BsonBoolean.TRUE);
        for (int i = 0; i < 50; i++) {
            deep = new BsonDocument("n", deep);
        }
        odd.put("depth 50", deep);
        odd.put("uuid", new BsonBinary(UUID.fromString("00112233-4455-6677-8899-aabbccddeeff")));
        odd.put("mixed as int", new BsonInt32(7));
        odd.put("mixed as string", new BsonString("seven"));
        odd.put("mixed as array", new BsonArray(List.of(new BsonString("x"), BsonNull.VALUE, new BsonString("y"))));
        odd.put("mixed as document", new BsonDocument("seven", new BsonInt32(7)));
        odd.put("null", BsonNull.VALUE);
        odd.put("regex", new BsonRegularExpression("a.b", "i"));
        odd.put("code", new BsonJavaScript("function() {}"));
        odd.put("min key", new BsonMinKey());
        odd.put("timestamp", new BsonTimestamp(5, 6));
        odd.put("looks like extended JSON", new BsonDocument("$numberLong", new BsonString("7")));
        odd.put("dotted", new BsonDocument("a.b", new BsonDocument("$c", new BsonInt32(1))));
        return odd;
    }

    /// One document for each kind of `_id`. What the server itself refuses is no document.
    private static int insertIds(MongoCollection<BsonDocument> values, String when) {
        boolean first = when.startsWith("before");
        int n = first ? 1 : 2;
        List<BsonValue> ids = new ArrayList<>(List.of(
                new BsonInt32(n),
                new BsonInt64((1L << 40) + n),
                new BsonDouble(n + 0.5),
                new BsonDecimal128(Decimal128.parse("1" + n + ".25")),
                new BsonString("plain " + n),
                new BsonDocument("a", new BsonInt32(n)).append("b", new BsonString("x")),
                new BsonDocument("b", new BsonString("x")).append("a", new BsonInt32(n)),
                new BsonBinary(new byte[] {1, 2, (byte) n}),
                new BsonBinary(new UUID(n, n)),
                new BsonObjectId(new ObjectId(String.format("%024x", n))),
                first ? BsonBoolean.TRUE : BsonBoolean.FALSE,
                new BsonDateTime(1_700_000_000_000L + n),
                new BsonTimestamp(7, n),
                new BsonSymbol("symbol " + n),
                new BsonString(String.valueOf(n))));
        ids.add(first ? new BsonMinKey() : new BsonMaxKey());
        if (first) {
            ids.add(BsonNull.VALUE);
        } else {
            ids.add(new BsonDouble(Double.NaN));
        }
        int inserted = 0;
        for (BsonValue id : ids) {
            try {
                values.insertOne(new BsonDocument("_id", id).append("v", new BsonString("by id")));
                inserted++;
            } catch (MongoException refused) {
                System.out.println("The server takes no _id of type " + id.getBsonType() + ": " + refused.getMessage());
            }
        }
        return inserted;
    }
}
