package dev.sluice.service.bench;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.LockSupport;
import org.bson.Document;

/// Writes single changes at a fixed rate, whatever becomes of them: each has its planned moment, and one
/// that is late does not put off the next. 60 % updates, 30 % inserts, 10 % deletes; each writer has
/// documents of its own, so that the versions of a document grow.
final class SteadyWriters {
    static final String VERSION = "visits";
    private static final int WRITERS = 8;
    private static final int LEAST_ALIVE = 20;

    private final MongoCollection<Document> users;
    private final Ledger ledger;
    private final int perSecond;
    private final long warmUp;
    private final long all;

    /// @param warmUpSeconds written and not counted, before the others
    SteadyWriters(MongoCollection<Document> users, Ledger ledger, int perSecond, int warmUpSeconds, int seconds) {
        this.users = users;
        this.ledger = ledger;
        this.perSecond = perSecond;
        this.warmUp = (long) perSecond * warmUpSeconds;
        this.all = warmUp + (long) perSecond * seconds;
    }

    /// Writes everything.
    ///
    /// @return how many seconds what counts took
    double run() {
        long start = System.nanoTime();
        List<CompletableFuture<Void>> writers = new ArrayList<>();
        for (int writer = 0; writer < WRITERS; writer++) {
            int first = writer;
            CompletableFuture<Void> done = new CompletableFuture<>();
            Thread.ofPlatform().name("bench-writer-" + writer).daemon(true).start(() -> {
                try {
                    write(first, start);
                    done.complete(null);
                } catch (RuntimeException e) {
                    done.completeExceptionally(e);
                }
            });
            writers.add(done);
        }
        try {
            writers.forEach(CompletableFuture::join);
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
        return (System.nanoTime() - planned(start, warmUp)) / 1e9;
    }

    private long planned(long start, long n) {
        return start + n * 1_000_000_000L / perSecond;
    }

    private void write(int first, long start) {
        Random random = new Random(first);
        List<String> alive = new ArrayList<>();
        for (long n = first; n < all; n += WRITERS) {
            long planned = planned(start, n);
            for (long wait = planned - System.nanoTime(); wait > 0; wait = planned - System.nanoTime()) {
                LockSupport.parkNanos(wait);
            }
            int what = alive.size() < LEAST_ALIVE ? 9 : random.nextInt(10);
            String id;
            long version = n;
            if (what >= 7) {
                id = Users.id(n);
                users.insertOne(Users.user(n, random).append(VERSION, (int) n));
                alive.add(id);
            } else if (what == 6) {
                id = alive.remove(random.nextInt(alive.size()));
                version = Ledger.DELETED;
                users.deleteOne(Filters.eq("_id", id));
            } else {
                id = alive.get(random.nextInt(alive.size()));
                users.updateOne(
                        Filters.eq("_id", id),
                        Updates.combine(Updates.set(VERSION, (int) n), Updates.set("lastSeenAt", Instant.now())));
            }
            ledger.acknowledged(id, version, planned, System.nanoTime(), n >= warmUp);
        }
    }
}
