package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.sluice.service.cli.Cli.Result;
import dev.sluice.service.cli.Servers.Place;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.bson.Document;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A genuine PgBouncer before the target: a pool of transactions or statements is refused before anything is set or
/// written, a pool of sessions works. The program is looked for in the usual places, and else fetched with apt-get,
/// without being installed; where that can't be, the test is skipped.
@Tag("long")
@SuppressWarnings("NullAway.Init")
class PgBouncerIT {
    private static Path program;
    private static Path libraries;

    private final List<Process> started = new ArrayList<>();
    private Place place;

    @BeforeAll
    static void find() throws IOException, InterruptedException {
        libraries = Files.createTempDirectory("sluice-pgbouncer-");
        for (String folder : (System.getenv("PATH") + ":/usr/sbin").split(":")) {
            if (Files.isExecutable(Path.of(folder, "pgbouncer"))) {
                program = Path.of(folder, "pgbouncer");
                return;
            }
        }
        Process fetch = new ProcessBuilder(
                        "sh",
                        "-c",
                        "get() { apt-get download -q pgbouncer libc-ares2; }; get || { apt-get update -q && get; }"
                                + " && for p in *.deb; do dpkg -x $p .; done")
                .directory(libraries.toFile())
                .redirectErrorStream(true)
                .redirectOutput(libraries.resolve("fetch.log").toFile())
                .start();
        boolean ended = fetch.waitFor(60, TimeUnit.SECONDS);
        program = libraries.resolve("usr/sbin/pgbouncer");
        if (!ended || !Files.isExecutable(program)) {
            fetch.destroy();
            abort("there is no pgbouncer on PATH, and apt-get can't fetch one");
        }
    }

    @BeforeEach
    void place() {
        place = Servers.place();
        place.mongo()
                .getCollection("users")
                .insertMany(List.of(new Document("_id", "a").append("age", 7), new Document("_id", "b")));
    }

    @AfterEach
    void stop() throws InterruptedException {
        for (Process process : started) {
            process.destroy();
            process.waitFor(10, TimeUnit.SECONDS);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"transaction", "transaction, one session", "transaction, in turns", "statement"})
    @DisplayName(
            "a pool that lends sessions out is refused by plan and by each command, before anything is set or written")
    void refused(String pool) throws Exception {
        String pooled = bouncer(
                switch (pool) {
                    case "transaction, one session" -> "pool_mode=transaction\ndefault_pool_size=1";
                    case "transaction, in turns" -> "pool_mode=transaction\nserver_round_robin=1\nmin_pool_size=3";
                    default -> "pool_mode=" + pool;
                });
        try (Connection application = plain(pooled)) {
            text(application, "SELECT 1");

            Result plan = Cli.run(Cli.with(place.settings(), "POSTGRES_URI", pooled), "plan");
            assertThat(plan.exitCode()).as(plan.err() + plan.out()).isEqualTo(3);
            assertThat(plan.out())
                    .as(plan.err())
                    .containsPattern("problem +postgres_reachable +POSTGRES_URI leads to a pooler")
                    .contains("session mode");
            for (String created : List.of("true", "false")) {
                Result copy = Cli.run(
                        Cli.with(place.settings(), "POSTGRES_URI", pooled, "AUTO_CREATE_DB", created), "backfill");
                assertThat(copy.exitCode()).as(copy.err() + copy.out()).isEqualTo(3);
                assertThat(copy.err())
                        .contains(
                                "POSTGRES_URI leads to a pooler that gives each transaction another session.",
                                "session mode")
                        .doesNotContain("Exception", "\tat ");
            }
            assertThat(place.count("pg_namespace WHERE nspname = 'sluice'")).isZero();
            for (int i = 0; i < 6; i++) {
                assertThat(
                                text(
                                        application,
                                        "SELECT coalesce(current_setting('sluice.applying', true), '')"
                                                + " || current_setting('statement_timeout') || current_setting('lock_timeout')"))
                        .as("nothing is left in sessions of others")
                        .isEqualTo("00");
            }
        }
    }

