package dev.sluice.balance;

import dev.sluice.audit.Audit;
import dev.sluice.audit.AuditAction;
import dev.sluice.mapping.KeyResult;
import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.CollectionMapping.OnDelete;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Reference.Orphan;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.copy.EncodedRows;
import dev.sluice.sink.postgres.reference.GivingWay;
import dev.sluice.sink.postgres.table.Duplicates;
import dev.sluice.sink.postgres.table.Link;
import dev.sluice.sink.postgres.table.Link.Links;
import dev.sluice.sink.postgres.table.RowCopy;
import dev.sluice.sink.postgres.table.RowIdentity;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.bson.BsonValue;

/// Joins the documents of one collection after the other, in temporary tables, with the existing rows: which
/// document has a row, which has none and why, and which row has no document. Keys are compared by their bytes,
/// whatever collation the table's key has. For one thread.
public final class CountedDocuments {
    private static final String ROWLESS = "pg_temp.sluice_rowless";

    private final Connection connection;
    private final String pipeline;
    private final CollectionTarget target;
    private final List<CollectionTarget> all;
    private final String keyType;
    private final String counted;
    private final EncodedRows rows;

    private CountedDocuments(
            Connection connection, String pipeline, List<CollectionTarget> all, CollectionTarget target) {
        this.connection = connection;
        this.pipeline = pipeline;
        this.target = target;
        this.all = List.copyOf(all);
        TableShape own = target.mapper().shape();
        this.keyType = target.mapping().key().type().arrayElement();
        this.counted = "pg_temp.sluice_counted_" + keyType;
        this.rows = new EncodedRows(List.of(new TableShape(
                own.table(),
                1,
                List.of(
                        TableShape.Column.plain("key", target.mapping().key().type()),
                        TableShape.Column.plain("document_key", new ColumnType.Text())))));
    }

    /// Begins with a collection, in the place of the one before. The temporary tables stay with the session, so that
    /// counting again and again makes no work in PostgreSQL's catalog.
    ///
    /// @param connection without time-outs, in auto-commit mode
    /// @param all all collections of the mapping
    public static CountedDocuments begin(
            Connection connection, String pipeline, List<CollectionTarget> all, CollectionTarget target)
            throws SQLException {
        CountedDocuments documents = new CountedDocuments(connection, pipeline, all, target);
        documents.execute("CREATE TEMP TABLE IF NOT EXISTS sluice_counted_" + documents.keyType + " (key "
                + documents.keyType + ", document_key text NOT NULL);"
                + " CREATE TEMP TABLE IF NOT EXISTS sluice_rowless (number bigint GENERATED ALWAYS AS IDENTITY,"
                + " document_key text NOT NULL, reason text);"
                + " TRUNCATE " + documents.counted + ", " + ROWLESS + " RESTART IDENTITY");
        return documents;
    }

    /// Adds documents of the collection.
    public void add(List<BsonValue> ids) throws SQLException {
        rows.clear();
        for (BsonValue id : ids) {
            Object key = target.mapper().key(id) instanceof KeyResult.Key(Object of) ? of : null;
            rows.addRow(0, key, RowIdentity.documentKey(id));
        }
        RowCopy.copy(connection, "COPY " + counted + " FROM STDIN (FORMAT binary)", rows, 0, null);
    }

    /// The counts, in one snapshot of PostgreSQL.
    ///
    /// @param unexplained documents without a row, of which PostgreSQL does not say why
    /// @param at when, by PostgreSQL's clock
    public record Tally(
            long documents,
            long rows,
            long kept,
            long withoutDocument,
            long notOurs,
            long deadLetters,
            long waiting,
            long deduplicated,
            long unexplained,
            Instant at) {}

    /// Counts, once all documents are added; once.
    public Tally tally() throws SQLException {
        execute("ANALYZE " + counted);
        int isolation = connection.getTransactionIsolation();
        connection.setAutoCommit(false);
        try {
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            findRowless();
            Tally tally = count();
            connection.commit();
            return tally;
        } catch (SQLException e) {
            connection.rollback();
            throw e;
        } finally {
            connection.setAutoCommit(true);
            connection.setTransactionIsolation(isolation);
        }
    }

    /// Those of some documents whose dead letters were discarded.
    ///
    /// @param documentKeys as canonical Extended JSON
    public Set<String> discarded(Collection<String> documentKeys) throws SQLException {
        return new Audit(pipeline).documents(connection, AuditAction.DISCARD, target.collection(), documentKeys);
    }

    /// A key as it is compared.
    private String exact(String key) {
        return keyType.equals("text") ? "(" + key + "::text COLLATE \"C\")" : key;
    }

    private String own() {
        return target.mapper().shape().table().sql();
    }

    private String key() {
        return TableName.quote(target.mapper().shape().columns().getFirst().name());
    }

