package dev.sluice.service.bench;

import dev.sluice.change.Position;
import dev.sluice.control.BackfillStore;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.positions.PositionStore;
import dev.sluice.schema.Mapping;
import dev.sluice.service.pipeline.Pipeline;
import dev.sluice.service.pipeline.PipelineState;
import dev.sluice.service.pipeline.PipelineStatus;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.source.mongo.MongoSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;

/// A whole pipeline as `sluice run` has it, with nothing to backfill: only its stream is measured.
final class RunningPipeline implements AutoCloseable {
    private static final String NAME = "bench";

    private final Pipeline pipeline;
    private final Target target;
    private final Mapping mapping;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private boolean started;

    RunningPipeline(MongoSource source, Target target, Mapping mapping) {
        this.pipeline = new Pipeline(PipelineSpec.of(NAME, mapping, source, target.connector()));
        this.target = target;
        this.mapping = mapping;
    }

    PipelineStatus status() {
        return pipeline.status();
    }

    void start(Position from) throws SQLException {
        try (Connection connection = target.connector().open()) {
            new PositionStore(NAME).initialise(connection, from);
            for (CollectionTarget collection : CollectionTarget.of(mapping)) {
                BackfillStore store = new BackfillStore(NAME);
                store.start(connection, collection.collection(), 0);
                store.finish(connection, collection.collection());
            }
        }
        Thread.ofPlatform().name("bench-pipeline").start(() -> {
            try {
                PipelineState end = pipeline.run();
                ended.completeExceptionally(new IllegalStateException("The pipeline ended as " + end + "."));
            } catch (InterruptedException | RuntimeException e) {
                ended.completeExceptionally(e);
            }
        });
        started = true;
    }

    /// Completes when the pipeline ended by itself, which it should not.
    CompletableFuture<Void> ended() {
        return ended;
    }

    @Override
    public void close() {
        pipeline.stop();
        if (started) {
            boolean interrupted = false;
            while (true) {
                try {
                    pipeline.awaitStopped();
                    break;
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
