package dev.sluice.service.live;

import dev.sluice.failure.FailureKind;
import dev.sluice.service.ops.Live;
import dev.sluice.service.pipeline.CollectionStatus;
import dev.sluice.service.pipeline.PipelineState;
import dev.sluice.service.pipeline.PipelineStatus;
import dev.sluice.service.pipeline.RecentLatencies;
import dev.sluice.service.pipeline.StateText;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Makes a [Tick] each second of what the running pipeline knows. For one thread.
final class TickClock {
    private static final int COPY_RATE_SECONDS = 30;

    private final PipelineStatus status;
    private final RecentLatencies latencies;
    private final Map<String, Counted> before = new HashMap<>();
    private long beforeNanos = System.nanoTime();

    private static final class Counted {
        private final Series copied = new Series(COPY_RATE_SECONDS);
        private long changes;
        private long documents;
        private long rows;
    }

    TickClock(PipelineStatus status) {
        this.status = status;
        this.latencies = new RecentLatencies(status);
        status.collections().forEach((name, collection) -> {
            Counted counted = new Counted();
            counted.changes = collection.changesApplied();
            counted.documents = collection.backfilledDocuments();
            counted.rows = collection.backfilledRows();
            before.put(name, counted);
        });
    }

    /// The pipeline's state now.
    PipelineState state() {
        return status.state();
    }

    /// @param state the pipeline's
    /// @param storedStale whether PostgreSQL has not answered those who ask it for the page
    Tick next(PipelineState state, boolean storedStale) {
        latencies.look();
        long now = System.nanoTime();
        double seconds = Math.max(0.001, (now - beforeNanos) / 1e9);
        beforeNanos = now;
        double changes = 0;
        double rows = 0;
        List<Tick.OfCollection> collections = new ArrayList<>();
        Live live = Live.of(status);
        for (Map.Entry<String, CollectionStatus> each : status.collections().entrySet()) {
            CollectionStatus collection = each.getValue();
            Counted was = Objects.requireNonNull(before.get(each.getKey()));
            double changesNow = (collection.changesApplied() - was.changes) / seconds;
            double rowsNow = (collection.backfilledRows() - was.rows) / seconds;
            was.copied.add((collection.backfilledDocuments() - was.documents) / seconds);
            was.changes = collection.changesApplied();
            was.rows = collection.backfilledRows();
            was.documents = collection.backfilledDocuments();
            changes += changesNow;
            rows += rowsNow;
            Live.CollectionLag lag = live.collections().get(each.getKey());
            collections.add(new Tick.OfCollection(
                    lag == null ? null : lag.lagSeconds(),
                    rounded(changesNow),
                    known(collection.backfillProgress()),
                    left(collection, was)));
        }
        return new Tick(
                Instant.now(),
                state.name(),
                StateText.of(status, state),
                status.leads(),
                isAway(state, PipelineState.Server.MONGODB, FailureKind.SOURCE_UNREACHABLE)
                        || status.sourceSilence() != null,
                isAway(state, PipelineState.Server.POSTGRESQL, FailureKind.TARGET_UNREACHABLE) || storedStale,
                live.lagSeconds(),
                live.captureLagSeconds(),
                live.applyLagSeconds(),
                seconds(latencies.millis(50)),
                seconds(latencies.millis(99)),
                rounded(changes),
                rounded(rows),
                live.changesWaiting(),
                live.resumeTokenHeadroomSeconds(),
                live.clockOffsetSeconds(),
                live.catchUpSeconds(),
                collections);
    }

    private static boolean isAway(PipelineState state, PipelineState.Server server, FailureKind kind) {
        return switch (state) {
            case PipelineState.Stalled stalled -> stalled.server() == server;
            case PipelineState.Waiting waiting -> waiting.kind() == kind;
            case PipelineState.Starting s -> false;
            case PipelineState.Standby s -> false;
            case PipelineState.Backfilling b -> false;
            case PipelineState.Streaming s -> false;
            case PipelineState.Paused p -> false;
            case PipelineState.Draining d -> false;
            case PipelineState.Stopped s -> false;
            case PipelineState.Failed f -> false;
        };
    }

    private static @Nullable Double left(CollectionStatus collection, Counted was) {
        double copied = collection.backfillProgress();
        double rate = was.copied.mean(COPY_RATE_SECONDS);
        long estimated = collection.estimatedDocuments();
        if (copied >= 1 || estimated <= 0 || !(rate > 0)) {
            return null;
        }
        return (double) Math.round((1 - copied) * estimated / rate);
    }

    private static @Nullable Double seconds(@Nullable Double millis) {
        return millis == null ? null : (Double) (millis / 1000);
    }

    private static double rounded(double value) {
        return Math.round(value * 10) / 10.0;
    }

    private static @Nullable Double known(double value) {
        return Double.isNaN(value) ? null : Math.round(value * 1000) / 1000.0;
    }
}
