package dev.sluice.service.bench;

import dev.sluice.change.Position;
import dev.sluice.control.BackfillStore;
import dev.sluice.gate.GateStore;
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

/// A whole pipeline as `sluice run` has it.
final class RunningPipeline implements AutoCloseable {
    private static final String NAME = "bench";

    private final PipelineSpec spec;
    private final Pipeline pipeline;
    private final Target target;
    private final Mapping mapping;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private boolean started;

    RunningPipeline(MongoSource source, Target target, Mapping mapping) {
        this.spec = PipelineSpec.of(NAME, mapping, source, target.connector());
        this.pipeline = new Pipeline(spec);
        this.target = target;
        this.mapping = mapping;
    }

    PipelineStatus status() {
        return pipeline.status();
    }

    /// Has it look up and write every update, also where that changes nothing. Before it starts.
    void takeEveryUpdate() {
        pipeline.takeEveryUpdate();
    }

    /// Starts it with nothing to copy, so that only its stream is measured.
    void start(Position from) throws SQLException {
        try (Connection connection = target.connector().open()) {
            new PositionStore(NAME).initialise(connection, from);
            for (CollectionTarget collection : CollectionTarget.of(mapping)) {
                BackfillStore store = new BackfillStore(NAME);
                store.start(connection, collection.collection(), 0);
                store.finish(connection, collection.collection());
            }
        }
        begin();
    }

    /// Starts it as a new migration: it copies what is there, and verifies continuously.
    ///
    /// @param share of the time that the verification may work, over 0 and up to 1
    void startAnew(double share) throws SQLException {
        // The oplog of a test server is small, and has dropped the first documents before the last are written.
        try (Connection connection = target.connector().open()) {
            new GateStore(NAME).waive(connection, "headroom");
        }
        pipeline.verifyContinuously(share);
        begin();
    }

    private void begin() {
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

    PipelineSpec spec() {
        return spec;
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
