package dev.sluice.service.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.service.ops.LatestReading.Pace;
import dev.sluice.service.ops.LatestReading.Reading;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What is read again and again on a thread of its own, from a source that the test makes answer.
@Timeout(20)
class LatestReadingTest {
    private static final Duration STALE = Duration.ofMillis(300);

    private final Answers answers = new Answers();
    private final LatestReading<String> latest =
            LatestReading.of("test-reading", new Pace(Duration.ofMillis(1), 0, STALE), answers);

    /// Gives what the test puts in, and notes what it is asked to do.
    private static final class Answers implements LatestReading.Source<String> {
        private static final String AWAY = "away";

        private final SynchronousQueue<String> next = new SynchronousQueue<>();
        private final List<String> calls = new CopyOnWriteArrayList<>();
        private final AtomicReference<@Nullable Thread> reader = new AtomicReference<>();

        @Override
        public String read() throws SQLException {
            reader.set(Thread.currentThread());
            try {
                String answer = next.take();
                if (answer.equals(AWAY)) {
                    throw new SQLException("PostgreSQL is away");
                }
                return answer;
            } catch (InterruptedException closed) {
                Thread.currentThread().interrupt();
                throw new SQLException(closed);
            }
        }

        @Override
        public void hasRead(String value) {
            calls.add(value);
        }

        @Override
        public void reset() {
            calls.add("reset");
        }
    }

    @AfterEach
    void close() {
        latest.close();
    }

    @Test
    @DisplayName("nothing is known before the first reading, then always the newest")
    void newest() throws InterruptedException {
        latest.start();
        assertThat(latest.last()).isNull();

        for (String value : List.of("first", "second")) {
            answers.next.put(value);
            await().untilAsserted(() -> assertThat(latest.last()).isEqualTo(new Reading<>(value, false)));
        }
    }

    @Test
    @DisplayName(
            "a failure ends nothing: what is open is closed, the last value stays and becomes stale, and it reads again")
    void away() throws InterruptedException {
        latest.start();
        answers.next.put("first");
        answers.next.put(Answers.AWAY);
        answers.next.put(Answers.AWAY);

        await().untilAsserted(() -> assertThat(latest.last()).isEqualTo(new Reading<>("first", true)));
        answers.next.put("back");
        await().untilAsserted(() -> assertThat(latest.last()).isEqualTo(new Reading<>("back", false)));
        assertThat(answers.calls).startsWith("first", "reset", "reset", "back");
    }

    @Test
    @DisplayName("closing ends the thread, and closes what is open")
    void closed() throws InterruptedException {
        latest.start();
        answers.next.put("first");
        await().untilAsserted(() -> assertThat(answers.calls).contains("first"));
        Thread reader = Objects.requireNonNull(answers.reader.get());

        latest.close();

        assertThat(reader.join(Duration.ofSeconds(10))).isTrue();
        assertThat(answers.calls.getLast()).isEqualTo("reset");
    }
}
