package dev.sluice.sandbox;

import com.mongodb.ConnectionString;
import com.mongodb.MongoClientSettings;
import com.mongodb.MongoCommandException;
import com.mongodb.MongoException;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.bson.Document;
import org.jspecify.annotations.Nullable;

/// A MongoDB whose change streams work, for the demo and for tests. In this order: the replica set that the
/// system property or environment variable SLUICE_TEST_MONGO_URI names; `mongod` from PATH as a replica set
/// of one; a container of the same where a Docker engine of this machine answers; `secantusd-rs` from PATH;
/// and else SecantusDB from Python's package index. The last two are stand-ins that speak MongoDB's
/// protocol.
///
/// Its own servers listen on 127.0.0.1 without authentication, hold their data in a temporary directory,
/// and are gone at the latest when this JVM is.
///
/// Safe for use by several threads.
public final class SandboxMongo implements AutoCloseable {

    private static final String SETTING = "SLUICE_TEST_MONGO_URI";
    private static final String IMAGE = "mongo:8.0";
    // The stand-ins don't push changes of their state to the driver.
    private static final String POLL = "serverMonitoringMode=poll";
    private static final String OWN_REPLICA_SET = "rs0";
    private static final int ALREADY_INITIALIZED = 23;
    private static final int STAND_IN_OPLOG_ENTRIES = 2_000_000;
    private static final long STAND_IN_OPLOG_SECONDS = 7L * 24 * 3600;
    private static final int GIVEN_SERVER_BOUND_MILLIS = 15_000;
    private static final int OWN_SERVER_BOUND_MILLIS = 5_000;

    private final String uri;
    private final String description;
    private final Lifecycle lifecycle;

    private SandboxMongo(String uri, String description, Lifecycle lifecycle, int port) {
        this.uri = uri;
        this.description = description;
        this.lifecycle = lifecycle;
        announce("MongoDB: " + description + ", port " + port);
    }

