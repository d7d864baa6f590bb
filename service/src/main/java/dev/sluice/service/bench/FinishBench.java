package dev.sluice.service.bench;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import dev.sluice.cutover.Share;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.schema.Catalog;
import dev.sluice.service.finish.Certificate;
import dev.sluice.service.finish.Finish;
import dev.sluice.service.ops.Routes;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.source.mongo.MongoSource;
import java.io.PrintStream;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.bson.Document;

/// For how long nobody can write when writes move from MongoDB to PostgreSQL under load: as `finish` says it, and as
/// the writers meet it. Nothing that was written may be missing afterwards.
public final class FinishBench {
    private static final String ACTOR = "bench";
    private static final double VERIFY_SHARE = 0.1;
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final long SEED = 1;

    private final PrintStream progress;
    private final long documents;
    private final int perSecond;
    private final int seconds;
    private final Catalog.Entry entry = Catalog.load("demo");

    /// @param documents that are copied before
    /// @param perSecond changes that are written meanwhile
    /// @param seconds for which they are written before writes move
    public FinishBench(PrintStream progress, long documents, int perSecond, int seconds) {
        this.progress = progress;
        this.documents = documents;
        this.perSecond = perSecond;
        this.seconds = seconds;
    }

    public Report run() throws SQLException, InterruptedException {
        try (Servers servers = Servers.start()) {
            MongoDatabase database = servers.newDatabase();
            MongoCollection<Document> users = database.getCollection(Users.COLLECTION);
            Random random = new Random(SEED);
            Filling.fill(users, documents, n -> Users.user(n, random), progress);
            try (MongoSource source = new MongoSource(servers.mongo().uri(), database.getName());
                    Target target = Target.create(servers.postgres(), entry);
                    RunningPipeline running = new RunningPipeline(source, target, entry.mapping())) {
                running.startAnew(VERIFY_SHARE);
                Migration migration = new Migration(running, progress);
                double copied = migration.awaitCopied();
                double verified = migration.verify();
                try (MovingWriters writers = new MovingWriters(users, target, perSecond, documents + 1)) {
                    writers.start();
                    TimeUnit.SECONDS.sleep(seconds);
                    migration.awaitOpen();
                    FinishReport.Moved moved = move(running.spec(), writers);
                    Check.equal("rows of users", users.countDocuments(), target.count("users"));
                    return new FinishReport(
                            "finish", documents, perSecond, copied, verified, moved, Machine.of(servers));
                } finally {
                    source.writeBlock().set(false);
                }
            }
        }
    }

    private FinishReport.Moved move(PipelineSpec pipeline, MovingWriters writers) throws InterruptedException {
        List<String> collections =
                pipeline.targets().stream().map(CollectionTarget::collection).toList();
        Routes routes = new Routes(pipeline.connector(), pipeline.name(), collections);
        Routes.Outcome cutOver =
                routes.cutOver(new Routes.Wish(collections, false, new Share(100, 0), false, PATIENCE, false, ACTOR));
        if (!(cutOver instanceof Routes.Outcome.Moved)) {
            throw new SluiceException(FailureKind.UNEXPECTED, "Nothing was measured: no cut-over: " + cutOver);
        }
        long began = System.nanoTime();
        Finish finish = new Finish(
                pipeline,
                sentence -> progress.printf(Locale.ROOT, "%6.1f s  %s%n", (System.nanoTime() - began) / 1e9, sentence),
                () -> false);
        Finish.Outcome outcome = finish.run(new Finish.Wish(collections, Duration.ZERO, PATIENCE, true, null, ACTOR));
        double took = (System.nanoTime() - began) / 1e9;
        if (!(outcome instanceof Finish.Outcome.Finished finished)) {
            throw new SluiceException(FailureKind.UNEXPECTED, "Nothing was measured: writes did not move: " + outcome);
        }
        List<MovingWriters.Gap> gaps = writers.await();
        Certificate certificate = finished.certificates().stream()
                .filter(c -> c.collection().equals(Users.COLLECTION))
                .findFirst()
                .orElseThrow();
        return new FinishReport.Moved(
                took,
                certificate.secondsWithoutWriters(),
                Spread.of(gaps.stream().map(MovingWriters.Gap::seconds).toList()),
                gaps.stream().mapToLong(MovingWriters.Gap::writes).sum(),
                certificate.verification().again());
    }
}
