package dev.sluice.sink.postgres.table;

import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.CollectionMapping.OnDelete;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Dedupe;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.catalog.ValueCast;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The SQL for a collection where several documents can share one row, see [Dedupe].
///
/// @param key the name of the key column
/// @param shared whether rows are identified without the key: there may be a row without a document, which
///     the first document takes over. The keys of rows that have documents are in `sluice.document_row`
/// @param keeps whether the row stays when its document is deleted; then it has no document, too
public record Duplicates(TableShape shape, Dedupe dedupe, String key, boolean shared, boolean keeps) {
    /// Null where each document has a row of its own.
    ///
    /// @param shape of the collection's own table, as it is written
    public static @Nullable Duplicates of(CollectionTarget target, TableShape shape) {
        Dedupe dedupe = target.mapping().dedupe();
        String key = target.mapping().key().column();
        return dedupe == null
                ? null
                : new Duplicates(
                        shape,
                        dedupe,
                        key,
                        !target.mapping().conflict().contains(key),
                        target.mapping().onDelete() == OnDelete.KEEP);
    }

    /// The condition that a row of the table is one of a document.
    public String isDocuments(String alias) {
        return shared ? registered(alias, " AND NOT r.kept") : "true";
    }

    /// The condition that a row of the table is or was one of a document.
    public String wasDocuments(String alias) {
        return shared ? registered(alias, "") : "true";
    }

    private String registered(String alias, String and) {
        return "EXISTS (SELECT FROM sluice.document_row r WHERE r.table_name = " + literal()
                + " AND r.key_digest = sluice.digest(" + alias + "." + TableName.quote(key) + "::text)" + and + ")";
    }

    /// Notes that the staged rows are documents'.
    public String register(TableSql own) {
        return "INSERT INTO sluice.document_row (table_name, key_digest) SELECT DISTINCT " + literal()
                + ", sluice.digest(s."
                + TableName.quote(key) + "::text) FROM " + own.staging() + " s"
                + " ON CONFLICT (table_name, key_digest) DO UPDATE SET kept = false WHERE document_row.kept";
    }

    /// Deletes the child rows of rows that staged ones take over.
    public String deleteTaken(TableSql own, TableSql child) {
        return "DELETE FROM " + child.shape().table().sql() + " c USING " + table().sql() + " t, " + own.staging()
                + " s WHERE c." + child.keyName() + " = t." + own.keyName() + " AND " + known("t") + " = "
                + stagedKnown("s") + " AND t." + own.keyName() + " <> s." + own.keyName();
    }

    /// Notes that rows of these keys, an array parameter, are documents' no longer.
    public String forget() {
        return (keeps
                        ? "UPDATE sluice.document_row r SET kept = true FROM unnest(?) k"
                        : "DELETE FROM sluice.document_row r USING unnest(?) k")
                + " WHERE r.table_name = " + literal() + " AND r.key_digest = sluice.digest(k::text)";
    }

    /// Blocks other transactions from deciding which document has a row until this one ends: two that don't see
    /// each other would both write it.
    public String lock() {
        return "SELECT pg_advisory_xact_lock(hashtextextended('sluice ' || " + literal() + ", 0))";
    }

    private String literal() {
        return TableName.literal(table().toString());
    }

    /// The collection's own table.
    public TableName table() {
        return shape.table();
    }

    /// As `sluice.waiting` names it.
    public String label() {
        return shape.table().table();
    }

    /// The value by which a row of the table equals another row, as text.
    public String known(String alias) {
        return known(dedupe.by().stream()
                .map(this::column)
                .map(c -> text(c, alias + "." + TableName.quote(c.name())))
                .toList());
    }

    /// The same of a staged row.
    public String stagedKnown(String alias) {
        return known(dedupe.by().stream()
                .map(this::column)
                .map(c -> text(c, TableSql.value(c, alias)))
                .toList());
    }

    private static String known(List<String> values) {
        return "jsonb_build_array(" + String.join(", ", values) + ")::text";
    }

    /// As text, a value of a column that PostgreSQL pads with blanks is without them.
    private static String text(TableShape.Column column, String value) {
        if (column.type() instanceof ColumnType.Citext) {
            return "lower(" + value + "::text)";
        }
        return ValueCast.isText(column.type()) && column.reference() == null ? value + "::text" : value;
    }

    /// Ranks the staged rows, and the rows of the table that are one with them, within each that is to be
    /// one row: `key`, `known`, `staged`, `rank` from 1.
    ///
    /// The first of the columns narrows the table by an index where there is one.
    ///
    /// @param withTable whether rows of the table count too
    public String ranked(TableSql own, boolean withTable) {
        List<String> staged = new ArrayList<>();
        List<String> there = new ArrayList<>();
        for (Dedupe.Preference preference : dedupe.prefer()) {
            TableShape.Column column = column(preference.column());
            String name = " AS p" + staged.size();
            staged.add(", " + TableSql.value(column, "s") + name);
            there.add(", t." + TableName.quote(column.name()) + name);
        }
        String quotedKey = TableName.quote(key);
        String first = dedupe.by().getFirst();
        String candidates = "SELECT s." + quotedKey + " AS key, " + stagedKnown("s") + " AS known, true AS staged"
                + String.join("", staged) + " FROM " + own.staging() + " s"
                // To a unique index, NULL is not another's NULL.
                + (shared
                        ? dedupe.by().stream()
                                .map(c -> "(" + TableSql.value(column(c), "s") + ") IS NOT NULL")
                                .collect(Collectors.joining(" AND ", " WHERE ", ""))
                        : "");
        if (withTable) {
            candidates += " UNION ALL SELECT t." + quotedKey + ", " + known("t") + ", false" + String.join("", there)
                    + " FROM " + table().sql() + " t WHERE t." + TableName.quote(first) + " IN (SELECT "
                    + TableSql.value(column(first), "s") + " FROM " + own.staging() + " s) AND " + known("t")
                    + " IN (SELECT " + stagedKnown("s") + " FROM " + own.staging() + " s) AND NOT EXISTS (SELECT FROM "
                    + own.staging() + " s WHERE s." + quotedKey + " = t." + quotedKey + ") AND " + isDocuments("t");
        }
        return "SELECT key, known, staged, row_number() OVER (PARTITION BY known ORDER BY " + order()
                + own.ordered("key") + ") AS rank FROM (" + candidates + ") candidate";
    }

    private String order() {
        StringBuilder order = new StringBuilder();
        for (int i = 0; i < dedupe.prefer().size(); i++) {
            String value = "p" + i;
            order.append(
                    switch (dedupe.prefer().get(i).order()) {
                        case PRESENT -> "(" + value + " IS NULL)";
                        case HIGHEST -> value + " DESC NULLS LAST";
                        case LOWEST -> value + " ASC NULLS LAST";
                    });
            order.append(", ");
        }
        return order.toString();
    }

    private TableShape.Column column(String name) {
        return shape.columns().stream()
                .filter(c -> c.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("the mapping's reader lets no other column pass"));
    }
}
