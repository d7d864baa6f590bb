package dev.sluice.audit;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import org.bson.Document;
import org.jspecify.annotations.Nullable;

/// The audit of a pipeline (`sluice.audit`): what was done, when, by whom. Entries are only ever
/// added, each in the transaction of what it is about, and hold no values of documents. Nothing
/// else reads or writes that table. Any thread.
public final class Audit {
    private static final String INSERT = "INSERT INTO sluice.audit (pipeline, collection, actor, action, detail)";

    private final String pipeline;

    public Audit(String pipeline) {
        this.pipeline = pipeline;
    }

    /// Adds an entry, in the caller's transaction.
    ///
    /// @param collection null for what concerns the whole pipeline
    /// @param detail texts, whole numbers, booleans and nulls
    public void add(
            Connection connection,
            AuditAction action,
            @Nullable String collection,
            String actor,
            Map<String, ? extends @Nullable Object> detail)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(INSERT + " VALUES (?, ?, ?, ?, ?::jsonb)")) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.setString(3, actor);
            statement.setString(4, action.text());
            statement.setString(5, new Document(detail).toJson());
            statement.executeUpdate();
        }
    }

    /// The text of a statement that adds an entry for each row of a query. As part of a `WITH`
    /// whose other part does what is audited, it has an entry for each thing that was done and for
    /// nothing else.
    ///
    /// @param detail an expression of type jsonb
    /// @param from what stands after FROM; it has the columns `pipeline`, `collection` and `actor`
    public static String each(AuditAction action, String detail, String from) {
        return INSERT + " SELECT pipeline, collection, actor, '" + action.text() + "', " + detail + " FROM " + from;
    }

    /// The newest entries, the newest first.
    ///
    /// @param collection null for all of the pipeline
    /// @param most how many at most
    /// @param after only those with a greater number; 0 for all
    public List<AuditEntry> newest(Connection connection, @Nullable String collection, int most, long after)
            throws SQLException {
        String sql = "SELECT id, at, collection, actor, action, detail::text FROM sluice.audit"
                + " WHERE pipeline = ? AND (?::text IS NULL OR collection = ?) AND id > ? ORDER BY id DESC LIMIT ?";
        List<AuditEntry> entries = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.setString(3, collection);
            statement.setLong(4, after);
            statement.setInt(5, most);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    entries.add(new AuditEntry(
                            row.getLong(1),
                            row.getObject(2, OffsetDateTime.class).toInstant(),
                            row.getString(3),
                            row.getString(4),
                            row.getString(5),
                            texts(Document.parse(row.getString(6)))));
                }
            }
        }
        return entries;
    }

    private static SequencedMap<String, String> texts(Document detail) {
        SequencedMap<String, String> texts = new LinkedHashMap<>();
        detail.forEach((name, value) -> {
            if (value != null) {
                texts.put(name, value.toString());
            }
        });
        return texts;
    }

    /// Those of some documents of which there is an entry.
    ///
    /// @param action one whose detail has `document_key`
    /// @param documentKeys as canonical Extended JSON
    public Set<String> documents(
            Connection connection, AuditAction action, String collection, Collection<String> documentKeys)
            throws SQLException {
        String sql = "SELECT DISTINCT detail->>'document_key' FROM sluice.audit WHERE pipeline = ? AND collection = ?"
                + " AND action = ? AND detail->>'document_key' = ANY (?)";
        Set<String> there = new HashSet<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.setString(3, action.text());
            statement.setArray(4, connection.createArrayOf("text", documentKeys.toArray()));
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    there.add(row.getString(1));
                }
            }
        }
        return there;
    }
}
