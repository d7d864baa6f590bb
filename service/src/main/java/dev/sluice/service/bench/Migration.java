package dev.sluice.service.bench;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.gate.Gate;
import dev.sluice.gate.GateStore;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.schema.Catalog;
import dev.sluice.service.pipeline.VerifyRun;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.verify.Mode;
import dev.sluice.verify.Origin;
import dev.sluice.verify.Verifier;
import java.io.PrintStream;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.bson.Document;

/// The way of a migration up to open gates, as the benches of its later steps need it: copied and verified by a
/// running pipeline. For one thread.
final class Migration {
    private static final Duration COPY_PATIENCE = Duration.ofHours(6);
    private static final Duration GATE_PATIENCE = Duration.ofMinutes(2);
    private static final long POLL_MILLIS = 100;
    private static final long SEED = 1;

    private final PipelineSpec pipeline;
    private final CompletableFuture<Void> ended;
    private final PrintStream progress;

    Migration(RunningPipeline running, PrintStream progress) {
        this.pipeline = running.spec();
        this.ended = running.ended();
        this.progress = progress;
    }

    /// What a step works on.
    ///
    /// @param users in MongoDB
    record Place(
            Servers servers,
            MongoCollection<Document> users,
            MongoSource source,
            Target target,
            RunningPipeline running,
            Migration migration) {}

    /// A step of a migration that is measured.
    interface Step {
        Report measure(Place place) throws SQLException, InterruptedException;
    }

    /// Starts servers and a new migration of users, which verifies continuously, and measures a step of it.
    ///
    /// @param share of the time that the verification may work, over 0 and up to 1
    static Report of(long documents, double share, PrintStream progress, Step step)
            throws SQLException, InterruptedException {
        Catalog.Entry entry = Catalog.load("demo");
        try (Servers servers = Servers.start()) {
            MongoDatabase database = servers.newDatabase();
            MongoCollection<Document> users = database.getCollection(Users.COLLECTION);
            Random random = new Random(SEED);
            Filling.fill(users, documents, n -> Users.user(n, random), progress);
            try (MongoSource source = new MongoSource(servers.mongo().uri(), database.getName());
                    Target target = Target.create(servers.postgres(), entry);
                    RunningPipeline running = new RunningPipeline(source, target, entry.mapping())) {
                running.startAnew(share);
                return step.measure(
                        new Place(servers, users, source, target, running, new Migration(running, progress)));
            }
        }
    }

    /// Waits until everything is copied.
    ///
    /// @return the seconds it took
    double awaitCopied() throws InterruptedException {
        long began = System.nanoTime();
        VerifyRun run = new VerifyRun(pipeline);
        for (CollectionTarget target : pipeline.targets()) {
            await(COPY_PATIENCE, () -> run.isCopied(target) ? "" : target.collection() + " is not copied.");
        }
        return said("Copied", began);
    }

    /// Compares all of it.
    ///
    /// @return the seconds it took
    /// @throws SluiceException when anything differs
    double verify() throws InterruptedException {
        long began = System.nanoTime();
        VerifyRun run = new VerifyRun(pipeline);
        Verifier.Wish wish = new Verifier.Wish(Mode.FULL, Origin.ASKED, 1, 1, Verifier.Wish.WORKERS, true);
        for (CollectionTarget target : pipeline.targets()) {
            Verifier.Result result = run.verify(target, wish, (t, how) -> {}, () -> false);
            Check.equal("rows of " + target.collection() + " that differ", Map.of(), result.drift());
        }
        return said("Verified", began);
    }

    /// Waits until every gate is open.
    void awaitOpen() throws InterruptedException {
        await(
                GATE_PATIENCE,
                () -> gates().values().stream()
                        .flatMap(gate ->
                                gate.firstUnmet().map(unmet -> gate.collection() + ": " + unmet.reason()).stream())
                        .collect(Collectors.joining(" ")));
    }

    Map<String, Gate> gates() {
        try (Connection connection = pipeline.connector().open()) {
            List<String> collections = pipeline.targets().stream()
                    .map(CollectionTarget::collection)
                    .toList();
            return new GateStore(pipeline.name()).of(connection, collections);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// What is waited for.
    interface Missing {
        /// @return why it is not there yet; empty when it is
        String reason();
    }

    /// @throws SluiceException when it did not come in time, or the pipeline ended
    void await(Duration patience, Missing missing) throws InterruptedException {
        long until = System.nanoTime() + patience.toNanos();
        for (String reason = missing.reason(); !reason.isEmpty(); reason = missing.reason()) {
            if (ended.isCompletedExceptionally()) {
                throw Failures.classify(ended.exceptionNow());
            }
            if (System.nanoTime() > until) {
                throw new SluiceException(
                        FailureKind.UNEXPECTED, "Nothing was measured: after " + patience + " still: " + reason);
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
    }

    private double said(String what, long began) {
        double seconds = (System.nanoTime() - began) / 1e9;
        progress.printf(Locale.ROOT, "%s in %.1f s.%n", what, seconds);
        return seconds;
    }
}
