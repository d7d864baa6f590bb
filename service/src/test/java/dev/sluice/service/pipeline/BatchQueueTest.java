package dev.sluice.service.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.change.Watermark;
import dev.sluice.memory.MemoryBudget;
import dev.sluice.threads.Threads;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class BatchQueueTest {
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final Duration BOUND = Duration.ofSeconds(20);

    private final AtomicBoolean full = new AtomicBoolean();
    private final BatchQueue queue = new BatchQueue(full::get, Threads.SYSTEM);

    @Test
    @DisplayName("whoever takes does not wait for more where the memory for more is held by what it would take")
    void noLingeringWhenFull() throws Exception {
        CompletableFuture<List<MappedBatch>> taken = take(PATIENCE);
        queue.put(batch());
        await().during(Duration.ofMillis(100)).atMost(BOUND).until(() -> !taken.isDone());
        full.set(true);
        queue.put(batch());

        assertThat(taken.get(BOUND.toSeconds(), TimeUnit.SECONDS)).hasSize(2);
    }

    @Test
    @DisplayName("it is idle for as long as its reader waits for the first batch")
    void idleWhileAwaited() throws Exception {
        assertThat(queue.idle()).isZero();
        CompletableFuture<List<MappedBatch>> taken = take(Duration.ZERO);
        await().atMost(BOUND).until(() -> queue.idle().isPositive());
        queue.put(batch());
        taken.get(BOUND.toSeconds(), TimeUnit.SECONDS);

        assertThat(queue.idle()).isZero();
    }

    @Test
    @DisplayName("closed, what is inside can still be taken; abandoned, it is gone; nothing more comes in")
    void closedAndAbandoned() throws Exception {
        queue.put(batch());
        queue.close();
        queue.put(batch());
        assertThat(queue.take(1, 1, Duration.ZERO)).hasSize(1);
        assertThat(queue.take(1, 1, Duration.ZERO)).isEmpty();

        BatchQueue other = new BatchQueue(full::get, Threads.SYSTEM);
        other.put(batch());
        other.abandon();
        assertThat(other.take(1, 1, Duration.ZERO)).isEmpty();
    }

    private CompletableFuture<List<MappedBatch>> take(Duration linger) {
        CompletableFuture<List<MappedBatch>> taken = new CompletableFuture<>();
        Thread.ofPlatform().daemon(true).start(() -> {
            try {
                taken.complete(queue.take(10, 10, linger));
            } catch (InterruptedException e) {
                taken.completeExceptionally(e);
            }
        });
        return taken;
    }

    private static MappedBatch batch() {
        return new MappedBatch(
                List.of(), null, Watermark.UNKNOWN, new MemoryBudget(1).acquireNothing(), System.nanoTime());
    }
}
