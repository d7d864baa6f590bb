package dev.sluice.cutover;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.schema.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collection;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// A logical replication slot with a publication of the same name, made at the moment at which writes move: whoever
/// reads it gets every change from then on, so that a way back to MongoDB can be built on it. Until it is read or
/// dropped PostgreSQL keeps its WAL. For one thread, with a connection in auto-commit mode.
public final class ReplicationSlot {
    private static final Pattern NAME = Pattern.compile("[a-z0-9_]{1,63}");

    private final Connection connection;
    private final String name;

    /// @throws SluiceException of kind BAD_SETTING when PostgreSQL takes no slot of that name
    public ReplicationSlot(Connection connection, String name) {
        fault(name).ifPresent(fault -> {
            throw new SluiceException(FailureKind.BAD_SETTING, fault);
        });
        this.connection = connection;
        this.name = name;
    }

    /// Why no slot can have a name, a sentence that says what is allowed; empty where one can.
    public static Optional<String> fault(String name) {
        return NAME.matcher(name).matches()
                ? Optional.empty()
                : Optional.of("A replication slot can't be named \"" + name
                        + "\": its name has lower-case letters, digits and underscores, from 1 to 63 of them.");
    }

    /// Why it can't be made; empty where nothing is known that keeps it from being made.
    ///
    /// @param left whether one of this name is known to be of a killed process, and is dropped before
    public Optional<String> obstacle(boolean left) throws SQLException {
        String level = one("SHOW wal_level");
        if (!level.equals("logical")) {
            return Optional.of("A logical replication slot needs wal_level = logical; this server has " + level
                    + ". Change it in postgresql.conf and restart PostgreSQL, or leave --keep-slot out.");
        }
        if (!left
                && !one("SELECT count(*) FROM pg_replication_slots WHERE slot_name = " + TableName.literal(name))
                        .equals("0")) {
            return Optional.of("There is a replication slot " + name + " already: name another one, or drop it with"
                    + " SELECT pg_drop_replication_slot(" + TableName.literal(name) + ").");
        }
        if (!one("SELECT rolsuper OR rolreplication FROM pg_roles WHERE rolname = current_user")
                .equals("t")) {
            return Optional.of("The role may not make a replication slot. As a superuser: ALTER ROLE "
                    + one("SELECT quote_ident(current_user)") + " REPLICATION.");
        }
        return Optional.empty();
    }

    /// Makes both. Waits for transactions that write now.
    ///
    /// @param tables what the publication has
    public void make(Collection<TableName> tables) {
        try (Statement statement = connection.createStatement()) {
            statement.execute("CREATE PUBLICATION " + TableName.quote(name) + " FOR TABLE "
                    + tables.stream().map(TableName::sql).collect(Collectors.joining(", ")));
            one("SELECT slot_name FROM pg_create_logical_replication_slot(" + TableName.literal(name)
                    + ", 'pgoutput')");
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// Drops both; nothing where they are not there.
    public void drop() throws SQLException {
        try (PreparedStatement slot = connection.prepareStatement(
                        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = ?");
                Statement publication = connection.createStatement()) {
            slot.setString(1, name);
            slot.execute();
            publication.execute("DROP PUBLICATION IF EXISTS " + TableName.quote(name));
        }
    }

    private String one(String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return String.valueOf(row.getString(1));
        }
    }
}
