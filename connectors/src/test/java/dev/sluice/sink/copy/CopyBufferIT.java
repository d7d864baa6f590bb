package dev.sluice.sink.copy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.TableName;
import dev.sluice.sink.postgres.catalog.TriggerEffects;
import dev.sluice.sink.postgres.table.RowCopy;
import dev.sluice.sink.postgres.table.TableSql;
import dev.sluice.testkit.TestTarget;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Values go by binary COPY through the staging table into a real one, as they do in the sinks, and what
/// ordinary SQL reads there is compared with what PostgreSQL itself makes of the value written as a
/// literal.
@SuppressWarnings("NullAway.Init")
class CopyBufferIT {
    private static final long MICROS = 1_000_000;
    private static final BigDecimal DIGITS_34 = new BigDecimal("9.999999999999999999999999999999999");

    private static TestTarget target;
    private static Connection connection;
    private static int tables;

    @BeforeAll
    @BeforeContainer
    static void open() throws SQLException {
        target = TestTarget.demo();
        target.execute("CREATE EXTENSION citext");
        connection = target.connection();
    }

    @AfterAll
    @AfterContainer
    static void close() {
        target.close();
    }

    /// A value and the literal that PostgreSQL reads as the same.
    private record Case(@Nullable Object value, String literal) {}

    private static Case c(@Nullable Object value, String literal) {
        return new Case(value, literal);
    }

    private static Case same(Object value) {
        return new Case(value, value.toString());
    }

    @Test
    void wholeNumbers() throws SQLException {
        roundTrip("smallint", same(0L), same(1L), same(-1L), same(32767L), same(-32768L));
        roundTrip("integer", same(0L), same(-1L), same(65536L), same(2147483647L), same(-2147483648L));
        roundTrip("bigint", same(0L), same(-1L), same(1L << 32), same(Long.MAX_VALUE), same(Long.MIN_VALUE));
    }

    @Test
    void booleans() throws SQLException {
        roundTrip("boolean", same(true), same(false), c(null, "NULL"));
    }

    @Test
    void doubles() throws SQLException {
        roundTrip(
                "double precision",
                same(0.0),
                same(-0.0),
                same(0.1),
                same(-1.5),
                same(Double.MAX_VALUE),
                same(-Double.MAX_VALUE),
                same(Double.MIN_NORMAL),
                c(Double.MIN_VALUE, "5e-324"),
                same(Double.NaN),
                same(Double.POSITIVE_INFINITY),
                same(Double.NEGATIVE_INFINITY),
                same(9007199254740992.0));
    }

    @Test
    void exactDecimals() throws SQLException {
        List<Case> cases = new ArrayList<>();
        for (String number : List.of(
                "0",
                "0.0",
                "0.00",
                "0.00000",
                "1",
                "-1",
                "1.0",
                "1.00",
                "-1.10",
                "9999",
                "10000",
                "10001",
                "99999999",
                "100000000",
                "0.0001",
                "0.00010",
                "0.00001",
                "-0.00001",
                "12345.6789",
                "10000.0001",
                "1000000000000.0000000000001",
                "123456789012345678901234567890.1234",
                "-99999999999999999999.9999999999")) {
            cases.add(same(new BigDecimal(number)));
        }
        cases.add(c(DIGITS_34, DIGITS_34.toPlainString()));
        cases.add(c(DIGITS_34.negate(), DIGITS_34.negate().toPlainString()));
        cases.add(c(new BigDecimal("1E30"), "1000000000000000000000000000000"));
        cases.add(c(new BigDecimal("1E-20"), "0.00000000000000000001"));
        cases.add(c(new BigDecimal("-1.50E-20"), new BigDecimal("-1.50E-20").toPlainString()));
        // The ends of Decimal128.
        cases.add(c(new BigDecimal("1E-6176"), new BigDecimal("1E-6176").toPlainString()));
        cases.add(c(
                new BigDecimal(BigInteger.TEN.pow(34).subtract(BigInteger.ONE), -6111),
                new BigDecimal(BigInteger.TEN.pow(34).subtract(BigInteger.ONE), -6111).toPlainString()));
        cases.add(c(new BigDecimal("0E-6176"), new BigDecimal("0E-6176").toPlainString()));
        cases.add(c(new BigDecimal("0E+50"), "0"));
        roundTrip("numeric", cases.toArray(Case[]::new));
    }

