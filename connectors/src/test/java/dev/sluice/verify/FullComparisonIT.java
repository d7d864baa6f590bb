package dev.sluice.verify;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.client.MongoDatabase;
import dev.sluice.change.Change;
import dev.sluice.sink.RowChange;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.testkit.TestTarget;
import dev.sluice.testkit.TestingServers;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bson.BsonDocument;
import org.bson.BsonTimestamp;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@SuppressWarnings("NullAway.Init")
class FullComparisonIT {
    private static final String THINGS = """
            mapping: test
            database: test
            collections:
              things:
                table: things
                key: {column: id, type: bigint}
                columns:
                  t: text
                  v: {type: varchar(20), from: t}
                  b: boolean
                  s: {type: smallint, from: n}
                  n: integer
                  l: {type: bigint, from: n}
                  d: double precision
                  m: numeric
                  f: {type: "numeric(18,2)", from: m}
                  at: timestamptz
                  day: date
                  u: uuid
                  y: bytea
                  j: jsonb
                  a: "text[]"
                  mood: text
                  every: {postgres: interval}
                  share: {type: integer, from: n}
                  moods: "text[]"
                children:
                  thing_parts:
                    from: parts
                    parent: thing_id
                    ordinal: ordinal
                    columns:
                      name: text
            """;
    private static final String TABLES = """
            CREATE TYPE mood AS ENUM ('glad', 'sad');
            CREATE DOMAIN share AS integer CHECK (VALUE < 100);
            CREATE TABLE things (id bigint PRIMARY KEY, t text, v varchar(20), b boolean, s smallint, n integer, l bigint,
              d double precision, m numeric, f numeric(18,2), at timestamptz, day date, u uuid, y bytea, j jsonb, a text[],
              mood mood, every interval, share share, moods mood[]);
            CREATE TABLE thing_parts (thing_id bigint, ordinal integer, name text, PRIMARY KEY (thing_id, ordinal))
            """;
    private static final String FULL = "t: 'x', b: true, n: 1, d: 0.5, m: {$numberDecimal: '1.50'},"
            + " at: {$date: '2020-01-01T00:00:00.000Z'}, day: {$date: '2020-01-01T00:00:00Z'},"
            + " u: {$uuid: '00112233-4455-6677-8899-aabbccddeeff'}, y: {$binary: {base64: 'AAE=', subType: '00'}},"
            + " j: {a: [1, {b: null}]}, a: ['p', 'q'],"
            + " mood: 'glad', every: '24:00', moods: ['sad'], parts: [{name: 'one'}, {name: 'two'}]";

    /// PostgreSQL takes none of these values for their columns.
    private static final String REFUSED = "mood: 'mad', every: 'x', n: 100, moods: ['mad']";

    private TestTarget target;
    private MongoDatabase database;
    private MongoSource source;

    @BeforeEach
    void bothSidesAreEqual() throws SQLException {
        target = TestTarget.of(THINGS, TABLES);
        database = TestingServers.mongoDatabase();
        source = new MongoSource(TestingServers.mongo().uri(), database.getName());
        List<BsonDocument> documents = new ArrayList<>();
        for (int i = 1; i <= 5; i++) {
            documents.add(BsonDocument.parse("{_id: " + i + ", " + (i == 5 ? REFUSED : FULL) + "}"));
        }
        database.getCollection("things", BsonDocument.class).insertMany(documents);
        List<RowChange> rows = documents.stream()
                .map(d -> Objects.requireNonNull(target.mapper()
                        .map(new Change.Upsert(
                                "things", Objects.requireNonNull(d.get("_id")), d, new BsonTimestamp(1, 0), 0))))
                .toList();
        target.streamSink(target.takeOver()).apply(rows, TestTarget.at(2, 0), null);
    }

    @AfterEach
    void close() {
        database.drop();
        source.close();
        target.close();
    }

