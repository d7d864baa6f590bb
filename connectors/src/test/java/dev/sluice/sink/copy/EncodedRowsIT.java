package dev.sluice.sink.copy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.mapping.DocumentMapper;
import dev.sluice.mapping.RawMapper;
import dev.sluice.schema.MappingReader;
import dev.sluice.sink.postgres.table.RowCopy;
import dev.sluice.testkit.TestTarget;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.bson.BsonBinary;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonString;
import org.bson.RawBsonDocument;
import org.bson.codecs.BsonDocumentCodec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/// Encoded rows by COPY into a real PostgreSQL, all of them and with documents left out; in memory, and for the
/// most part in a temporary file.
@SuppressWarnings("NullAway.Init")
@ParameterizedClass
@ValueSource(ints = {0, 1, 10_000})
class EncodedRowsIT {
    private static final String MAPPING = """
            mapping: test
            database: test
            collections:
              orders:
                key: {column: id, type: bigint}
                columns:
                  note: text
                  total: {type: "numeric(18,2)"}
                  tags: {type: "text[]"}
                  more: jsonb
                  data: bytea
                children:
                  order_lines:
                    from: lines
                    parent: order_id
                    columns:
                      sku: text
                      quantity: integer
            """;

    private static final String ORDERS = "COPY orders (id, note, total, tags, more, data) FROM STDIN (FORMAT binary)";
    private static final String LINES =
            "COPY order_lines (order_id, ordinal, sku, quantity) FROM STDIN (FORMAT binary)";

    private static TestTarget target;
    private static Connection connection;

    private final DocumentMapper mapper = DocumentMapper.of(
            MappingReader.read("test.yaml", MAPPING).collections().getFirst());
    private final RawMapper raw = mapper.raw();
    private final EncodedRows rows;

    EncodedRowsIT(int heapSegments) {
        rows = new EncodedRows(mapper.shapes(), heapSegments);
    }

    @BeforeAll
    static void open() throws SQLException {
        target = TestTarget.demo();
        connection = target.connection();
    }

    @AfterAll
    static void close() {
        target.close();
    }