    @Test
    void whatNumericHasBesidesNumbers() throws SQLException {
        roundTrip("numeric", same(Double.NaN), same(Double.POSITIVE_INFINITY), same(Double.NEGATIVE_INFINITY));
        roundTrip("numeric(18,2)", same(Double.NaN));
    }

    @Test
    void decimalsOfFixedScale() throws SQLException {
        roundTrip(
                "numeric(18,2)",
                same(new BigDecimal("1.00")),
                c(new BigDecimal("1"), "1.00"),
                c(new BigDecimal("1.5"), "1.50"),
                same(new BigDecimal("-9999999999999999.99")));
    }

    @Test
    void pointsInTime() throws SQLException {
        List<Case> cases = new ArrayList<>();
        for (String time : List.of(
                "1970-01-01T00:00:00Z",
                "1969-12-31T23:59:59.999999Z",
                "1999-12-31T23:59:59.999999Z",
                "2000-01-01T00:00:00Z",
                "2024-02-29T12:34:56.789Z",
                "9999-12-31T23:59:59.999999Z",
                "0001-01-01T00:00:00Z")) {
            cases.add(c(micros(Instant.parse(time)), time));
        }
        cases.add(c(micros(Instant.parse("0000-12-31T00:00:00Z")), "0001-12-31 00:00:00+00 BC"));
        // Julian day 0, where PostgreSQL begins.
        cases.add(c(micros(Instant.parse("-4713-11-24T00:00:00Z")), "4714-11-24 00:00:00+00 BC"));
        // PostgreSQL ends with the year 294276; microseconds since 1970 in a long end here.
        cases.add(c(Long.MAX_VALUE, "294247-01-10 04:00:54.775807+00"));
        roundTrip("timestamptz", cases.toArray(Case[]::new));
    }

    /// They are carried as text, which PostgreSQL takes for an address only when it is told to.
    @Test
    void addresses() throws SQLException {
        roundTrip("inet", same("10.0.0.1"), same("10.0.0.1/8"), same("::"), same("2001:DB8::1/64"), c(null, "NULL"));
        roundTrip("inet", same("::ffff:1.2.3.4"), c("1:2:3:4:5:6:7:8/128", "1:2:3:4:5:6:7:8"));
        roundTrip("inet[]", c(List.of(), "{}"), c(Arrays.asList("10.0.0.1/8", null, "::1"), "{10.0.0.1/8,NULL,::1}"));
    }

    @Test
    void days() throws SQLException {
        roundTrip(
                "date",
                c(0L, "1970-01-01"),
                c(-1L, "1969-12-31"),
                c(LocalDate.parse("2000-01-01").toEpochDay(), "2000-01-01"),
                c(LocalDate.parse("9999-12-31").toEpochDay(), "9999-12-31"),
                c(LocalDate.parse("0000-01-01").toEpochDay(), "0001-01-01 BC"),
                c(LocalDate.parse("-4713-11-24").toEpochDay(), "4714-11-24 BC"),
                c(LocalDate.parse("+5874897-12-31").toEpochDay(), "5874897-12-31"));
    }

    @Test
    void uuids() throws SQLException {
        roundTrip(
                "uuid",
                same(new UUID(0, 0)),
                same(new UUID(-1, -1)),
                same(UUID.fromString("80000000-0000-4000-8000-00000000000f")),
                same(UUID.randomUUID()));
    }

