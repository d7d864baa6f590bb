package dev.sluice.sink.postgres;

import dev.sluice.change.Chunk;
import dev.sluice.control.ResyncStore;
import dev.sluice.failure.Failpoint;
import dev.sluice.failure.Failures;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.Fence;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.WriteLimits;
import dev.sluice.sink.WriteSummary;
import dev.sluice.sink.postgres.staging.ChunkRows;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Applies chunks: the rows of a chunk and its done marker are committed together, fenced by the epoch,
/// without the documents that the stream has touched since the chunk's flight opened. For one thread;
/// several sinks may apply chunks of one collection at once.
///
/// When PostgreSQL refuses some of the rows, the others are committed first, in several short transactions;
/// the dead letters and the done marker follow in the last one. Each transaction takes the collection's fence
/// separately and leaves out what the stream has touched until then, so the stream continues in between.
public final class ChunkSink implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ChunkSink.class);

    private final TargetSession session;
    private final long epoch;
    private final WriteTransaction transaction;
    private RefusalWatch watch = new RefusalWatch(WriteLimits.REFUSED_SHARE);
    private long commitNanos;

    /// @param session used by this sink alone from now on, and closed with it
    public ChunkSink(TargetSession session, long epoch) {
        this.session = session;
        this.epoch = epoch;
        this.transaction = new WriteTransaction(session);
    }

    /// Sets when this sink stops; else [WriteLimits#DEFAULTS] apply.
    public ChunkSink within(WriteLimits limits) {
        watch = new RefusalWatch(limits.refusedShare());
        transaction.stoppedBy(limits.stopped());
        return this;
    }

    /// Whether rows of the collection depend on each other, so that chunks of it are better not applied at
    /// once.
    public boolean dependsOnItself(CollectionTarget target) {
        return session.dependsOnItself(target);
    }

    /// Whether none of the collection's tables has a row.
    public boolean isEmpty(CollectionTarget target) throws SQLException {
        boolean empty = session.isEmpty(target);
        session.rollback();
        return empty;
    }

    /// Notes that a chunk is read, and where it ends when that is before its end.
    ///
    /// @param rest what is left of it, a chunk of its own from now on; null when nothing is
    public void running(Chunk chunk, @Nullable Chunk rest) throws SQLException {
        transaction.run(() -> {
            session.hold(epoch);
            session.running(chunk, rest);
            session.commit();
            Failpoint.CHUNK_CUT.hit();
            return WriteSummary.NOTHING;
        });
    }

    /// Records that a chunk which no worker reads is cut.
    ///
    /// @param parts the chunk with an earlier end, then the others
    public void cut(List<Chunk> parts) throws SQLException {
        transaction.run(() -> {
            session.hold(epoch);
            session.cut(parts);
            session.commit();
            return WriteSummary.NOTHING;
        });
    }

    /// Notes that there is nothing in some chunks.
    public void empty(List<Chunk> chunks) throws SQLException {
        transaction.run(() -> {
            session.hold(epoch);
            for (Chunk chunk : chunks) {
                session.chunkDone(chunk, 0, WriteSummary.NOTHING, 0);
            }
            session.commit();
            return WriteSummary.NOTHING;
        });
    }

    /// On return the chunk is done and durable.
    ///
    /// @param rows the chunk's documents
    /// @param startedEmpty whether the collection's tables had no row when its copy began, in this process
    /// @throws dev.sluice.failure.SluiceException of kind ROWS_REFUSED when PostgreSQL refuses too many of the
    ///     collection's rows for one reason
    /// @throws dev.sluice.sink.StoppedException when the pipeline stops while refused rows are looked for, or
    ///     PostgreSQL takes long
    public WriteSummary apply(Chunk chunk, ChunkRows rows, boolean startedEmpty, Fence.Flight flight)
            throws SQLException {
        try (Fence.Held held = flight.hold()) {
            Set<Object> touched = flight.touched();
            int leftOut = rows.size()
                    - rows.without(touched).cardinality()
                    - rows.rowless(touched).size();
            // The stream has written no row and no other chunk can have these: no other process writes
            // these tables.
            boolean nothingThere = startedEmpty && !flight.everTouched();
            Optional<WriteSummary> atOnce = transaction.attempt(
                    () -> commit(chunk, rows.size(), leftOut, writeChunk(rows, touched, true, nothingThere)),
                    () -> commit(chunk, rows.size(), leftOut, writeChunk(rows, touched, false, false)));
            if (atOnce.isPresent()) {
                watch.applied(chunk.collection(), rows.size() - leftOut);
                return atOnce.get();
            }
        }
        return inSteps(rows.changes(), flight, (summary, leftOut) -> commit(chunk, rows.size(), leftOut, summary));
    }

    /// Ends the last transaction of changes that were applied in steps.
    @FunctionalInterface
    private interface Ending {
        /// Marks the work as done, and commits.
        ///
        /// @param leftOut documents that the stream had touched
        WriteSummary commit(WriteSummary summary, int leftOut) throws SQLException;
    }

    /// Applies changes of which PostgreSQL refuses some: rows in steps, then dead letters, counts and the end
    /// together.
    private WriteSummary inSteps(List<RowChange> changes, Fence.Flight flight, Ending ending) throws SQLException {
        Steps steps = new Steps(flight);
        Written written = new Narrowing(steps, watch).apply(changes);
        try (Fence.Held held = flight.hold()) {
            Written untouched = steps.untouched(written);
            return transaction.run(() -> {
                session.hold(epoch);
                WriteSummary summary = session.note(untouched);
                Failpoint.DEAD_LETTERS_WRITTEN.hit();
                return ending.commit(summary, steps.leftOut);
            });
        }
    }

    private WriteSummary writeChunk(ChunkRows rows, Set<Object> touched, boolean direct, boolean nothingThere)
            throws SQLException {
        session.hold(epoch);
        return session.note(session.write(rows, touched, direct, nothingThere));
    }

    /// Steps on the way to the last transaction: rows without the done marker.
    private final class Steps implements Narrowing.Step {
        private final Fence.Flight flight;
        private int leftOut;

        Steps(Fence.Flight flight) {
            this.flight = flight;
        }

        @Override
        public Written write(List<RowChange> changes) throws SQLException {
            transaction.requireNotStopped();
            try (Fence.Held held = flight.hold()) {
                List<RowChange> untouched = without(flight.touched(), changes);
                if (untouched.isEmpty()) {
                    leftOut += changes.size();
                    return Written.nothing();
                }
                Written written = transaction.run(() -> {
                    session.hold(epoch);
                    session.commitLazily();
                    Written rows = session.write(untouched);
                    session.commit();
                    Failpoint.STEP_COMMITTED.hit();
                    return rows;
                });
                leftOut += changes.size() - untouched.size();
                return written;
            }
        }

        @Override
        public Contest contend(RowChange change) throws SQLException {
            transaction.requireNotStopped();
            try (Fence.Held held = flight.hold()) {
                if (isTouched(change, flight.touched())) {
                    leftOut++;
                    return new Contest(Written.nothing(), null);
                }
                return transaction.run(() -> {
                    session.hold(epoch);
                    Contest contest = session.contend(change);
                    session.commit();
                    Failpoint.STEP_COMMITTED.hit();
                    return contest;
                });
            }
        }

        @Override
        public List<RowChange> parked(List<RowChange> changes) throws SQLException {
            return transaction.run(() -> {
                List<RowChange> parked = session.parked(changes);
                session.rollback();
                return parked;
            });
        }

        /// Without the dead letters of documents that the stream has touched: it has parked or applied a newer
        /// state of theirs. Call with the fence held.
        Written untouched(Written written) {
            Set<Object> touched = flight.touched();
            List<DeadLetter> letters = written.deadLetters().stream()
                    .filter(letter -> !isTouched(letter.change(), touched))
                    .toList();
            leftOut += written.deadLetters().size() - letters.size();
            return new Written(written.summary(), letters, written.counts());
        }
    }

    private WriteSummary commit(Chunk chunk, int documents, int leftOut, WriteSummary summary) throws SQLException {
        Failpoint.CHUNK_WRITTEN.hit();
        session.chunkDone(chunk, documents, summary, leftOut);
        long before = System.nanoTime();
        session.commit();
        commitNanos = System.nanoTime() - before;
        Failpoint.CHUNK_COMMITTED.hit();
        return summary;
    }

    /// How long PostgreSQL took for the last chunk's commit, nanoseconds.
    public long commitNanos() {
        return commitNanos;
    }

    /// Writes documents that were read again. On return they are durable, and removed from the list.
    ///
    /// @param rows the documents that were found; a delete for each that is gone
    /// @param entries of the list, all of one collection, that are done with it
    public WriteSummary resync(List<RowChange> rows, List<ResyncStore.Entry> entries, Fence.Flight flight)
            throws SQLException {
        try (Fence.Held held = flight.hold()) {
            List<RowChange> untouched = without(flight.touched(), rows);
            Optional<WriteSummary> atOnce = transaction.attempt(() -> {
                session.hold(epoch);
                return commit(entries, session.note(session.write(untouched)));
            });
            if (atOnce.isPresent()) {
                untouched.forEach(row -> watch.applied(row.target().collection(), 1));
                return atOnce.get();
            }
        }
        return inSteps(rows, flight, (summary, leftOut) -> commit(entries, summary));
    }

    private WriteSummary commit(List<ResyncStore.Entry> entries, WriteSummary summary) throws SQLException {
        session.strike(entries);
        session.commit();
        Failpoint.CHUNK_COMMITTED.hit();
        return summary;
    }

    /// Deletes rows whose documents are gone, but for those that the stream has touched since the flight
    /// opened. One that PostgreSQL does not let go, as where a foreign key leads to it, stays, and the
    /// log says so.
    ///
    /// @param keys of the collection's rows
    /// @return rows deleted from the collection's own table
    public int prune(CollectionTarget target, List<Object> keys, Fence.Flight flight) throws SQLException {
        try (Fence.Held held = flight.hold()) {
            Set<Object> touched = flight.touched();
            List<Object> untouched =
                    keys.stream().filter(key -> !touched.contains(key)).toList();
            SequencedMap<String, Integer> staying = new LinkedHashMap<>();
            int deleted = untouched.isEmpty() ? 0 : remove(target, untouched, staying);
            staying.forEach((why, rows) -> LOG.warn(
                    "{}: {} that no document explains {}: PostgreSQL does not let {} go: {}. Delete what refers to {}, then"
                            + " `sluice verify --repair`.",
                    target.mapping().table(),
                    rows == 1 ? "1 row" : rows + " rows",
                    rows == 1 ? "stays" : "stay",
                    rows == 1 ? "it" : "them",
                    why,
                    rows == 1 ? "it" : "them"));
            return deleted;
        }
    }

    /// @param staying takes how many rows PostgreSQL does not let go, by the reason
    private int remove(CollectionTarget target, List<Object> keys, Map<String, Integer> staying) throws SQLException {
        transaction.requireNotStopped();
        try {
            return transaction.run(() -> {
                session.hold(epoch);
                int deleted = session.remove(target, keys);
                session.commit();
                return deleted;
            });
        } catch (SQLException e) {
            if (!WriteTransaction.canBeSplit(e) || (keys.size() == 1 && !Failures.isAboutData(e))) {
                throw e;
            }
            if (keys.size() == 1) {
                staying.merge(Failures.describe(e), 1, Integer::sum);
                return 0;
            }
            int half = keys.size() / 2;
            return remove(target, keys.subList(0, half), staying)
                    + remove(target, keys.subList(half, keys.size()), staying);
        }
    }

    /// Puts documents on the resync list that wait for rows which another writer has inserted.
    ///
    /// @return how many
    /// @throws dev.sluice.failure.SluiceException when a table no longer keeps keys apart
    public int sweep() throws SQLException {
        return transaction.run(() -> {
            int listed = session.sweep();
            session.commit();
            return listed;
        });
    }

    private static boolean isTouched(RowChange row, Set<Object> touched) {
        Object key = row.fenceKey();
        return key != null && touched.contains(key);
    }

    private static List<RowChange> without(Set<Object> touched, List<RowChange> rows) {
        if (touched.isEmpty()) {
            return rows;
        }
        List<RowChange> untouched = new ArrayList<>(rows.size());
        for (RowChange row : rows) {
            if (!isTouched(row, touched)) {
                untouched.add(row);
            }
        }
        return untouched;
    }

    @Override
    public void close() throws SQLException {
        transaction.close();
        session.close();
    }
}
