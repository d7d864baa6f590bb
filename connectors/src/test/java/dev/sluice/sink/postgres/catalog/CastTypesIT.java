package dev.sluice.sink.postgres.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.change.Change;
import dev.sluice.change.Chunk;
import dev.sluice.change.IdBracket;
import dev.sluice.sink.Fence;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.postgres.ChunkSink;
import dev.sluice.sink.postgres.StreamSink;
import dev.sluice.sink.postgres.check.TableFault;
import dev.sluice.sink.postgres.staging.ChunkRows;
import dev.sluice.testkit.TestTarget;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.bson.BsonDocument;
import org.bson.BsonTimestamp;
import org.bson.RawBsonDocument;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// Columns whose types PostgreSQL reads from text: enums, domains and all those that a mapping has no name for, on each
/// way that rows take: by a chunk into an empty table, by a chunk over rows that are there, and by the stream.
@SuppressWarnings("NullAway.Init")
class CastTypesIT {
    private TestTarget target;
    private StreamSink stream;
    private ChunkSink chunks;
    private int clock = 1;

    private void open(String collection, String ddl) throws SQLException {
        target = TestTarget.of("mapping: test\ndatabase: test\ncollections:\n  things:\n" + collection.indent(4), ddl);
        long epoch = target.takeOver();
        stream = target.streamSink(epoch);
        chunks = target.chunkSink(epoch);
    }

    @AfterEach
    void close() {
        target.close();
    }

    /// A type, a text of it, how PostgreSQL writes that, and a text that is none.
    private record Sample(String type, String text, String written, String bad) {}

    private static final List<Sample> SAMPLES = List.of(
            new Sample("mood", "glad", "glad", "gladly"),
            new Sample("positive", "7", "7", "-7"),
            new Sample("code", "ab1", "ab1", "ab12345"),
            new Sample("interval", "24:00:00", "24:00:00", "soon"),
            new Sample("macaddr", "08002b:010203", "08:00:2b:01:02:03", "08:00"),
            new Sample("macaddr8", "08002b0102030405", "08:00:2b:01:02:03:04:05", "x"),
            new Sample("cidr", "10.1/16", "10.1.0.0/16", "10.1.1.1/16"),
            new Sample("int4range", "[1,4]", "[1,5)", "[4,1]"),
            new Sample("int4multirange", "{[1,2],[5,6]}", "{[1,3),[5,7)}", "{1}"),
            new Sample(
                    "tstzrange",
                    "[2024-01-01, 2024-01-02)",
                    "[\"2024-01-01 00:00:00+00\",\"2024-01-02 00:00:00+00\")",
                    "[now,)"),
            new Sample("tsvector", "a:1A b", "'a':1A 'b'", "'a"),
            new Sample("tsquery", "a & b", "'a' & 'b'", "a &"),
            new Sample("xml", "<a/>", "<a/>", "<a>"),
            new Sample("money", "$1,234.5", "$1,234.50", "one"),
            new Sample("bit(4)", "0101", "0101", "01011"),
            new Sample("bit varying(4)", "01", "01", "01011"),
            new Sample("point", "(1,2)", "(1,2)", "1"),
            new Sample("box", "(1,2),(3,4)", "(3,4),(1,2)", "1"),
            new Sample("json", "{\"a\": 1}", "{\"a\": 1}", "{a}"),
            new Sample("jsonpath", "$.a", "$.\"a\"", "$$"),
            new Sample("time", "10:00", "10:00:00", "25:00"),
            new Sample("timetz", "10:00+02", "10:00:00+02", "noon"),
            new Sample("timestamp", "2024-05-01 10:00", "2024-05-01 10:00:00", "today"),
            new Sample("timestamp(0)", "2024-05-01T10:00:00", "2024-05-01 10:00:00", "2024-13-01"),
            new Sample("real", "1.5", "1.5", "x"),
            new Sample("ltree", "a.b", "a.b", "a..b"),
            new Sample("hstore", "a=>1", "\"a\"=>\"1\"", "a"),
            new Sample("pg_lsn", "16/B374D848", "16/B374D848", "16"),
            new Sample("regconfig", "english", "english", "klingon"),
            new Sample("pair", "(1,x)", "(1,x)", "(1"),
            new Sample("\"Odd type\"", "a", "a", "z"));

