package dev.sluice.verify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.change.Change;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.postgres.staging.ChunkRows;
import dev.sluice.sink.postgres.table.CollectionTables;
import dev.sluice.testkit.TestTarget;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bson.BsonArray;
import org.bson.BsonBinary;
import org.bson.BsonBoolean;
import org.bson.BsonDateTime;
import org.bson.BsonDecimal128;
import org.bson.BsonDocument;
import org.bson.BsonDouble;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonNull;
import org.bson.BsonString;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.bson.codecs.BsonDocumentCodec;
import org.bson.types.Decimal128;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Rows that are read and compared by their bytes: what is equal there is equal to PostgreSQL, and nothing that
/// differs is.
@SuppressWarnings("NullAway.Init")
class EqualRowsIT {
    private static final String MAPPING = """
            mapping: test
            database: test
            collections:
              things:
                table: things
                key: {column: id, type: text}
                columns:
                  t: text
                  v: {type: varchar(20), from: t}
                  c: {type: citext, from: t}
                  b: boolean
                  s: {type: smallint, from: n}
                  n: integer
                  w: {type: integer, from: n}
                  l: bigint
                  d: double precision
                  m: numeric
                  f: {type: "numeric(18,2)", from: m, misfit: quarantine}
                  g: {type: numeric, from: m}
                  at: timestamptz
                  day: date
                  u: uuid
                  y: bytea
                  j: jsonb
                  a: "text[]"
                  whole: "integer[]"
                  once: {type: text, from: t, write: insert}
                children:
                  parts:
                    from: parts
                    parent: thing_id
                    ordinal: ordinal
                    columns:
                      name: text
                      more: jsonb
                  labels:
                    from: {entries: labels}
                    parent: thing_id
                    key: {column: name, type: text}
                    columns:
                      label: {type: text, from: {element: true}}
              leaves:
                table: leaves
                key: {column: id, type: text}
                columns:
                  thing: {type: text, reference: {table: things, match: id, take: id, orphan: empty}}
              strangers:
                table: strangers
                key: {column: id, type: text}
                columns:
                  thing: {type: text, reference: {table: things, match: id, take: t, orphan: empty}}
              moods:
                table: moods
                key: {column: id, type: text}
                columns:
                  mood: text
            """;

    private static final String TABLES = """
            CREATE EXTENSION IF NOT EXISTS citext;
            CREATE TYPE mood AS ENUM ('glad', 'sad');
            CREATE TABLE moods (id text PRIMARY KEY, mood mood);
            CREATE TABLE things (id text PRIMARY KEY, t text, v varchar(20), c citext, b boolean, s smallint, n integer,
              w bigint, l bigint, d double precision, m numeric, f numeric(18,2), g numeric(30,10), at timestamptz, day date,
              u uuid, y bytea, j jsonb, a text[], whole integer[], once text, theirs text);
            CREATE TABLE leaves (id text PRIMARY KEY, thing text);
            CREATE TABLE strangers (id text PRIMARY KEY, thing text);
            CREATE TABLE labels (thing_id text, name text, label text, PRIMARY KEY (thing_id, name));
            CREATE TABLE parts (thing_id text, ordinal integer, name text, more jsonb, PRIMARY KEY (thing_id, ordinal))
            """;

    private static final String FULL = "t: 'x', b: true, n: 1, l: {$numberLong: '7'}, d: 0.5,"
            + " m: {$numberDecimal: '1.50'}, at: {$date: '2020-01-01T00:00:00.000Z'},"
            + " day: {$date: '2020-01-01T00:00:00.000Z'}, u: {$uuid: '00112233-4455-6677-8899-aabbccddeeff'},"
            + " y: {$binary: {base64: 'AAE=', subType: '00'}}, j: {b: {c: 1.5, d: [null, 'ü']}, a: [1, {b: null}]},"
            + " a: ['p', 'q'], whole: [1, 2], parts: [{name: 'one', more: {zz: 1, a: 2}}, {name: 'two'}, {name: 'three'}],"
            + " labels: {z: 'one', a: 'two', '': 'three', 'a.b': null, ü: 'one'}";

    private static final List<String> ODD_KEYS = List.of(
            "",
            " ",
            "NULL",
            "null",
            "a'b",
            "a''b",
            "a\\b",
            "\\",
            "\"",
            "a\"b",
            "{a,b}",
            ",",
            "a\nb",
            "ü",
            "\uD83D\uDE00",
            "E'x'",
            "$1",
            "?",
            "::text",
            "k".repeat(500));

