package dev.sluice.service.bench;

import com.mongodb.MongoWriteException;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import dev.sluice.positions.MovedWrites;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.LockSupport;
import org.bson.Document;

/// An application's writers on their way: each writes to MongoDB until that refuses it, asks until the writes have
/// moved, and goes on in PostgreSQL with the document it has written last, whose row must be there as it left it.
final class MovingWriters implements AutoCloseable {
    private static final int WRITERS = 8;
    private static final int WRITES_BLOCKED = 371;
    private static final long ASK_NANOS = 20_000_000;

    private final Target target;
    private final MongoCollection<Document> users;
    private final int perSecond;
    private final long firstNumber;
    private final List<CompletableFuture<Gap>> writers = new ArrayList<>();
    private volatile boolean closed;

    /// @param firstNumber of documents that nobody else writes
    MovingWriters(MongoCollection<Document> users, Target target, int perSecond, long firstNumber) {
        this.users = users;
        this.target = target;
        this.perSecond = perSecond;
        this.firstNumber = firstNumber;
    }

    /// How long one writer could not write.
    ///
    /// @param writes that MongoDB has acknowledged
    /// @param seconds from the last of them until PostgreSQL's first commit
    record Gap(long writes, double seconds) {}

    void start() {
        for (int writer = 0; writer < WRITERS; writer++) {
            int first = writer;
            CompletableFuture<Gap> done = new CompletableFuture<>();
            Thread.ofPlatform().name("bench-writer-" + writer).daemon(true).start(() -> {
                try {
                    done.complete(write(first));
                } catch (SQLException | RuntimeException e) {
                    done.completeExceptionally(e);
                }
            });
            writers.add(done);
        }
    }

    /// Waits until all of them write to PostgreSQL.
    List<Gap> await() {
        try {
            return writers.stream().map(CompletableFuture::join).toList();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    private Gap write(int writer) throws SQLException {
        Random random = new Random(writer);
        long start = System.nanoTime();
        long acknowledged = start;
        String last = "";
        int version = 0;
        List<String> alive = new ArrayList<>();
        for (long n = writer; !closed; n += WRITERS) {
            long planned = start + n * 1_000_000_000L / perSecond;
            for (long wait = planned - System.nanoTime(); wait > 0; wait = planned - System.nanoTime()) {
                LockSupport.parkNanos(wait);
            }
            boolean insert = alive.isEmpty() || random.nextInt(10) >= 6;
            String id = insert ? Users.id(firstNumber + n) : alive.get(random.nextInt(alive.size()));
            int age = (int) (n % 100_000);
            try {
                if (insert) {
                    users.insertOne(Users.user(firstNumber + n, random).append("age", age));
                } else {
                    users.updateOne(Filters.eq("_id", id), Updates.set("age", age));
                }
            } catch (MongoWriteException refused) {
                if (refused.getError().getCode() != WRITES_BLOCKED) {
                    throw refused;
                }
                return goOn(n / WRITERS, acknowledged, last, version);
            }
            acknowledged = System.nanoTime();
            last = id;
            version = age;
            if (insert) {
                alive.add(id);
            }
        }
        return new Gap(0, 0);
    }

    private Gap goOn(long writes, long acknowledged, String id, int version) throws SQLException {
        MovedWrites moved = new MovedWrites("bench");
        try (Connection connection = target.connector().open();
                PreparedStatement write =
                        connection.prepareStatement("UPDATE users SET city = 'moved' WHERE id = ? AND age = ?")) {
            while (!moved.load(connection).contains("users")) {
                if (closed) {
                    return new Gap(writes, 0);
                }
                LockSupport.parkNanos(ASK_NANOS);
            }
            write.setString(1, id);
            write.setInt(2, version);
            Check.equal("rows with what a writer wrote last to MongoDB", 1, write.executeUpdate());
            return new Gap(writes, (System.nanoTime() - acknowledged) / 1e9);
        }
    }

    /// Ends them where they are.
    @Override
    public void close() {
        closed = true;
        for (CompletableFuture<Gap> writer : writers) {
            writer.handle((gap, failure) -> true).join();
        }
    }
}