    private static final String TYPES = "CREATE EXTENSION IF NOT EXISTS ltree; CREATE EXTENSION IF NOT EXISTS hstore;"
            + " CREATE TYPE mood AS ENUM ('glad', 'sad'); CREATE TYPE \"Odd type\" AS ENUM ('a');"
            + " CREATE DOMAIN positive AS numeric CHECK (VALUE > 0); CREATE DOMAIN code AS varchar(5);"
            + " CREATE TYPE pair AS (a integer, b text); ";

    @Test
    @DisplayName(
            "every type that PostgreSQL reads from text is written by the table's own type, and a text that is none"
                    + " is a quarantined value, on every way")
    void byTheTable() throws SQLException {
        each(sample -> "text");
    }

    @Test
    @DisplayName("the same where the mapping names the type")
    void byTheMapping() throws SQLException {
        each(sample -> "{postgres: '" + sample.type() + "'}");
    }

    private void each(java.util.function.Function<Sample, String> type) throws SQLException {
        StringBuilder columns = new StringBuilder();
        StringBuilder ddl = new StringBuilder(TYPES + "CREATE TABLE things (id bigint PRIMARY KEY");
        BsonDocument good = new BsonDocument();
        BsonDocument bad = new BsonDocument();
        List<String> expected = new ArrayList<>();
        List<String> quarantined = new ArrayList<>();
        List<String> selected = new ArrayList<>();
        for (int i = 0; i < SAMPLES.size(); i++) {
            Sample sample = SAMPLES.get(i);
            String name = "c" + i;
            // numeric and varchar are the mapping's own: the domains are on top of them.
            columns.append("  ")
                    .append(name)
                    .append(": ")
                    .append(type.apply(sample))
                    .append('\n');
            ddl.append(", ").append(name).append(' ').append(sample.type());
            good.append(name, new org.bson.BsonString(sample.text()));
            bad.append(name, new org.bson.BsonString(sample.bad()));
            expected.add(sample.written());
            quarantined.add("things." + name + "|\"" + sample.bad().replace("\"", "\\\"") + "\"");
            selected.add(name + "::text");
        }
        String collection = "table: things\nkey: {column: id, type: bigint}\ncolumns:\n" + columns;
        open(collection.replace("c1: text", "c1: {type: numeric, convert: [parse_number]}"), ddl + ")");
        assertThat(faults()).isEmpty();

        chunk(true, id(good, 1), id(bad, 2));
        chunk(false, id(bad, 1), id(good, 3));
        stream(id(good, 1), id(bad, 4));
        stream(id(bad, 3));

        String all = "SELECT " + String.join(", ", selected) + " FROM things WHERE id = ";
        String nulls = String.join("|", SAMPLES.stream().map(s -> "NULL").toList());
        assertThat(target.rows(all + "1")).containsExactly(String.join("|", expected));
        for (int id = 2; id <= 4; id++) {
            assertThat(target.rows(all + id)).as("%d", id).containsExactly(nulls);
            assertThat(target.rows(
                            "SELECT column_name, value FROM sluice.quarantine WHERE document_key = '{\"$numberLong\":\""
                                    + id + "\"}' ORDER BY substr(column_name, 9)::integer"))
                    .as("%d", id)
                    .containsExactlyElementsOf(quarantined);
        }
        assertThat(target.rows("SELECT count(*) FROM sluice.quarantine WHERE document_key = '{\"$numberLong\":\"1\"}'"))
                .containsExactly("0");
        assertThat(target.rows("SELECT reason FROM sluice.dead_letter")).isEmpty();
    }

