package dev.sluice.service.cli;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoDatabase;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.sandbox.SandboxPostgres;
import dev.sluice.testkit.MigratedDatabases;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// One PostgreSQL and one MongoDB for all tests of the command line; each test has a database of its own on
/// both. They go with the JVM.
final class Servers {
    /// How many migrations a place for the demo's mapping needs: twenty-nine of the control schema, one of the demo
    /// shop.
    static final int MIGRATIONS = 33;

    private static final SandboxPostgres POSTGRES = SandboxPostgres.start();
    private static final MigratedDatabases MIGRATED = new MigratedDatabases(POSTGRES);
    private static final SandboxMongo MONGO = SandboxMongo.start();
    private static final MongoClient CLIENT = MongoClients.create(MONGO.uri());

    private static @Nullable Connection asking;
    private static String asked = "";

    private Servers() {}

    /// Settings under which a program that wants a sandbox takes these servers.
    static Map<String, String> asSandboxes() {
        return Cli.settings("SLUICE_TEST_POSTGRES_URI", POSTGRES.uri(), "SLUICE_TEST_MONGO_URI", MONGO.uri());
    }

    static SandboxPostgres postgres() {
        return POSTGRES;
    }

    static MongoClient client() {
        return CLIENT;
    }

    static String mongoUri() {
        return MONGO.uri();
    }

    /// A place for one pipeline: an empty database on each side, and the settings that name them.
    record Place(String postgresUri, MongoDatabase mongo, Map<String, String> settings) {
        long count(String table) {
            return number("SELECT count(*) FROM " + table);
        }

        long number(String sql) {
            return Long.parseLong(text(sql));
        }

        String text(String sql) {
            return query(postgresUri, sql);
        }

        void execute(String sql) {
            Servers.execute(postgresUri, sql);
        }
    }

    /// A place for the demo's mapping.
    static Place place() {
        return place(POSTGRES.createDatabase());
    }

    /// A place for the demo's mapping whose control schema and tables are there already: where migrating is not
    /// what a test is about, this saves a second of it.
    static Place migratedPlace() {
        return place(MIGRATED.create("demo"));
    }

    /// As [#migratedPlace], with a quick gate that a busy machine does not shut: rows may lag by ten minutes.
    static Place placeOfQuickGate() {
        Place place = migratedPlace();
        quickenGate(place);
        place.execute("INSERT INTO sluice.gate_limit (pipeline, collection, condition, max_value)"
                + " VALUES ('demo', '*', 'fresh', 600)");
        return place;
    }

    /// The gate opens as soon as all conditions are met instead of after five more seconds: where an open gate
    /// is what a test begins with, and no more.
    static void quickenGate(Place place) {
        place.execute("CREATE OR REPLACE FUNCTION sluice.gate_hold() RETURNS interval LANGUAGE sql IMMUTABLE"
                + " AS $$ SELECT interval '100 milliseconds' $$");
    }

    private static Place place(String postgres) {
        MongoDatabase mongo =
                CLIENT.getDatabase("it_" + UUID.randomUUID().toString().substring(0, 8));
        return new Place(
                postgres,
                mongo,
                Cli.settings(
                        "SLUICE_MAPPING",
                        "demo",
                        "MONGO_URI",
                        MONGO.uri(),
                        "MONGO_DB_NAME",
                        mongo.getName(),
                        "POSTGRES_URI",
                        postgres,
                        "SLUICE_HTTP_PORT",
                        "0"));
    }

    static void execute(String uri, String sql) {
        try (Connection connection = connect(uri);
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }

    /// The first column of the first row; empty when it is NULL or there is none.
    static synchronized String query(String uri, String sql) {
        try {
            Connection connection = asking(uri);
            try (Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery(sql)) {
                String text = row.next() ? row.getString(1) : null;
                return text == null ? "" : text;
            } catch (SQLException e) {
                asked = "";
                connection.close();
                throw e;
            }
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }

    /// Kept for as long as the same place is asked: a question that is asked ten times a second would open ten
    /// sessions a second.
    private static Connection asking(String uri) throws SQLException {
        Connection kept = asking;
        if (kept == null || !asked.equals(uri) || !kept.isValid(1)) {
            if (kept != null) {
                kept.close();
            }
            kept = connect(uri);
            asking = kept;
            asked = uri;
        }
        return kept;
    }

    static Connection connect(String uri) throws SQLException {
        return new dev.sluice.postgres.PostgresConnector(dev.sluice.postgres.PostgresUri.parse(uri)).openForLongWork();
    }
}
