package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.postgres.PostgresUri;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.schema.Catalog;
import dev.sluice.service.cli.Cli.Result;
import dev.sluice.service.cli.Servers.Place;
import dev.sluice.service.config.Settings;
import dev.sluice.service.pipeline.Pipeline;
import dev.sluice.service.program.Monitoring;
import dev.sluice.service.program.Signal;
import dev.sluice.service.web.HttpService;
import dev.sluice.source.mongo.MongoSource;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.bson.Document;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// The cause of every alert is made on real runs, each a process of its own beside the others; a real Prometheus with
/// the rules as they are committed tells a real Alertmanager, and how long both take is measured. About 20 minutes.
@Tag("long")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AlertsIT {
    private static final Duration SOON = Duration.ofMinutes(3);
    private static final Duration FIRES = Duration.ofMinutes(15);
    private static final Duration RESOLVES = Duration.ofMinutes(20);

    /// As in `prometheus.yml`.
    private static final Duration EVERY = Duration.ofSeconds(15);

    private static final Path RESULT = Path.of("target", "alerts.md");

    private final Map<String, String> lines = new ConcurrentSkipListMap<>();
    private final List<AutoCloseable> started = Collections.synchronizedList(new ArrayList<>());
    private final List<Watched> watched = new ArrayList<>();
    private @Nullable Monitoring server;

    /// A pipeline in a process of its own.
    private record Watched(String name, Place place, Map<String, String> settings, AtomicReference<Cli> run) {
        void start() {
            run.set(Cli.start(settings, "run"));
        }

        MongoDatabase mongo() {
            return place.mongo();
        }

        Result sluice(String... arguments) {
            return Cli.run(settings, arguments);
        }

        void mustDo(String... arguments) {
            Result done = sluice(arguments);
            assertThat(done.exitCode())
                    .as(String.join(" ", arguments) + "\n" + done.out() + done.err())
                    .isZero();
        }

        boolean open(String collection) {
            return place.text("SELECT sluice.gate_is_open('" + name + "', '" + collection + "')")
                    .equals("t");
        }
    }

    @BeforeAll
    void programs() {
        Assumptions.assumeTrue(
                Monitoring.isThere(), "there is no prometheus, promtool and prometheus-alertmanager on PATH");
    }

    @AfterAll
    void end() throws Exception {
        for (AutoCloseable each : started.reversed()) {
            each.close();
        }
        for (Watched each : watched) {
            Cli run = each.run().get();
            if (run != null) {
                run.close();
            }
        }
    }

    private Monitoring monitoring() {
        return Objects.requireNonNull(server, "started by the test");
    }

    private Watched watched(String name, String... settings) throws Exception {
        return watched(name, Servers.place(), settings);
    }

    private Watched watched(String name, Place place, String... settings) throws Exception {
        Map<String, String> all = Cli.with(
                Cli.with(place.settings(), settings),
                "SLUICE_PIPELINE",
                name,
                "SLUICE_HTTP_HOST",
                "127.0.0.1",
                "SLUICE_HTTP_PORT",
                Integer.toString(GateCommandIT.freePort()));
        Watched added = new Watched(name, place, all, new AtomicReference<>());
        place.mongo().getCollection("users").insertMany(List.of(user("a"), user("b")));
        place.mongo().getCollection("orders").insertOne(order(1, Instant.EPOCH));
        watched.add(added);
        return added;
    }

    /// With a MongoDB of its own, which can be stopped or blocked without harm to the others.
    private Watched apart(String name, SandboxMongo mongo) throws Exception {
        started.add(mongo);
        MongoClient client = MongoClients.create(mongo.uri());
        started.add(client);
        Place shared = Servers.place();
        Map<String, String> settings = Cli.with(shared.settings(), "MONGO_URI", mongo.uri(), "MONGO_DB_NAME", "shop");
        return watched(name, new Place(shared.postgresUri(), client.getDatabase("shop"), settings));
    }

    private static Document user(String id) {
        return new Document("_id", id).append("email", id + "@shop.example").append("name", id);
    }

    private static Document order(long id, Object placedAt) {
        return new Document("_id", id).append("placedAt", placedAt).append("status", "new");
    }

    @FunctionalInterface
    private interface Step {
        void take() throws Exception;
    }

    /// Makes a cause, waits until Alertmanager has the alert, ends the cause, waits until it is resolved there.
    private void measure(String alert, String pipeline, Step cause, Step end) throws Exception {
        assertThat(monitoring().hasAlert(alert, pipeline))
                .as(alert + " before its cause")
                .isFalse();
        Instant began = Instant.now();
        cause.take();
        measureFrom(alert, pipeline, began, end);
    }

    private void measureFrom(String alert, String pipeline, Instant began, Step end) throws Exception {
        await(alert + " fires")
                .pollInterval(Duration.ofMillis(500))
                .ignoreExceptionsInstanceOf(UncheckedIOException.class) // a busy machine answers late
                .atMost(FIRES)
                .until(() -> monitoring().hasAlert(alert, pipeline));
        long fired = Duration.between(began, Instant.now()).toSeconds();
        Instant over = Instant.now();
        end.take();
        await(alert + " is resolved")
                .pollInterval(Duration.ofMillis(500))
                .ignoreExceptionsInstanceOf(UncheckedIOException.class)
                .atMost(RESOLVES)
                .until(() -> !monitoring().hasAlert(alert, pipeline));
        lines.put(alert, fired + " | " + Duration.between(over, Instant.now()).toSeconds());
        System.out.println(Instant.now() + " " + alert + " | " + lines.get(alert));
    }

    @Test
    @DisplayName("every alert fires on its cause, comes to Alertmanager, and is resolved when the cause is gone")
    void everyAlert() throws Exception {
        List<Callable<Void>> scenarios = scenarios();
        List<Integer> ports = new ArrayList<>();
        for (Watched each : watched) {
            each.mustDo("migrate");
            each.start();
            ports.add(Integer.parseInt(each.settings().get("SLUICE_HTTP_PORT")));
        }
        int clockPort = GateCommandIT.freePort();
        ports.add(clockPort);
        scenarios.add(() -> clock(clockPort));
        server = Monitoring.start(ports);
        started.add(monitoring());
        for (Watched each : watched) {
            await(each.name())
                    .atMost(SOON)
                    .pollInterval(Duration.ofSeconds(1))
                    .until(() -> !monitoring()
                            .query("sluice_pipeline_state{state=\"streaming\",pipeline=\"" + each.name() + "\"} == 1")
                            .isEmpty());
        }

        List<Throwable> failures = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Void>> ends = scenarios.stream().map(threads::submit).toList();
            for (Future<Void> end : ends) {
                try {
                    end.get();
                } catch (ExecutionException e) {
                    failures.add(e.getCause());
                }
            }
        }
        StringBuilder table =
                new StringBuilder("| alert | fires after, s | resolved after, s |\n| --- | --- | --- |\n");
        lines.forEach((alert, figures) ->
                table.append("| `").append(alert).append("` | ").append(figures).append(" |\n"));
        Files.createDirectories(RESULT.toAbsolutePath().getParent());
        Files.writeString(RESULT, table);
        System.out.println(table);
        assertThat(failures).isEmpty();
        assertThat(lines.keySet())
                .containsExactlyInAnyOrderElementsOf(monitoring().rules().stream()
                        .filter(r -> "alerting".equals(r.path("type").asText()))
                        .map(r -> r.path("name").asText())
                        .toList());
    }

    private List<Callable<Void>> scenarios() throws Exception {
        Watched flapping = watched("flapping");
        Watched letters = watched("letters");
        Watched drifting = watched("drifting", "SLUICE_VERIFY_BUDGET", "50");
        Watched finished = watched("finished");
        Watched locked = watched("locked");
        Watched paused = watched("paused");
        Watched killed = watched("killed");
        Watched unverified = watched("unverified", "SLUICE_VERIFY_BUDGET", "0");
        Watched blocked = apart("blocked", SandboxMongo.start());
        SandboxMongo hanging = SandboxMongo.start();
        Watched hung = apart("hung", hanging);
        List<Callable<Void>> all = List.of(
                () -> flap(flapping),
                () -> deadLetter(letters),
                () -> quarantine(letters),
                () -> drift(drifting),
                () -> lateWrites(finished),
                () -> lag(locked),
                () -> pause(paused),
                () -> kill(killed),
                () -> oldVerification(unverified),
                () -> block(blocked),
                () -> hang(hung, hanging));
        return new ArrayList<>(all);
    }

    private Void flap(Watched p) throws Exception {
        Instant began = Instant.now();
        for (long n = 0; n < 3; n++) {
            long id = 100 + n;
            await().atMost(SOON).until(() -> p.open("orders"));
            TimeUnit.SECONDS.sleep(2 * EVERY.toSeconds());
            p.mongo().getCollection("orders").insertOne(order(id, "not a date"));
            await().atMost(SOON).until(() -> !p.open("orders"));
            TimeUnit.SECONDS.sleep(2 * EVERY.toSeconds());
            p.mongo().getCollection("orders").deleteOne(Filters.eq("_id", id));
        }
        measureFrom("SluiceGateFlapping", p.name(), began, () -> {});
        return null;
    }

    private Void deadLetter(Watched p) throws Exception {
        measure(
                "SluiceDeadLetters",
                p.name(),
                () -> p.mongo().getCollection("orders").insertOne(order(7, "not a date")),
                () -> p.mustDo("dead-letters", "accept", "--all", "--reason", "known to the shop"));
        return null;
    }

    private Void quarantine(Watched p) throws Exception {
        measure(
                "SluiceQuarantineGrowing",
                p.name(),
                () -> p.mongo().getCollection("users").insertOne(user("q").append("age", "very old")),
                () -> p.mongo().getCollection("users").updateOne(Filters.eq("_id", "q"), Updates.set("age", 90)));
        return null;
    }

    private Void drift(Watched p) throws Exception {
        measure(
                "SluiceDrift",
                p.name(),
                () -> p.place().execute("UPDATE users SET name = 'someone else' WHERE id = 'a'"),
                () -> p.sluice("verify", "--repair"));
        return null;
    }

    private Void lateWrites(Watched p) throws Exception {
        await().atMost(SOON).until(() -> p.open("users"));
        p.mustDo("cutover", "users");
        await().atMost(SOON)
                .pollInterval(Duration.ofSeconds(2))
                .until(() -> p.sluice("finish", "users", "--quiet", "1s").exitCode() == 0);
        await().atMost(SOON)
                .until(() -> !monitoring()
                        .query("sluice_late_writes_total{pipeline=\"" + p.name() + "\"}")
                        .isEmpty());
        measure(
                "SluiceLateWrites",
                p.name(),
                () -> p.mongo().getCollection("users").insertOne(user("late")),
                () -> {});
        return null;
    }

    private Void lag(Watched p) throws Exception {
        Instant began = Instant.now();
        Connection connection = Servers.connect(p.place().postgresUri());
        started.add(connection);
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.execute("LOCK TABLE users IN EXCLUSIVE MODE");
            p.mongo().getCollection("users").insertOne(user("behind"));
            await().atMost(FIRES)
                    .pollInterval(Duration.ofMillis(500))
                    .until(() -> monitoring().hasAlert("SluiceLagGrowing", p.name()));
            long growing = Duration.between(began, Instant.now()).toSeconds();
            AtomicReference<Instant> over = new AtomicReference<>(began);
            measureFrom("SluiceLagHigh", p.name(), began, () -> {
                over.set(Instant.now());
                connection.rollback();
            });
            await().atMost(RESOLVES)
                    .pollInterval(Duration.ofMillis(500))
                    .until(() -> !monitoring().hasAlert("SluiceLagGrowing", p.name()));
            lines.put(
                    "SluiceLagGrowing",
                    growing + " | "
                            + Duration.between(over.get(), Instant.now()).toSeconds() + " at most");
        }
        return null;
    }

    private Void pause(Watched p) throws Exception {
        // The oplog of a server that has just started is young: only a position that stands still counts.
        TimeUnit.MINUTES.sleep(2);
        measure("SluiceOplogHeadroomLow", p.name(), () -> p.mustDo("pause"), () -> p.mustDo("resume"));
        return null;
    }

    private Void kill(Watched p) throws Exception {
        measure("SluicePipelineDown", p.name(), () -> p.run().get().killHard(), p::start);
        return null;
    }

    private Void oldVerification(Watched p) throws Exception {
        p.mustDo("verify");
        measure(
                "SluiceVerificationOld",
                p.name(),
                // A day can't be waited for.
                () -> p.place()
                        .execute(
                                "UPDATE sluice.verification SET through_cluster_time = through_cluster_time - interval '25 hours'"),
                () -> p.mustDo("verify", "--fresh"));
        return null;
    }

    private Void block(Watched p) throws Exception {
        await().atMost(SOON).until(() -> p.open("users"));
        p.mustDo("cutover", "users");
        Map<String, String> armed = Cli.with(p.settings(), "JAVA_TOOL_OPTIONS", "-Dsluice.failpoint=WRITES_BLOCKED");
        measure(
                "SluiceWriteBlockLeft",
                p.name(),
                () -> assertThat(Cli.run(armed, "finish", "users", "--block-writes")
                                .exitCode())
                        .isEqualTo(137),
                () -> p.mustDo("finish", "--unblock"));
        return null;
    }

    private Void hang(Watched p, SandboxMongo mongo) throws Exception {
        long pid = mongo.pid().orElseThrow();
        try {
            measure("SluicePipelineStalled", p.name(), () -> Signal.suspend(pid), () -> Signal.resume(pid));
        } finally {
            Signal.resume(pid);
        }
        return null;
    }

    /// In this process, whose clock a test can set.
    private Void clock(int port) throws Exception {
        Place place = Servers.place();
        assertThat(Cli.run(place.settings(), "migrate").exitCode()).isZero();
        AtomicReference<Duration> wrong = new AtomicReference<>(Duration.ZERO);
        InstantSource clock = () -> Instant.now().plus(wrong.get());
        PostgresConnector connector = new PostgresConnector(PostgresUri.parse(place.postgresUri()));
        try (MongoSource source =
                new MongoSource(Servers.mongoUri(), place.mongo().getName(), clock)) {
            Pipeline pipeline =
                    new Pipeline(PipelineSpec.of("clock", Catalog.load("demo").mapping(), source, connector));
            Settings settings = Settings.read(
                    Map.of("SLUICE_HTTP_PORT", Integer.toString(port), "SLUICE_HTTP_HOST", "127.0.0.1"), Map.of());
            try (HttpService http = HttpService.start(settings, pipeline.status(), pipeline.spec(), pipeline::spec)) {
                Thread running = Thread.ofPlatform().start(() -> {
                    try {
                        pipeline.run();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                });
                try {
                    await().atMost(SOON)
                            .until(() -> !monitoring()
                                    .query("sluice_clock_offset_seconds{pipeline=\"clock\"} < 1")
                                    .isEmpty());
                    measure(
                            "SluiceClockOffset",
                            "clock",
                            () -> wrong.set(Duration.ofSeconds(5)),
                            () -> wrong.set(Duration.ZERO));
                } finally {
                    pipeline.stop();
                    running.join();
                }
            }
        }
        return null;
    }
}
