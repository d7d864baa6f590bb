package dev.sluice.service.bench;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import dev.sluice.change.Change;
import dev.sluice.change.Position;
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
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.bson.Document;
import org.bson.RawBsonDocument;

/// How long it takes from MongoDB's acknowledgement of a write to PostgreSQL's of its row, at fixed rates:
/// by the whole pipeline, and by a loop that does the least. Both times are taken in this process.
public final class LatencyBench {
    private static final int WARM_UP_SECONDS_MAX = 10;
    private static final long TAIL_SECONDS = 60;

    private final PrintStream progress;
    private final List<Integer> rates;
    private final int seconds;
    private final int runs;
    private final Catalog.Entry entry = Catalog.load("demo");

    /// @param rates changes per second
    /// @param seconds that each run measures
    public LatencyBench(PrintStream progress, List<Integer> rates, int seconds, int runs) {
        this.progress = progress;
        this.rates = List.copyOf(rates);
        this.seconds = seconds;
        this.runs = runs;
    }

    public Report run() throws SQLException, InterruptedException {
        try (Servers servers = Servers.start()) {
            List<LatencyReport.Line> lines = new ArrayList<>();
            for (int rate : rates) {
                List<LatencyReport.Run> bare = new ArrayList<>();
                List<LatencyReport.Run> sluice = new ArrayList<>();
                for (int run = 1; run <= runs; run++) {
                    bare.add(said("bare loop", rate, run, bare(servers, rate)));
                    sluice.add(said("Sluice", rate, run, sluice(servers, rate)));
                }
                lines.add(LatencyReport.Line.of("bare loop", true, rate, bare, bare));
                lines.add(LatencyReport.Line.of("Sluice", false, rate, sluice, bare));
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

    private LatencyReport.Run sluice(Servers servers, int rate) throws SQLException, InterruptedException {
        MongoDatabase database = servers.newDatabase();
        MongoCollection<Document> users = database.getCollection(Users.COLLECTION);
        Ledger ledger = new Ledger();
        try (MongoSource source = new MongoSource(servers.mongo().uri(), database.getName());
                Target target = Target.create(servers.postgres(), entry);
                RunningPipeline pipeline = new RunningPipeline(source, target, entry.mapping())) {
            pipeline.status().onCommitted(batch -> note(batch, ledger));
            Position from = source.currentPosition();
            pipeline.start(from);
            return measured(users, ledger, rate, pipeline.ended());
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

    private LatencyReport.Run measured(
            MongoCollection<Document> users, Ledger ledger, int rate, CompletableFuture<Void> ended)
            throws InterruptedException {
        ProcessMeter.collectGarbage();
        double took = new SteadyWriters(users, ledger, rate, Math.min(seconds, WARM_UP_SECONDS_MAX), seconds).run();
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