    @Test
    @DisplayName(
            "of an array the elements that are refused are NULL, and kept with their places; a domain over an array"
                    + " holds it as a whole")
    void arrays() throws SQLException {
        open(
                """
                table: things
                key: {column: id, type: bigint}
                columns:
                  moods: text[]
                  named: {postgres: "mood[]"}
                  counts: integer[]
                  tags: text[]
                """,
                TYPES + "CREATE DOMAIN few AS integer CHECK (VALUE < 10);"
                        + " CREATE DOMAIN tags AS text[] CHECK (array_length(VALUE, 1) < 3);"
                        + " CREATE TABLE things (id bigint PRIMARY KEY, moods mood[], named mood[], counts few[], tags tags)");
        assertThat(faults()).isEmpty();
        BsonDocument good =
                BsonDocument.parse("{moods: ['sad', null], named: ['glad'], counts: [1, 2], tags: ['a', 'b']}");
        BsonDocument bad = BsonDocument.parse(
                "{moods: ['sad', 'mad'], named: ['bad', 'glad'], counts: [1, 20], tags: ['a', 'b', 'c']}");

        chunk(true, id(good, 1), id(bad, 2));
        stream(id(good, 3), id(bad, 4));

        for (int id = 1; id <= 4; id++) {
            assertThat(target.rows("SELECT moods, named, counts, tags FROM things WHERE id = " + id))
                    .containsExactly(
                            id % 2 == 1 ? "{sad,NULL}|{glad}|{1,2}|{a,b}" : "{sad,NULL}|{NULL,glad}|{1,NULL}|NULL");
            assertThat(quarantined(id))
                    .containsExactlyElementsOf(
                            id % 2 == 1
                                    ? List.of()
                                    : List.of(
                                            "things.counts|counts[1]|{\"$numberInt\": \"20\"}|is against a rule of few",
                                            "things.moods|moods[1]|\"mad\"|is not what PostgreSQL takes for mood (SQLSTATE 22P02)",
                                            "things.named|named[0]|\"bad\"|is not what PostgreSQL takes for mood (SQLSTATE 22P02)",
                                            "things.tags|tags|[\"a\", \"b\", \"c\"]|is against a rule of tags"));
        }
    }

    @Test
    @DisplayName("rows of child tables land without what is refused in them, on every way")
    void children() throws SQLException {
        open(
                """
                table: things
                key: {column: id, type: bigint}
                children:
                  lines:
                    from: lines
                    parent: thing
                    ordinal: n
                    columns:
                      mood: text
                      every: {type: {postgres: interval}, from: often}
                """,
                TYPES + "CREATE TABLE things (id bigint PRIMARY KEY);"
                        + " CREATE TABLE lines (thing bigint, n integer, mood mood, every interval, PRIMARY KEY (thing, n))");
        BsonDocument one = BsonDocument.parse("{lines: [{mood: 'glad', often: '1 day'}, {mood: 'mad', often: 'x'}]}");

        chunk(true, id(one, 1));
        stream(id(one, 2));
        chunk(false, id(one, 2));

        for (int id = 1; id <= 2; id++) {
            assertThat(target.rows("SELECT n, mood, every FROM lines WHERE thing = " + id + " ORDER BY n"))
                    .containsExactly("0|glad|1 day", "1|NULL|NULL");
            assertThat(quarantined(id))
                    .extracting(q -> q.substring(0, q.lastIndexOf('|')))
                    .containsExactly("lines.every|lines[1].often|\"x\"", "lines.mood|lines[1].mood|\"mad\"");
        }
    }

    @Test
    @DisplayName(
            "the column's policy applies: a literal instead, or a dead letter, which has no row until a good state comes")
    void policies() throws SQLException {
        open("""
                table: things
                key: {column: id, type: bigint}
                columns:
                  soft: {type: text, instead: sad}
                  strict: {type: text, misfit: reject}
                """, TYPES + "CREATE TABLE things (id bigint PRIMARY KEY, soft mood NOT NULL, strict mood)");
        chunk(true, things(1, "glad", "glad"), things(2, "mad", "mad"), things(3, "mad", "glad"));
        stream(things(1, "sad", "mad"), things(4, "glad", "mad"), things(5, "glad", "glad"));

        assertThat(target.rows("SELECT * FROM things ORDER BY id")).containsExactly("3|sad|glad", "5|glad|glad");
        assertThat(target.rows("SELECT document_key, reason FROM sluice.dead_letter ORDER BY 1"))
                .hasSize(3)
                .allMatch(l -> l.endsWith(
                        "things.strict from strict: is not what PostgreSQL takes for mood (SQLSTATE 22P02)"));
        assertThat(quarantined(3)).hasSize(1);

        stream(things(1, "sad", "sad"), things(3, "sad", "sad"));
        chunk(false, things(2, "sad", "sad"), things(4, "glad", "mad"));
        assertThat(target.rows("SELECT * FROM things ORDER BY id"))
                .containsExactly("1|sad|sad", "2|sad|sad", "3|sad|sad", "5|glad|glad");
        assertThat(target.rows("SELECT document_key FROM sluice.dead_letter"))
                .containsExactly("{\"$numberLong\":\"4\"}");
        assertThat(quarantined(3)).isEmpty();
    }

