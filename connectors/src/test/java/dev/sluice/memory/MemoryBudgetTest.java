package dev.sluice.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

class MemoryBudgetTest {
    private static final Duration BOUND = Duration.ofSeconds(20);

    private final MemoryBudget budget = new MemoryBudget(100);

    @Test
    void oneLargerThanTheBudgetPassesAlone() throws InterruptedException {
        List<String> granted = new CopyOnWriteArrayList<>();
        try (MemoryBudget.Lease small = budget.acquire(10)) {
            Thread large = ask(500, "large", granted);
            awaitWaiting(large);
            small.close();
            large.join(BOUND);
            assertThat(granted).containsExactly("large");
        }
        assertThat(budget.held()).isZero();
    }

    @Test
    void leasesAreGrantedInTheirOrder() throws InterruptedException {
        List<String> granted = new CopyOnWriteArrayList<>();
        List<Thread> threads = new ArrayList<>();
        try (MemoryBudget.Lease held = budget.acquire(60)) {
            threads.add(ask(50, "first", granted));
            awaitWaiting(threads.getFirst());
            // There is room for it, but it came later.
            threads.add(ask(5, "second", granted));
            awaitWaiting(threads.getLast());
            assertThat(granted).isEmpty();
            held.set(50);
            for (Thread thread : threads) {
                thread.join(BOUND);
            }
        }
        assertThat(granted).containsExactly("first", "second");
        assertThat(budget.held()).isZero();
    }

    @Test
    void aLeaseHoldsWhatItIsSetToUntilItIsClosed() throws InterruptedException {
        MemoryBudget.Lease lease = budget.acquire(10);
        lease.set(250);
        assertThat(budget.held()).isEqualTo(250);
        lease.close();
        lease.close();
        lease.set(40);
        assertThat(budget.held()).isZero();
    }

    @Test
    void whoIsInterruptedGetsNothingAndIsInNobodysWay() throws InterruptedException {
        List<String> granted = new CopyOnWriteArrayList<>();
        try (MemoryBudget.Lease held = budget.acquire(90)) {
            Thread given = ask(50, "given up", granted);
            awaitWaiting(given);
            given.interrupt();
            given.join(BOUND);
            Thread next = ask(10, "next", granted);
            next.join(BOUND);
        }
        assertThat(granted).containsExactly("next");
    }

    private Thread ask(long bytes, String name, List<String> granted) {
        return Thread.ofPlatform().start(() -> {
            try (MemoryBudget.Lease lease = budget.acquire(bytes)) {
                granted.add(name);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private static void awaitWaiting(Thread thread) {
        await().atMost(BOUND).until(() -> thread.getState() == Thread.State.WAITING);
    }
}
