package dev.sluice.service.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.service.ops.StatusReport;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class WatcherTest {
    private static final Duration SOON = Duration.ofSeconds(30);

    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-11-30T06:50:00Z"));
    private final AtomicInteger reads = new AtomicInteger();
    private final CountDownLatch under = new CountDownLatch(1);
    private final CountDownLatch go = new CountDownLatch(1);

    @Test
    @DisplayName("a slow answer is no silence of PostgreSQL before ten seconds have passed, and none once it is there")
    void slow() throws InterruptedException {
        Watcher.Source slowFromTheSecond = () -> {
            if (reads.incrementAndGet() == 2) {
                under.countDown();
                go.await();
            }
            return reading();
        };
        try (Watcher watcher = Watcher.start(slowFromTheSecond, reading -> reading, now::get)) {
            under.await();
            pass(9);
            assertThat(watcher.now().away()).isNull();

            pass(1);
            assertThat(watcher.now().away())
                    .isEqualTo("PostgreSQL does not answer since 2026-11-30T06:50:00Z, 10 s ago."
                            + " What follows is of then; it goes on by itself.");

            go.countDown();
            await().atMost(SOON).until(() -> watcher.now().away() == null);
        }
    }

    @Test
    @DisplayName("a reading that failed is said at once, until one is answered")
    void failed() throws InterruptedException {
        AtomicReference<Boolean> up = new AtomicReference<>(true);
        Watcher.Source source = () -> {
            if (!up.get()) {
                throw new SluiceException(FailureKind.TARGET_UNREACHABLE, "refused");
            }
            return reading();
        };
        try (Watcher watcher = Watcher.start(source, reading -> reading, now::get)) {
            up.set(false);
            await().atMost(SOON).until(() -> watcher.now().away() != null);
            assertThat(watcher.now().away())
                    .startsWith("PostgreSQL does not answer since 2026-11-30T06:50:00Z, 0 s ago: ");

            up.set(true);
            await().atMost(SOON).until(() -> watcher.now().away() == null);
        }
    }

    @Test
    @DisplayName("while documents are counted in MongoDB, nothing is said of PostgreSQL, however long it takes")
    void counting() throws InterruptedException {
        Watcher.Completion slowFromTheSecond = reading -> {
            if (reads.incrementAndGet() == 2) {
                under.countDown();
                go.await();
            }
            return reading;
        };
        try (Watcher watcher = Watcher.start(this::reading, slowFromTheSecond, now::get)) {
            under.await();
            pass(60);
            assertThat(watcher.now().away()).isNull();
        }
    }

    private void pass(int seconds) {
        now.updateAndGet(at -> at.plusSeconds(seconds));
    }

    private Reading reading() {
        return new Reading(now.get(), StatusReport.unknown("demo"), Map.of(), Map.of());
    }
}
