package dev.sluice.service.bench;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.DeleteOneModel;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.InsertOneModel;
import com.mongodb.client.model.UpdateOneModel;
import com.mongodb.client.model.Updates;
import com.mongodb.client.model.WriteModel;
import dev.sluice.change.Position;
import dev.sluice.failure.Failures;
import dev.sluice.positions.PositionStore;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.sandbox.SandboxPostgres;
import dev.sluice.schema.Catalog;
import dev.sluice.service.pipeline.Pipeline;
import dev.sluice.service.pipeline.PipelineState;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.BackfillStore;
import dev.sluice.sink.postgres.PostgresConnector;
import dev.sluice.sink.postgres.PostgresUri;
import dev.sluice.sink.postgres.TargetDatabase;
import dev.sluice.source.debezium.DebeziumChangeSource;
import dev.sluice.source.debezium.EngineProperties;
import dev.sluice.source.mongo.MongoSource;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.bson.Document;
import org.bson.types.Decimal128;

/// How fast a backlog of changes is drained: by Debezium's engine into nothing, with documents as JSON and
/// as BSON, and by the whole pipeline into PostgreSQL, with the same engine settings, the same changes and
/// on the same servers. The rate is taken from the first batch to the last change, so that no start-up is
/// in it.
public final class StreamBench {
    private static final int WRITE_BATCH = 1_000;
    private static final long SEED = 1;
    private static final long RUN_SECONDS_MAX = 180;

    private final PrintStream out;
    private final int changes;
    private final int runs;
    private final List<Double> sinkRates = new ArrayList<>();

    public StreamBench(PrintStream out, int changes, int runs) {
        this.out = out;
        this.changes = changes;
        this.runs = runs;
    }

    /// Medians over the runs, changes per second.
    ///
    /// @param ratio of the pipeline to Debezium into nothing with documents as BSON
    /// @param sinkAlone changes by the time spent in the sink's transactions
    /// @param servers what it was shown on
    public record Result(
            String servers,
            int changes,
            int runs,
            double debeziumJson,
            double debeziumRaw,
            double sluice,
            double ratio,
            double sinkAlone) {}

