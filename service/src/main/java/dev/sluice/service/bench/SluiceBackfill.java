package dev.sluice.service.bench;

import dev.sluice.backfill.Backfill;
import dev.sluice.backfill.Prune;
import dev.sluice.control.ResyncStore.Cause;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.schema.Mapping;
import dev.sluice.service.pipeline.CopyRun;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.source.mongo.MongoSource;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.bson.BsonTimestamp;

/// Sluice's own copy of one collection, as `sluice backfill` makes it with its defaults: lock, position,
/// epoch, fences, chunks and their bookkeeping included.
final class SluiceBackfill {
    private final CopyRun run;
    private final CollectionTarget target;

    SluiceBackfill(MongoSource source, PostgresConnector connector, Mapping mapping, String collection) {
        List<CollectionTarget> targets = CollectionTarget.of(mapping);
        this.run = new CopyRun(PipelineSpec.of("bench", targets, source, connector));
        this.target = targets.stream()
                .filter(t -> t.collection().equals(collection))
                .findFirst()
                .orElseThrow();
    }

    /// Copies the collection: into its empty tables the first time, over what is there the next.
    void copy() throws SQLException, InterruptedException {
        CopyRun.Result result = run.run(
                new CopyRun.Wish(
                        List.of(target),
                        Backfill.Limits.adaptive(),
                        new CopyRun.Onward.AsItWas(),
                        false,
                        Duration.ZERO),
                new Silent(),
                () -> false);
        for (SluiceException failure : result.failed().values()) {
            throw failure;
        }
        if (!result.complete()) {
            throw new SluiceException(FailureKind.UNEXPECTED, "The copy ended before its end.");
        }
    }

    private static final class Silent implements CopyRun.Listener {
        @Override
        public void onHeld(String holder) {}

        @Override
        public void onPassed(BsonTimestamp change, List<CollectionTarget> copied) {}

        @Override
        public void onEstimate(CollectionTarget target, long documents, long alreadyCopied) {}

        @Override
        public void onChunk(CollectionTarget target, Backfill.Done done) {}

        @Override
        public void onDone(CollectionTarget target) {}

        @Override
        public void onCopiedBefore(CollectionTarget target) {}

        @Override
        public void onFailed(CollectionTarget target, SluiceException failure) {}

        @Override
        public void onResynced(Cause cause, int documents) {}

        @Override
        public void onPruned(CollectionTarget target, Prune.Pruned pruned) {}
    }
}
