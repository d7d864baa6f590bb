package dev.sluice.sandbox;

import dev.sluice.postgres.PostgresUri;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.UUID;

/// A real PostgreSQL for the demo and for tests. In this order: the server that the system property or
/// environment variable SLUICE_TEST_POSTGRES_URI names, a container where a Docker engine of this machine
/// answers, and else the server's programs from a Maven artifact, run as a process of this machine.
///
/// Its own servers listen on 127.0.0.1, hold their data in a temporary directory, allow 200 connections,
/// keep PostgreSQL's defaults for durability (fsync included), and are gone at the latest when this JVM is.
///
/// Safe for use by several threads.
public final class SandboxPostgres implements AutoCloseable {

    private static final String SETTING = "SLUICE_TEST_POSTGRES_URI";
    private static final String IMAGE = "postgres:17.6";
    private static final int PORT_IN_CONTAINER = 5432;
    private static final String CONNECT_SECONDS = "5";
    private static final String PASSWORD_IN_CONTAINER = "sandbox";
    private static final List<String> OPTIONS =
            List.of("-c", "max_connections=200", "-c", "timezone=UTC", "-c", "log_min_messages=warning");

    private final PostgresUri uri;
    private final Lifecycle lifecycle;
    private final String description;
    private final List<String> created = new ArrayList<>();

    private SandboxPostgres(PostgresUri uri, Lifecycle lifecycle, String kind) {
        this.uri = uri;
        this.lifecycle = lifecycle;
        String version = version(uri);
        this.description = "PostgreSQL " + version + ", " + kind;
        announce(
                "PostgreSQL: " + version + ", " + kind + ", port " + uri.hosts().replaceFirst(".*:", ""));
    }

    /// Starts a server, or takes the given one, and says on standard output in one line which it is.
    ///
    /// @return a server that answers
    /// @throws SandboxException when there is none; the message says what to do
    public static SandboxPostgres start() {
        return Settings.named(SETTING)
                .map(SandboxPostgres::given)
                .orElseGet(() -> DockerEngine.answers() ? inContainer() : embedded());
    }

    /// The database `postgres` (or the one named in a given URI) in the form of PostgreSQL's own programs,
    /// `postgresql://user:password@host:port/database`. Own servers have the user `postgres`; those in
    /// containers ask for a password, which the URI holds.
    public String uri() {
        return uri.text();
    }

    /// The same server and user, another database, which need not exist.
    ///
    /// @param database the database's name, unquoted
    public String uri(String database) {
        return uri.withDatabase(database).text();
    }

    /// Creates an empty database with a name that no other has, so tests can share a server. On a given
    /// server it is dropped at [#close()].
    ///
    /// @return its URI
    /// @throws SandboxException when the server doesn't answer or the user may not create databases
    public String createDatabase() {
        return createDatabase("");
    }

    /// As [#createDatabase()], with all that another database of this server has.
    ///
    /// @param original its URI; nobody may be connected to it now
    /// @return the URI of the copy
    public String copyDatabase(String original) {
        return createDatabase(" TEMPLATE " + PostgresUri.parse(original).database());
    }

    private String createDatabase(String clauses) {
        String name = "sluice_" + UUID.randomUUID().toString().replace("-", "");
        execute("CREATE DATABASE " + name + clauses);
        synchronized (created) {
            created.add(name);
        }
        return uri(name);
    }

    /// What runs here, for people: `PostgreSQL 17.6, embedded binaries`.
    public String description() {
        return description;
    }

    /// Whether [#stop()] and [#startAgain()] work: true for own servers, false for a given one.
    public boolean restartable() {
        return lifecycle.restartable();
    }

    /// The process id of the postmaster; empty while it is stopped, and for servers that are no processes
    /// of this machine.
    public OptionalLong pid() {
        return lifecycle.pid();
    }

    /// Stops the server: connections are cut, transactions that aren't committed are lost, data and port
    /// stay. Returns when it is gone.
    ///
    /// @throws SandboxException when the server was given by URI
    public void stop() {
        lifecycle.stop();
    }