    public Result run() throws InterruptedException, SQLException {
        try (SandboxPostgres postgres = SandboxPostgres.start();
                SandboxMongo mongo = SandboxMongo.start();
                MongoClient client = MongoClients.create(mongo.uri())) {
            Catalog.Entry entry = Catalog.load("demo");
            String database = entry.mapping().database();
            try (MongoSource source = new MongoSource(mongo.uri(), database)) {
                Position from = source.currentPosition();
                out.printf(Locale.ROOT, "Writing %,d changes of users ...%n", changes);
                write(client.getDatabase(database).getCollection("users"));
                List<Double> json = new ArrayList<>();
                List<Double> raw = new ArrayList<>();
                List<Double> whole = new ArrayList<>();
                for (int run = 1; run <= runs; run++) {
                    json.add(intoNothing(source, from, false));
                    raw.add(intoNothing(source, from, true));
                    whole.add(pipeline(source, from, entry, postgres));
                    out.printf(
                            Locale.ROOT,
                            "run %d: Debezium into nothing %,.0f/s as JSON, %,.0f/s as BSON; Sluice into PostgreSQL %,.0f/s%n",
                            run,
                            json.getLast(),
                            raw.getLast(),
                            whole.getLast());
                }
                return new Result(
                        mongo.description() + "; " + postgres.description(),
                        changes,
                        runs,
                        median(json),
                        median(raw),
                        median(whole),
                        median(whole) / median(raw),
                        median(sinkRates));
            }
        }
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    /// 60 % updates of two fields, 30 % inserts, 10 % deletes.
    private void write(MongoCollection<Document> users) {
        Random random = new Random(SEED);
        List<Integer> alive = new ArrayList<>();
        List<WriteModel<Document>> batch = new ArrayList<>();
        for (int n = 0; n < changes; n++) {
            int what = alive.size() < 100 ? 9 : random.nextInt(10);
            if (what >= 7) {
                alive.add(n);
                batch.add(new InsertOneModel<>(user(n, random)));
            } else if (what == 6) {
                batch.add(new DeleteOneModel<>(Filters.eq("_id", "u" + alive.remove(random.nextInt(alive.size())))));
            } else {
                batch.add(new UpdateOneModel<>(
                        Filters.eq("_id", "u" + alive.get(random.nextInt(alive.size()))),
                        // A value never used before: an update that changes nothing makes no event.
                        Updates.combine(Updates.set("age", n), Updates.set("lastSeenAt", Instant.now()))));
            }
            if (batch.size() == WRITE_BATCH || n == changes - 1) {
                users.bulkWrite(batch);
                batch.clear();
            }
        }
    }

    private static Document user(int n, Random random) {
        return new Document("_id", "u" + n)
                .append("email", "user" + n + "@shop.example")
                .append("name", "User number " + n)
                .append("age", random.nextInt(90))
                .append("balance", new Decimal128(BigDecimal.valueOf(random.nextInt(1_000_000), 2)))
                .append("active", true)
                .append("signedUpAt", Instant.ofEpochMilli(1_700_000_000_000L + n))
                .append(
                        "address",
                        new Document("street", n + " High Street")
                                .append("city", "Łódź")
                                .append("postcode", "90-001")
                                .append("country", "Poland")
                                .append("geo.lat", random.nextDouble())
                                .append("geo.lon", random.nextDouble()))
                .append("tags", List.of("new", "newsletter"))
                .append("visits", n);
    }

    private double intoNothing(MongoSource source, Position from, boolean raw) throws InterruptedException {
        EngineProperties settings = EngineProperties.defaults(
                        "bench", source.uriWithReplicaSet(), source.database(), List.of("users", "orders"))
                .withRawDocuments(raw);
        Rate rate = new Rate(changes);
        try (DebeziumChangeSource stream = DebeziumChangeSource.start(
                settings, from, batch -> rate.count(batch.changes().size()))) {
            return rate.await(stream.ended());
        }
    }

    private double pipeline(MongoSource source, Position from, Catalog.Entry entry, SandboxPostgres postgres)
            throws InterruptedException, SQLException {
        PostgresUri target = PostgresUri.parse(postgres.createDatabase());
        new TargetDatabase(target).migrate(entry);
        PostgresConnector connector = new PostgresConnector(target);
        try (Connection connection = connector.open()) {
            new PositionStore("bench").initialise(connection, from);
            for (CollectionTarget collection : Pipeline.targets(entry.mapping())) {
                BackfillStore store = new BackfillStore("bench");
                store.start(connection, collection.collection(), 0);
                store.finish(connection, collection.collection());
            }
        }
        Pipeline pipeline = new Pipeline("bench", entry.mapping(), source, connector);
        Rate rate = new Rate(changes);
        pipeline.status().onApplied(rate::count);
        CompletableFuture<Void> ended = new CompletableFuture<>();
        Thread.ofPlatform().name("bench-pipeline").start(() -> {
            try {
                PipelineState end = pipeline.run();
                ended.completeExceptionally(new IllegalStateException("ended as " + end));
            } catch (InterruptedException | RuntimeException e) {
                ended.completeExceptionally(e);
            }
        });
        try {
            double perSecond = rate.await(ended);
            sinkRates.add(changes * 1e9 / pipeline.status().applyNanos());
            return perSecond;
        } finally {
            pipeline.stop();
            pipeline.awaitStopped();
        }
    }

    /// Counts changes until all are there. Counted on one thread, awaited on another.
    private static final class Rate {
        private final int expected;
        private final CompletableFuture<Double> perSecond = new CompletableFuture<>();
        private long counted;
        private long firstCount;
        private long firstNanos;

        Rate(int expected) {
            this.expected = expected;
        }

        void count(int more) {
            if (more == 0) {
                return;
            }
            long now = System.nanoTime();
            counted += more;
            if (firstNanos == 0) {
                firstNanos = now;
                firstCount = counted;
            }
            if (counted >= expected && now > firstNanos) {
                perSecond.complete((counted - firstCount) * 1e9 / (now - firstNanos));
            }
        }

        double await(CompletableFuture<Void> ended) throws InterruptedException {
            try {
                CompletableFuture.anyOf(perSecond, ended).get(RUN_SECONDS_MAX, TimeUnit.SECONDS);
                return perSecond.get(1, TimeUnit.SECONDS);
            } catch (ExecutionException e) {
                throw Failures.classify(e);
            } catch (TimeoutException e) {
                throw new IllegalStateException("only " + counted + " of " + expected + " changes came", e);
            }
        }
    }
}
