package dev.sluice.sink.postgres.table;

import dev.sluice.sink.copy.EncodedRows;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/// Sends rows by binary COPY: the one way in which rows come to PostgreSQL.
public final class RowCopy {
    /// How many bytes of rows are put together for one COPY into staging tables; more where one document has more.
    public static final int STAGED_BYTES = 4 << 20;

    private RowCopy() {}

    /// Sends one table's rows.
    ///
    /// @param sql a `COPY .. FROM STDIN (FORMAT binary)` into columns in the order of the rows'
    /// @param table its number among those of the rows
    /// @param only the documents whose rows are sent, by their order from 0; null for all
    /// @return the rows that PostgreSQL took: those sent, unless a trigger left some out
    public static long copy(Connection connection, String sql, EncodedRows rows, int table, @Nullable BitSet only)
            throws SQLException {
        CopyIn copy = connection.unwrap(PGConnection.class).getCopyAPI().copyIn(sql);
        try {
            rows.send(table, only, copy::writeToCopy);
            return copy.endCopy();
        } finally {
            if (copy.isActive()) {
                copy.cancelCopy();
            }
        }
    }

    /// Sends the rows of some documents into the staging tables of their collection.
    ///
    /// @param tables all of the collection, its own first
    /// @param only as in [#copy]
    public static void stage(Connection connection, List<TableSql> tables, EncodedRows rows, @Nullable BitSet only)
            throws SQLException {
        for (int i = 0; i < tables.size(); i++) {
            if (rows.rows(i) > 0) {
                copy(connection, tables.get(i).copyIntoStaging(), rows, i, only);
            }
        }
    }
}
