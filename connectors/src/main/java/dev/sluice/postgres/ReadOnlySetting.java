package dev.sluice.postgres;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.schema.TableName;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;

/// A setting of the database, the role or POSTGRES_URI that makes every transaction read only. It stays
/// until a person changes it, unlike a server that is in recovery or that a switch-over has set to read
/// only, which is waited for.
///
/// @param found what is set, a sentence
/// @param remedy the statement that takes it back, a sentence
public record ReadOnlySetting(String found, String remedy) {
    private static final String SOURCE = "SELECT source, current_user, current_database() FROM pg_settings"
            + " WHERE name = 'default_transaction_read_only' AND reset_val::boolean AND NOT pg_is_in_recovery()";

    /// Empty where there is none.
    public static Optional<ReadOnlySetting> find(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(SOURCE)) {
            return row.next() ? of(row.getString(1), row.getString(2), row.getString(3)) : Optional.empty();
        }
    }

    /// @param source as `pg_settings` names it
    private static Optional<ReadOnlySetting> of(String source, String role, String database) {
        String ofRole = "ALTER ROLE " + TableName.quote(role);
        String ofDatabase = "DATABASE " + TableName.quote(database);
        return switch (source) {
            case "database" -> setting("the database " + database, "ALTER " + ofDatabase);
            case "user" -> setting("the role " + role, ofRole);
            case "database user" ->
                setting("the role " + role + " in the database " + database, ofRole + " IN " + ofDatabase);
            case "global" -> setting("all roles", "ALTER ROLE ALL");
            case "client" ->
                Optional.of(new ReadOnlySetting(
                        "POSTGRES_URI sets default_transaction_read_only to on.",
                        "Take it out of the options in POSTGRES_URI."));
            // The server's own: its configuration or command line, as a switch-over sets them.
            default -> Optional.empty();
        };
    }

    private static Optional<ReadOnlySetting> setting(String whose, String alter) {
        return Optional.of(new ReadOnlySetting(
                "default_transaction_read_only is on for " + whose + ": PostgreSQL refuses to write anything.",
                "SET default_transaction_read_only = off; " + alter + " RESET default_transaction_read_only."));
    }

    /// A failure at the start, which is of kind TARGET_SET_READ_ONLY where it was such a setting.
    ///
    /// @return the same where it was not, or PostgreSQL can't be asked
    public static SluiceException explain(PostgresConnector connector, SluiceException failure) {
        if (failure.kind() != FailureKind.TARGET_READ_ONLY) {
            return failure;
        }
        try (Connection connection = connector.open()) {
            return find(connection)
                    .map(set -> new SluiceException(
                            FailureKind.TARGET_SET_READ_ONLY, set.found() + " " + set.remedy(), failure))
                    .orElse(failure);
        } catch (SQLException | SluiceException notToBeAsked) {
            return failure;
        }
    }
}