    @Test
    void bytes() throws SQLException {
        byte[] every = new byte[256];
        for (int i = 0; i < every.length; i++) {
            every[i] = (byte) i;
        }
        roundTrip(
                "bytea",
                c(new byte[0], "\\x"),
                c(new byte[] {0}, "\\x00"),
                c(every, "\\x" + HexFormat.of().formatHex(every)),
                c(new byte[200_000], "\\x" + "00".repeat(200_000)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"text", "citext", "varchar(300000)"})
    void texts(String type) throws SQLException {
        roundTrip(
                type,
                c(null, "NULL"),
                same(""),
                same(" "),
                same("plain"),
                same("it's \\ \" \t\r\n"),
                same("Straße, Ελλάδα, 日本語"),
                same("family 👨‍👩‍👧‍👦 end"),
                same("a".repeat(70_000) + "é"),
                same("é".repeat(100_000)),
                same("NULL "));
    }

    @Test
    void json() throws SQLException {
        roundTrip(
                "jsonb",
                same("null"),
                same("{}"),
                same("[]"),
                same("\"\""),
                same("{\"a\": [1, 2.50, -0.0, 1e400, true, null, {\"b\": {}}]}"),
                same("{\"ключ\": \"👍 \\u00e9 \\\" \\\\\"}"),
                same("[".repeat(500) + "]".repeat(500)));
    }

    @Test
    void arrays() throws SQLException {
        roundTrip(
                "text[]",
                c(List.of(), "{}"),
                c(List.of(""), "{\"\"}"),
                c(Arrays.asList("a", null, "NULL"), "{a,NULL,\"NULL\"}"),
                c(List.of("é", "👍", "a,b", "{}", "\"q\"", "\\"), "{é,👍,\"a,b\",\"{}\",\"\\\"q\\\"\",\"\\\\\"}"),
                c(Arrays.asList((Object) null), "{NULL}"));
        roundTrip("citext[]", c(List.of(), "{}"), c(Arrays.asList("Ab", null), "{Ab,NULL}"));
        roundTrip("varchar(5)[]", c(List.of("abcde"), "{abcde}"), c(List.of(), "{}"));
        roundTrip("boolean[]", c(Arrays.asList(true, null, false), "{t,NULL,f}"), c(List.of(), "{}"));
        roundTrip("smallint[]", c(Arrays.asList(1L, null, -32768L), "{1,NULL,-32768}"), c(List.of(), "{}"));
        roundTrip("integer[]", c(Arrays.asList(1L, null, -2147483648L), "{1,NULL,-2147483648}"), c(List.of(), "{}"));
        roundTrip("bigint[]", c(Arrays.asList(Long.MIN_VALUE, null), "{-9223372036854775808,NULL}"));
        roundTrip("double precision[]", c(Arrays.asList(0.5, null, Double.NaN), "{0.5,NULL,NaN}"));
        roundTrip(
                "numeric[]",
                c(
                        Arrays.asList(new BigDecimal("1.50"), null, Double.NaN, DIGITS_34),
                        "{1.50,NULL,NaN," + DIGITS_34 + "}"));
        roundTrip("numeric(10,2)[]", c(List.of(new BigDecimal("1.5")), "{1.50}"), c(List.of(), "{}"));
        roundTrip("timestamptz[]", c(Arrays.asList(0L, null), "{1970-01-01 00:00:00+00,NULL}"));
        roundTrip("date[]", c(Arrays.asList(0L, null), "{1970-01-01,NULL}"));
        roundTrip("uuid[]", c(Arrays.asList(new UUID(0, 1), null), "{00000000-0000-0000-0000-000000000001,NULL}"));
        roundTrip("bytea[]", c(Arrays.asList(new byte[] {0, 1}, null), "{\"\\\\x0001\",NULL}"));
        roundTrip("jsonb[]", c(Arrays.asList("{\"a\": 1}", null, "null"), "{\"{\\\"a\\\": 1}\",NULL,\"null\"}"));
        List<Object> many = new ArrayList<>();
        for (long i = 0; i < 20_000; i++) {
            many.add(i);
        }
        roundTrip("bigint[]", c(many, many.toString().replace('[', '{').replace(']', '}')));
    }

    @Test
    void manyRowsGoInOneCopy() throws SQLException {
        Case[] cases = new Case[20_000];
        Arrays.setAll(cases, i -> same("row " + i + " 👍"));
        roundTrip("text", cases);
    }

    @Property(tries = 25)
    void anyDecimal(@ForAll("decimals") List<BigDecimal> numbers) throws SQLException {
        roundTrip(
                "numeric",
                numbers.stream()
                        .map(n -> c(n, (n.scale() < 0 ? n.setScale(0) : n).toPlainString()))
                        .toArray(Case[]::new));
    }

    @Provide
    Arbitrary<List<BigDecimal>> decimals() {
        Arbitrary<BigInteger> unscaled = Arbitraries.integers()
                .between(0, 115)
                .flatMap(bits -> Arbitraries.bigIntegers()
                        .between(BigInteger.TWO.pow(bits).negate(), BigInteger.TWO.pow(bits)));
        return net.jqwik.api.Combinators.combine(
                        unscaled, Arbitraries.integers().between(-10, 40))
                .as(Tuple::of)
                .map(t -> new BigDecimal(t.get1(), t.get2()))
                .list()
                .ofMinSize(50)
                .ofMaxSize(100);
    }

    @Property(tries = 25)
    void anyPointInTime(@ForAll("moments") List<Long> moments) throws SQLException {
        roundTrip(
                "timestamptz",
                moments.stream()
                        .map(m -> c(
                                m,
                                Instant.ofEpochSecond(Math.floorDiv(m, MICROS), Math.floorMod(m, MICROS) * 1000)
                                        .toString()))
                        .toArray(Case[]::new));
    }

    @Provide
    Arbitrary<List<Long>> moments() {
        return Arbitraries.longs()
                .between(micros(Instant.parse("0001-01-01T00:00:00Z")), micros(Instant.parse("9999-12-31T23:59:59Z")))
                .list()
                .ofMinSize(50)
                .ofMaxSize(100);
    }

    private static long micros(Instant instant) {
        return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), MICROS), instant.getNano() / 1000L);
    }

    private static void roundTrip(String typeName, Case... cases) throws SQLException {
        ColumnType type = ColumnType.parse(typeName).orElseThrow();
        String name = "t" + tables++;
        TableShape shape = new TableShape(
                new TableName("public", name),
                1,
                List.of(TableShape.Column.plain("n", new ColumnType.Int(4)), TableShape.Column.plain("v", type)));
        TableSql sql = new TableSql(shape, new TreeMap<>(), List.of("n"), "stage_" + name, TriggerEffects.NONE);
        EncodedRows rows = new EncodedRows(List.of(shape));
        List<String> literals = new ArrayList<>();
        for (int i = 0; i < cases.length; i++) {
            rows.addRow(0, (long) i, cases[i].value());
            literals.add(cases[i].value() == null ? null : cases[i].literal());
        }
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE " + name + " (n integer PRIMARY KEY, v " + type.sql() + ")");
            statement.execute(sql.createStaging());
            RowCopy.copy(connection, sql.copyIntoStaging(), rows, 0, null);
            assertThat(statement.executeUpdate(sql.upsert())).isEqualTo(cases.length);
            // By the stored bytes where there are any that could differ: 1.0 is not 1.00, -0.0 not 0.0.
            try (var expected = connection.prepareStatement("SELECT e.n - 1, left(t.v::text, 200), left(e.v, 200) FROM "
                    + name + " t FULL JOIN (SELECT n, v FROM unnest(?) WITH ORDINALITY AS u(v, n)) e ON e.n - 1 = t.n"
                    + " WHERE ROW(t.v)::record *<> ROW(e.v::" + type.sql() + ")::record LIMIT 5")) {
                expected.setArray(1, connection.createArrayOf("text", literals.toArray()));
                try (ResultSet wrong = expected.executeQuery()) {
                    List<String> differences = new ArrayList<>();
                    while (wrong.next()) {
                        differences.add(
                                "#" + wrong.getString(1) + " is " + wrong.getString(2) + ", not " + wrong.getString(3));
                    }
                    assertThat(differences).as(typeName).isEmpty();
                }
            }
            // What is there already is recognised as such.
            assertThat(statement.executeUpdate(sql.upsert()))
                    .as("rows written the second time")
                    .isZero();
        } finally {
            connection.rollback();
        }
    }
}
