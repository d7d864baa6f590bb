package dev.sluice.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.DisplayName;
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
    @DisplayName("who waits for nothing to be held is woken when the last lease is given back, or gives up in time")
    void awaitsNothing() throws InterruptedException {
        List<String> granted = new CopyOnWriteArrayList<>();
        MemoryBudget.Lease first = budget.acquire(10);
        MemoryBudget.Lease last = budget.acquire(10);
        assertThat(budget.awaitNothingHeld(Duration.ofMillis(1))).isFalse();
        Thread waiting = start(() -> granted.add(budget.awaitNothingHeld(BOUND) ? "nothing" : "late"));
        await().atMost(BOUND).until(() -> waiting.getState() == Thread.State.TIMED_WAITING);
        first.close();
        assertThat(granted).isEmpty();

        last.close();
        waiting.join(BOUND);

        assertThat(granted).containsExactly("nothing");
        assertThat(budget.awaitNothingHeld(Duration.ZERO)).isTrue();
    }

    @Test
    @DisplayName("what a thread keeps back is passed on before it waits for it, and only then")
    void passesOnBeforeWaiting() throws InterruptedException {
        List<MemoryBudget.Lease> keptBack = new ArrayList<>();
        Runnable passOn = () -> {
            keptBack.forEach(MemoryBudget.Lease::close);
            keptBack.clear();
        };
        keptBack.add(budget.acquire(60, passOn));
        keptBack.add(budget.acquire(40, passOn));
        assertThat(keptBack).hasSize(2);

        MemoryBudget.Lease next = budget.acquire(50, passOn);

        assertThat(keptBack).isEmpty();
        keptBack.add(budget.acquire(40, passOn));
        next.grow(80, () -> 0, passOn);
        assertThat(keptBack).isEmpty();
        assertThat(budget.held()).isEqualTo(80);
        next.close();
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
    @DisplayName("a lease that grows waits for what is passed on before it, but not behind those that wait for a lease")
    void growsBeforeThoseInTheQueue() throws InterruptedException {
        List<String> granted = new CopyOnWriteArrayList<>();
        MemoryBudget.Lease earlier = budget.acquire(60);
        MemoryBudget.Lease own = budget.acquire(20);
        Thread later = ask(30, "later", granted);
        awaitWaiting(later);
        Thread growing = grow(own, 50, 20, granted);
        awaitWaiting(growing);
        earlier.set(50);
        growing.join(BOUND);

        assertThat(granted).containsExactly("grown");
        assertThat(budget.held()).isEqualTo(100);
        own.close();
        later.join(BOUND);
        assertThat(granted).containsExactly("grown", "later");
        earlier.close();
    }

    @Test
    @DisplayName(
            "a lease grows beyond the budget where only it and what comes behind it is held: nothing would make room")
    void growsBeyondTheBudget() throws InterruptedException {
        MemoryBudget.Lease own = budget.acquire(20);
        MemoryBudget.Lease behind = budget.acquire(70);
        List<String> granted = new CopyOnWriteArrayList<>();
        grow(own, 500, 90, granted).join(BOUND);

        assertThat(granted).containsExactly("grown");
        assertThat(budget.held()).isEqualTo(570);
        own.close();
        behind.close();
        assertThat(budget.held()).isZero();
    }

    private static Thread grow(MemoryBudget.Lease lease, long bytes, long behind, List<String> granted) {
        return start(() -> {
            lease.grow(bytes, () -> behind, () -> {});
            granted.add("grown");
        });
    }

    /// What a thread of a test does.
    private interface Waiting {
        void run() throws InterruptedException;
    }

    private static Thread start(Waiting waiting) {
        return Thread.ofPlatform().start(() -> {
            try {
                waiting.run();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
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

    @Test
    @DisplayName("who takes from a part does not wait for the others, however much they hold and ask for")
    void aPartWaitsForNobodyElse() throws InterruptedException {
        List<String> granted = new CopyOnWriteArrayList<>();
        try (MemoryBudget.Lease held = budget.acquire(100)) {
            Thread waiting = ask(50, "others", granted);
            awaitWaiting(waiting);
            try (MemoryBudget part = budget.part(30)) {
                ask(part, 20, "part", granted).join(BOUND);
                ask(part, 30, "part", granted).join(BOUND);
                assertThat(granted).containsExactly("part", "part");
            }
            held.close();
            waiting.join(BOUND);
        }
        assertThat(granted).containsExactly("part", "part", "others");
    }

    @Test
    @DisplayName("the others leave a part free that nobody has taken anything from")
    void aPartIsLeftFree() throws InterruptedException {
        List<String> granted = new CopyOnWriteArrayList<>();
        MemoryBudget part = budget.part(30);
        try (MemoryBudget.Lease held = budget.acquire(50)) {
            ask(20, "fits", granted).join(BOUND);
            Thread more = ask(21, "does not", granted);
            awaitWaiting(more);
            assertThat(granted).containsExactly("fits");
            part.close();
            more.join(BOUND);
            assertThat(held).isNotNull();
        }
        assertThat(granted).containsExactly("fits", "does not");
    }

    @Test
    @DisplayName("what is larger than a part passes alone in it, and the others wait for what is beyond the part")
    void largerThanAPart() throws InterruptedException {
        List<String> granted = new CopyOnWriteArrayList<>();
        try (MemoryBudget part = budget.part(30);
                MemoryBudget.Lease others = budget.acquire(60)) {
            MemoryBudget.Lease first = part.acquire(10);
            Thread large = ask(part, 500, "large", granted);
            awaitWaiting(large);
            first.close();
            large.join(BOUND);
            assertThat(granted).containsExactly("large");

            MemoryBudget.Lease grown = part.acquire(10);
            grown.set(45);
            Thread waiting = ask(10, "others", granted);
            awaitWaiting(waiting);
            grown.set(30);
            waiting.join(BOUND);
            assertThat(granted).containsExactly("large", "others");
            assertThat(others).isNotNull();
        }
        assertThat(budget.held()).isZero();
    }

    @Test
    @DisplayName("a part that is closed gives back what its leases hold, and lets nobody wait")
    void closedPart() throws InterruptedException {
        List<String> granted = new CopyOnWriteArrayList<>();
        MemoryBudget part = budget.part(30);
        MemoryBudget.Lease forgotten = part.acquire(200);
        Thread inPart = ask(part, 1, "part", granted);
        awaitWaiting(inPart);
        Thread outside = ask(100, "others", granted);
        awaitWaiting(outside);

        part.close();
        part.close();
        inPart.join(BOUND);
        outside.join(BOUND);
        forgotten.set(50);
        forgotten.close();
        assertThat(granted).containsExactly("others");
        assertThat(part.held()).isZero();
        assertThatThrownBy(() -> part.acquire(1)).isInstanceOf(IllegalStateException.class);
        budget.acquire(100).close();
    }

    @Test
    @DisplayName("a lease takes over what another one held, without more being held")
    void takenOver() throws InterruptedException {
        MemoryBudget.Lease all = budget.acquireNothing();
        MemoryBudget.Lease first = budget.acquire(40);
        all.takeOver(first);
        all.takeOver(budget.acquire(30));
        first.close();
        assertThat(budget.held()).isEqualTo(70);
        all.set(20);
        assertThat(budget.held()).isEqualTo(20);
        all.close();
        assertThat(budget.held()).isZero();
    }

    private Thread ask(long bytes, String name, List<String> granted) {
        return ask(budget, bytes, name, granted);
    }

    private static Thread ask(MemoryBudget budget, long bytes, String name, List<String> granted) {
        return Thread.ofPlatform().start(() -> {
            try (MemoryBudget.Lease lease = budget.acquire(bytes)) {
                granted.add(name);
            } catch (IllegalStateException closed) {
                // Not granted.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private static void awaitWaiting(Thread thread) {
        await().atMost(BOUND).until(() -> thread.getState() == Thread.State.WAITING);
    }
}