    private static final List<BsonDocument> THREE =
            List.of(thing("one", FULL), thing("three", FULL), thing("two", FULL));
    private static final List<BsonDocument> LEAVES =
            List.of(thing("a", "thing: 'one'"), thing("b", "thing: 'two'"), thing("c", "thing: null"));

    private static TestTarget target;
    private static List<BsonDocument> random;
    private static List<BsonDocument> odd;

    /// Changes are rolled back.
    private Connection connection;

    @BeforeAll
    static void rowsOfDocuments() throws SQLException {
        target = TestTarget.of(MAPPING, TABLES);
        Random of = new Random(7);
        random = IntStream.range(0, 300).mapToObj(i -> random("thing " + i, of)).toList();
        odd = ODD_KEYS.stream().map(key -> thing(key, FULL)).toList();
        List<RowChange> rows = new ArrayList<>();
        Stream.of(THREE, random, odd).flatMap(List::stream).forEach(d -> rows.add(upsert("things", d)));
        LEAVES.forEach(d -> rows.add(upsert("leaves", d)));
        target.streamSink(target.takeOver()).apply(rows, TestTarget.at(2, 0), null);
    }

    private static RowChange upsert(String collection, BsonDocument document) {
        return Objects.requireNonNull(target.mapper()
                .map(new Change.Upsert(
                        collection,
                        Objects.requireNonNull(document.get("_id")),
                        document,
                        new BsonTimestamp(1, 0),
                        0)));
    }

    @AfterAll
    static void closeTarget() {
        target.close();
    }

    @BeforeEach
    void begin() throws SQLException {
        connection = target.connector().openForLongWork();
        connection.setAutoCommit(false);
    }