    @Test
    @DisplayName(
            "where the table takes no NULL in the place of the value, the document is a dead letter, and the others of"
                    + " its batch land")
    void notNull() throws SQLException {
        open("""
                table: things
                key: {column: id, type: bigint}
                columns: {soft: text}
                """, TYPES + "CREATE TABLE things (id bigint PRIMARY KEY, soft mood NOT NULL)");
        chunk(true, things(1, "glad", ""), things(2, "mad", ""));
        stream(things(3, "glad", ""), things(4, "mad", ""));

        assertThat(target.rows("SELECT * FROM things ORDER BY id")).containsExactly("1|glad", "3|glad");
        assertThat(target.rows("SELECT document_key, sqlstate FROM sluice.dead_letter ORDER BY 1"))
                .containsExactly("{\"$numberLong\":\"2\"}|23502", "{\"$numberLong\":\"4\"}|23502");
    }

    @Test
    @DisplayName(
            "what the mapping writes by itself has to be of the type, as have to be the type's name and the column")
    void faultsAreNamed() throws SQLException {
        open(
                """
                table: things
                key: {column: id, type: bigint}
                columns:
                  literal: {type: text, missing: glad, "null": mad, instead: sad}
                  share: {type: integer, missing: 0}
                  unknown: {postgres: moood}
                  internal: text
                  other: boolean
                  address: text
                  list: text
                """,
                TYPES + "CREATE DOMAIN share AS integer CHECK (VALUE > 0);"
                        + " CREATE TABLE things (id bigint PRIMARY KEY, literal mood, share share, unknown mood,"
                        + " internal pg_node_tree, other mood, address inet, list mood[])");

        assertThat(faults())
                .extracting(TableFault::subject, TableFault::found, TableFault::remedy)
                .satisfiesExactly(
                        f -> assertThat(f.toList().toString())
                                .contains("public.things.unknown", "no type of that name"),
                        f -> assertThat(f.toList().toString())
                                .contains("public.things.internal", "only PostgreSQL itself writes"),
                        f -> assertThat(f.toList().toString())
                                .contains("public.things.other is mood", "Give the column `type: {postgres: mood}`"),
                        f -> assertThat(f.toList().toString())
                                .contains("public.things.address is inet", "Give the column the type inet"),
                        f -> assertThat(f.toList().toString())
                                .contains("public.things.list is mood[]", "`type: {postgres: 'mood[]'}`"),
                        f -> assertThat(f.toList().toString())
                                .contains("public.things.literal is mood", "under `null`"),
                        f -> assertThat(f.toList().toString())
                                .contains("public.things.share is share", "under `missing`"));
    }

    @Test
    @DisplayName("a row that says the same in other words is not written again")
    void unchanged() throws SQLException {
        open("""
                table: things
                key: {column: id, type: bigint}
                columns: {mac: text, every: {postgres: interval}, mood: text}
                """, TYPES + "CREATE TABLE things (id bigint PRIMARY KEY, mac macaddr, every interval, mood mood)");
        chunk(true, BsonDocument.parse("{_id: 1, mac: '08002b010203', every: '24:00', mood: 'mad'}"));
        List<String> before = target.versions();

        stream(BsonDocument.parse("{_id: 1, mac: '08-00-2B-01-02-03', every: '24 hours', mood: 'bad'}"));
        chunk(false, BsonDocument.parse("{_id: 1, mac: '0800.2b01.0203', every: '86400 s'}"));

        assertThat(target.versions()).isEqualTo(before);
    }