    @Test
    @DisplayName("it is refused as reliably when others keep the pool busy")
    void busy() throws Exception {
        String pooled = bouncer("pool_mode=transaction\ndefault_pool_size=5");
        AtomicBoolean enough = new AtomicBoolean();
        List<Thread> others = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            others.add(Thread.ofPlatform().start(() -> {
                try (Connection other = plain(pooled)) {
                    while (!enough.get()) {
                        text(other, "SELECT count(*) FROM pg_class, generate_series(1, 20)");
                    }
                } catch (SQLException e) {
                    throw new IllegalStateException(e);
                }
            }));
        }
        try {
            for (int i = 0; i < 3; i++) {
                Result copy = Cli.run(Cli.with(place.settings(), "POSTGRES_URI", pooled), "backfill");
                assertThat(copy.exitCode()).as(copy.err() + copy.out()).isEqualTo(3);
                assertThat(copy.err()).contains("pooler");
            }
        } finally {
            enough.set(true);
            for (Thread other : others) {
                other.join();
            }
        }
        assertThat(place.count("pg_namespace WHERE nspname = 'sluice'")).isZero();
    }

    @Test
    @DisplayName("a pool of sessions works: plan, copy and comparison")
    void sessions() throws Exception {
        String pooled = bouncer("pool_mode=session");
        var settings = Cli.with(place.settings(), "POSTGRES_URI", pooled);

        assertThat(Cli.run(settings, "plan").exitCode()).isZero();
        Result copy = Cli.run(settings, "backfill");
        assertThat(copy.exitCode()).as(copy.err() + copy.out()).isZero();
        assertThat(place.count("users")).isEqualTo(2);
        Result verified = Cli.run(settings, "verify");
        assertThat(verified.exitCode()).as(verified.err() + verified.out()).isZero();
    }

    /// @param settings of its own section, one a line
    /// @return the address of the test's database through it
    private String bouncer(String settings) throws IOException {
        URI target = URI.create(place.postgresUri());
        Path folder = Files.createTempDirectory("sluice-pgbouncer-");
        int port = CliErrorsIT.freePort();
        Path ini = folder.resolve("pgbouncer.ini");
        boolean root = "root".equals(System.getProperty("user.name"));
        Files.writeString(ini, """
                [databases]
                * = host=127.0.0.1 port=%d user=postgres
                [pgbouncer]
                listen_addr=127.0.0.1
                listen_port=%d
                unix_socket_dir=
                auth_type=any
                %s
                %s
                """.formatted(target.getPort(), port, root ? "user=nobody" : "", settings));
        Files.setPosixFilePermissions(folder, java.nio.file.attribute.PosixFilePermissions.fromString("rwxr-xr-x"));
        ProcessBuilder builder = new ProcessBuilder(program.toString(), ini.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile());
        try (Stream<Path> found = Files.walk(libraries)) {
            found.filter(f -> f.getFileName().toString().startsWith("libcares.so"))
                    .map(Path::getParent)
                    .filter(Objects::nonNull)
                    .findFirst()
                    .ifPresent(f -> builder.environment().put("LD_LIBRARY_PATH", f.toString()));
        }
        Process process = builder.start();
        started.add(process);
        Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> {
            assertThat(process.isAlive())
                    .as(Files.readString(folder.resolve("log")))
                    .isTrue();
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                return socket.isConnected();
            } catch (IOException notYet) {
                return false;
            }
        });
        return "postgresql://postgres@127.0.0.1:" + port + target.getPath();
    }

    private static Connection plain(String uri) throws SQLException {
        return DriverManager.getConnection(
                "jdbc:" + uri.replace("postgres@", "") + "?user=postgres&prepareThreshold=0");
    }

    private static String text(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }
}
