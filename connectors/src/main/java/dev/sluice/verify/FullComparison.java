package dev.sluice.verify;

import dev.sluice.bson.ExactBson;
import dev.sluice.failure.Failures;
import dev.sluice.mapping.KeyResult;
import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.CollectionMapping.OnDelete;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.reference.GivingWay;
import dev.sluice.sink.postgres.staging.ChunkRows;
import dev.sluice.sink.postgres.staging.ExpectedRows;
import dev.sluice.sink.postgres.staging.RefusedValues;
import dev.sluice.sink.postgres.table.CollectionTables;
import dev.sluice.sink.postgres.table.RowCopy;
import dev.sluice.sink.postgres.table.TableSql;
import dev.sluice.source.mongo.DocumentReader;
import dev.sluice.source.mongo.MongoSource;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Collectors;
import org.bson.RawBsonDocument;

/// Compares every row and every column of a quiet pipeline. Each document is mapped to the rows it should
/// be; those go into temporary tables, and PostgreSQL compares them with the rows that are, by the bytes of
/// the stored values (`*<>`), so that 1.0 and 1.00 or a blank at the end of a text are differences. Memory
/// is bounded here; the temporary tables take as much disk as the target's.
///
/// It shares the mapper with the data path, so it can't see a mistake in the mapper: the golden files are
/// for that.
public final class FullComparison {
    private static final int DOCUMENTS_MAX = 5_000;
    private static final long BYTES_MAX = 16L << 20;

    private final MongoSource source;
    private final Connection connection;
    private final String pipeline;

    /// @param connection without a statement time-out; in auto-commit mode
    public FullComparison(MongoSource source, Connection connection, String pipeline) {
        this.source = source;
        this.connection = connection;
        this.pipeline = pipeline;
    }

    /// Compares one collection: its own table first, then its child tables. Dead letters are to have no rows;
    /// where their rows stay, they are left out on both sides.
    public List<TableDifference> compare(CollectionTarget target) {
        try {
            CollectionTables expected = CollectionTables.of(target, "sluice_expected_", connection);
            List<TableSql> tables = expected.all();
            for (TableSql table : tables) {
                makeRoom(table);
            }
            RefusedValues refused = new RefusedValues(connection);
            refused.prepare(expected);
            Set<Object> parked = Settlement.parked(connection, pipeline, target);
            long documents = expect(target, tables, parked);
            refused.mapAgain(target, expected, (keys, taker) -> again(target, keys, taker));
            new ExpectedRows(connection).takeOutWaiting(target, expected);
            List<TableDifference> differences = new ArrayList<>();
            Set<Object> staying = GivingWay.mayGiveWay(connection, List.of(target), target) ? Set.of() : parked;
            for (TableSql table : tables) {
                boolean own = differences.isEmpty();
                boolean keeps = own && target.mapping().onDelete() == OnDelete.KEEP;
                differences.add(difference(table, own ? documents : 0, keeps, staying));
            }
            return differences;
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    private void makeRoom(TableSql table) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("DROP TABLE IF EXISTS " + table.staging());
            statement.execute(table.createLastingStaging());
        }
    }

    private long expect(CollectionTarget target, List<TableSql> tables, Set<Object> parked) throws SQLException {
        ChunkRows rows = new ChunkRows(target);
        List<RawBsonDocument> read = new ArrayList<>();
        long documents = 0;
        long bytes = 0;
        try (DocumentReader reader = source.readAll(target.collection(), DOCUMENTS_MAX, source.newestOperation())) {
            for (RawBsonDocument document = reader.peek(); document != null; document = reader.peek()) {
                reader.take();
                documents++;
                bytes += document.getByteBuffer().remaining();
                read.add(document);
                if (read.size() >= DOCUMENTS_MAX || bytes >= BYTES_MAX) {
                    stage(tables, rows, read, parked);
                    bytes = 0;
                }
            }
        }
        stage(tables, rows, read, parked);
        return documents;
    }

    /// Reads the documents once more, for the few of which PostgreSQL refuses a value.
    private void again(CollectionTarget target, Set<Object> keys, RefusedValues.Taker taker) throws SQLException {
        try (DocumentReader reader = source.readAll(target.collection(), DOCUMENTS_MAX, source.newestOperation())) {
            for (RawBsonDocument document = reader.peek(); document != null; document = reader.peek()) {
                reader.take();
                if (target.mapper().key(ExactBson.id(document)) instanceof KeyResult.Key(Object key)
                        && keys.contains(key)) {
                    taker.take(key, document);
                }
            }
        }
    }

    private void stage(List<TableSql> tables, ChunkRows rows, List<RawBsonDocument> read, Set<Object> parked)
            throws SQLException {
        rows.map(read);
        RowCopy.stage(connection, tables, rows.encoded(), rows.without(parked));
        rows.clear();
        read.clear();
    }

    /// @param keeps whether rows without a document are in order
    /// @param leftOut keys of rows that are not compared
    private TableDifference difference(TableSql table, long documents, boolean keeps, Set<Object> leftOut)
            throws SQLException {
        TableShape shape = table.shape();
        List<String> keys = shape.columns().subList(0, shape.keyColumns()).stream()
                .map(TableShape.Column::name)
                .toList();
        List<TableShape.Column> values = shape
                .columns()
                .subList(shape.keyColumns(), shape.columns().size())
                .stream()
                .filter(table::isCompared)
                .toList();
        SequencedMap<String, String> types = RowComparison.liveTypes(connection, shape.table());
        String expected = shape.columns().stream()
                .map(c -> TableSql.value(c, "s") + "::" + types.get(c.name()) + " AS " + TableName.quote(c.name()))
                .collect(Collectors.joining(", "));
        String first = TableName.quote(keys.getFirst());
        String join = keys.stream()
                .map(k -> "e." + TableName.quote(k) + " = a." + TableName.quote(k))
                .collect(Collectors.joining(" AND "));
        String both = "e." + first + " IS NOT NULL AND a." + first + " IS NOT NULL AND ";
        String counts = values.stream()
                .map(c -> ", count(*) FILTER (WHERE " + both + RowComparison.unequal(List.of(c)) + ")")
                .collect(Collectors.joining());
        String sql = "SELECT count(e." + first + "), count(a." + first + "), count(*) FILTER (WHERE a." + first
                + " IS NULL), count(*) FILTER (WHERE e." + first + " IS NULL), "
                + (values.isEmpty() ? "0" : "count(*) FILTER (WHERE " + both + RowComparison.unequal(values) + ")")
                + counts
                + " FROM (SELECT " + expected + " FROM " + table.staging() + " s) e FULL JOIN (SELECT * FROM "
                + shape.table().sql() + " WHERE NOT (" + first + " = ANY (?))) a ON " + join;
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setArray(1, connection.createArrayOf(table.keyArrayType(), leftOut.toArray()));
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                SequencedMap<String, Long> byColumn = new LinkedHashMap<>();
                for (int i = 0; i < values.size(); i++) {
                    long differing = row.getLong(6 + i);
                    if (differing > 0) {
                        byColumn.put(values.get(i).name(), differing);
                    }
                }
                return new TableDifference(
                        shape.table(),
                        documents,
                        row.getLong(1),
                        row.getLong(2),
                        row.getLong(3),
                        keeps ? 0 : row.getLong(4),
                        row.getLong(5),
                        byColumn);
            }
        }
    }
}
