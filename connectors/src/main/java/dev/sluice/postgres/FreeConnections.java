package dev.sluice.postgres;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/// How many more connections a role may open.
public final class FreeConnections {
    /// Those of other users may not be seen in `pg_stat_activity` with what they do, but they are there.
    private static final String FREE = """
            SELECT least(
              current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
                - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
              (SELECT CASE WHEN datconnlimit < 0 THEN NULL ELSE datconnlimit
                 - (SELECT count(*) FROM pg_stat_activity a WHERE a.datid = d.oid AND a.backend_type = 'client backend') END
               FROM pg_database d WHERE datname = current_database()),
              (SELECT CASE WHEN rolconnlimit < 0 THEN NULL ELSE rolconnlimit
                 - (SELECT count(*) FROM pg_stat_activity a WHERE a.usesysid = r.oid) END
               FROM pg_roles r WHERE rolname = session_user))::int
            """;

    private FreeConnections() {}

    /// By the limits of the server, the database and the role, at this moment; 0 or less where there are
    /// none.
    public static int of(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(FREE)) {
            row.next();
            return row.getInt(1);
        }
    }
}