    @Test
    @DisplayName("references, recognised rows and duplicates are compared as the type has it")
    void comparedAsTheTypeHasIt() throws SQLException {
        open(
                """
                table: things
                key: {column: id, type: bigint}
                conflict: [id, mood]
                columns:
                  mood: text
                  device: {type: integer, from: mac, reference: {table: devices, match: mac, match_type: {postgres: macaddr}, take: n}}
                """,
                TYPES
                        + "CREATE TABLE devices (n integer, mac macaddr UNIQUE); INSERT INTO devices VALUES (7, '08:00:2b:01:02:03');"
                        + " CREATE TABLE things (id bigint, mood mood, device integer, UNIQUE (id, mood))");
        assertThat(faults("id", "mood")).isEmpty();
        chunk(
                true,
                BsonDocument.parse("{_id: 1, mood: 'sad', mac: '08002b010203'}"),
                BsonDocument.parse("{_id: 2, mood: 'sad', mac: '08-00'}"));
        stream(BsonDocument.parse("{_id: 1, mood: 'glad', mac: '08-00-2b-01-02-03'}"));
        stream(BsonDocument.parse("{_id: 3, mood: 'glad', mac: '08-00-2b-01-02-04'}"));

        assertThat(target.rows("SELECT * FROM things ORDER BY id"))
                .containsExactly("1|glad|7", "2|sad|NULL", "3|glad|NULL");
        assertThat(quarantined(2)).hasSize(1);
        assertThat(target.rows("SELECT row_key, on_value FROM sluice.waiting")).containsExactly("3|08:00:2b:01:02:04");
    }

    @Test
    @DisplayName("objects and arrays are JSON to a type by name")
    void json() throws SQLException {
        open("""
                table: things
                key: {column: id, type: bigint}
                columns: {a: {postgres: json}, b: {postgres: mood}}
                """, TYPES + "CREATE TABLE things (id bigint PRIMARY KEY, a json, b mood)");
        chunk(true, BsonDocument.parse("{_id: 1, a: {x: [1, 'y']}, b: ['glad']}"));
        stream(BsonDocument.parse("{_id: 2, a: [1, {}], b: true}"));

        assertThat(target.rows("SELECT * FROM things ORDER BY id"))
                .containsExactly("1|{\"x\":[1,\"y\"]}|NULL", "2|[1,{}]|NULL");
        assertThat(quarantined(1)).singleElement().asString().contains("[\"glad\"]");
        assertThat(quarantined(2)).singleElement().asString().contains("true");
    }

    private static BsonDocument things(int id, String soft, String strict) {
        return BsonDocument.parse("{_id: " + id + ", soft: '" + soft + "', strict: '" + strict + "'}");
    }

    private List<String> quarantined(int id) {
        return target.rows("SELECT column_name, path, value, reason FROM sluice.quarantine WHERE document_key ="
                + " '{\"$numberLong\":\"" + id + "\"}' ORDER BY 1, 2");
    }

    private static BsonDocument id(BsonDocument document, int id) {
        BsonDocument with = new BsonDocument("_id", new org.bson.BsonInt32(id));
        with.putAll(document);
        return with;
    }

    private List<TableFault> faults() throws SQLException {
        return faults("id");
    }

    private List<TableFault> faults(String... conflict) throws SQLException {
        return TableFault.of(
                TableFault.Looking.on(target.connection()),
                target.target("things"),
                target.target("things").mapper().shape(),
                List.of(conflict));
    }

    private void stream(BsonDocument... documents) throws SQLException {
        List<RowChange> mapped = Arrays.stream(documents)
                .map(d -> Objects.requireNonNull(target.mapper()
                        .map(new Change.Upsert(
                                "things", Objects.requireNonNull(d.get("_id")), d, new BsonTimestamp(clock, 0), 0))))
                .toList();
        stream.apply(mapped, TestTarget.at(++clock, 0), null);
    }

    private void chunk(boolean startedEmpty, BsonDocument... documents) throws SQLException {
        ChunkRows rows = new ChunkRows(target.target("things"));
        rows.map(Arrays.stream(documents)
                .map(d -> new RawBsonDocument(d, new org.bson.codecs.BsonDocumentCodec()))
                .toList());
        try (Fence.Flight flight = target.fence("things").open()) {
            chunks.apply(new Chunk("things", clock++, IdBracket.NUMBER, null, null), rows, startedEmpty, flight);
        }
    }
}
