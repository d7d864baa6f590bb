package dev.sluice.mapping;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.mapping.row.MappingResult;
import dev.sluice.mapping.value.IdUuid;
import dev.sluice.schema.CollectionMapping;
import dev.sluice.schema.Mapping;
import dev.sluice.schema.MappingReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.bson.BsonDocument;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What a column that refers to documents of a collection is written as: the key of the document that is
/// meant, and nothing where the row with that text is the row of another one.
class ReferredIdsTest {
    private static final String OID = "{\"$oid\": \"65f0c0ffee65f0c0ffee65f0\"}";
    private static final String UUID = "{\"$uuid\": \"00112233-4455-6677-8899-aabbccddeeff\"}";
    private static final String UUID_TEXT = "00112233-4455-6677-8899-aabbccddeeff";

    /// @param settings of the column, behind its type
    private static DocumentMapper orders(String key, String type, String settings, UsualIds usual) {
        Mapping mapping = MappingReader.read("m.yaml", """
                mapping: m
                database: m
                collections:
                  users: {table: users, key: {column: id, %s}, columns: {legacy: {type: text, from: _id}, code: text}}
                  orders:
                    table: orders
                    key: {column: id, type: bigint}
                    columns: {user: {type: "%s", %s}}
                    children:
                      lines: {from: lines, parent: p, columns: {user: {type: "%s", %s}}}
                """.formatted(key, type, settings, type, settings));
        CollectionMapping orders = Objects.requireNonNull(mapping.byCollection().get("orders"));
        DocumentMapper mapper = DocumentMapper.of(orders, DocumentKeys.of(mapping.collections()));
        mapper.decideKeysBy(collection -> usual);
        return mapper;
    }

    private static UsualIds known(String of) {
        return new UsualIds() {
            @Override
            public boolean areStrings(boolean first) {
                throw new AssertionError("a reference decides nothing");
            }

            @Override
            public Optional<Boolean> known() {
                return of.equals("nothing") ? Optional.empty() : Optional.of(of.equals("string"));
            }
        };
    }

    private static String written(String key, String of, String type, String settings, String value) {
        DocumentMapper mapper = orders(key, type, settings, known(of));
        return text(mapper.map(BsonDocument.parse("{_id: 1, user: " + value + "}")));
    }

    /// The column's value and what is kept of it, else why there is no row.
    private static String text(MappingResult result) {
        return switch (result) {
            case MappingResult.Mapped mapped -> {
                List<String> said = new ArrayList<>(List.of(String.valueOf(mapped.row()[1])));
                mapped.misfits()
                        .forEach(misfit ->
                                said.add(misfit.path() + " " + misfit.reason().split("[;,]")[0]));
                yield String.join("; ", said);
            }
            case MappingResult.Rejected rejected ->
                "no row: " + rejected.reason().split("[;,]")[0];
            case MappingResult.Skipped skipped -> "skipped";
        };
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            # of     | value                                  | written
            string   | "1"                                    | 1
            string   | "65f0c0ffee65f0c0ffee65f0"             | 65f0c0ffee65f0c0ffee65f0
            string   | "true"                                 | true
            string   | 1                                      | null; user is an int32
            string   | {"$numberLong": "1"}                   | null; user is an int64
            string   | {"$numberDecimal": "1"}                | null; user is a decimal128
            string   | true                                   | null; user is a boolean
            string   | {"$oid": "65f0c0ffee65f0c0ffee65f0"}   | null; user is an ObjectId
            string   | {"$uuid": "00112233-4455-6677-8899-aabbccddeeff"} | null; user is a binary
            string   | {"$date": {"$numberLong": "0"}}        | null; user is a date
            string   | null                                   | null
            any      | "alice"                                | alice
            any      | "042"                                  | 042
            any      | "1"                                    | null; user is a string that is written like an _id of another type
            any      | "true"                                 | null; user is a string that is written like an _id of another type
            any      | "1970-01-01T00:00:00Z"                 | null; user is a string that is written like an _id of another type
            any      | "65f0c0ffee65f0c0ffee65f0"             | 65f0c0ffee65f0c0ffee65f0
            any      | "65F0C0FFEE65F0C0FFEE65F0"             | 65F0C0FFEE65F0C0FFEE65F0
            any      | "00112233-4455-6677-8899-aabbccddeeff" | 00112233-4455-6677-8899-aabbccddeeff
            any      | 1                                      | 1
            any      | {"$numberDouble": "1.0"}               | 1
            any      | {"$numberDecimal": "1.00"}             | 1
            any      | {"$numberDecimal": "0.1"}              | null; user is a decimal128 that no double holds
            any      | {"$numberDecimal": "123456789012345678901234"} | null; user is a number of 24 digits
            any      | {"$symbol": "alice"}                   | {"$symbol":"alice"}
            any      | true                                   | true
            any      | {"$oid": "65f0c0ffee65f0c0ffee65f0"}   | 65f0c0ffee65f0c0ffee65f0
            any      | {"a": 1}                               | null; user is an object
            nothing  | "1"                                    | 1
            nothing  | 1                                      | 1
            """)
    void ofATextKey(String of, String value, String written) {
        assertThat(written("type: text", of, "text", "reference: {table: users, take: id}", value))
                .isEqualTo(written);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            string | "00112233-4455-6677-8899-aabbccddeeff"            | 00112233-4455-6677-8899-aabbccddeeff
            string | "00112233-4455-6677-8899-AABBCCDDEEFF"            | null; user is a UUID in upper case
            string | {"$uuid": "00112233-4455-6677-8899-aabbccddeeff"} | null; user is a binary UUID
            any    | "00112233-4455-6677-8899-aabbccddeeff"            | 00112233-4455-6677-8899-aabbccddeeff
            any    | "00112233-4455-6677-8899-AABBCCDDEEFF"            | 00112233-4455-6677-8899-aabbccddeeff
            any    | {"$uuid": "00112233-4455-6677-8899-aabbccddeeff"} | 00112233-4455-6677-8899-aabbccddeeff
            """)
    void ofAUuidKey(String of, String value, String written) {
        assertThat(written("type: uuid", of, "uuid", "reference: {table: users, take: id}", value))
                .isEqualTo(written);
    }

