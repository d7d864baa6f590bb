package dev.sluice.service.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.change.Position;
import dev.sluice.change.Watermark;
import dev.sluice.memory.MemoryBudget;
import dev.sluice.sink.Fence;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.postgres.StreamSink;
import dev.sluice.testkit.FakeTargetSession;
import dev.sluice.testkit.ThingChanges;
import dev.sluice.threads.Threads;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.BsonTimestamp;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The applier")
class ApplierTest {
    private static final Duration SLOW = Duration.ofSeconds(3);

    private final AtomicLong nanos = new AtomicLong();
    private final FakeTargetSession session = new FakeTargetSession();
    private final MemoryBudget memory = new MemoryBudget(1_000_000);
    private final BatchQueue queue = new BatchQueue(() -> false, clock());
    private final Told told = new Told();
    private final Applier applier = new Applier(
            queue,
            new StreamSink(session, 1, List.of(new Fence())),
            new SourceClock(InstantSource.system()),
            position(0),
            told);
    private final RowChange change = ThingChanges.insert(1);

    @Test
    @DisplayName("writes what has piled up in one transaction, and tells of it after the commit: the position first")
    void onePosition() throws Exception {
        put(1, 3);
        put(2, 2);
        queue.close();

        applier.run();

        assertThat(session.calls()).containsExactly("advance", "write 5", "note 0", "watermark", "commit");
        assertThat(told.events).containsExactly("position 2", "applied 5 through 2", "committed 3", "committed 2");
        assertThat(applier.hasReached(new BsonTimestamp(2, 1))).isTrue();
        assertThat(applier.hasReached(new BsonTimestamp(2, 2))).isFalse();
        assertThat(applier.isDrained()).isTrue();
    }

    @Test
    @DisplayName("waits for more changes behind a backlog only: not behind a few that came together, nor after a pause")
    void busy() {
        assertThat(Applier.isBusy(10, Duration.ofMillis(1).toNanos())).isFalse();
        assertThat(Applier.isBusy(50, Duration.ofMillis(5).toNanos())).isFalse();
        assertThat(Applier.isBusy(2_000, Duration.ofMillis(30).toNanos())).isTrue();
        assertThat(Applier.isBusy(2_000, Duration.ofSeconds(5).toNanos())).isFalse();
    }

    @Test
    @DisplayName("makes transactions smaller after slow ones, and larger again after fast ones")
    void pace() throws Exception {
        session.during(() -> nanos.addAndGet(SLOW.toNanos()));
        for (int batch = 1; batch <= 4; batch++) {
            put(batch, 4_000);
        }
        queue.close();

        applier.run();

        // Two fit into 10,000 changes; after a slow one, half of what it had.
        assertThat(writes()).containsExactly("write 8000", "write 4000", "write 4000");
    }

    @Test
    @DisplayName("frees the memory of a batch when it is committed, and of none that failed")
    void memory() throws Exception {
        put(1, 1);
        queue.close();
        applier.run();
        assertThat(memory.held()).isZero();

        BatchQueue other = new BatchQueue(() -> false, clock());
        other.put(batch(1, 1));
        session.failing(new SQLException("connection lost", "08006"));
        Applier failing = new Applier(
                other,
                new StreamSink(session, 1, List.of(new Fence())),
                new SourceClock(InstantSource.system()),
                position(0),
                told);
        assertThatThrownBy(failing::run).isInstanceOf(SQLException.class);
        assertThat(memory.held()).isPositive();
        assertThat(failing.isDrained()).isFalse();
        assertThat(failing.hasReached(new BsonTimestamp(1, 1))).isFalse();
    }

    @Test
    @DisplayName("writes nothing for a batch that has neither changes nor a position")
    void nothing() throws Exception {
        queue.put(new MappedBatch(List.of(), null, Watermark.UNKNOWN, memory.acquireNothing(), 0));
        queue.close();

        applier.run();

        assertThat(session.calls()).isEmpty();
    }

    @Test
    @DisplayName("writes a position that nothing else came with as soon as somebody waits")
    void awaited() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        session.awaited(() -> asked.incrementAndGet() == 3);
        firstAChangeThen(() -> put(2, 0));

