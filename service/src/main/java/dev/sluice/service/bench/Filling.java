package dev.sluice.service.bench;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.InsertManyOptions;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.LongFunction;
import org.bson.Document;

/// Writes the documents that are then read.
final class Filling {
    private static final int BATCH = 10_000;

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
}
