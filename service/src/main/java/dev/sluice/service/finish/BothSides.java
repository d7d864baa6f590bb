package dev.sluice.service.finish;

import dev.sluice.cutover.TargetHandover;
import dev.sluice.failure.Failures;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.table.TouchedCollections;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/// How many documents and rows there are, counted while nobody writes: both sides at the same time, and on threads of
/// their own, so that other steps go on meanwhile.
final class BothSides implements AutoCloseable {
    private final ExecutorService threads = Executors.newFixedThreadPool(2);
    private final Map<String, Future<Long>> documents = new LinkedHashMap<>();
    private final Map<TableName, Future<Long>> rows = new LinkedHashMap<>();

    private BothSides() {}

    /// Begins to count.
    static BothSides count(PipelineSpec pipeline, List<CollectionTarget> chosen) {
        BothSides counts = new BothSides();
        for (CollectionTarget target : chosen) {
            counts.documents.put(
                    target.collection(),
                    counts.threads.submit(() -> pipeline.source().count(target.collection())));
            TouchedCollections.tables(target)
                    .forEach(table ->
                            counts.rows.computeIfAbsent(table, t -> counts.threads.submit(() -> rows(pipeline, t))));
        }
        return counts;
    }

    private static long rows(PipelineSpec pipeline, TableName table) {
        try (Connection connection = pipeline.connector().openForLongWork()) {
            return new TargetHandover(connection, List.of(table)).rows(table);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// Waits for all of it.
    void await() throws InterruptedException {
        for (Future<Long> counted : documents.values()) {
            result(counted);
        }
        for (Future<Long> counted : rows.values()) {
            result(counted);
        }
    }

    /// Waits for it.
    long documents(CollectionTarget target) throws InterruptedException {
        return result(documents.get(target.collection()));
    }

    /// Waits for it.
    SequencedMap<String, Long> rows(CollectionTarget target) throws InterruptedException {
        SequencedMap<String, Long> counted = new LinkedHashMap<>();
        for (TableName table : TouchedCollections.tables(target).toList()) {
            counted.put(table.toString(), result(rows.get(table)));
        }
        return counted;
    }

    private static long result(@Nullable Future<Long> counted) throws InterruptedException {
        if (counted == null) {
            throw new IllegalArgumentException("it was not counted");
        }
        try {
            return counted.get();
        } catch (ExecutionException e) {
            throw Failures.classify(e);
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
