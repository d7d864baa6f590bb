package dev.sluice.service.demo;

import com.mongodb.MongoException;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoDatabase;
import dev.sluice.after.AfterScripts;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.postgres.PostgresUri;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.sandbox.SandboxPostgres;
import dev.sluice.sandbox.SandboxServers;
import dev.sluice.schema.Catalog;
import dev.sluice.service.config.Settings;
import dev.sluice.service.pipeline.CollectionStatus;
import dev.sluice.service.pipeline.Pipeline;
import dev.sluice.service.pipeline.PipelineState;
import dev.sluice.service.pipeline.PipelineStatus;
import dev.sluice.service.pipeline.WrittenWith;
import dev.sluice.service.web.HttpService;
import dev.sluice.sink.postgres.check.TargetDatabase;
import dev.sluice.source.mongo.MongoSource;
import java.io.PrintStream;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/// Everything embedded: two servers, a shop that was there before, a pipeline, live writes, and at the end
/// a comparison of every row and column.
public final class Demo {
    private static final long SEED = 20_260_101;
    private static final int USERS = 20_000;
    private static final int ORDERS = 10_000;
    private static final Duration REPORT_EVERY = Duration.ofSeconds(2);
    private static final Duration CATCH_UP_MAX = Duration.ofMinutes(2);

    private final PrintStream out;
    private final CountDownLatch stop;

    /// @param stop counted down when the demo is to end
    public Demo(PrintStream out, CountDownLatch stop) {
        this.out = out;
        this.stop = stop;
    }

    /// How it is to be.
    ///
    /// @param length of the live writing after the tour
    /// @param tour whether the story of a migration is told
    /// @param httpPort 0 for any
    public record Options(Duration length, boolean tour, int httpPort) {}

    /// Runs it.
    ///
    /// @return whether each step of the tour came about and both sides were equal at the end
    public boolean run(Options options) throws InterruptedException, SQLException {
        out.println("Starting a PostgreSQL and a MongoDB of its own, on loopback ...");
        try (SandboxServers servers = SandboxServers.start()) {
            SandboxPostgres postgres = servers.postgres();
            SandboxMongo mongo = servers.mongo();
            Catalog.Entry entry = Catalog.load("demo");
            requireEmpty(entry.mapping().database(), mongo);
            PostgresUri target = PostgresUri.parse(postgres.createDatabase());
            new TargetDatabase(target).migrate(entry);
            out.printf("%nTo look at the rows meanwhile:  psql %s%n", psql(target));
            out.printf(
                    "For other commands, or an application:  export SLUICE_MAPPING=demo MONGO_URI=%s POSTGRES_URI=%s%n%n",
                    mongo(mongo.uri()), psql(target));
            try (MongoClient client = MongoClients.create(mongo.uri());
                    MongoSource source =
                            new MongoSource(mongo.uri(), entry.mapping().database())) {
                MongoDatabase database = client.getDatabase(entry.mapping().database());
                try {
                    boolean equal = fillAndRun(new Setting(entry, source, target), database, options);
                    out.printf("%nShown on %s and %s.%n", postgres.description(), mongo.description());
                    return equal;
                } finally {
                    dropFromGiven(database, mongo);
                }
            }
        }
    }

    /// What the demo runs on.
    private record Setting(Catalog.Entry entry, MongoSource source, PostgresUri target) {}

    private boolean fillAndRun(Setting setting, MongoDatabase database, Options options)
            throws InterruptedException, SQLException {
        Shop shop = new Shop(database, SEED);
        out.printf(Locale.ROOT, "Filling a shop: %,d users, %,d orders ...%n", USERS, ORDERS);
        shop.open(USERS, ORDERS);
        Pipeline pipeline = new Pipeline(PipelineSpec.of(
                "demo", setting.entry().mapping(), setting.source(), new PostgresConnector(setting.target())));
        pipeline.writeWith(WrittenWith.mapping(setting.entry()));
        pipeline.afterCopy(AfterScripts.of(setting.entry()), 2, true);
        return live(pipeline, shop, database, options);
    }

