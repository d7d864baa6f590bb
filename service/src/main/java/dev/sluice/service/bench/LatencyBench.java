package dev.sluice.service.bench;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import dev.sluice.change.Change;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.schema.Catalog;
import dev.sluice.service.pipeline.PipelineStatus;
import dev.sluice.sink.RowChange;
import dev.sluice.source.mongo.MongoSource;
import java.io.PrintStream;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.bson.Document;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// How long it takes from MongoDB's acknowledgement of a write to PostgreSQL's of its row, at fixed rates:
/// by the whole pipeline, and by a loop that does the least. Both times are taken in this process.
public final class LatencyBench {
    private static final int WARM_UP_SECONDS_MAX = 10;
    private static final long TAIL_SECONDS = 60;
    private static final long FIRST_EXISTING = 1_000_000_000;

    private final PrintStream progress;
    private final List<Integer> rates;
    private final int seconds;
    private final int runs;
    private final Set<Beside> beside;
    private final Catalog.Entry entry = Catalog.load("demo");

    /// What a pipeline does beside its stream while it is measured.
    public enum Beside {
        /// Verifies continuously, as much as it does by default, a collection that was copied before.
        VERIFIER("verifying beside it"),
        /// Copies another collection, which takes longer than what is measured.
        BACKFILL("copying beside it");

        private static final int VERIFIED = 100_000;
        private static final double SHARE = 0.1;

        /// More than are copied in a second where everything is on the same two cores.
        private static final long COPIED_PER_SECOND = 25_000;

        private final String words;

        Beside(String words) {
            this.words = words;
        }
    }

    /// How long it measures.
    ///
    /// @param seconds that each run measures
    public record Length(int seconds, int runs) {}

    /// @param rates changes per second
    /// @param beside each measured besides, in runs of its own
    public LatencyBench(PrintStream progress, List<Integer> rates, Length length, Collection<Beside> beside) {
        this.progress = progress;
        this.rates = List.copyOf(rates);
        this.seconds = length.seconds();
        this.runs = length.runs();
        this.beside = new TreeSet<>(beside);
    }

    public Report run() throws SQLException, InterruptedException {
        try (Servers servers = Servers.start()) {
            List<LatencyReport.Line> lines = new ArrayList<>();
            for (int rate : rates) {
                List<LatencyReport.Run> bare = new ArrayList<>();
                List<LatencyReport.Run> sluice = new ArrayList<>();
                Map<Beside, List<LatencyReport.Run>> busier = new EnumMap<>(Beside.class);
                for (int run = 1; run <= runs; run++) {
                    bare.add(said("bare loop", rate, run, bare(servers, rate)));
                    sluice.add(said("Sluice", rate, run, sluice(servers, rate, null)));
                    for (Beside also : beside) {
                        busier.computeIfAbsent(also, each -> new ArrayList<>())
                                .add(said("Sluice, " + also.words, rate, run, sluice(servers, rate, also)));
                    }
                }
                lines.add(LatencyReport.Line.of("bare loop", true, rate, bare, bare));
                lines.add(LatencyReport.Line.of("Sluice", false, rate, sluice, bare));
                busier.forEach((also, results) ->
                        lines.add(LatencyReport.Line.of("Sluice, " + also.words, false, rate, results, bare)));
            }
            return new LatencyReport("latency", runs, seconds, Machine.of(servers), lines);
        }
    }

    private LatencyReport.Run said(String name, int rate, int run, LatencyReport.Run result) {
        progress.printf(
                Locale.ROOT,
                "%,d/s, run %d of %d: %s p50 %.1f, p95 %.1f, p99 %.1f ms at %,.0f/s%n",
                rate,
                run,
                runs,
                name,
                result.total().p50(),
                result.total().p95(),
                result.total().p99(),
                result.achievedPerSecond());
        return result;
    }

    private LatencyReport.Run bare(Servers servers, int rate) throws SQLException, InterruptedException {
        MongoDatabase database = servers.newDatabase();
        MongoCollection<Document> users = database.getCollection(Users.COLLECTION);
        Ledger ledger = new Ledger();
        try (MongoSource source = new MongoSource(servers.mongo().uri(), database.getName());
                Target target = Target.create(servers.postgres(), entry);
                BareStream stream = new BareStream(
                        database,
                        target.connector().open(),
                        BareStream.BATCH,
                        (last, changes, times) -> note(last, ledger, times))) {
            stream.start(source.currentPosition());
            return measured(users, ledger, rate, stream.ended());
        } finally {
            database.drop();
        }
    }