    @Test
    void whatIsEqualIsEqual() throws SQLException {
        List<TableDifference> found = compare();

        assertThat(found).hasSize(2).allMatch(TableDifference::equal);
        assertThat(found.getFirst().documents()).isEqualTo(5);
        assertThat(found.getFirst().expected()).isEqualTo(5);
        assertThat(found.getFirst().actual()).isEqualTo(5);
        assertThat(found.getLast().expected()).isEqualTo(8);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "t|'x '",
                "t|'X'",
                "t|''",
                "t|NULL",
                "v|'y'",
                "b|false",
                "s|2",
                "n|2",
                "l|NULL",
                "d|0.5000000001",
                "d|'NaN'",
                "m|1.5",
                "m|1.500",
                "f|1.51",
                "at|'2020-01-01 00:00:00.001+00'",
                "day|'2020-01-02'",
                "u|'00112233-4455-6677-8899-aabbccddeefe'",
                "y|'\\x0002'",
                "y|''",
                "j|'{\"a\": [1, {\"b\": 0}]}'",
                "j|'{\"a\": [1.0, {\"b\": null}]}'",
                "j|'null'",
                "a|'{q,p}'",
                "a|'{p,q,NULL}'",
                "mood|'sad'",
                "every|'1 day'",
                "share|NULL",
                "moods|'{glad}'",
                "a|'{}'",
            })
    void aValueThatDiffersIsFoundInItsColumn(String column, String value) throws SQLException {
        target.execute("UPDATE things SET " + column + " = " + value + " WHERE id = 3");
        TableDifference found = compare().getFirst();

        assertThat(found.equal()).isFalse();
        assertThat(found.different()).isOne();
        assertThat(found.missing() + found.extra()).isZero();
        assertThat(found.byColumn()).isEqualTo(Map.of(column, 1L));
    }

    @Test
    void aValueWhereNoneShouldBeIsFound() throws SQLException {
        target.execute("UPDATE things SET t = '', j = 'null' WHERE id = 5");
        assertThat(compare().getFirst().byColumn()).isEqualTo(Map.of("t", 1L, "j", 1L));
    }

    @Test
    void missingAndExtraRowsAreFound() throws SQLException {
        target.execute("DELETE FROM things WHERE id IN (1, 5); INSERT INTO things (id) VALUES (77)");
        TableDifference found = compare().getFirst();

        assertThat(List.of(found.missing(), found.extra(), found.different())).containsExactly(2L, 1L, 0L);
        assertThat(List.of(found.expected(), found.actual())).containsExactly(5L, 4L);
    }

    @Test
    void childRowsAreComparedToo() throws SQLException {
        target.execute("DELETE FROM thing_parts WHERE thing_id = 1 AND ordinal = 0;"
                + " UPDATE thing_parts SET name = 'ONE' WHERE thing_id = 2 AND ordinal = 0;"
                + " INSERT INTO thing_parts VALUES (5, 0, 'more'), (1, 2, 'more')");
        List<TableDifference> found = compare();

        assertThat(found.getFirst().equal()).isTrue();
        TableDifference parts = found.getLast();
        assertThat(parts.table()).hasToString("public.thing_parts");
        assertThat(List.of(parts.missing(), parts.extra(), parts.different())).containsExactly(1L, 2L, 1L);
        assertThat(parts.byColumn()).isEqualTo(Map.of("name", 1L));
    }

    @Test
    void aDocumentThatIsADeadLetterIsToHaveNoRow() throws SQLException {
        target.execute("UPDATE things SET t = 'older' WHERE id = 3; DELETE FROM thing_parts WHERE thing_id = 3;"
                + " DELETE FROM things WHERE id = 4; DELETE FROM thing_parts WHERE thing_id = 4;"
                + " INSERT INTO sluice.dead_letter (pipeline, collection, document_key, operation, reason) VALUES"
                + " ('test', 'things', '{\"$numberLong\":\"3\"}', 'upsert', ''),"
                + " ('test', 'things', '{\"$numberLong\":\"4\"}', 'upsert', ''),"
                + " ('other', 'things', '{\"$numberLong\":\"1\"}', 'upsert', '')");
        List<TableDifference> found = compare();

        assertThat(found.getFirst().expected()).isEqualTo(3);
        assertThat(found.getFirst().actual()).isEqualTo(4);
        assertThat(found.getFirst().extra()).isEqualTo(1);
        target.execute("DELETE FROM things WHERE id = 3");
        assertThat(compare()).allMatch(TableDifference::equal);
    }

    @Test
    void itCanBeMadeAgainOnTheSameConnection() throws SQLException {
        FullComparison comparison = new FullComparison(source, target.connection(), TestTarget.PIPELINE);
        assertThat(comparison.compare(target.target("things"))).allMatch(TableDifference::equal);
        target.execute("DELETE FROM things WHERE id = 1");
        assertThat(comparison.compare(target.target("things")).getFirst().missing())
                .isOne();
    }

    private List<TableDifference> compare() throws SQLException {
        return new FullComparison(source, target.connection(), TestTarget.PIPELINE).compare(target.target("things"));
    }
}
