package dev.sluice.service.demo;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoDatabase;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.postgres.PostgresUri;
import dev.sluice.sandbox.SandboxServers;
import dev.sluice.service.config.Setting;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// What the commands do that are used most, done once on servers of its own: a JVM that records what it does
/// (`-XX:AOTCacheOutput`) makes its cache of it. `./sluice warm` starts it so.
///
/// It is for a process of its own: the settings become its system properties, and its `run` ends with the
/// process only.
public final class WarmUp {
    private static final long SEED = 20_261_130;
    private static final int USERS = 20_000;
    private static final int ORDERS = 5_000;
    private static final List<String> COLLECTIONS = List.of("users", "orders");
    private static final int CHANGES = 10_000;
    private static final Duration WRITING_MAX = Duration.ofSeconds(20);
    private static final Duration BOUND = Duration.ofMinutes(3);
    private static final List<String> PAGES = List.of("health/readiness", "api/status", "api/live", "prometheus", "");

    private final Program program;

    /// The command line.
    @FunctionalInterface
    public interface Program {
        /// @return the exit code
        int execute(String... arguments);
    }

    /// @param program what is warmed up
    public WarmUp(Program program) {
        this.program = program;
    }

    /// Does it. The `run` in it is at work when this returns, and drains when the process ends.
    ///
    /// @throws SluiceException when a command ended otherwise than it should
    /// @throws dev.sluice.sandbox.SandboxException when the servers can't be had
    public void run() throws SQLException, InterruptedException {
        must("--help");
        // Not closed: `run` still works on them, and they end with this process.
        SandboxServers servers = SandboxServers.start();
        String name = "sluice_warm_" + UUID.randomUUID().toString().substring(0, 8);
        PostgresUri postgres = PostgresUri.parse(servers.postgres().createDatabase());
        PostgresConnector target = new PostgresConnector(postgres);
        int port = freePort();
        settings(Map.of(
                Setting.MONGO_URI,
                servers.mongo().uri(),
                Setting.MONGO_DB_NAME,
                name,
                Setting.POSTGRES_URI,
                postgres.text(),
                Setting.SLUICE_MAPPING,
                "demo",
                Setting.SLUICE_HTTP_PORT,
                Integer.toString(port),
                Setting.SLUICE_HTTP_HOST,
                "127.0.0.1"));
        try (MongoClient client = MongoClients.create(servers.mongo().uri())) {
            MongoDatabase database = client.getDatabase(name);
            Shop shop = new Shop(database, SEED);
            shop.open(USERS, ORDERS);
            // Its answer, which depends on the machine, does not matter.
            program.execute("plan");
            CompletableFuture<Integer> running = CompletableFuture.supplyAsync(() -> program.execute("run"));
            awaitEqual(running, database, target);
            Instant enough = Instant.now().plus(WRITING_MAX);
            for (int i = 0; i < CHANGES && Instant.now().isBefore(enough); i++) {
                shop.live();
            }
            awaitEqual(running, database, target);
            PAGES.forEach(page -> get(port, page));
            must("status");
            must("status", "--json");
            must("verify");
        }
    }

    private void must(String... arguments) {
        int code = program.execute(arguments);
        if (code != 0) {
            throw failed("`sluice " + String.join(" ", arguments) + "` ended with " + code + ".");
        }
    }

    private static SluiceException failed(String what) {
        return new SluiceException(FailureKind.UNEXPECTED, what);
    }

    /// In the place of the environment, in which settings for other work may be.
    private static void settings(Map<Setting, String> given) {
        for (Setting setting : Setting.values()) {
            String dotted = setting.name().toLowerCase(Locale.ROOT).replace('_', '.');
            System.setProperty(
                    dotted.startsWith("sluice.") ? dotted : "sluice." + dotted, given.getOrDefault(setting, ""));
        }
    }

    /// Waits until both sides have the same number of users and of orders.
    private static void awaitEqual(CompletableFuture<Integer> running, MongoDatabase database, PostgresConnector target)
            throws SQLException, InterruptedException {
        Instant giveUp = Instant.now().plus(BOUND);
        try (Connection connection = target.open()) {
            while (!COLLECTIONS.stream().allMatch(name -> isEqual(connection, database, name))) {
                if (running.isDone() || Instant.now().isAfter(giveUp)) {
                    throw failed("`sluice run` did not get to the end of what was written.");
                }
                TimeUnit.MILLISECONDS.sleep(100);
            }
        }
    }

    private static boolean isEqual(Connection connection, MongoDatabase database, String name) {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT count(*) FROM " + name)) {
            return rows.next()
                    && rows.getLong(1) == database.getCollection(name).countDocuments();
        } catch (SQLException notYetThere) {
            return false;
        }
    }

    private static void get(int port, String path) {
        try (InputStream answer =
                URI.create("http://127.0.0.1:" + port + "/" + path).toURL().openStream()) {
            answer.readAllBytes();
        } catch (IOException e) {
            throw failed("GET /" + path + " failed: " + e);
        }
    }

    private static int freePort() {
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return probe.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