    private void findRowless() throws SQLException {
        String there = "t." + key();
        String sql = "INSERT INTO " + ROWLESS + " (document_key, reason) SELECT c.document_key,"
                + " CASE WHEN d.document_key IS NOT NULL THEN 'dead_letter' WHEN w.waits THEN 'waiting'"
                + " WHEN w.duplicate THEN 'duplicate' END FROM " + counted + " c LEFT JOIN " + own() + " t ON "
                + exact(there) + " = " + exact("c.key")
                + " LEFT JOIN (SELECT document_key FROM sluice.dead_letter WHERE pipeline = ? AND collection = ?) d"
                + " ON d.document_key = c.document_key"
                + " LEFT JOIN (SELECT row_key, bool_or(kind = 'reference' AND column_name = ANY (?)) AS waits,"
                + " bool_or(kind = 'duplicate') AS duplicate FROM sluice.waiting WHERE pipeline = ? AND collection = ?"
                + " GROUP BY row_key) w ON w.row_key = c.key::text WHERE " + there + " IS NULL";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, target.collection());
            statement.setArray(3, connection.createArrayOf("text", labelsWaitedFor()));
            statement.setString(4, pipeline);
            statement.setString(5, target.collection());
            statement.executeUpdate();
        }
    }

    /// The columns whose reference keeps a document from having a row until it is found.
    private Object[] labelsWaitedFor() {
        return new Links(List.of(target))
                .of(target).stream()
                        .filter(link -> link.policy() == Orphan.SKIP && link.child() < 0)
                        .map(Link::label)
                        .toArray();
    }

    private Tally count() throws SQLException {
        Duplicates duplicates = Duplicates.of(target, target.mapper().shape());
        String nobodys = duplicates == null ? "false" : "NOT " + duplicates.wasDocuments("t");
        String rows =
                "SELECT count(*), count(*) FILTER (WHERE c.key IS NULL), count(*) FILTER (WHERE c.key IS NULL AND "
                        + nobodys + ") FROM " + own() + " t LEFT JOIN (SELECT " + exact("key") + " AS key FROM "
                        + counted + ") c ON c.key = " + exact("t." + key());
        String documents = "SELECT (SELECT count(*) FROM " + counted + "), count(*), count(*) FILTER (WHERE reason ="
                + " 'dead_letter'), count(*) FILTER (WHERE reason = 'waiting'), count(*) FILTER (WHERE reason ="
                + " 'duplicate'), count(*) FILTER (WHERE reason IS NULL), clock_timestamp() FROM " + ROWLESS;
        long outdated = deadLettersWithRow();
        boolean rowsStay = outdated > 0 && !GivingWay.mayGiveWay(connection, all, target);
        try (Statement statement = connection.createStatement();
                Statement other = connection.createStatement();
                ResultSet row = statement.executeQuery(rows);
                ResultSet document = other.executeQuery(documents)) {
            row.next();
            document.next();
            boolean keeps = target.mapping().onDelete() == OnDelete.KEEP;
            long notOurs = row.getLong(3);
            long unexplainedRows = row.getLong(2) - notOurs;
            return new Tally(
                    document.getLong(1),
                    row.getLong(1),
                    (keeps ? unexplainedRows : 0) + (rowsStay ? outdated : 0),
                    (keeps ? 0 : unexplainedRows) + (rowsStay ? 0 : outdated),
                    notOurs,
                    document.getLong(3) + outdated,
                    document.getLong(4),
                    document.getLong(5),
                    document.getLong(6),
                    document.getObject(7, OffsetDateTime.class).toInstant());
        }
    }

    /// Documents that are dead letters and have a row, of an earlier state.
    private long deadLettersWithRow() throws SQLException {
        String sql = "SELECT count(*) FROM " + counted + " c JOIN sluice.dead_letter d ON d.document_key ="
                + " c.document_key JOIN " + own() + " t ON " + exact("t." + key()) + " = " + exact("c.key")
                + " WHERE d.pipeline = ? AND d.collection = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, target.collection());
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    /// A document without a row, of which PostgreSQL does not say why.
    ///
    /// @param number from 1, in no order that means anything
    /// @param documentKey its `_id` as the control tables write it
    public record Unexplained(long number, String documentKey) {}

    /// After [#tally]: the next of those documents.
    ///
    /// @param after the number of the last one before; 0 for the first
    /// @return empty when there are no more
    public List<Unexplained> unexplained(long after, int most) throws SQLException {
        List<Unexplained> found = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement("SELECT number, document_key FROM " + ROWLESS
                + " WHERE reason IS NULL AND number > ? ORDER BY number LIMIT ?")) {
            statement.setLong(1, after);
            statement.setInt(2, most);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    found.add(new Unexplained(row.getLong(1), row.getString(2)));
                }
            }
        }
        return found;
    }

    /// After [#tally]: keys of rows that are to be deleted, as rows carry them; without those of dead letters.
    public Set<Object> rowsToBeDeleted(int most) throws SQLException {
        Duplicates duplicates = Duplicates.of(target, target.mapper().shape());
        Set<Object> found = new HashSet<>();
        if (target.mapping().onDelete() == OnDelete.KEEP) {
            return found;
        }
        try (PreparedStatement statement = connection.prepareStatement("SELECT t." + key() + "::text FROM " + own()
                + " t WHERE NOT EXISTS (SELECT FROM " + counted + " c WHERE " + exact("c.key") + " = "
                + exact("t." + key()) + ")" + (duplicates == null ? "" : " AND " + duplicates.wasDocuments("t"))
                + " LIMIT ?")) {
            statement.setInt(1, most);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    found.add(RowIdentity.rowKey(target, row.getString(1)));
                }
            }
        }
        return found;
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