    private LatencyReport.Run sluice(Servers servers, int rate, @Nullable Beside also)
            throws SQLException, InterruptedException {
        MongoDatabase database = servers.newDatabase();
        MongoCollection<Document> users = database.getCollection(Users.COLLECTION);
        Ledger ledger = new Ledger();
        try (MongoSource source = new MongoSource(servers.mongo().uri(), database.getName());
                Target target = Target.create(servers.postgres(), entry);
                RunningPipeline pipeline = new RunningPipeline(source, target, entry.mapping())) {
            pipeline.status().onCommitted(batch -> note(batch, ledger));
            switch (also) {
                case null -> pipeline.start(source.currentPosition());
                case VERIFIER -> {
                    Filling.fillFast(users, Beside.VERIFIED, LatencyBench::existing, progress);
                    pipeline.startAnew(Beside.SHARE);
                    awaitCopied(target, Users.COLLECTION, pipeline.ended());
                }
                case BACKFILL -> {
                    long documents = Beside.COPIED_PER_SECOND * (warmUp() + seconds);
                    Filling.fillFast(database.getCollection(Orders.COLLECTION), documents, Orders::order, progress);
                    pipeline.startAnew(0);
                }
            }
            LatencyReport.Run run = measured(users, ledger, rate, pipeline.ended());
            if (also == Beside.BACKFILL && isCopied(target, Orders.COLLECTION)) {
                throw new SluiceException(
                        FailureKind.UNEXPECTED,
                        "The copy beside it ended before the changes did, so nothing was measured.");
            }
            return run;
        } finally {
            database.drop();
        }
    }

    private static void note(Map<String, Optional<RawBsonDocument>> last, Ledger ledger, Ledger.Times times) {
        last.forEach((id, document) -> ledger.committed(
                id,
                document.map(d -> (long) d.getInt32(SteadyWriters.VERSION).getValue())
                        .orElse(Ledger.DELETED),
                times));
    }

    private static void note(PipelineStatus.Committed batch, Ledger ledger) {
        Ledger.Times times = new Ledger.Times(batch.readNanos(), batch.takenNanos(), batch.committedNanos());
        for (RowChange row : batch.changes()) {
            Change change = row.change();
            String id = change.id().asString().getValue();
            switch (change) {
                case Change.Upsert u ->
                    ledger.committed(
                            id, u.document().getInt32(SteadyWriters.VERSION).getValue(), times);
                case Change.Delete d -> ledger.committed(id, Ledger.DELETED, times);
                // Nothing is written for it; the delete behind it says that the document is gone.
                case Change.Unresolved u -> {}
            }
        }
    }

    /// With numbers that no writer has.
    private static Document existing(long number, Random random) {
        return Users.user(FIRST_EXISTING + number, random);
    }

    private static boolean isCopied(Target target, String collection) throws SQLException {
        return target.count("sluice.backfill WHERE state = 'done' AND collection = '" + collection + "'") > 0;
    }

    private static void awaitCopied(Target target, String collection, CompletableFuture<Void> ended)
            throws SQLException, InterruptedException {
        while (!isCopied(target, collection)) {
            if (ended.isCompletedExceptionally()) {
                throw Failures.classify(ended.exceptionNow());
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    private int warmUp() {
        return Math.min(seconds, WARM_UP_SECONDS_MAX);
    }

    private LatencyReport.Run measured(
            MongoCollection<Document> users, Ledger ledger, int rate, CompletableFuture<Void> ended)
            throws InterruptedException {
        ProcessMeter.collectGarbage();
        double took = new SteadyWriters(users, ledger, rate, warmUp(), seconds).run();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TAIL_SECONDS);
        while (ledger.open() > 0 && System.nanoTime() < deadline && !ended.isDone()) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
        if (ended.isCompletedExceptionally()) {
            throw Failures.classify(ended.exceptionNow());
        }
        if (ledger.open() > 0) {
            throw new SluiceException(
                    FailureKind.UNEXPECTED,
                    ledger.open() + " writes had not come after " + TAIL_SECONDS + " s, so nothing was measured.");
        }
        return ledger.result(took);
    }
}