    @BeforeEach
    void begin() throws SQLException {
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.execute("CREATE TEMP TABLE orders (id bigint PRIMARY KEY, note text, total numeric(18,2),"
                    + " tags text[], more jsonb, data bytea) ON COMMIT DROP");
            statement.execute("CREATE TEMP TABLE order_lines (order_id bigint, ordinal integer, sku text,"
                    + " quantity integer, PRIMARY KEY (order_id, ordinal)) ON COMMIT DROP");
        }
    }

    @AfterEach
    void rollBack() throws SQLException {
        connection.rollback();
    }

    private void add(String json) {
        RawBsonDocument document = RawBsonDocument.parse(json);
        rows.startDocument();
        assertThat(raw.map(document, rows)).as(json).isNull();
        rows.endDocument();
    }

    private static List<String> query(String sql) throws SQLException {
        List<String> found = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            while (result.next()) {
                found.add(result.getString(1));
            }
        }
        return found;
    }

    private static List<String> orders() throws SQLException {
        return query("SELECT concat_ws(' ', id, note, total, tags, more, data) FROM orders ORDER BY id");
    }

    private static List<String> lines() throws SQLException {
        return query("SELECT concat_ws(' ', order_id, ordinal, sku, quantity) FROM order_lines ORDER BY 1");
    }

    private void four() {
        add("{_id: 1, note: 'é 👍', total: 12.5, tags: ['a', null, ''], lines: [{sku: 'x', quantity: 2}, {}]}");
        add("{_id: 2, more: {a: [1, 2.5, 'q\"', {b: true}]}, tags: [], lines: []}");
        rows.startDocument();
        assertThat(raw.map(RawBsonDocument.parse("{_id: 9, note: 'y', lines: [{sku: 'z'}, 'no object']}"), rows))
                .isNull();
        rows.takeBack();
        add("{_id: 3, total: {$numberDecimal: '-0.07'}, lines: [{quantity: {$numberLong: '7'}}]}");
        add("{_id: 4, note: 'last one', lines: [{sku: 'l'}, {sku: 'm'}]}");
    }

    @Test
    void allOfThem() throws SQLException {
        four();
        assertThat(rows.documents()).isEqualTo(4);
        assertThat(rows.rows(0)).isEqualTo(4);
        assertThat(rows.rows(1)).isEqualTo(5);

        assertThat(RowCopy.copy(connection, ORDERS, rows, 0, null)).isEqualTo(4);
        assertThat(RowCopy.copy(connection, LINES, rows, 1, null)).isEqualTo(5);

        assertThat(orders())
                .containsExactly(
                        "1 é 👍 12.50 {a,NULL,\"\"}",
                        "2 {} {\"a\": [1, 2.5, \"q\\\"\", {\"b\": true}]}",
                        "3 -0.07",
                        "4 last one");
        assertThat(lines()).containsExactly("1 0 x 2", "1 1", "3 0 7", "4 0 l", "4 1 m");
    }

    @Test
    void withDocumentsLeftOut() throws SQLException {
        four();
        BitSet only = new BitSet();
        only.set(0);
        only.set(2, 4);
        // Beyond the last document; ignored.
        only.set(7);

        assertThat(RowCopy.copy(connection, ORDERS, rows, 0, only)).isEqualTo(3);
        assertThat(RowCopy.copy(connection, LINES, rows, 1, only)).isEqualTo(5);

        assertThat(orders()).containsExactly("1 é 👍 12.50 {a,NULL,\"\"}", "3 -0.07", "4 last one");
        assertThat(lines()).containsExactly("1 0 x 2", "1 1", "3 0 7", "4 0 l", "4 1 m");
    }

    /// So far that what is taken back reaches into segments that are not in memory any more.
    @Test
    void takenBack() throws SQLException {
        four();
        rows.startDocument();
        assertThat(raw.map(
                        RawBsonDocument.parse("{_id: 9, note: '" + "n".repeat(1 << 20) + "', tags: ["
                                + "'t', ".repeat(100_000) + "'t'], lines: ['no object']}"),
                        rows))
                .isNull();
        rows.takeBack();
        add("{_id: 5, tags: [" + "'t', ".repeat(100_000) + "null]}");

        assertThat(RowCopy.copy(connection, ORDERS, rows, 0, null)).isEqualTo(5);

        assertThat(query("SELECT cardinality(tags) FROM orders WHERE id = 5 AND tags[100001] IS NULL"))
                .containsExactly("100001");
        assertThat(query("SELECT id FROM orders ORDER BY 1")).containsExactly("1", "2", "3", "4", "5");
    }

    @Test
    void noneOfThem() throws SQLException {
        four();
        assertThat(RowCopy.copy(connection, ORDERS, rows, 0, new BitSet())).isZero();
        assertThat(orders()).isEmpty();
    }

    @Test
    void aClearedOneIsUsedAgain() throws SQLException {
        four();
        rows.clear();
        assertThat(rows.documents()).isZero();
        assertThat(rows.bytes()).isZero();
        add("{_id: 5, lines: [{sku: 'n'}]}");

        assertThat(RowCopy.copy(connection, ORDERS, rows, 0, null)).isEqualTo(1);
        assertThat(RowCopy.copy(connection, LINES, rows, 1, null)).isEqualTo(1);

        assertThat(orders()).containsExactly("5");
        assertThat(lines()).containsExactly("5 0 n");
    }

    /// More than goes in one message, in stretches of all sizes.
    @Test
    void manyDocuments() throws SQLException {
        BitSet only = new BitSet();
        List<Long> expected = new ArrayList<>();
        int lines = 0;
        for (int i = 0; i < 20_000; i++) {
            add("{_id: " + i + ", note: '" + "n".repeat(i % 97) + "', lines: [" + "{sku: 's'},".repeat(i % 3) + "]}");
            if (i % 7 != 0 && i / 3_000 % 2 == 0) {
                only.set(i);
                expected.add((long) i);
                lines += i % 3;
            }
        }

        assertThat(RowCopy.copy(connection, ORDERS, rows, 0, only)).isEqualTo(expected.size());
        assertThat(RowCopy.copy(connection, LINES, rows, 1, only)).isEqualTo(lines);

        assertThat(query("SELECT id FROM orders WHERE length(note) = id % 97 ORDER BY id"))
                .containsExactlyElementsOf(
                        expected.stream().map(String::valueOf).toList());
        assertThat(query("SELECT count(*) FROM order_lines")).containsExactly(Integer.toString(lines));
        assertThat(query("SELECT count(*) FROM orders o WHERE id % 3 <> (SELECT count(*) FROM order_lines WHERE"
                        + " order_id = o.id)"))
                .containsExactly("0");
    }

    /// As large as MongoDB lets them be, and text next to bytes.
    @Test
    void largeDocuments() throws SQLException {
        BitSet only = new BitSet();
        for (int i = 0; i < 3; i++) {
            BsonDocument document = new BsonDocument("_id", new BsonInt32(i))
                    .append("note", new BsonString("é".repeat(2_500_000)))
                    .append("more", new BsonDocument("text", new BsonString("\"".repeat(5_000_000))))
                    .append("data", new BsonBinary(new byte[5_000_000]));
            rows.startDocument();
            assertThat(raw.map(new RawBsonDocument(document, new BsonDocumentCodec()), rows))
                    .isNull();
            rows.endDocument();
            if (i != 1) {
                only.set(i);
            }
        }

        assertThat(RowCopy.copy(connection, ORDERS, rows, 0, only)).isEqualTo(2);

        assertThat(query("SELECT concat_ws(' ', id, length(note), length(more ->> 'text'), length(data)) FROM orders"))
                .containsExactly("0 2500000 5000000 5000000", "2 2500000 5000000 5000000");
        rows.clear();
        assertThat(rows.bytes()).isZero();
    }

    /// An error of the server is told, and the connection is not left in the middle of a COPY.
    @Test
    void aRefusedRow() throws SQLException {
        add("{_id: 1}");
        add("{_id: 1}");
        Savepoint before = connection.setSavepoint();
        assertThatThrownBy(() -> RowCopy.copy(connection, ORDERS, rows, 0, null))
                .isInstanceOf(SQLException.class)
                .hasMessageContaining("orders_pkey");
        connection.rollback(before);
        BitSet first = new BitSet();
        first.set(0);
        assertThat(RowCopy.copy(connection, ORDERS, rows, 0, first)).isEqualTo(1);
        assertThat(orders()).containsExactly("1");
    }
}
