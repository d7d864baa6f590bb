package dev.sluice.sink.postgres;

import dev.sluice.mapping.TableShape;
import dev.sluice.schema.CollectionMapping.OnDelete;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.Link.Links;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Whether a document that has no row by a rule gives up the one that it had before: a dead letter, or one that
/// another document comes before.
public final class GivingWay {
    private GivingWay() {}

    /// True where the table has only rows of this collection, they are deleted with their documents, and no foreign
    /// key deletes or changes rows with them that the mapping does not know. Else the rows stay.
    ///
    /// @param all all collections of the mapping
    public static boolean mayGiveWay(Connection connection, List<CollectionTarget> all, CollectionTarget target)
            throws SQLException {
        TableName table = target.mapping().table();
        if (target.mapping().onDelete() != OnDelete.DELETE
                || all.stream().filter(t -> t.mapping().table().equals(table)).count() > 1) {
            return false;
        }
        Set<String> known = new HashSet<>();
        known.add(table.sql());
        for (TableShape child : target.mapper().childShapes()) {
            known.add(child.table().sql());
        }
        new Links(all).to(table).forEach(link -> known.add(link.shape().table().sql()));
        // ON DELETE deletes rows, or sets them to NULL or the default, without an error.
        try (PreparedStatement statement = connection.prepareStatement("SELECT NOT EXISTS (SELECT FROM pg_constraint"
                + " WHERE contype = 'f' AND confrelid = to_regclass(?) AND confdeltype IN ('c', 'n', 'd')"
                + " AND conrelid <> ALL (ARRAY(SELECT to_regclass(k)::oid FROM unnest(?) k)))")) {
            statement.setString(1, table.sql());
            statement.setArray(2, connection.createArrayOf("text", known.toArray()));
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }
}
