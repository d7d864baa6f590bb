package dev.sluice.service.ops;

import dev.sluice.balance.Balance;
import dev.sluice.balance.BalanceCount;
import dev.sluice.evolution.SourceCheck;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.service.ops.StatusReport.CollectionReport;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.source.mongo.MongoSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Repeats counts for `status` that are older than a minute or so, or that have other dead letters than there are now:
/// if no process runs the pipeline, the last count may be days old. Writes nothing, and times out after some seconds:
/// then the last count stays,
/// with its time. For one thread.
public final class FreshCounts {
    private static final Logger LOG = LoggerFactory.getLogger(FreshCounts.class);
    /// A running pipeline counts each collection at least once a minute.
    private static final Duration FRESH = Duration.ofSeconds(90);
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Supplier<MongoSource> source;
    private final PostgresConnector connector;
    private final String pipeline;
    private final List<CollectionTarget> targets;

    /// @param source opens one, which is closed here
    public FreshCounts(
            Supplier<MongoSource> source,
            PostgresConnector connector,
            String pipeline,
            List<CollectionTarget> targets) {
        this.source = source;
        this.connector = connector;
        this.pipeline = pipeline;
        this.targets = List.copyOf(targets);
    }

    /// The report with what is counted now in place of older counts, and a note where that was not possible.
    ///
    /// @param report of this pipeline
    public StatusReport refresh(StatusReport report) throws InterruptedException {
        List<CollectionTarget> stale = targets.stream()
                .filter(t -> report.knownCollections().stream()
                        .anyMatch(c -> c.collection().equals(t.collection()) && isStale(c)))
                .toList();
        if (stale.isEmpty()) {
            return report;
        }
        Map<String, Balance> counted = new ConcurrentHashMap<>();
        AtomicReference<@Nullable String> why = new AtomicReference<>("it takes longer than " + PATIENCE.toSeconds()
                + " s; `sluice verify --mode counts` takes as long as it needs.");
        AtomicBoolean over = new AtomicBoolean();
        Thread counting =
                Thread.ofPlatform().name("sluice-counting").daemon(true).start(() -> count(stale, counted, why, over));
        counting.join(PATIENCE);
        over.set(true);
        List<CollectionReport> collections = new ArrayList<>();
        for (CollectionReport c : report.knownCollections()) {
            Balance balance = counted.get(c.collection());
            collections.add(balance == null ? c : c.withBalance(balance));
        }
        StatusReport fresh = report.withCollections(collections);
        return counted.size() == stale.size()
                ? fresh
                : fresh.withNote("Documents and rows could not all be counted now: " + why.get()
                        + " The numbers are as of their time under \"counted at\".");
    }

    private static boolean isStale(CollectionReport collection) {
        Balance balance = collection.balance();
        return collection.backfill().equals("done")
                && (balance == null
                        || balance.deadLetters() != collection.deadLetters()
                        || balance.countedAt().isBefore(Instant.now().minus(FRESH)));
    }

    private void count(
            List<CollectionTarget> stale,
            Map<String, Balance> counted,
            AtomicReference<@Nullable String> why,
            AtomicBoolean over) {
        try (MongoSource from = source.get();
                Connection connection = connector.openForLongWork()) {
            new SourceCheck(pipeline, from, targets).require(connector);
            BalanceCount count = new BalanceCount(PipelineSpec.of(pipeline, targets, from, connector));
            for (CollectionTarget target : stale) {
                count.count(connection, target, over::get)
                        .ifPresent(balance -> counted.put(target.collection(), balance));
            }
        } catch (SluiceException away) {
            why.set(away.whatHappened());
            LOG.debug("Documents and rows could not be counted", away);
        } catch (SQLException e) {
            why.set(Failures.classify(e).whatHappened());
            LOG.debug("Documents and rows could not be counted", e);
        }
    }
}
