package dev.sluice.postgres;

import dev.sluice.schema.TableName;
import java.sql.SQLException;
import java.util.Optional;

/// The right to connect to a database, which the role lacks.
///
/// @param found what is missing, a sentence
/// @param remedy the statement that grants it, a sentence
public record ConnectRight(String found, String remedy) {
    /// That of a connection that PostgreSQL refused since the role may not connect to the database.
    ///
    /// @param refused what PostgreSQL said
    /// @return empty where it was refused for another reason, or the role is not named
    public static Optional<ConnectRight> missing(PostgresUri uri, SQLException refused) {
        String role = uri.properties().get("user");
        if (!"42501".equals(refused.getSQLState()) || role == null) {
            return Optional.empty();
        }
        return Optional.of(new ConnectRight(
                "The role " + role + " may not connect to the database " + uri.database() + ".",
                "GRANT CONNECT ON DATABASE " + TableName.quote(uri.database()) + " TO " + TableName.quote(role) + "."));
    }
}
