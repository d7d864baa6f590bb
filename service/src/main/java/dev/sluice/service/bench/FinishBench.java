package dev.sluice.service.bench;

import dev.sluice.cutover.Share;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.service.finish.Certificate;
import dev.sluice.service.finish.Finish;
import dev.sluice.service.ops.Routes;
import dev.sluice.sink.CollectionTarget;
import java.io.PrintStream;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/// For how long nobody can write when writes move from MongoDB to PostgreSQL under load: as `finish` says it, and as
/// the writers meet it. Nothing that was written may be missing afterwards.
public final class FinishBench {
    private static final String ACTOR = "bench";
    private static final double VERIFY_SHARE = 0.1;
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private final PrintStream progress;
    private final long documents;
    private final int perSecond;
    private final int seconds;

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
        return Migration.of(documents, VERIFY_SHARE, progress, this::measure);
    }

    private Report measure(Migration.Place place) throws SQLException, InterruptedException {
        Migration migration = place.migration();
        double copied = migration.awaitCopied();
        double verified = migration.verify();
        try (MovingWriters writers = new MovingWriters(place.users(), place.target(), perSecond, documents + 1)) {
            writers.start();
            TimeUnit.SECONDS.sleep(seconds);
            migration.awaitOpen();
            FinishReport.Moved moved = move(place.running().spec(), writers);
            Check.equal(
                    "rows of users",
                    place.users().countDocuments(),
                    place.target().count("users"));
            return new FinishReport(
                    "finish", documents, perSecond, copied, verified, moved, Machine.of(place.servers()));
        } finally {
            place.source().writeBlock().set(false);
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