    @ParameterizedTest
    @DisplayName("what the mapping converts on purpose is what it was converted to")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            string | unwrap_reference           | "65f0c0ffee65f0c0ffee65f0"                       | 65f0c0ffee65f0c0ffee65f0
            string | unwrap_reference           | "65F0C0FFEE65F0C0FFEE65F0"                       | 65f0c0ffee65f0c0ffee65f0
            string | unwrap_reference           | {"$id": "65f0c0ffee65f0c0ffee65f0"}              | 65f0c0ffee65f0c0ffee65f0
            string | unwrap_reference           | {"$id": {"$oid": "65f0c0ffee65f0c0ffee65f0"}}    | null; user is an ObjectId
            string | unwrap_reference           | {"$id": 1}                                       | null; user is an int32
            string | to_text                    | 1                                                | 1
            string | to_text                    | {"$oid": "65f0c0ffee65f0c0ffee65f0"}             | 65f0c0ffee65f0c0ffee65f0
            string | unwrap_reference, to_text  | {"$id": 1}                                       | 1
            any    | to_text                    | "1"                                              | 1
            any    | parse_number               | "1"                                              | 1
            any    | unwrap_reference           | "65F0C0FFEE65F0C0FFEE65F0"                       | 65f0c0ffee65f0c0ffee65f0
            """)
    void conversions(String of, String conversions, String value, String written) {
        assertThat(written(
                        "type: text",
                        of,
                        "text",
                        "convert: [" + conversions + "], reference: {table: users, take: id}",
                        value))
                .isEqualTo(written);
    }

    @Test
    @DisplayName("the UUID of an ObjectId is a key whatever the other ids are, and a UUID that only passes by is not")
    void madeUuids() {
        String settings = "convert: [{object_id_to_uuid: {collection: users}}], reference: {table: users, take: id}";
        String made = IdUuid.of(IdUuid.namespace("users"), new org.bson.types.ObjectId("65f0c0ffee65f0c0ffee65f0"))
                .toString();
        assertThat(written("type: uuid", "string", "uuid", settings, OID)).isEqualTo(made);
        assertThat(written("type: uuid", "string", "uuid", settings, "\"65f0c0ffee65f0c0ffee65f0\""))
                .isEqualTo(made);
        assertThat(written("type: uuid", "string", "uuid", settings, UUID)).isEqualTo("null; user is a binary UUID");
        assertThat(written(
                        "type: uuid",
                        "string",
                        "uuid",
                        "convert: [{legacy_uuid: python}], reference: {table: users, take: id}",
                        "{\"$binary\": {\"base64\": \"ABEiM0RVZneImaq7zN3u/w==\", \"subType\": \"03\"}}"))
                .isEqualTo(UUID_TEXT);
    }

    @Test
    @DisplayName(
            "so is a column compared with another one that holds the _id, and not with one that holds something else")
    void otherColumns() {
        String legacy = "reference: {table: users, match: legacy, match_type: text, take: id}";
        assertThat(written("type: bigint", "any", "bigint", legacy, "\"1\"")).isEqualTo("null; user is a string");
        assertThat(written("type: bigint", "any", "bigint", legacy, "1")).isEqualTo("1");
        assertThat(written("type: uuid", "string", "uuid", legacy, OID)).isEqualTo("65f0c0ffee65f0c0ffee65f0");
        assertThat(written("type: uuid", "string", "uuid", legacy, UUID)).isEqualTo("null; user is a binary UUID");
        assertThat(written("type: uuid", "string", "uuid", legacy, "\"default\""))
                .isEqualTo("default");
        String code = "reference: {table: users, match: code, match_type: text, take: id}";
        assertThat(written("type: text", "string", "text", code, "1")).isEqualTo("1");
        assertThat(written("type: text, form: typed", "string", "text", "reference: {table: users, take: id}", "1"))
                .isEqualTo("1");
    }

    @Test
    @DisplayName("what means no document is kept, and the policy for a reference that finds nothing applies")
    void policies() {
        String reference = "reference: {table: users, take: id, orphan: %s}";
        assertThat(written("type: text", "string", "text", reference.formatted("create"), "1"))
                .isEqualTo("null; user is an int32");
        assertThat(written("type: text", "string", "text", reference.formatted("skip"), "1"))
                .isEqualTo("no row: is an int32");
        assertThat(written("type: text", "string", "text", "instead: none, " + reference.formatted("empty"), "1"))
                .isEqualTo("none; user is an int32");
        assertThat(written("type: text", "string", "text", "misfit: reject, " + reference.formatted("empty"), "1"))
                .isEqualTo("no row: is an int32");
        assertThat(written("type: text", "string", "text[]", reference.formatted("drop"), "[\"a\", 1, \"b\"]"))
                .isEqualTo("[a, b]; user[1] is an int32");
        assertThat(written("type: text", "string", "text[]", reference.formatted("empty"), "[\"a\", 1, \"b\", 2]"))
                .isEqualTo("[a, null, b, null]; user[1] is an int32; user[3] is an int32");
        assertThat(written(
                        "type: text",
                        "any",
                        "text[]",
                        reference.formatted("drop"),
                        "[1, {\"$numberDecimal\": \"2.0\"}, \"1\"]"))
                .isEqualTo("[1, 2]; user[2] is a string that is written like an _id of another type");
    }

    @Test
    @DisplayName("an element of a child table has no row where the mapping skips it, and is kept whole")
    void children() {
        String document = "{_id: 1, lines: [{user: \"a\"}, {user: 1, n: 2}, {user: \"b\"}]}";
        MappingResult.Mapped skipped = (MappingResult.Mapped)
                orders("type: text", "text", "reference: {table: users, take: id, orphan: skip}", known("string"))
                        .map(BsonDocument.parse(document));
        assertThat(skipped.children().getFirst().stream().map(Arrays::toString))
                .containsExactly("[1, 0, a]", "[1, 2, b]");
        assertThat(skipped.misfits()).singleElement().satisfies(misfit -> {
            assertThat(misfit.path()).isEqualTo("lines[1]");
            assertThat(misfit.value()).isEqualTo(BsonDocument.parse("{user: 1, n: 2}"));
        });
        MappingResult.Mapped empty = (MappingResult.Mapped)
                orders("type: text", "text", "reference: {table: users, take: id}", known("string"))
                        .map(BsonDocument.parse(document));
        assertThat(empty.children().getFirst().stream().map(Arrays::toString))
                .containsExactly("[1, 0, a]", "[1, 1, null]", "[1, 2, b]");
        assertThat(empty.misfits())
                .singleElement()
                .satisfies(misfit -> assertThat(misfit.path()).isEqualTo("lines[1].user"));
    }

    @Test
    @DisplayName("asked again until it is known, and never where the type of a value does not matter")
    void asked() {
        AtomicInteger times = new AtomicInteger();
        UsualIds late = new UsualIds() {
            @Override
            public boolean areStrings(boolean first) {
                throw new AssertionError("a reference decides nothing");
            }

            @Override
            public Optional<Boolean> known() {
                return times.incrementAndGet() < 3 ? Optional.empty() : Optional.of(true);
            }
        };
        DocumentMapper mapper = orders("type: text", "text", "reference: {table: users, take: id}", late);
        List<String> written = new ArrayList<>();
        for (String value : List.of("\"a\"", "\"65f0c0ffee65f0c0ffee65f0\"", "1", "1", "1", "1")) {
            written.add(text(mapper.map(BsonDocument.parse("{_id: 1, user: " + value + "}"))));
        }
        assertThat(written)
                .containsExactly(
                        "a", "65f0c0ffee65f0c0ffee65f0", "1", "1", "null; user is an int32", "null; user is an int32");
        assertThat(times).hasValue(3);
    }
}
