package dev.sluice.service.bench;

import com.mongodb.WriteConcern;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.InsertManyOptions;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;
import org.bson.Document;

/// Writes the documents that are then read.
final class Filling {
    private static final int BATCH = 10_000;
    private static final int FAST_BATCH = 2_000;
    private static final int THREADS = 3;
    private static final long SAID_EACH = 1_000_000;

    private Filling() {}

    /// @param documents how many
    /// @param made the document of a number from 1
    static void fill(
            MongoCollection<Document> collection, long documents, LongFunction<Document> made, PrintStream progress) {
        progress.printf(
                Locale.ROOT,
                "Writing %,d %s ...%n",
                documents,
                collection.getNamespace().getCollectionName());
        List<Document> batch = new ArrayList<>(BATCH);
        for (long n = 1; n <= documents; n++) {
            batch.add(made.apply(n));
            if (batch.size() == BATCH || n == documents) {
                collection.insertMany(batch, new InsertManyOptions().ordered(false));
                batch.clear();
            }
        }
    }

    /// Makes the document of a number, by what is random; called by several threads, each with its own.
    interface Made {
        Document of(long number, Random random);
    }

    /// As [#fill], by several threads and without waiting for MongoDB's journal: the documents are in no order that
    /// could be told from their numbers, and those of a number are the same each time.
    static void fillFast(MongoCollection<Document> collection, long documents, Made made, PrintStream progress) {
        progress.printf(
                Locale.ROOT,
                "Writing %,d %s ...%n",
                documents,
                collection.getNamespace().getCollectionName());
        MongoCollection<Document> unsafe = collection.withWriteConcern(WriteConcern.W1.withJournal(false));
        AtomicLong next = new AtomicLong();
        AtomicLong written = new AtomicLong();
        List<CompletableFuture<Void>> writers = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
            for (int thread = 0; thread < THREADS; thread++) {
                writers.add(CompletableFuture.runAsync(
                        () -> {
                            for (long first = next.getAndAdd(FAST_BATCH);
                                    first < documents;
                                    first = next.getAndAdd(FAST_BATCH)) {
                                Random random = new Random(first);
                                List<Document> batch = new ArrayList<>(FAST_BATCH);
                                long last = Math.min(documents, first + FAST_BATCH);
                                for (long n = first + 1; n <= last; n++) {
                                    batch.add(made.of(n, random));
                                }
                                unsafe.insertMany(batch, new InsertManyOptions().ordered(false));
                                long now = written.addAndGet(last - first);
                                if (now / SAID_EACH != (now - (last - first)) / SAID_EACH) {
                                    progress.printf(Locale.ROOT, "  %,d written%n", now);
                                }
                            }
                        },
                        threads));
            }
            writers.forEach(CompletableFuture::join);
        }
    }
}
