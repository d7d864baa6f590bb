package dev.sluice.sink.postgres;

import dev.sluice.mapping.TableShape;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/// Binary COPY of rows on one connection. For one thread.
public final class RowCopy {
    private final Connection connection;
    private final CopyBuffer buffer = new CopyBuffer();

    public RowCopy(Connection connection) {
        this.connection = connection;
    }

    /// @param sql a `COPY .. FROM STDIN (FORMAT binary)` into columns in the shape's order
    public void copy(String sql, TableShape shape, List<@Nullable Object[]> rows) throws SQLException {
        List<TableShape.Column> columns = shape.columns();
        CopyIn copy = connection.unwrap(PGConnection.class).getCopyAPI().copyIn(sql);
        try {
            buffer.start();
            for (@Nullable Object[] row : rows) {
                buffer.startRow(columns.size());
                for (int i = 0; i < row.length; i++) {
                    buffer.field(columns.get(i).type(), row[i]);
                }
                if (buffer.size() >= CopyBuffer.SEGMENT) {
                    buffer.send(0, buffer.position(), copy::writeToCopy);
                    buffer.clear();
                }
            }
            buffer.end();
            buffer.send(0, buffer.position(), copy::writeToCopy);
            copy.endCopy();
        } finally {
            if (copy.isActive()) {
                copy.cancelCopy();
            }
        }
    }
}
