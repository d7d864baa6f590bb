package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import dev.sluice.postgres.PostgresUri;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.sandbox.SandboxPostgres;
import dev.sluice.service.cli.Cli.Result;
import dev.sluice.service.cli.TestCertificates.Signed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bson.Document;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/// A MongoDB user and a PostgreSQL role with exactly the rights that deploy/README.md lists, over TLS on both
/// sides, with certificates of a private CA: everything works, and each right that is taken away is named.
@SuppressWarnings("NullAway.Init")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RightsAndTlsIT {
    private static final String HERE = "ip:127.0.0.1,dns:localhost";

    @TempDir
    private static Path folder;

    private static TestCertificates certificates;
    private static SandboxMongo mongo;
    private static SandboxPostgres postgres;
    private static MongoClient root;
    private static String database;
    private static Map<String, String> settings;

    @BeforeAll
    static void start() throws IOException, SQLException {
        certificates = new TestCertificates(folder);
        Files.writeString(folder.resolve("ca.pem"), certificates.caCertificate());
        Signed server = certificates.sign(HERE, "-1d", 10);
        Files.writeString(folder.resolve("mongod.pem"), server.both());
        // Whoever prepares the server comes without TLS; Sluice asks for it.
        mongo = SandboxMongo.start(SandboxMongo.Options.DEFAULTS
                .withPassword("root-secret")
                .withArguments(List.of(
                        "--tlsMode",
                        "preferTLS",
                        "--tlsCertificateKeyFile",
                        folder.resolve("mongod.pem").toString(),
                        "--tlsCAFile",
                        folder.resolve("ca.pem").toString(),
                        "--tlsAllowConnectionsWithoutCertificates")));
        root = MongoClients.create(mongo.uri());
        role("sluiceLocal", List.of(readOfLocal("oplog.rs"), readOfLocal("system.replset")));
        root.getDatabase("admin")
                .runCommand(new Document("createUser", "sluice")
                        .append("pwd", "mongo-secret")
                        .append("roles", rights()));
        root.getDatabase("shop")
                .getCollection("users")
                .insertMany(IntStream.range(0, 100)
                        .mapToObj(i -> new Document("_id", "u" + i).append("email", "u" + i + "@shop.example"))
                        .toList());
        root.getDatabase("shop")
                .getCollection("orders")
                .insertOne(new Document("_id", 1L).append("userId", "u1").append("placedAt", Instant.EPOCH));

        postgres = SandboxPostgres.start();
        database = postgres.createDatabase();
        certify(server);
        settings = Cli.settings(
                "MONGO_URI", mongoUri("tls=true"),
                "MONGO_DB_NAME", "shop",
                "POSTGRES_URI", postgresUri("sslmode=verify-full"),
                "SLUICE_CA_FILE", folder.resolve("ca.pem").toString(),
                "SLUICE_MAPPING", "demo",
                "SLUICE_HTTP_PORT", "0",
                "SLUICE_HTTP_HOST", "127.0.0.1",
                "AUTO_MIGRATE", "false",
                "AUTO_CREATE_DB", "false");
        Result migrated = Cli.runHere(Cli.with(settings, "POSTGRES_URI", database), "migrate");
        assertThat(migrated.exitCode()).as(migrated.err()).isZero();
        execute(
                "CREATE ROLE sluice_app LOGIN PASSWORD 'pg-secret'",
                "REVOKE ALL ON DATABASE " + name() + " FROM PUBLIC",
                "REVOKE ALL ON SCHEMA public FROM PUBLIC",
                "GRANT CONNECT, TEMPORARY ON DATABASE " + name() + " TO sluice_app",
                "GRANT USAGE ON SCHEMA sluice, public TO sluice_app",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA sluice TO sluice_app",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON users, orders, order_lines TO sluice_app",
                "GRANT SELECT ON sluice_history_demo TO sluice_app");
    }

    private static Document readOfLocal(String collection) {
        return new Document("resource", new Document("db", "local").append("collection", collection))
                .append("actions", List.of("find"));
    }

    private static void role(String name, List<Document> privileges) {
        root.getDatabase("admin")
                .runCommand(new Document("createRole", name)
                        .append("privileges", privileges)
                        .append("roles", List.of()));
    }

    private static List<Document> rights() {
        return List.of(
                new Document("role", "read").append("db", "shop"),
                new Document("role", "sluiceLocal").append("db", "admin"));
    }

    private static void grant(List<Document> roles) {
        root.getDatabase("admin").runCommand(new Document("updateUser", "sluice").append("roles", roles));
    }

    private static String mongoUri(String options) {
        String hosts = mongo.uri().replaceFirst("^mongodb://[^@]*@", "").replaceFirst("/.*$", "");
        return "mongodb://sluice:mongo-secret@" + hosts + "/?authSource=admin&" + options;
    }

    private static String postgresUri(String options) {
        PostgresUri uri = PostgresUri.parse(database);
        return "postgresql://sluice_app:pg-secret@" + uri.hosts() + "/" + uri.database() + "?" + options;
    }

    private static String name() {
        return PostgresUri.parse(database).database();
    }

    /// Gives PostgreSQL a certificate. Its server writes the files, since it reads no key that others can.
    private static void certify(Signed server) throws SQLException {
        try (Connection connection = superuser();
                Statement statement = connection.createStatement()) {
            file(statement, server.certificate(), "sluice-server.crt");
            file(statement, server.key(), "sluice-server.key");
            statement.execute("ALTER SYSTEM SET ssl_cert_file = 'sluice-server.crt'");
            statement.execute("ALTER SYSTEM SET ssl_key_file = 'sluice-server.key'");
            statement.execute("ALTER SYSTEM SET ssl = on");
            statement.execute("SELECT pg_reload_conf()");
        }
        await().until(() -> text("SHOW ssl").equals("on"));
    }

    private static void file(Statement statement, String text, String name) throws SQLException {
        statement.execute("COPY (SELECT regexp_split_to_table('" + text + "', '\\n')) TO PROGRAM 'umask 077; cat > "
                + name + "'");
    }

    private static Connection superuser() throws SQLException {
        PostgresUri uri = PostgresUri.parse(database);
        return DriverManager.getConnection(uri.jdbcUrl(), uri.driverProperties());
    }

    private static void execute(String... statements) throws SQLException {
        try (Connection connection = superuser();
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    private static String text(String sql) throws SQLException {
        try (Connection connection = superuser();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return String.valueOf(row.getString(1));
        }
    }

    @AfterAll
    static void stop() throws SQLException {
        root.close();
        mongo.close();
        execute("ALTER SYSTEM RESET ALL", "DROP OWNED BY sluice_app", "DROP ROLE sluice_app");
        postgres.close();
    }

    private static Result fine(String... arguments) {
        Result result = Cli.run(settings, arguments);
        assertThat(result.exitCode()).as(result.out() + result.err()).isZero();
        return result;
    }

    @Test
    @Order(1)
    @DisplayName("every command works with exactly these rights")
    void everyCommandWorks() throws SQLException {
        fine("infer", "--out", folder.resolve("inferred").toString());
        Result plan = Cli.run(settings, "plan");
        assertThat(plan.exitCode()).as(plan.out() + plan.err()).isZero();
        assertThat(plan.out()).contains("oplog").doesNotContain("not known");
        fine("backfill");
        try (Cli run = Cli.start(settings, "run")) {
            await().atMost(Duration.ofSeconds(90))
                    .until(() -> text("SELECT count(*) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)"
                                            + " WHERE a.usename = 'sluice_app' AND s.ssl")
                                    .compareTo("0")
                            > 0);
            root.getDatabase("shop")
                    .getCollection("users")
                    .insertOne(new Document("_id", "new").append("email", "new@shop.example"));
            await().atMost(Duration.ofSeconds(90))
                    .until(() ->
                            text("SELECT count(*) FROM users WHERE id = 'new'").equals("1"));
            fine("status");
            fine("checkpoint", "here");
            root.getDatabase("shop").getCollection("users").deleteOne(new Document("_id", "new"));
            fine("verify");
            fine("replay", "--from", "here");
            fine("resync", "--collection", "users", "--prune");
            assertThat(run.running()).as(run.out() + run.err()).isTrue();
            run.terminate();
            Result ended = run.await();
            assertThat(ended.exitCode()).as(ended.out() + ended.err()).isIn(0, 143);
            assertThat(ended.err()).doesNotContain("secret").doesNotContain("WARN");
        }
        assertThat(text("SELECT count(*) FROM users")).isEqualTo("100");
        assertThat(text("SELECT deployment_id FROM sluice.source")).hasSize(24);
        aChangeThatIsTooLargeIsPassed();
    }

    private static void aChangeThatIsTooLargeIsPassed() {
        root.getDatabase("shop")
                .getCollection("users")
                .insertOne(new Document("_id", "k".repeat(6_000_000)).append("email", "k@shop.example"));
        Result stopped = Cli.run(settings, "run");
        assertThat(stopped.exitCode()).as(stopped.out() + stopped.err()).isEqualTo(SluiceCommand.COULD_NOT_RUN);
        String said = "`sluice backfill --past ";
        assertThat(stopped.err()).contains("The change of users at operation time", said);
        int from = stopped.err().indexOf(said) + said.length();
        fine("backfill", "--past", stopped.err().substring(from, stopped.err().indexOf('`', from)));
        root.getDatabase("shop").getCollection("users").deleteOne(new Document("_id", "k".repeat(6_000_000)));
        fine("backfill", "--resync", "--prune");
    }

    /// In this JVM: nothing is begun that another process would have to end.
    private static void refused(Map<String, String> with, String command, String... said) {
        Result result = Cli.runHere(with, command);
        assertThat(result.exitCode()).as(result.out() + result.err()).isEqualTo(SluiceCommand.COULD_NOT_RUN);
        assertThat(result.err()).contains(said).doesNotContain("secret").doesNotContain("\tat ");
    }

    @Test
    @Order(2)
    @DisplayName("a right of MongoDB that is taken away is named")
    void aRightOfMongoIsNamed() {
        grant(List.of(rights().getFirst()));
        try {
            Result plan = Cli.runHere(settings, "plan");
            assertThat(plan.out())
                    .contains("local.oplog.rs")
                    .contains("It is the MongoDB that was copied.", "grant find on local.system.replset");
            assertThat(plan.exitCode()).as(plan.out() + plan.err()).isZero();
            fine("backfill", "--collection", "users");
            grant(List.of(rights().getLast()));
            refused(settings, "backfill", "MongoDB refused a command", "not authorized on shop", "role read");
        } finally {
            grant(rights());
        }
    }

    @Test
    @Order(3)
    @DisplayName("a right of PostgreSQL that is taken away is named")
    void aRightOfPostgresIsNamed() throws SQLException {
        String[][] rights = {
            {"INSERT ON order_lines", "public.order_lines: the role sluice_app lacks INSERT on it."},
            {"DELETE ON users", "public.users: the role sluice_app lacks DELETE on it."},
            {"UPDATE ON sluice.resync", "sluice.resync: the role sluice_app lacks UPDATE on it."},
            {"USAGE ON SCHEMA sluice", "permission denied for schema sluice"},
            {"SELECT ON sluice_history_demo", "permission denied for table sluice_history_demo"},
            {"TEMPORARY ON DATABASE " + name(), "The role sluice_app may not create temporary tables in the database"},
            {"CONNECT ON DATABASE " + name(), "The role sluice_app may not connect to the database"},
        };
        for (String[] right : rights) {
            execute("REVOKE " + right[0] + " FROM sluice_app");
            try {
                refused(settings, "backfill", "PostgreSQL refused", right[1]);
            } finally {
                execute("GRANT " + right[0] + " TO sluice_app");
            }
        }
    }

    @Test
    @Order(4)
    @DisplayName("a certificate of another CA, for another host, or that has expired is said in plain words")
    void badCertificatesAreNamed() throws SQLException, IOException {
        Path other = Files.createDirectory(folder.resolve("other"));
        Files.writeString(other.resolve("ca.pem"), new TestCertificates(other).caCertificate());
        Map<String, String> wrongCa =
                Cli.with(settings, "SLUICE_CA_FILE", other.resolve("ca.pem").toString());
        String untrusted = "its certificate is not signed by a CA that Sluice trusts; SLUICE_CA_FILE";
        refused(wrongCa, "status", "PostgreSQL", untrusted);
        // MongoDB is tried for ten seconds by default.
        String briefly = mongoUri("tls=true&serverSelectionTimeoutMS=3000");
        Map<String, String> wrongForMongo = Cli.with(wrongCa, "POSTGRES_URI", database, "MONGO_URI", briefly);
        refused(wrongForMongo, "backfill", "MongoDB can't be reached", untrusted);

        present(certificates.sign("dns:elsewhere.example", "-1d", 10));
        String forAnother = "its certificate is for another host name than the one in the URI";
        refused(settings, "status", "PostgreSQL", forAnother);
        refused(
                Cli.with(settings, "POSTGRES_URI", database, "MONGO_URI", briefly),
                "backfill",
                "MongoDB can't be reached",
                forAnother);

        // No mongod presents one that has expired.
        certify(certificates.sign(HERE, "-10d", 5));
        refused(settings, "status", "PostgreSQL", "its certificate has expired");

        present(certificates.sign(HERE, "-1d", 10));
        fine("status");
        Result missing = Cli.runHere(
                Cli.with(settings, "SLUICE_CA_FILE", folder.resolve("none.pem").toString(), "POSTGRES_URI", database),
                "backfill");
        assertThat(missing.exitCode()).isEqualTo(SluiceCommand.WRONG_USE);
        assertThat(missing.err()).contains("none.pem", "SLUICE_CA_FILE", "is not there");
    }

    @Test
    @Order(5)
    @DisplayName("a server of MongoDB that speaks no TLS is said to be one")
    void aServerWithoutTlsIsNamed() {
        try (SandboxMongo plain = SandboxMongo.start()) {
            refused(
                    Cli.with(settings, "MONGO_URI", plain.uri() + "&tls=true&serverSelectionTimeoutMS=3000"),
                    "backfill",
                    "MongoDB can't be reached",
                    "it does not speak TLS, and the URI asks for it");
        }
    }

    private static void present(Signed server) throws SQLException, IOException {
        Files.writeString(folder.resolve("mongod.pem"), server.both());
        root.getDatabase("admin").runCommand(new Document("rotateCertificates", 1));
        certify(server);
    }
}