    /// @throws SluiceException when a server that was given has documents of others where the demo writes
    private static void requireEmpty(String database, SandboxMongo mongo) {
        if (mongo.restartable()) {
            return;
        }
        try (MongoClient client = MongoClients.create(mongo.uri())) {
            if (client.getDatabase(database).listCollectionNames().first() != null) {
                throw new SluiceException(
                        FailureKind.BAD_SETTING,
                        "The MongoDB that SLUICE_TEST_MONGO_URI names has a database " + database
                                + " already, and the demo fills and drops one of that name. Name another server, or drop"
                                + " that database if it is of an earlier demo.");
            }
        }
    }

    /// A server that was given is left as it was.
    private void dropFromGiven(MongoDatabase database, SandboxMongo mongo) {
        if (!mongo.restartable()) {
            try {
                database.drop();
            } catch (MongoException refused) {
                out.println("The demo's database " + database.getName() + " stays in MongoDB: "
                        + Failures.describe(refused));
            }
        }
    }

    private static String psql(PostgresUri target) {
        return "postgresql://" + target.properties().get("user") + "@" + target.hosts() + "/" + target.database();
    }

    /// As a shell takes it, without a password: a server that was given may have one.
    private static String mongo(String uri) {
        return uri.contains("@") ? "\"$SLUICE_TEST_MONGO_URI\"" : "'" + uri + "'";
    }

    private boolean live(Pipeline pipeline, Shop shop, MongoDatabase database, Options options)
            throws InterruptedException, SQLException {
        Settings settings = Settings.read(
                Map.of("SLUICE_HTTP_PORT", String.valueOf(options.httpPort()), "SLUICE_HTTP_HOST", "127.0.0.1"),
                Map.of());
        // As `run` does: without it no gate opens, and reads could not be moved here.
        pipeline.verifyContinuously(settings.verifyBudget() / 100.0);
        try (HttpService http = HttpService.start(settings, pipeline.status(), pipeline.spec(), pipeline::spec)) {
            out.printf(
                    "Open http://localhost:%d/ in a browser to watch.%nMetrics and status:  http://localhost:%d/prometheus"
                            + "  http://localhost:%d/api/status%n%n",
                    http.port(), http.port(), http.port());
            CompletableFuture<PipelineState> ended = new CompletableFuture<>();
            Thread.ofPlatform().name("sluice-demo-pipeline").start(() -> {
                try {
                    ended.complete(pipeline.run());
                } catch (InterruptedException | RuntimeException e) {
                    ended.completeExceptionally(e);
                }
            });
            try {
                return follow(new Running(pipeline, ended), shop, database, options, http.port());
            } finally {
                pipeline.stop();
                pipeline.awaitStopped();
            }
        }
    }

    private boolean follow(Running running, Shop shop, MongoDatabase database, Options options, int port)
            throws InterruptedException, SQLException {
        Pipeline pipeline = running.pipeline();
        LongAdder written = new LongAdder();
        boolean told = true;
        awaitStream(pipeline, running.ended());
        if (options.tour()) {
            told = tour(running, shop, database, port, written);
        }
        Instant began = Instant.now();
        liveWrites(running, shop, options.length(), written);
        if (running.ended().isDone() && everythingMoved(pipeline)) {
            awaitEnd(began.plus(options.length()));
            return told;
        }
        awaitCaughtUp(pipeline, running.ended());
        if (pipeline.status().state() instanceof PipelineState.Failed failed) {
            throw new SluiceException(failed.kind(), failed.message());
        }
        report(pipeline, written);
        return new EndComparison(out).compare(pipeline) && told;
    }

