package dev.sluice.backfill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.change.Chunk;
import dev.sluice.change.IdBracket;
import dev.sluice.threads.Threads;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The spans of a collection")
class SpanQueueTest {
    private static final Duration BOUND = Duration.ofSeconds(20);
    private static final Duration MOMENT = Duration.ofMillis(120);

    private final Span first = span(0);
    private final Span second = span(1);
    private final SpanQueue queue = new SpanQueue(List.of(first, second), 2, Threads.SYSTEM);

    @Test
    @DisplayName("one that is given back is the next to be taken, so that an open cursor is read to its end first")
    void openCursorsFirst() throws InterruptedException {
        assertThat(take()).isSameAs(first);
        queue.giveBack(first);
        queue.done();

        assertThat(take()).isSameAs(first);
        assertThat(take()).isSameAs(second);
    }

    @Test
    @DisplayName("who finds none waits while another worker has one, which may give it back, and ends with that one")
    void waitsForTheOthers() throws InterruptedException {
        take();
        take();
        CompletableFuture<@Nullable Span> third = takeOnAnotherThread(new AtomicBoolean());
        await().during(MOMENT).atMost(BOUND).until(() -> !third.isDone());
        queue.giveBack(second);
        assertThat(third).succeedsWithin(BOUND).isSameAs(second);
        queue.done();
        queue.done();
        assertThat(queue.isDone()).isFalse();
        queue.done();

        assertThat(queue.isDone()).isTrue();
        assertThat(take()).isNull();
    }

    @Test
    @DisplayName("who is not admitted waits, and gets one as soon as it is")
    void notAdmitted() {
        AtomicBoolean admitted = new AtomicBoolean();
        CompletableFuture<@Nullable Span> taken = new CompletableFuture<>();
        Thread.ofPlatform().daemon(true).start(() -> {
            try {
                taken.complete(queue.take(admitted::get, () -> false));
            } catch (InterruptedException e) {
                taken.completeExceptionally(e);
            }
        });
        await().during(MOMENT).atMost(BOUND).until(() -> !taken.isDone());
        admitted.set(true);

        assertThat(taken).succeedsWithin(BOUND).isSameAs(first);
    }

    @Test
    @DisplayName("an end that is asked for ends all who wait, and what is left is not done")
    void ended() throws InterruptedException {
        take();
        take();
        AtomicBoolean ended = new AtomicBoolean();
        CompletableFuture<@Nullable Span> waiting = takeOnAnotherThread(ended);
        ended.set(true);
        assertThat(waiting).succeedsWithin(BOUND).isNull();

        queue.giveBack(first);
        queue.done();
        queue.done();
        queue.abandon();
        assertThat(take()).isNull();
        assertThat(queue.isDone()).isFalse();
    }

    @Test
    @DisplayName("no two new chunks get one number")
    void numbers() {
        assertThat(queue.nextNumber()).isEqualTo(2);
        assertThat(queue.nextNumber()).isEqualTo(3);
    }

    private @Nullable Span take() throws InterruptedException {
        return queue.take(() -> true, () -> false);
    }

    private CompletableFuture<@Nullable Span> takeOnAnotherThread(AtomicBoolean ended) {
        CompletableFuture<@Nullable Span> taken = new CompletableFuture<>();
        Thread.ofPlatform().daemon(true).start(() -> {
            try {
                taken.complete(queue.take(() -> true, ended::get));
            } catch (InterruptedException e) {
                taken.completeExceptionally(e);
            }
        });
        return taken;
    }

    private static Span span(int number) {
        return Span.of(new Chunk("things", number, IdBracket.NUMBER, null, null));
    }
}
