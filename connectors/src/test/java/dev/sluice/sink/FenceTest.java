package dev.sluice.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The fence of a collection")
class FenceTest {
    private static final Duration BOUND = Duration.ofSeconds(20);
    private static final Duration MOMENT = Duration.ofMillis(50);

    private final Fence fence = new Fence();

    @Test
    @DisplayName("tells a flight what the stream has touched since it opened, and nothing from before")
    void whatWasTouchedSince() {
        stream("before");
        try (Fence.Flight flight = fence.open()) {
            assertThat(flight.touched()).isEmpty();
            assertThat(flight.everTouched()).isTrue();
            stream("a");
            stream("b");

            assertThat(flight.touched()).containsExactlyInAnyOrder("a", "b");
            assertThat(flight.touchedCount()).isEqualTo(2);
        }
    }

    @Test
    @DisplayName("records for each flight that is open, and for none that has landed")
    void severalFlights() {
        Fence.Flight first = fence.open();
        stream("a");
        try (Fence.Flight second = fence.open()) {
            first.close();
            stream("b");

            assertThat(first.touched()).isEmpty();
            assertThat(second.touched()).containsExactly("b");
        }
    }

    @Test
    @DisplayName("lets no chunk in while the stream writes, and no stream while a chunk writes")
    void excludesTheTwo() {
        Fence.Flight flight = fence.open();
        Fence.Held stream = fence.hold();
        CompletableFuture<Boolean> chunk = onAnotherThread(() -> {
            flight.hold().close();
            return true;
        });
        await().during(MOMENT).atMost(BOUND).until(() -> !chunk.isDone());
        stream.close();
        await().atMost(BOUND).until(chunk::isDone);

        Fence.Held writing = flight.hold();
        CompletableFuture<Boolean> other = onAnotherThread(() -> {
            fence.hold().close();
            return true;
        });
        await().during(MOMENT).atMost(BOUND).until(() -> !other.isDone());
        writing.close();
        await().atMost(BOUND).until(other::isDone);
    }

    @Test
    @DisplayName("opens a flight only between the stream's transactions, which would not record for it")
    void opensBetweenTransactions() {
        Fence.Held stream = fence.hold();
        fence.note(List.of("a"));
        CompletableFuture<Fence.Flight> flight = onAnotherThread(fence::open);
        await().during(MOMENT).atMost(BOUND).until(() -> !flight.isDone());
        stream.close();

        assertThat(flight.orTimeout(BOUND.toSeconds(), java.util.concurrent.TimeUnit.SECONDS)
                        .join()
                        .touched())
                .isEmpty();
    }

    @Test
    @DisplayName("lets two chunks write at once")
    void chunksDoNotExcludeEachOther() {
        try (Fence.Flight one = fence.open();
                Fence.Flight other = fence.open();
                Fence.Held held = one.hold()) {
            assertThat(onAnotherThread(() -> {
                        other.hold().close();
                        return held != null;
                    }))
                    .succeedsWithin(BOUND);
        }
    }

    @Test
    @DisplayName("lets a chunk that waits in before the stream's next transaction, however quickly that follows")
    void theStreamDoesNotOvertakeAChunkThatWaits() throws InterruptedException {
        Fence.Flight flight = fence.open();
        for (int transaction = 0; transaction < 20; transaction++) {
            AtomicBoolean wrote = new AtomicBoolean();
            Fence.Held stream = fence.hold();
            Thread chunk = Thread.ofPlatform().start(() -> {
                try (Fence.Held held = flight.hold()) {
                    wrote.set(held != null);
                }
            });
            await().atMost(BOUND).until(() -> chunk.getState() == Thread.State.WAITING);
            stream.close();
            try (Fence.Held next = fence.hold()) {
                assertThat(wrote).isTrue();
                assertThat(next).isNotNull();
            }
            chunk.join();
        }
    }

    @Test
    @DisplayName("lets no chunk in any more once the stream has failed to apply what was recorded, and is free again")
    void spoiled() {
        Fence.Flight flight = fence.open();
        try (Fence.Held stream = fence.hold()) {
            fence.note(List.of("a"));
            fence.spoil();
            assertThat(stream).isNotNull();
        }

        assertThatThrownBy(flight::hold).isInstanceOf(StoppedException.class);
        // The refused chunk must not keep the fence.
        assertThat(onAnotherThread(() -> {
                    fence.hold().close();
                    return true;
                }))
                .succeedsWithin(BOUND);
    }

    private void stream(String key) {
        try (Fence.Held held = fence.hold()) {
            fence.note(List.of(key));
            assertThat(held).isNotNull();
        }
    }

    private static <T> CompletableFuture<T> onAnotherThread(Supplier<T> work) {
        CompletableFuture<T> done = new CompletableFuture<>();
        Thread.ofPlatform().daemon(true).start(() -> {
            try {
                done.complete(work.get());
            } catch (RuntimeException e) {
                done.completeExceptionally(e);
            }
        });
        return done;
    }
}
