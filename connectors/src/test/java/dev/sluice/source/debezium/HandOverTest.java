package dev.sluice.source.debezium;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// The queue between two threads of a stream, and the budget that bounds it.
class HandOverTest {
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final HandOver<Integer> handOver = new HandOver<>();

    @Test
    void itemsComeInOrderAndNoMoreThanAskedFor() throws Exception {
        List.of(1, 2, 3).forEach(handOver::put);

        assertThat(handOver.take(2, PATIENCE, Duration.ZERO)).containsExactly(1, 2);
        assertThat(handOver.take(2, PATIENCE, Duration.ZERO)).containsExactly(3);
        assertThat(handOver.take(2, Duration.ofMillis(1), Duration.ZERO)).isEmpty();
    }

    @Test
    void lingeringEndsWhenThereAreEnough() throws Exception {
        handOver.put(1);
        Thread.ofPlatform().daemon(true).start(() -> handOver.put(2));

        assertThat(handOver.take(2, PATIENCE, PATIENCE)).containsExactly(1, 2);
    }

    @Test
    void closedItLetsEverybodyGoWithNothing() throws Exception {
        handOver.put(1);
        handOver.close();

        assertThat(handOver.take(1, PATIENCE, PATIENCE)).isEmpty();
        handOver.put(2);
        assertThat(handOver.size()).isZero();
    }

    @Test
    void aBudgetHoldsWhoWantsMoreThanThereIsUntilThereIsRoom() throws Exception {
        ByteBudget budget = new ByteBudget(10);
        budget.acquire(6);
        CompletableFuture<Void> second = acquireInBackground(budget, 5);

        assertThat(second.isDone()).isFalse();
        budget.release(6);
        second.get(10, TimeUnit.SECONDS);
    }

    @Test
    void whatIsLargerThanTheBudgetPassesAlone() throws Exception {
        ByteBudget budget = new ByteBudget(10);
        budget.acquire(100);
        CompletableFuture<Void> second = acquireInBackground(budget, 1);

        assertThat(second.isDone()).isFalse();
        budget.release(100);
        second.get(10, TimeUnit.SECONDS);
    }

    @Test
    void aClosedBudgetHoldsNobody() throws Exception {
        ByteBudget budget = new ByteBudget(10);
        budget.acquire(10);
        CompletableFuture<Void> second = acquireInBackground(budget, 10);
        budget.close();

        second.get(10, TimeUnit.SECONDS);
    }

    private static CompletableFuture<Void> acquireInBackground(ByteBudget budget, long bytes) throws Exception {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Thread thread = Thread.ofPlatform().daemon(true).start(() -> {
            try {
                budget.acquire(bytes);
                done.complete(null);
            } catch (InterruptedException e) {
                done.completeExceptionally(e);
            }
        });
        // Until it waits, or is through.
        thread.join(200);
        return done;
    }
}
