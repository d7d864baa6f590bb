package dev.sluice.service.bench;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.bson.Document;
import org.jspecify.annotations.Nullable;

/// Updates users at a fixed rate, until stopped.
final class WritersBeside implements AutoCloseable {
    private static final int WRITERS = 4;

    private final MongoCollection<Document> users;
    private final long documents;
    private final int perSecond;
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicLong written = new AtomicLong();
    private final AtomicReference<@Nullable RuntimeException> failed = new AtomicReference<>();
    private volatile boolean stopped;
    private long started;

    /// @param documents how many users there are, from number 1 on
    WritersBeside(MongoCollection<Document> users, long documents, int perSecond) {
        this.users = users;
        this.documents = documents;
        this.perSecond = perSecond;
    }

    void start() {
        started = System.nanoTime();
        for (int writer = 0; writer < WRITERS; writer++) {
            int first = writer;
            threads.add(Thread.ofPlatform()
                    .name("bench-writer-" + writer)
                    .daemon(true)
                    .start(() -> write(first)));
        }
    }

    private void write(int first) {
        Random random = new Random(first);
        try {
            for (long n = first; !stopped; n += WRITERS) {
                long planned = started + n * 1_000_000_000L / perSecond;
                for (long wait = planned - System.nanoTime(); wait > 0; wait = planned - System.nanoTime()) {
                    LockSupport.parkNanos(wait);
                }
                users.updateOne(
                        Filters.eq("_id", Users.id(1 + random.nextLong(documents))), Updates.set("age", (int) n));
                written.incrementAndGet();
            }
        } catch (RuntimeException e) {
            failed.compareAndSet(null, e);
        }
    }

    /// @return writes per second that there were
    double stop() throws InterruptedException {
        double perSecondReached = written.get() / ((System.nanoTime() - started) / 1e9);
        stopped = true;
        for (Thread thread : threads) {
            thread.join();
        }
        RuntimeException failure = failed.get();
        if (failure != null) {
            throw failure;
        }
        return perSecondReached;
    }

    @Override
    public void close() {
        stopped = true;
    }
}
