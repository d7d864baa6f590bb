package dev.sluice.source.debezium;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;

/// Records between the engine's thread that makes them and ours that delivers them, bounded in bytes and in
/// number (promise 7).
final class HandOver {
    /// What a record weighs beside its document, about.
    private static final long RECORD_BYTES = 1_000;

    private static final Map<String, HandOver> OPEN = new ConcurrentHashMap<>();

    private final int recordsMax;
    private final long bytesMax;
    private final Deque<SourceRecord> records = new ArrayDeque<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition filled = lock.newCondition();
    private final Condition emptied = lock.newCondition();
    private long bytes;
    private int changes;
    private int wanted = 1;
    private boolean closed;

    HandOver(int recordsMax, long bytesMax) {
        this.recordsMax = recordsMax;
        this.bytesMax = bytesMax;
    }

    /// Lets the engine's queue find this by a name.
    void register(String reference) {
        OPEN.put(reference, this);
    }

    static void forget(String reference) {
        OPEN.remove(reference);
    }

    static @Nullable HandOver registered(String reference) {
        return OPEN.get(reference);
    }

    /// Waits for room. Does nothing when closed.
    void put(SourceRecord record) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (!closed && (bytes >= bytesMax || records.size() >= recordsMax)) {
                emptied.await();
            }
            if (closed) {
                return;
            }
            records.add(record);
            bytes += weight(record);
            changes += count(record);
            if (records.size() >= wanted || bytes >= bytesMax) {
                filled.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /// Waits for a record, then for as long as `linger` for more, and takes what there is.
    ///
    /// @param max most records taken; with as many it does not linger
    /// @return empty when closed
    List<SourceRecord> take(int max, Duration linger) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            await(1, Long.MAX_VALUE);
            if (linger.isPositive()) {
                await(max, linger.toNanos());
            }
            if (closed) {
                return List.of();
            }
            List<SourceRecord> taken = new ArrayList<>(Math.min(max, records.size()));
            while (taken.size() < max && !records.isEmpty()) {
                SourceRecord record = records.remove();
                bytes -= weight(record);
                changes -= count(record);
                taken.add(record);
            }
            emptied.signal();
            return taken;
        } finally {
            lock.unlock();
        }
    }

    private void await(int count, long nanos) throws InterruptedException {
        long remaining = nanos;
        wanted = count;
        while (remaining > 0 && !closed && records.size() < count && bytes < bytesMax) {
            remaining = filled.awaitNanos(remaining);
        }
    }

    /// Lets nothing more in or out, and forgets what is inside.
    void close() {
        lock.lock();
        try {
            closed = true;
            records.clear();
            bytes = 0;
            changes = 0;
            filled.signalAll();
            emptied.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// How many changes are inside.
    int changes() {
        lock.lock();
        try {
            return changes;
        } finally {
            lock.unlock();
        }
    }

    private static int count(SourceRecord record) {
        return RecordDecoder.isHeartbeat(record) ? 0 : 1;
    }

    private static long weight(SourceRecord record) {
        if (record.value() instanceof Struct value && value.schema().field("after") != null) {
            String after = value.getString("after");
            return after == null ? RECORD_BYTES : RECORD_BYTES + after.length();
        }
        return RECORD_BYTES;
    }
}
