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
import dev.sluice.positions.MovedWrites;
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
import dev.sluice.service.web.HttpService;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.check.TargetDatabase;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.verify.FullComparison;
import dev.sluice.verify.TableDifference;
import java.io.PrintStream;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

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

    /// Runs it.
    ///
    /// @param length of the live part
    /// @return whether both sides were equal at the end
    public boolean run(Duration length, int httpPort) throws InterruptedException, SQLException {
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
                    boolean equal = fillAndRun(new Setting(entry, source, target), database, length, httpPort);
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

    private boolean fillAndRun(Setting setting, MongoDatabase database, Duration length, int httpPort)
            throws InterruptedException, SQLException {
        Shop shop = new Shop(database, SEED);
        out.printf(Locale.ROOT, "Filling a shop: %,d users, %,d orders ...%n", USERS, ORDERS);
        shop.open(USERS, ORDERS);
        Pipeline pipeline = new Pipeline(PipelineSpec.of(
                "demo", setting.entry().mapping(), setting.source(), new PostgresConnector(setting.target())));
        pipeline.afterCopy(AfterScripts.of(setting.entry()), 2, true);
        return live(pipeline, shop, length, httpPort);
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

    private boolean live(Pipeline pipeline, Shop shop, Duration length, int httpPort)
            throws InterruptedException, SQLException {
        Settings settings = Settings.read(
                Map.of("SLUICE_HTTP_PORT", String.valueOf(httpPort), "SLUICE_HTTP_HOST", "127.0.0.1"), Map.of());
        // As `run` does: without it no gate opens, and reads could not be moved here.
        pipeline.verifyContinuously(settings.verifyBudget() / 100.0);
        try (HttpService http = HttpService.start(settings, pipeline.status(), pipeline.spec(), pipeline::spec)) {
            out.printf(
                    "Metrics and status:  http://localhost:%d/prometheus  http://localhost:%d/api/status%n%n",
                    http.port(), http.port());
            CompletableFuture<PipelineState> ended = new CompletableFuture<>();
            Thread.ofPlatform().name("sluice-demo-pipeline").start(() -> {
                try {
                    ended.complete(pipeline.run());
                } catch (InterruptedException | RuntimeException e) {
                    ended.completeExceptionally(e);
                }
            });
            try {
                LongAdder written = new LongAdder();
                awaitStream(pipeline, ended);
                Instant began = Instant.now();
                liveWrites(pipeline, shop, length, written, ended);
                if (ended.isDone() && everythingMoved(pipeline)) {
                    awaitEnd(began.plus(length));
                    return true;
                }
                awaitCaughtUp(pipeline, ended);
                if (pipeline.status().state() instanceof PipelineState.Failed failed) {
                    throw new SluiceException(failed.kind(), failed.message());
                }
                report(pipeline, written);
                return compare(pipeline);
            } finally {
                pipeline.stop();
                pipeline.awaitStopped();
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

    private void liveWrites(
            Pipeline pipeline, Shop shop, Duration length, LongAdder written, CompletableFuture<PipelineState> ended)
            throws InterruptedException {
        LiveWrites writes = new LiveWrites(shop, written, out);
        Instant end = Instant.now().plus(length);
        Instant nextReport = Instant.now();
        while (Instant.now().isBefore(end) && stop.getCount() > 0 && !ended.isDone()) {
            boolean behind = writes.next();
            if (!Instant.now().isBefore(nextReport)) {
                report(pipeline, written);
                nextReport = nextReport.plus(REPORT_EVERY);
            }
            if (!behind) {
                stop.await(2, TimeUnit.MILLISECONDS);
            }
        }
    }

    private static boolean everythingMoved(Pipeline pipeline) throws SQLException {
        return moved(pipeline).containsAll(pipeline.spec().collections());
    }

    /// The collections whose writes have moved to PostgreSQL: nobody compares them any more.
    private static Set<String> moved(Pipeline pipeline) throws SQLException {
        PipelineSpec spec = pipeline.spec();
        try (Connection connection = spec.connector().open()) {
            return new MovedWrites(spec.name()).load(connection);
        }
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

    private boolean compare(Pipeline pipeline) throws SQLException {
        PipelineSpec spec = pipeline.spec();
        out.println("Comparing every row and every column ...");
        out.println();
        List<TableDifference> all = new ArrayList<>();
        Set<String> moved = moved(pipeline);
        out.printf(
                "%-14s %10s %10s %9s %9s %8s %8s  %s%n",
                "table", "documents", "rows", "changes", "lag p50", "p99", "differ", "comparison");
        try (Connection connection = spec.connector().openForLongWork()) {
            FullComparison comparison = new FullComparison(spec.source(), connection, spec.name());
            for (CollectionTarget target : spec.targets()) {
                if (moved.contains(target.collection())) {
                    out.printf("%-14s its writes have moved to PostgreSQL; not compared%n", target.collection());
                    continue;
                }
                CollectionStatus status = pipeline.status().collections().get(target.collection());
                boolean own = true;
                for (TableDifference d : comparison.compare(target)) {
                    all.add(d);
                    out.println(line(d, own ? status : null));
                    own = false;
                }
            }
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
        boolean equal = all.stream().allMatch(TableDifference::equal);
        out.println();
        out.println(
                equal
                        ? "Both sides are equal: no row is missing, none is extra, no value differs."
                        : "The two sides DIFFER.");
        return equal;
    }

    private static String line(TableDifference d, @Nullable CollectionStatus status) {
        boolean own = status != null;
        return String.format(
                Locale.ROOT,
                "%-14s %10s %,10d %9s %9s %8s %,8d  %s",
                d.table().table(),
                own ? String.format(Locale.ROOT, "%,d", d.documents()) : "",
                d.actual(),
                status != null ? String.format(Locale.ROOT, "%,d", status.changesApplied()) : "",
                status != null ? String.format(Locale.ROOT, "%.0f ms", status.latencyMillis(50)) : "",
                status != null ? String.format(Locale.ROOT, "%.0f ms", status.latencyMillis(99)) : "",
                d.missing() + d.extra() + d.different(),
                d.equal()
                        ? "equal"
                        : d.missing() + " missing, " + d.extra() + " extra, " + d.different() + " different "
                                + d.byColumn());
    }
}