    /// How much history the server keeps for change streams that resume.
    ///
    /// @param oplogMaxEntries how many changes; null for the default, which is 2,000,000 for the stand-ins.
    ///     A mongod has no such limit and takes no notice
    /// @param oplogRetentionSeconds for how long, in seconds; null for the default, which is a week for the
    /// stand-ins and whatever fits its oplog for a mongod. The stand-ins forget what exceeds either limit;
    /// for a mongod it is the least that it keeps. A server given by URI takes no notice of either
    public record Options(
            @Nullable Integer oplogMaxEntries, @Nullable Long oplogRetentionSeconds) {

        /// Nothing but defaults.
        public static final Options DEFAULTS = new Options(null, null);

        /// @throws IllegalArgumentException when a value isn't positive
        public Options {
            if (oplogMaxEntries != null && oplogMaxEntries <= 0) {
                throw new IllegalArgumentException("oplogMaxEntries must be positive, not " + oplogMaxEntries);
            }
            if (oplogRetentionSeconds != null && oplogRetentionSeconds <= 0) {
                throw new IllegalArgumentException(
                        "oplogRetentionSeconds must be positive, not " + oplogRetentionSeconds);
            }
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
        if (given.isPresent()) {
            return given(given.get());
        }
        Optional<Path> mongod = Commands.onPath("mongod");
        if (mongod.isPresent()) {
            return ownMongod(mongod.get(), options);
        }
        if (DockerEngine.answers()) {
            return inContainer(options);
        }
        return Commands.onPath("secantusd-rs")
                .map(rust -> standIn(rust, "Rust build", options))
                .orElseGet(() -> standIn(SecantusInstall.program(), "Python build", options));
    }

    /// The connection string; it names the replica set, and for the stand-ins it asks the driver to poll
    /// for the server's state.
    public String uri() {
        return uri;
    }

    /// What runs here, for people: `SecantusDB 0.7.0b3 (Python build; a stand-in, not a mongod)`.
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
        Server server;
        try {
            server = Server.ask(connection, GIVEN_SERVER_BOUND_MILLIS);
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
        if (server.isStandIn() && !uri.contains("serverMonitoringMode=")) {
            uri = withOption(uri, POLL);
        }
        String host = connection.getHosts().getFirst();
        int colon = host.lastIndexOf(':');
        int port = colon < 0 ? 27017 : Integer.parseInt(host.substring(colon + 1));
        return new SandboxMongo(
                uri, server.product() + " (given by " + SETTING + ")", new Lifecycle.Given(SETTING), port);
    }

    private static SandboxMongo ownMongod(Path mongod, Options options) {
        int port = LoopbackPort.free();
        GuardedProcess process = GuardedProcess.prepare("mongod", GuardedProcess.StopSignal.TERM);
        return started(process, port, "mongod on PATH", () -> {
            List<String> command = new ArrayList<>(List.of(mongod.toString()));
            command.addAll(
                    mongodArguments(port, "127.0.0.1", storage(process, "data").toString(), options));
            command.add("--unixSocketPrefix=" + process.directory());
            process.start(command, () -> initiated(port));
            return process;
        });
    }

    private static SandboxMongo inContainer(Options options) {
        // The same port inside and outside: the replica set knows its only member by one address for both sides.
        int port = LoopbackPort.free();
        List<String> command = new ArrayList<>(List.of("mongod"));
        command.addAll(mongodArguments(port, "0.0.0.0", "/data/db", options));
        Lifecycle container = DockerEngine.start(IMAGE, port, port, command, Map.of(), () -> initiated(port));
        return started(container, port, IMAGE + " in Docker", () -> container);
    }

    private static List<String> mongodArguments(int port, String address, String storage, Options options) {
        List<String> arguments = new ArrayList<>(List.of(
                "--replSet",
                OWN_REPLICA_SET,
                "--port",
                Integer.toString(port),
                "--bind_ip",
                address,
                "--dbpath",
                storage));
        @Nullable Long seconds = options.oplogRetentionSeconds();
        if (seconds != null) {
            arguments.addAll(List.of("--oplogMinRetentionHours", Double.toString(seconds / 3600.0)));
        }
        return arguments;
    }

    private static SandboxMongo standIn(Path program, String build, Options options) {
        int port = LoopbackPort.free();
        GuardedProcess process = GuardedProcess.prepare("SecantusDB", GuardedProcess.StopSignal.TERM);
        @Nullable Integer entries = options.oplogMaxEntries();
        @Nullable Long seconds = options.oplogRetentionSeconds();
        return started(process, port, build + "; a stand-in, not a mongod", () -> {
            List<String> command = List.of(
                    program.toString(),
                    "--host",
                    "127.0.0.1",
                    "--port",
                    Integer.toString(port),
                    "--storage-path",
                    storage(process, "data").toString(),
                    "--oplog-max-entries",
                    Integer.toString(entries == null ? STAND_IN_OPLOG_ENTRIES : entries),
                    "--oplog-retention-seconds",
                    Long.toString(seconds == null ? STAND_IN_OPLOG_SECONDS : seconds));
            process.start(command, () -> primary(port));
            return process;
        });
    }

    @FunctionalInterface
    private interface Start {
        Lifecycle start() throws IOException;
    }

    private static SandboxMongo started(Lifecycle owned, int port, String kind, Start start) {
        try {
            Lifecycle lifecycle = start.start();
            Server server = Server.ask(direct(port), OWN_SERVER_BOUND_MILLIS);
            String uri = "mongodb://127.0.0.1:" + port + "/?replicaSet=" + server.replicaSet()
                    + (server.isStandIn() ? "&" + POLL : "");
            return new SandboxMongo(uri, server.product() + " (" + kind + ")", lifecycle, port);
        } catch (IOException | MongoException e) {
            owned.close();
            throw new SandboxException("The sandbox's MongoDB can't be used: " + e.getMessage(), e);
        } catch (RuntimeException e) {
            owned.close();
            throw e;
        }
    }

    private static Path storage(GuardedProcess process, String name) throws IOException {
        return Files.createDirectories(process.directory().resolve(name));
    }

    /// Whether the server on the port is the primary of a replica set.
    private static boolean primary(int port) {
        // The driver logs every refused connection with its stack trace, so it isn't used before somebody listens.
        return LoopbackPort.accepts(port)
                && Server.ask(direct(port), OWN_SERVER_BOUND_MILLIS).isPrimary();
    }

    /// As [#primary(int)], and makes the server the only member of a replica set when it isn't in one.
    private static boolean initiated(int port) {
        if (!LoopbackPort.accepts(port)) {
            return false;
        }
        Server server = Server.ask(direct(port), OWN_SERVER_BOUND_MILLIS);
        if (server.replicaSet() == null) {
            Document member = new Document("_id", 0).append("host", "127.0.0.1:" + port);
            Document configuration = new Document("_id", OWN_REPLICA_SET).append("members", List.of(member));
            try (MongoClient client = client(direct(port), OWN_SERVER_BOUND_MILLIS)) {
                client.getDatabase("admin").runCommand(new Document("replSetInitiate", configuration));
            } catch (MongoCommandException e) {
                // After a restart the name is missing for a moment although the set exists.
                if (e.getErrorCode() != ALREADY_INITIALIZED) {
                    throw e;
                }
            }
            return false;
        }
        return server.isPrimary();
    }

    private static ConnectionString direct(int port) {
        return new ConnectionString("mongodb://127.0.0.1:" + port + "/?directConnection=true&" + POLL);
    }

    private static MongoClient client(ConnectionString connection, int boundMillis) {
        return MongoClients.create(MongoClientSettings.builder()
                .applyConnectionString(connection)
                .applyToClusterSettings(cluster -> cluster.serverSelectionTimeout(boundMillis, TimeUnit.MILLISECONDS))
                .build());
    }

    private static String withOption(String uri, String option) {
        if (uri.contains("?")) {
            return uri + "&" + option;
        }
        int afterScheme = uri.indexOf("://") + 3;
        return uri + (uri.indexOf('/', afterScheme) < 0 ? "/?" : "?") + option;
    }

    /// What a server says of itself.
    ///
    /// @param replicaSet the name of its replica set; null when it is in none
    /// @param isPrimary whether it takes writes
    /// @param isStandIn whether it only speaks MongoDB's protocol
    /// @param product name and version, for people
    private record Server(@Nullable String replicaSet, boolean isPrimary, boolean isStandIn, String product) {

        static Server ask(ConnectionString connection, int boundMillis) {
            try (MongoClient client = client(connection, boundMillis)) {
                var admin = client.getDatabase("admin");
                Document hello = admin.runCommand(new Document("hello", 1));
                Document build = admin.runCommand(new Document("buildInfo", 1));
                @Nullable String standIn = build.getString("secantusVersion");
                return new Server(
                        hello.getString("setName"),
                        hello.getBoolean("isWritablePrimary", false),
                        standIn != null,
                        standIn == null ? "MongoDB " + build.getString("version") : "SecantusDB " + standIn);
            }
        }
    }

    // Standard output, not the log: whoever runs tests or the demo shall see it without configuring anything.
    @SuppressWarnings("SystemOut")
    private static void announce(String line) {
        System.out.println(line);
    }
}