    @AfterEach
    void rollBack() throws SQLException {
        connection.rollback();
        connection.close();
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static BsonDocument thing(String id, String fields) {
        BsonDocument document = BsonDocument.parse("{" + fields + "}");
        document.put("_id", new BsonString(id));
        return document;
    }

    private Optional<EqualRows> equalRows(String collection) throws SQLException {
        CollectionTarget things = target.target(collection);
        return EqualRows.of(connection, things, CollectionTables.of(things, "sluice_verify_", connection));
    }

    private static ChunkRows mapped(String collection, List<BsonDocument> documents) {
        ChunkRows rows = new ChunkRows(target.target(collection));
        rows.map(documents.stream()
                .map(d -> new RawBsonDocument(d, new BsonDocumentCodec()))
                .toList());
        return rows;
    }

    /// The keys of those that PostgreSQL has to compare.
    private List<Object> open(String collection, List<BsonDocument> documents) throws SQLException {
        ChunkRows rows = mapped(collection, documents);
        EqualRows.Found found = equalRows(collection).orElseThrow().among(rows, Set.of());
        assertThat(found.keyHashes()).hasSize(documents.size() - found.open().cardinality());
        return rows.keys(found.open());
    }

    @Test
    void whatWasWrittenIsEqualWhateverItsValues() throws SQLException {
        assertThat(open("things", random)).isEmpty();
        assertThat(open("things", THREE)).isEmpty();
        assertThat(open("leaves", LEAVES)).isEmpty();
    }

    @Test
    void keysOfAnyCharactersAreFoundInAnyOrder() throws SQLException {
        assertThat(open("things", odd)).isEmpty();
        assertThat(open("things", odd.reversed())).isEmpty();
        assertThat(open("things", THREE.reversed())).isEmpty();
    }

    @Test
    void rowsOfManyOtherDocumentsBetweenThoseOfTheChunkAreNoHindrance() throws SQLException {
        execute("INSERT INTO things (id) SELECT 'o' || n FROM generate_series(1, 5000) n");

        EqualRows equal = equalRows("things").orElseThrow();

        assertThat(equal.among(mapped("things", THREE), Set.of()).open().isEmpty())
                .isTrue();
        assertThat(equal.among(mapped("things", random), Set.of()).open().isEmpty())
                .isTrue();
    }

    @Test
    void theKeysOfEqualRowsAreKnownByTheHashesThatPostgreSqlMakesOfThem() throws SQLException {
        ChunkRows rows = mapped("things", THREE);

        EqualRows.Found found = equalRows("things").orElseThrow().among(rows, Set.of("two", "three"));

        assertThat(rows.keys(found.open())).containsExactly("three", "two");
        assertThat(String.valueOf(found.keyHashes()[0]))
                .isEqualTo(target.rows("SELECT hashtextextended('one', 0)").getFirst());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "t = 'x '",
                "t = 'X'",
                "t = ''",
                "t = NULL",
                "v = 'y'",
                "c = 'X'",
                "c = 'x '",
                "b = false",
                "b = NULL",
                "s = 2",
                "n = -1",
                "w = 4294967297",
                "w = NULL",
                "l = 8",
                "d = 0.5000000001",
                "d = 'NaN'",
                "d = '-0.5'",
                "m = 1.5",
                "m = 1.500",
                "m = -1.50",
                "m = 'NaN'",
                "m = 15.0",
                "m = 15000",
                "f = 1.51",
                "f = -1.50",
                "g = 1.5000000001",
                "at = '2020-01-01 00:00:00.000001+00'",
                "at = 'infinity'",
                "day = '2020-01-02'",
                "u = '00112233-4455-6677-8899-aabbccddeefe'",
                "y = '\\x0002'",
                "y = '\\x000100'",
                "j = '{\"a\": [1, {\"b\": 0}]}'",
                "j = jsonb_set(j, '{a,0}', '1.0')",
                "j = jsonb_set(j, '{b,c}', '1.50')",
                "j = jsonb_set(j, '{b,c}', '\"1.5\"')",
                "j = j - 'a'",
                "j = j || '{\"c\": null}'",
                "j = 'null'",
                "j = NULL",
                "a = '{q,p}'",
                "a = '{p,q,NULL}'",
                "a = '{NULL,q}'",
                "a = '[0:1]={p,q}'",
                "a = '{{p,q}}'",
                "a = '{}'",
                "a = NULL",
                "whole = '{1,3}'",
                "id = 'other'"
            })
    void aValueThatDiffersIsLeftToPostgreSql(String change) throws SQLException {
        execute("UPDATE things SET " + change + " WHERE id = 'two'");

        assertThat(open("things", THREE)).containsExactly("two");
        assertThat(open("things", THREE.reversed())).containsExactly("two");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "DELETE FROM parts WHERE thing_id = 'two' AND ordinal = 0",
                "DELETE FROM parts WHERE thing_id = 'two' AND ordinal = 2",
                "DELETE FROM parts WHERE thing_id = 'two'",
                "DELETE FROM things WHERE id = 'two'",
                "INSERT INTO parts VALUES ('two', 3, 'four', NULL)",
                "INSERT INTO parts VALUES ('two', -1, 'four', NULL)",
                "UPDATE parts SET ordinal = 9 WHERE thing_id = 'two' AND ordinal = 1",
                "UPDATE parts SET name = 'three' WHERE thing_id = 'two' AND ordinal = 1",
                "UPDATE parts SET more = '{\"zz\": 1, \"b\": 2}' WHERE thing_id = 'two' AND ordinal = 0",
                "UPDATE parts SET thing_id = 'nobody' WHERE thing_id = 'two' AND ordinal = 1",
                "UPDATE parts SET thing_id = 'two', ordinal = 7 WHERE thing_id = 'three' AND ordinal = 2",
                "DELETE FROM labels WHERE thing_id = 'two' AND name = ''",
                "DELETE FROM labels WHERE thing_id = 'two'",
                "INSERT INTO labels VALUES ('two', 'A', 'two')",
                "UPDATE labels SET name = 'y' WHERE thing_id = 'two' AND name = 'z'",
                "UPDATE labels SET label = 'two' WHERE thing_id = 'two' AND name = 'z'",
                "UPDATE labels SET label = '' WHERE thing_id = 'two' AND name = 'a.b'",
                "UPDATE labels SET thing_id = 'two', name = 'b' WHERE thing_id = 'three' AND name = 'a'",
                "UPDATE things SET t = repeat('x', 20000000) WHERE id = 'two'"
            })
    void aRowThatIsMissingOrTooManyIsLeftToPostgreSql(String change) throws SQLException {
        execute(change);

        assertThat(open("things", THREE)).contains("two").doesNotContain("one");
        assertThat(open("things", THREE.reversed())).contains("two").doesNotContain("one");
    }

    @ParameterizedTest
    @ValueSource(strings = {"theirs = 'x'", "once = 'y'", "w = w"})
    void whatNoDocumentSaysIsNotCompared(String change) throws SQLException {
        execute("UPDATE things SET " + change);

        assertThat(open("things", THREE)).isEmpty();
    }

    @Test
    void twoDocumentsOfOneRowAreLeftToPostgreSql() throws SQLException {
        List<BsonDocument> twice = new ArrayList<>(THREE);
        twice.add(thing("two", FULL));

        assertThat(open("things", twice)).containsExactly("two", "two");
    }

    @Test
    void afterAChunkThatDiffersPostgreSqlComparesAloneForAWhile() throws SQLException {
        EqualRows equal = equalRows("things").orElseThrow();
        ChunkRows rows = mapped("things", THREE);
        execute("UPDATE things SET t = 'y'");
        assertThat(equal.among(rows, Set.of()).open().cardinality()).isEqualTo(3);
        execute("UPDATE things SET t = 'x'");

        int chunks = 0;
        while (!equal.among(rows, Set.of()).open().isEmpty()) {
            chunks++;
        }

        assertThat(chunks).isBetween(1, 100);
    }

    @Test
    void aValueThatRefersToARowIsEqualWhereTheRowIsThere() throws SQLException {
        execute("UPDATE leaves SET thing = 'nobody' WHERE id = 'c'");
        assertThat(open("leaves", LEAVES)).containsExactly("c");
        execute("UPDATE leaves SET thing = NULL WHERE id = 'c'");
        execute("DELETE FROM things WHERE id = 'two'");
        assertThat(open("leaves", LEAVES)).containsExactly("b");
        assertThat(equalRows("strangers")).isEmpty();
    }

    @Test
    void aCollectionWithATypeThatPostgreSqlReadsIsLeftToIt() throws SQLException {
        assertThat(equalRows("moods")).isEmpty();
        execute("ALTER TABLE things ALTER t TYPE name");
        assertThat(equalRows("things")).isEmpty();
    }

    @Test
    @DisplayName("JSON becomes the text that PostgreSQL makes of it as jsonb, or none")
    void jsonb() throws SQLException {
        Random random = new Random(11);
        JsonbText json = new JsonbText();
        int certain = 0;
        try (PreparedStatement statement = connection.prepareStatement("SELECT ?::jsonb::text")) {
            for (int i = 0; i < 3_000; i++) {
                String given = json(random, 0);
                byte[] bytes = given.getBytes(StandardCharsets.UTF_8);
                if (json.write(bytes, 0, bytes.length)) {
                    certain++;
                    statement.setString(1, given);
                    try (ResultSet row = statement.executeQuery()) {
                        row.next();
                        assertThat(json.text()).as(given).isEqualTo(row.getString(1));
                    }
                }
            }
        }
        assertThat(certain).isGreaterThan(2_000);
    }

    private static final List<String> NUMBERS = List.of(
            "0",
            "-0",
            "-0.0",
            "0.00",
            "1",
            "-1",
            "12.50",
            "1e5",
            "1E+5",
            "1.5e-7",
            "-2.50E3",
            "0e9",
            "0E-7",
            "1e300",
            "123456789012345678901234567890.1200",
            "1.7976931348623157E308",
            "4.9E-324");

    private static final List<String> STRINGS = List.of(
            "\"\"",
            "\"a\"",
            "\"b\"",
            "\"ab\"",
            "\"ba\"",
            "\"ü\"",
            "\"zü\"",
            "\"\uD83D\uDE00\"",
            "\"a b\"",
            "\"A\"",
            "\"\u007f\"",
            "\"\\n\"",
            "\"\\u0001\"",
            "\"\\u001F\"",
            "\"\\u0009\"",
            "\"\\/\"",
            "\"\\\"\"",
            "\"\\\\\"",
            "\"\\u00fc\"",
            "\"{\"");

    private static String json(Random random, int depth) {
        String blank = random.nextInt(5) == 0 ? " " : "";
        int kind = random.nextInt(depth > 4 ? 3 : 6);
        if (kind == 0) {
            return NUMBERS.get(random.nextInt(NUMBERS.size()));
        }
        if (kind == 1) {
            return STRINGS.get(random.nextInt(STRINGS.size()));
        }
        if (kind == 2) {
            return List.of("true", "false", "null").get(random.nextInt(3));
        }
        List<String> parts = new ArrayList<>();
        int count = random.nextInt(random.nextInt(20) == 0 ? 40 : 5);
        for (int i = 0; i < count; i++) {
            String name = random.nextInt(8) == 0
                    ? STRINGS.get(random.nextInt(STRINGS.size()))
                    : "\"" + Integer.toString(random.nextInt(4000), 36) + "\"";
            parts.add((kind == 3 ? "" : name + blank + ":") + blank + json(random, depth + 1) + blank);
        }
        return kind == 3 ? "[" + String.join(",", parts) + "]" : "{" + String.join("," + blank, parts) + "}";
    }

    private static BsonDocument random(String id, Random random) {
        BsonDocument document = new BsonDocument("_id", new BsonString(id));
        some(document, "t", random, new BsonString("text " + random.nextInt(1000)));
        some(document, "b", random, BsonBoolean.valueOf(random.nextBoolean()));
        some(document, "n", random, new BsonInt32(random.nextInt(60_000) - 30_000));
        some(document, "l", random, new BsonInt64(random.nextLong()));
        some(
                document,
                "d",
                random,
                new BsonDouble(List.of(
                                0.0,
                                -0.0,
                                1.5,
                                -1e300,
                                4.9E-324,
                                Double.NaN,
                                Double.POSITIVE_INFINITY,
                                random.nextGaussian())
                        .get(random.nextInt(8))));
        some(
                document,
                "m",
                random,
                new BsonDecimal128(Decimal128.parse(
                        List.of("0", "0.00", "1", "-1.5", "10000", "12345678.90", "0.0001", "1E+3", "-0.10", "99990000")
                                .get(random.nextInt(10)))));
        some(document, "at", random, new BsonDateTime(random.nextLong() >> 20));
        some(document, "day", random, new BsonDateTime(86_400_000L * (random.nextInt(40_000) - 20_000)));
        some(document, "u", random, new BsonBinary(new UUID(random.nextLong(), random.nextLong())));
        some(document, "y", random, new BsonBinary(new byte[random.nextInt(20)]));
        some(document, "j", random, value(random, 0));
        some(
                document,
                "a",
                random,
                new BsonArray(List.of(new BsonString("p"), BsonNull.VALUE).subList(0, random.nextInt(3))));
        some(
                document,
                "whole",
                random,
                new BsonArray(List.of(new BsonInt32(1), new BsonInt32(-2)).subList(0, random.nextInt(3))));
        BsonArray parts = new BsonArray();
        for (int i = random.nextInt(4); i > 0; i--) {
            parts.add(new BsonDocument("name", new BsonString("part" + i)).append("more", value(random, 0)));
        }
        some(document, "parts", random, parts);
        BsonDocument labels = new BsonDocument();
        for (int i = random.nextInt(9); i > 0; i--) {
            labels.put("n" + random.nextInt(20), new BsonString("label " + i));
        }
        some(document, "labels", random, labels);
        return document;
    }

    private static void some(BsonDocument document, String field, Random random, BsonValue value) {
        if (random.nextInt(6) > 0) {
            document.put(field, value);
        }
    }

    private static BsonValue value(Random random, int depth) {
        return switch (random.nextInt(depth > 3 ? 5 : 8)) {
            case 0 -> new BsonInt32(random.nextInt());
            case 1 -> new BsonDouble(random.nextGaussian() * Math.pow(10, random.nextInt(40) - 20));
            case 2 ->
                new BsonString(
                        List.of("", "a\"b\\c/", "ü\n\t\u0001\u001f", "plain").get(random.nextInt(4)));
            case 3 -> BsonNull.VALUE;
            case 4 ->
                new BsonDecimal128(
                        Decimal128.parse(List.of("1.50", "1E+3", "-0.0", "0E-7").get(random.nextInt(4))));
            case 5 -> {
                BsonArray array = new BsonArray();
                for (int i = random.nextInt(4); i > 0; i--) {
                    array.add(value(random, depth + 1));
                }
                yield array;
            }
            default -> {
                BsonDocument object = new BsonDocument();
                for (int i = random.nextInt(25); i > 0; i--) {
                    object.put(Integer.toString(random.nextInt(4000), 36), value(random, depth + 1));
                }
                yield object;
            }
        };
    }
}
