package dev.sluice.service.pipeline;

import dev.sluice.change.Watermark;
import dev.sluice.cutover.LateWriteStore;
import dev.sluice.cutover.LateWriteStore.Watched;
import dev.sluice.cutover.WriteBlockNote;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.positions.Transaction;
import dev.sluice.service.text.Counted;
import dev.sluice.source.mongo.StreamHistory;
import dev.sluice.source.mongo.StreamHistory.Event;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Watches, beside the runs of the process that writes the pipeline, what `sluice finish` has left: a
/// block of writes of a killed one, and writes to MongoDB of collections whose writes have moved, which
/// nobody follows. Where nothing has moved, MongoDB is not asked. A drop of the old collection is no
/// such write; what its TTL index deletes is.
final class FinishWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FinishWatch.class);

    private static final Duration LOOK_EVERY = Duration.ofSeconds(3);
    private static final Duration SAY_EVERY = Duration.ofMinutes(1);
    private static final Duration CLOSE = Duration.ofSeconds(5);
    private static final int EVENTS_AT_ONCE = 5_000;

    private final PipelineSpec pipeline;
    private final PipelineStatus status;
    private final LateWriteStore store;
    private final Thread thread =
            Thread.ofPlatform().name("sluice-finish-watch").daemon(true).unstarted(this::work);

    private final Map<String, Late> unsaid = new TreeMap<>();
    private @Nullable Long saidLateAt;
    private @Nullable Long saidBlockAt;
    private boolean saidLost;
    private volatile boolean ending;

    /// @param pipeline with all collections of the mapping
    private FinishWatch(PipelineSpec pipeline, PipelineStatus status) {
        this.pipeline = pipeline;
        this.status = status;
        this.store = new LateWriteStore(pipeline.name());
    }

    static FinishWatch start(PipelineSpec pipeline, PipelineStatus status) {
        FinishWatch watch = new FinishWatch(pipeline, status);
        watch.thread.start();
        return watch;
    }

    /// Writes of one collection.
    private record Late(long writes, BsonTimestamp last) {
        Late and(Late other) {
            return new Late(writes + other.writes, last.compareTo(other.last) < 0 ? other.last : last);
        }
    }

    private void work() {
        try {
            while (!ending) {
                if (status.leads()) {
                    look();
                }
                Thread.sleep(LOOK_EVERY);
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    private void look() {
        try (Connection connection = pipeline.connector().open()) {
            sayLeftBlock(connection);
            List<Watched> moved = store.all(connection).stream()
                    .filter(watched -> pipeline.collections().contains(watched.collection()))
                    .toList();
            if (!moved.isEmpty()) {
                count(connection, moved);
            }
            sayLateWrites();
        } catch (SQLException | SluiceException away) {
            // The pipeline itself reports that a server is away; the next look counts from the same place.
            LOG.debug("What finish has left could not be looked at", away);
        }
    }

    private void sayLeftBlock(Connection connection) throws SQLException {
        Optional<WriteBlockNote> left = WriteBlockNote.read(connection, pipeline.name())
                .filter(note -> note.reason() == WriteBlockNote.Reason.LEFT);
        if (left.isEmpty()) {
            saidBlockAt = null;
        } else if (isDue(saidBlockAt)) {
            saidBlockAt = System.nanoTime();
            LOG.warn("{}", left.get().forPeople());
        }
    }

    private static boolean isDue(@Nullable Long saidAt) {
        return saidAt == null || System.nanoTime() - saidAt > SAY_EVERY.toNanos();
    }

    private void count(Connection connection, List<Watched> moved) throws SQLException {
        BsonTimestamp upTo = pipeline.source().newestWrite();
        BsonTimestamp after = moved.stream()
                .map(Watched::after)
                .min(Comparator.naturalOrder())
                .orElse(upTo);
        if (after.compareTo(upTo) >= 0) {
            return;
        }
        Map<String, Late> late = read(moved, new BsonTimestamp(after.getValue() + 1), upTo);
        if (ending) {
            // Not read to the end; the next process counts from the same place.
            return;
        }
        boolean added = Transaction.call(connection, () -> {
            boolean all = true;
            for (Watched watched : moved) {
                Late found = late.get(watched.collection());
                if (watched.after().compareTo(upTo) < 0) {
                    all &= store.add(
                            connection,
                            watched,
                            upTo,
                            found == null ? 0 : found.writes(),
                            found == null ? null : found.last());
                }
            }
            return all;
        });
        if (added) {
            late.forEach((collection, found) -> unsaid.merge(collection, found, Late::and));
        }
    }

    private Map<String, Late> read(List<Watched> moved, BsonTimestamp from, BsonTimestamp upTo) {
        Map<String, BsonTimestamp> after = new HashMap<>();
        moved.forEach(watched -> after.put(watched.collection(), watched.after()));
        Map<String, Late> late = new HashMap<>();
        try (StreamHistory.Reading reading =
                pipeline.source().history().read(from, upTo, List.copyOf(after.keySet()))) {
            while (!reading.complete() && !ending) {
                for (Event event : reading.next(EVENTS_AT_ONCE)) {
                    BsonTimestamp counted = after.get(event.collection());
                    if (event instanceof Event.OfDocument write
                            && counted != null
                            && write.clusterTime().compareTo(counted) > 0) {
                        late.merge(write.collection(), new Late(1, write.clusterTime()), Late::and);
                    }
                }
            }
        } catch (SluiceException e) {
            if (e.kind() != FailureKind.HISTORY_LOST && e.kind() != FailureKind.CHANGE_TOO_LARGE) {
                throw e;
            }
            if (!saidLost) {
                saidLost = true;
                LOG.warn(
                        "Whether {} was written to in MongoDB between {} and {}, after its writes had moved to PostgreSQL, can't"
                                + " be seen any more. {} Later writes are counted.",
                        String.join(", ", new TreeMap<>(after).sequencedKeySet()),
                        time(from),
                        time(upTo),
                        e.getMessage());
            }
        }
        return late;
    }

    private void sayLateWrites() {
        if (unsaid.isEmpty() || !isDue(saidLateAt)) {
            return;
        }
        saidLateAt = System.nanoTime();
        unsaid.forEach((collection, late) -> LOG.warn(
                "{}: {} reached MongoDB after its writes had moved to PostgreSQL, the last at {}, MongoDB's time. They are"
                        + " not in PostgreSQL. Stop that writer, and carry over by hand what it wrote"
                        + " (service/docs/switch.md, late writes).",
                collection,
                Counted.of(late.writes(), "write"),
                time(late.last())));
        unsaid.clear();
    }

    private static Instant time(BsonTimestamp operation) {
        return Instant.ofEpochSecond(Watermark.seconds(operation));
    }

    /// Waits for the thread, which must not ask a connection that is closed meanwhile.
    @Override
    public void close() {
        ending = true;
        thread.interrupt();
        try {
            thread.join(CLOSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