        assertThat(told.events).containsExactly("position 1", "applied 1 through 1", "committed 1", "position 2");
        assertThat(asked).hasValue(3);
    }

    @Test
    @DisplayName("writes such a position at once where somebody waits in its own process, and asks nobody else")
    void awaitedInProcess() throws Exception {
        told.awaited = true;
        firstAChangeThen(() -> put(2, 0));

        assertThat(told.events).contains("position 2");
        assertThat(session.calls()).doesNotContain("awaited");
    }

    @Test
    @DisplayName("writes such a position by itself after a while")
    void notAwaited() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        session.awaited(() -> {
            if (asked.incrementAndGet() == 2) {
                nanos.addAndGet(Applier.POSITION_EVERY.toNanos());
            }
            return false;
        });
        firstAChangeThen(() -> put(2, 0));

        assertThat(told.events).contains("position 2");
        assertThat(asked).hasValue(2);
    }

    @Test
    @DisplayName("writes such a position with the changes that follow")
    void withChanges() throws Exception {
        session.awaited(() -> {
            put(3, 0);
            put(4, 5);
            return false;
        });
        firstAChangeThen(() -> put(2, 0));

        assertThat(told.events)
                .containsSubsequence("position 4", "applied 5 through 4")
                .doesNotContain("position 2", "position 3");
    }

    /// Runs until the second transaction is committed.
    private void firstAChangeThen(Runnable during) throws Exception {
        session.during(new Runnable() {
            private boolean ran;

            @Override
            public void run() {
                if (!ran) {
                    ran = true;
                    during.run();
                }
            }
        });
        told.after = () -> {
            if (told.events.size() > 3) {
                queue.close();
            }
        };
        put(1, 1);
        applier.run();
    }

    private List<String> writes() {
        return session.calls().stream().filter(call -> call.startsWith("write")).toList();
    }

    private void put(int second, int changes) {
        queue.put(batch(second, changes));
    }

    private MappedBatch batch(int second, int changes) {
        Watermark watermark = new Watermark(Instant.ofEpochSecond(second), new BsonTimestamp(second, 1));
        MemoryBudget.Lease lease = memory.acquireNothing();
        lease.set(100);
        return new MappedBatch(Collections.nCopies(changes, change), position(second), watermark, lease, nanos.get());
    }

    private static Position position(int second) {
        return new Position(
                new BsonDocument("_data", new BsonString(Integer.toString(second))), new BsonTimestamp(second, 1));
    }

    private Threads clock() {
        return new Threads() {
            @Override
            public Thread start(String name, Runnable work) {
                return SYSTEM.start(name, work);
            }

            @Override
            public boolean join(Thread thread, Duration most) throws InterruptedException {
                return SYSTEM.join(thread, most);
            }

            @Override
            public Condition condition(ReentrantLock lock) {
                return SYSTEM.condition(lock);
            }

            @Override
            public boolean await(CountDownLatch latch, Duration most) throws InterruptedException {
                return SYSTEM.await(latch, most);
            }

            @Override
            public long nanoTime() {
                return nanos.get();
            }
        };
    }

    private static final class Told implements Applier.Listener {
        private final List<String> events = new ArrayList<>();
        private boolean awaited;
        private Runnable after = () -> {};

        @Override
        public void onPosition(Position position) {
            BsonTimestamp time = position.clusterTime();
            events.add("position " + (time == null ? "?" : time.getTime()));
        }

        @Override
        public void onApplied(List<RowChange> changes, Watermark watermark, long took) {
            if (changes.isEmpty()) {
                after.run();
                return;
            }
            BsonTimestamp through = watermark.through();
            events.add("applied " + changes.size() + " through " + (through == null ? "?" : through.getTime()));
        }

        @Override
        public void onCommitted(PipelineStatus.Committed batch) {
            if (batch.changes().isEmpty()) {
                return;
            }
            events.add("committed " + batch.changes().size());
            after.run();
        }

        @Override
        public boolean isAwaited() {
            return awaited;
        }
    }
}
