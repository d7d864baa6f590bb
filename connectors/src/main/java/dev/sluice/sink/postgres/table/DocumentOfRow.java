package dev.sluice.sink.postgres.table;

import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;

/// SQL text that tells the document of a row.
public final class DocumentOfRow {
    private DocumentOfRow() {}

    /// `row_key` and `document_key` of the document whose row, or child row, `c` is.
    public static String referring(Link link) {
        String key = "c." + TableName.quote(link.shape().columns().getFirst().name());
        String documentKey = link.child() < 0
                ? key(link.target(), "c")
                : "(SELECT " + key(link.target(), "p") + " FROM "
                        + link.target().mapper().shape().table().sql() + " p WHERE p."
                        + TableName.quote(link.target().mapping().key().column()) + " = " + key + ")";
        return key + "::text AS row_key, " + documentKey + " AS document_key";
    }

    /// The `_id` of the document of a row, as canonical Extended JSON, where a column tells it; else NULL.
    /// A UUID made of an ObjectId can't be turned back, but where the key is one and a text column holds
    /// the `_id`, 24 hex digits in it are an ObjectId: no other `_id` of 24 digits has a UUID.
    public static String key(CollectionTarget target, String alias) {
        String column = RowIdentity.idColumn(target);
        if (column == null) {
            return "NULL::text";
        }
        String id = alias + "." + TableName.quote(column);
        return "CASE WHEN " + id + " ~ '^[0-9a-f]{24}$' THEN '{\"$oid\":\"' || " + id + " || '\"}' END";
    }
}