    /// Starts the stopped server on the same port and data and returns when it answers.
    ///
    /// @throws SandboxException when the server was given by URI or doesn't answer in time
    public void startAgain() {
        lifecycle.startAgain();
    }

    /// Stops the server and removes its data; a given server only loses the databases that were created
    /// through this object. May be called more than once.
    @Override
    public void close() {
        try {
            if (!lifecycle.restartable()) {
                dropCreated();
            }
        } finally {
            lifecycle.close();
        }
    }

    private void dropCreated() {
        List<String> names;
        synchronized (created) {
            names = List.copyOf(created);
            created.clear();
        }
        for (String name : names) {
            execute("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
        }
    }

    private void execute(String sql) {
        try (Connection connection = connect(uri);
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new SandboxException("The sandbox's PostgreSQL refused \"" + sql + "\": " + e.getMessage(), e);
        }
    }

    private static SandboxPostgres given(String text) {
        PostgresUri uri = PostgresUri.parse(text, SETTING);
        return new SandboxPostgres(uri, new Lifecycle.Given(SETTING), "given by " + SETTING);
    }

    private static PostgresUri local(int port, Map<String, String> login) {
        return new PostgresUri("127.0.0.1:" + port, "postgres", login);
    }

    private static SandboxPostgres inContainer() {
        int port = LoopbackPort.free();
        PostgresUri uri = local(port, Map.of("user", "postgres", "password", PASSWORD_IN_CONTAINER));
        DockerEngine.Program program = new DockerEngine.Program(
                IMAGE, PORT_IN_CONTAINER, OPTIONS, Map.of("POSTGRES_PASSWORD", PASSWORD_IN_CONTAINER));
        Lifecycle container = DockerEngine.start(program, port, () -> answers(uri));
        return started(uri, container, IMAGE + " in Docker");
    }

    private static SandboxPostgres embedded() {
        Path programs = PostgresBinaries.unpacked().resolve("bin");
        int port = LoopbackPort.free();
        PostgresUri uri = local(port, Map.of("user", "postgres"));
        GuardedProcess process = GuardedProcess.prepare("PostgreSQL", GuardedProcess.StopSignal.INT);
        try {
            Path data = process.directory().resolve("data");
            PristineCluster.copyTo(data);
            List<String> command = new ArrayList<>(PostgresBinaries.unprivileged(process.directory()));
            command.addAll(List.of(
                    programs.resolve("postgres").toString(),
                    "-D",
                    data.toString(),
                    "-p",
                    Integer.toString(port),
                    "-c",
                    "listen_addresses=127.0.0.1",
                    // TCP only: no socket files of ours in everybody's directory.
                    "-c",
                    "unix_socket_directories="));
            command.addAll(OPTIONS);
            process.start(command, () -> answers(uri));
        } catch (RuntimeException e) {
            process.close();
            throw e;
        }
        return started(uri, process, "embedded binaries");
    }

    private static SandboxPostgres started(PostgresUri uri, Lifecycle lifecycle, String kind) {
        try {
            return new SandboxPostgres(uri, lifecycle, kind);
        } catch (RuntimeException e) {
            lifecycle.close();
            throw e;
        }
    }

    private static boolean answers(PostgresUri uri) throws SQLException {
        try (Connection connection = connect(uri)) {
            return connection.isValid(5);
        }
    }

    private static String version(PostgresUri uri) {
        try (Connection connection = connect(uri);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SHOW server_version")) {
            row.next();
            // Debian's servers add their package's version in brackets.
            return row.getString(1).replaceFirst(" .*", "");
        } catch (SQLException e) {
            throw new SandboxException(
                    "PostgreSQL at " + uri + " doesn't answer: " + e.getMessage() + " Check " + SETTING + ".", e);
        }
    }

    private static Connection connect(PostgresUri uri) throws SQLException {
        Properties login = uri.driverProperties();
        login.putIfAbsent("connectTimeout", CONNECT_SECONDS);
        return DriverManager.getConnection(uri.jdbcUrl(), login);
    }

    // Standard output, not the log: visible in tests and the demo without any configuration.
    @SuppressWarnings("SystemOut")
    private static void announce(String line) {
        System.out.println(line);
    }
}
