package dev.sluice.backfill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.schema.MappingReader;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.threads.Threads;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("Lanes of a copy")
@Timeout(60)
class LanesTest {
    private static final String COLLECTION = """
              %s:
                table: %s
                key: {column: id, type: text}
                columns: {name: text}
            """;
    private static final String REFERRING = """
              %s:
                table: %s
                key: {column: id, type: text}
                columns:
                  to_id: {type: text, from: to, reference: {table: %s, match: id, take: id, orphan: skip}}
            """;

    private final List<CollectionTarget> all = CollectionTarget.of(MappingReader.read("test.yaml", mapping()));

    private final List<String> begun = Collections.synchronizedList(new ArrayList<>());
    private final Set<String> running = Collections.synchronizedSet(new HashSet<>());
    private final Set<String> together = Collections.synchronizedSet(new HashSet<>());
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger opened = new AtomicInteger();

    @Test
    @DisplayName("copy small collections at once")
    void atOnce() throws InterruptedException {
        CountDownLatch both = new CountDownLatch(2);

        boolean complete = lanes(2).copy(all, of("a", "b"), lane((name, ending) -> {
            both.countDown();
            return both.await(30, TimeUnit.SECONDS);
        }));

        assertThat(complete).as("each began before the other one ended").isTrue();
        assertThat(open).hasValue(0);
    }

    @Test
    @DisplayName("copy collections whose rows depend on each other one after the other, in the mapping's order")
    void inOrder() throws InterruptedException {
        CountDownLatch others = new CountDownLatch(2);

        boolean complete = lanes(8).copy(all, of("parent", "child", "a", "b"), lane((name, ending) -> {
            if (name.equals("parent")) {
                // Other lanes look for what they may copy meanwhile.
                return others.await(30, TimeUnit.SECONDS);
            }
            others.countDown();
            return true;
        }));

        assertThat(complete).isTrue();
        assertThat(begun).containsExactlyInAnyOrder("parent", "child", "a", "b");
        assertThat(begun.indexOf("parent")).isLessThan(begun.indexOf("child"));
        assertThat(together).doesNotContain("child parent", "parent child");
    }

    @Test
    @DisplayName("copy one large collection at a time, and small ones beside it")
    void oneLarge() throws InterruptedException {
        CountDownLatch small = new CountDownLatch(2);

        boolean complete = lanes(8).copy(all, of("a", "b", "large1", "large2"), lane((name, ending) -> {
            if (!name.startsWith("large")) {
                small.countDown();
                return true;
            }
            // Does not end before both small ones were copied beside it.
            return small.await(30, TimeUnit.SECONDS);
        }));

        assertThat(complete).isTrue();
        assertThat(begun.indexOf("large1")).isLessThan(begun.indexOf("large2"));
        assertThat(together).doesNotContain("large1 large2", "large2 large1");
    }

    @Test
    @DisplayName("are no more than there may be, nor than there are collections that can be copied at once")
    void most() throws InterruptedException {
        lanes(2).copy(all, of("a", "b", "parent"), lane((name, ending) -> true));
        assertThat(opened).hasValueLessThanOrEqualTo(2);

        opened.set(0);
        lanes(8).copy(all, of("parent", "child"), lane((name, ending) -> true));
        assertThat(opened).hasValue(1);
    }

    @Test
    @DisplayName("stop all when one fails, and the failure is thrown")
    void failing() {
        SluiceException failure = new SluiceException(FailureKind.TARGET_UNREACHABLE, "gone");
        CountDownLatch other = new CountDownLatch(1);

        assertThatThrownBy(() -> lanes(2).copy(all, of("a", "b", "large1"), lane((name, ending) -> {
                    if (name.equals("a")) {
                        other.await(30, TimeUnit.SECONDS);
                        throw failure;
                    }
                    other.countDown();
                    while (!ending.getAsBoolean()) {
                        Thread.onSpinWait();
                    }
                    return false;
                })))
                .isSameAs(failure);

        assertThat(begun).containsExactlyInAnyOrder("a", "b");
        assertThat(open).hasValue(0);
    }

    @Test
    @DisplayName("are not complete when one was stopped")
    void stopped() throws InterruptedException {
        assertThat(lanes(1).copy(all, of("a", "b"), lane((name, ending) -> false)))
                .isFalse();

        assertThat(begun).containsExactly("a");
        assertThat(open).hasValue(0);
    }

    @Test
    @DisplayName("have ended when the thread that waits for them is interrupted")
    void interrupted() throws InterruptedException {
        CountDownLatch copying = new CountDownLatch(1);
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread waiting = Threads.SYSTEM.start("waiting", () -> {
            try {
                lanes(2).copy(all, of("a"), lane((name, ending) -> {
                    copying.countDown();
                    while (!ending.getAsBoolean()) {
                        Thread.onSpinWait();
                    }
                    return false;
                }));
            } catch (InterruptedException e) {
                thrown.set(e);
            }
        });
        copying.await();

        waiting.interrupt();
        waiting.join();

        assertThat(thrown.get()).isInstanceOf(InterruptedException.class);
        assertThat(open).hasValue(0);
    }

    private static String mapping() {
        StringBuilder yaml = new StringBuilder("mapping: test\ndatabase: test\ncollections:\n");
        for (String name : List.of("parent", "child", "a", "b", "large1", "large2")) {
            yaml.append(
                    name.equals("child")
                            ? REFERRING.formatted(name, name, "parent")
                            : COLLECTION.formatted(name, name));
        }
        return yaml.toString();
    }

    /// Copies a collection, given its name.
    @FunctionalInterface
    private interface Copying {
        boolean copy(String name, BooleanSupplier ending) throws InterruptedException;
    }

    private static Lanes lanes(int most) {
        return new Lanes(
                Threads.SYSTEM,
                most,
                target -> target.collection().startsWith("large") ? Lanes.SMALL + 1 : Lanes.SMALL);
    }

    private Lanes.Opening lane(Copying copying) {
        return ending -> {
            open.incrementAndGet();
            opened.incrementAndGet();
            return new Lanes.Lane() {
                @Override
                public boolean copy(CollectionTarget target) throws InterruptedException {
                    String name = target.collection();
                    synchronized (running) {
                        running.forEach(other -> together.add(other + " " + name));
                        running.add(name);
                        begun.add(name);
                    }
                    try {
                        return copying.copy(name, ending);
                    } finally {
                        running.remove(name);
                    }
                }

                @Override
                public void close() {
                    open.decrementAndGet();
                }
            };
        };
    }

    private List<CollectionTarget> of(String... names) {
        return all.stream()
                .filter(target -> List.of(names).contains(target.collection()))
                .toList();
    }
}
