package dev.sluice.service.chaos;

import static org.awaitility.Awaitility.await;

import dev.sluice.service.pipeline.Pipeline;
import dev.sluice.service.pipeline.PipelineState;
import dev.sluice.source.mongo.MongoSource;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/// A pipeline running in this process, for tests that take its databases away rather than its life. Once it is
/// closed, commands find it as if its process had ended.
public final class RunningPipeline implements AutoCloseable {
    private final LiveSystem system;
    private final MongoSource source;
    private final Pipeline pipeline;
    private final Thread thread;
    private volatile PipelineState end = new PipelineState.Starting();

    private RunningPipeline(LiveSystem system, InstantSource clock, double verificationShare) {
        this.system = system;
        this.source = system.source(clock);
        this.pipeline = system.pipeline(source);
        pipeline.verifyContinuously(verificationShare);
        this.thread = Thread.ofPlatform().name("test-pipeline").start(() -> {
            try {
                end = pipeline.run();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    public static RunningPipeline start(LiveSystem system) {
        return start(system, InstantSource.system());
    }

    /// With a verification that runs with the stream and need not rest.
    static RunningPipeline startVerifying(LiveSystem system) {
        return new RunningPipeline(system, InstantSource.system(), 1);
    }

    /// @param clock what this process takes for the time
    static RunningPipeline start(LiveSystem system, InstantSource clock) {
        return new RunningPipeline(system, clock, 0);
    }

    Pipeline pipeline() {
        return pipeline;
    }

    /// Waits until everything is copied and the stream is being followed.
    public void awaitStreaming() {
        await().atMost(Duration.ofMinutes(2))
                .failFast(this::mustNotFail)
                .until(() -> pipeline.status().state() instanceof PipelineState.Streaming);
    }

    /// Waits until everything committed before this call is applied, and what waited for it is resynced.
    public void awaitApplied() {
        MongoSource.Hello hello = source.hello();
        // The offset may be off by half a round trip, and the server's time is of whole milliseconds.
        Instant now = source.clock()
                .instant()
                .plus(hello.clockOffset())
                .plus(hello.roundTrip())
                .plusMillis(1);
        await().atMost(Duration.ofMinutes(2)).failFast(this::mustNotFail).until(() -> {
            Instant watermark = pipeline.status().lag().watermark();
            return watermark != null
                    && !watermark.isBefore(now)
                    && system.number("SELECT count(*) FROM sluice.resync") == 0;
        });
    }

    private void mustNotFail() {
        if (pipeline.status().state() instanceof PipelineState.Failed failed) {
            throw new IllegalStateException(failed.forPeople());
        }
    }

    /// Waits until it ends by itself.
    PipelineState awaitEnd() throws InterruptedException {
        if (!thread.join(Duration.ofMinutes(2))) {
            throw new AssertionError("still running: " + pipeline.status().state());
        }
        return end;
    }

    @Override
    public void close() {
        pipeline.stop();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        source.close();
        system.leavePipeline();
    }
}
