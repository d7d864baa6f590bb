package dev.sluice.service.bench;

import dev.sluice.postgres.PostgresConnector;
import dev.sluice.postgres.PostgresUri;
import dev.sluice.sandbox.SandboxPostgres;
import dev.sluice.schema.Catalog;
import dev.sluice.sink.postgres.check.TargetDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/// A database of its own with the mapping's empty tables, made by the mapping's migrations: the same keys
/// and indexes for everybody. Gone when closed.
final class Target implements AutoCloseable {
    private final SandboxPostgres server;
    private final PostgresUri uri;
    private final PostgresConnector connector;

    private Target(SandboxPostgres server, PostgresUri uri) {
        this.server = server;
        this.uri = uri;
        this.connector = new PostgresConnector(uri);
    }

    static Target create(SandboxPostgres server, Catalog.Entry entry) {
        Target target = new Target(server, PostgresUri.parse(server.createDatabase()));
        new TargetDatabase(target.uri).migrate(entry);
        return target;
    }

    /// An empty database, for a program that makes its tables itself.
    static Target empty(SandboxPostgres server) {
        return new Target(server, PostgresUri.parse(server.createDatabase()));
    }

    /// Another database with all that is in this one, to which nobody may be connected.
    Target copy() throws SQLException {
        PostgresUri other = PostgresUri.parse(server.createDatabase());
        Target copy = new Target(server, other);
        copy.maintain("DROP DATABASE " + other.database());
        copy.maintain("CREATE DATABASE " + other.database() + " TEMPLATE " + uri.database());
        return copy;
    }

    /// As a program is given it; may hold a password.
    String uri() {
        return uri.text();
    }

    PostgresConnector connector() {
        return connector;
    }

    /// Writes out what is in memory, so that what one contender left to be written is not in the next
    /// one's time. Does nothing where the role may not.
    void checkpoint() {
        try {
            execute("CHECKPOINT");
        } catch (SQLException notAllowed) {
            // Then the server does it when it likes.
        }
    }

    void execute(String sql) throws SQLException {
        try (Connection connection = connector.openForLongWork();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    long count(String table) throws SQLException {
        return number("SELECT count(*) FROM " + table);
    }

    /// The number that a question has as its answer.
    long number(String sql) throws SQLException {
        return Long.parseLong(text(sql));
    }

    /// A sum over all values of all rows, whatever their order.
    String checksum(String table) throws SQLException {
        return text("SELECT coalesce(sum(hashtextextended(t::text, 0)), 0) FROM " + table + " t");
    }

    private String text(String sql) throws SQLException {
        try (Connection connection = connector.openForLongWork();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }

    @Override
    public void close() throws SQLException {
        maintain("DROP DATABASE IF EXISTS " + uri.database() + " WITH (FORCE)");
    }

    private void maintain(String sql) throws SQLException {
        PostgresConnector maintenance = new PostgresConnector(PostgresUri.parse(server.uri()));
        try (Connection connection = maintenance.openForLongWork();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