    private boolean tour(Running running, Shop shop, MongoDatabase database, int port, LongAdder written)
            throws InterruptedException, SQLException {
        PostgresConnector connector = running.pipeline().spec().connector();
        CountDownLatch over = new CountDownLatch(1);
        try (Story story = Story.start(out, connector, running.pipeline().name());
                TourReader reader = new TourReader(port, database.getCollection("users"), connector)) {
            LiveWrites writes = new LiveWrites(shop, written, story::say);
            Thread writer = Thread.ofPlatform().name("sluice-demo-writer").start(() -> writes.until(over, stop));
            try {
                Steps.Outcome outcome =
                        new Tour(running, database, written::sum, reader, new Tour.Audience(story::say, stop)).run();
                switch (outcome) {
                    case ALL ->
                        story.say("That was a migration and back. Yours: `sluice cutover` moves reads, and at the end"
                                + " `sluice finish` moves writes.");
                    case CUT_SHORT -> {}
                    case NOT_ALL -> story.say("Not each step came about, so the exit code will be 1.");
                }
                return outcome != Steps.Outcome.NOT_ALL;
            } finally {
                over.countDown();
                writer.join();
            }
        }
    }

    /// Waits for the stream's first heartbeat, so that the latencies shown are of a stream that runs, not
    /// of its start.
    private void awaitStream(Pipeline pipeline, CompletableFuture<PipelineState> ended) throws InterruptedException {
        Instant giveUp = Instant.now().plus(CATCH_UP_MAX);
        while (pipeline.status().lag().watermark() == null
                && !ended.isDone()
                && Instant.now().isBefore(giveUp)) {
            stop.await(20, TimeUnit.MILLISECONDS);
            if (stop.getCount() == 0) {
                return;
            }
        }
    }

    private void liveWrites(Running running, Shop shop, Duration length, LongAdder written)
            throws InterruptedException {
        LiveWrites writes = new LiveWrites(shop, written, out::println);
        Instant end = Instant.now().plus(length);
        Instant nextReport = Instant.now();
        while (Instant.now().isBefore(end)
                && stop.getCount() > 0
                && !running.ended().isDone()) {
            boolean behind = writes.next();
            if (!Instant.now().isBefore(nextReport)) {
                report(running.pipeline(), written);
                nextReport = nextReport.plus(REPORT_EVERY);
            }
            if (!behind) {
                stop.await(2, TimeUnit.MILLISECONDS);
            }
        }
    }

    private static boolean everythingMoved(Pipeline pipeline) throws SQLException {
        return EndComparison.moved(pipeline).containsAll(pipeline.spec().collections());
    }

    private void awaitEnd(Instant end) throws InterruptedException {
        out.println(
                "The writes of all collections have moved to PostgreSQL: nothing is left to follow or to compare. Both"
                        + " servers stay until the time of --for is over; Ctrl-C ends them now.");
        while (stop.getCount() > 0 && Instant.now().isBefore(end)) {
            stop.await(1, TimeUnit.SECONDS);
        }
    }

    private void report(Pipeline pipeline, LongAdder written) {
        PipelineStatus status = pipeline.status();
        StringBuilder line = new StringBuilder(String.format(
                Locale.ROOT,
                "%-11s %,7d writes  lag %s",
                status.state().name(),
                written.sum(),
                seconds(status.lag().seconds())));
        status.collections()
                .forEach((name, c) -> line.append(String.format(
                        Locale.ROOT,
                        "  | %s: copied %,d%s, applied %,d",
                        name,
                        c.backfilledDocuments(),
                        c.backfillDone() ? " (all)" : "",
                        c.changesApplied())));
        out.println(line);
    }

    private static String seconds(double lag) {
        return Double.isNaN(lag) ? "unknown" : String.format(Locale.ROOT, "%5.1f s", lag);
    }

    /// Waits until everything committed before this moment is applied.
    private void awaitCaughtUp(Pipeline pipeline, CompletableFuture<PipelineState> ended) throws InterruptedException {
        out.println("Writes have stopped; waiting until everything is applied ...");
        Instant through = Instant.now().plus(pipeline.spec().source().hello().clockOffset());
        Instant giveUp = Instant.now().plus(CATCH_UP_MAX);
        while (!ended.isDone() && Instant.now().isBefore(giveUp)) {
            Instant watermark = pipeline.status().lag().watermark();
            boolean copied = pipeline.status().collections().values().stream().allMatch(CollectionStatus::backfillDone);
            if (copied && watermark != null && !watermark.isBefore(through)) {
                return;
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
        if (!ended.isDone()) {
            out.println("Timed out; the comparison below may find writes that are not applied yet.");
        }
    }
}
