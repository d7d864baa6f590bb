package dev.sluice.sink.postgres;

import dev.sluice.change.Position;
import dev.sluice.change.Watermark;
import dev.sluice.failure.Failpoint;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.Fence;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.WriteLimits;
import dev.sluice.sink.WriteSummary;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Applies the stream: rows, child rows, dead letters, quarantined values, the position and the watermark
/// in one transaction, fenced by the epoch (promises 1 and 4). For one thread.
///
/// When PostgreSQL refuses some of the rows, the others are committed first, in several short transactions,
/// each fenced; dead letters, the position and the watermark follow in the last one. The collections'
/// fences are held from before the first of these transactions until after the last.
public final class StreamSink implements AutoCloseable {
    private final TargetSession session;
    private final long epoch;
    private final List<Fence> fences;
    private final WriteTransaction transaction;
    private RefusalWatch watch = new RefusalWatch(WriteLimits.REFUSED_SHARE);

    /// @param session used by this sink alone from now on, and closed with it
    /// @param fences one for each collection, by its number
    public StreamSink(TargetSession session, long epoch, List<Fence> fences) {
        this.session = session;
        this.epoch = epoch;
        this.fences = List.copyOf(fences);
        this.transaction = new WriteTransaction(session);
    }

    /// Sets when this sink stops; else [WriteLimits#DEFAULTS] apply.
    public StreamSink within(WriteLimits limits) {
        watch = new RefusalWatch(limits.refusedShare());
        transaction.stoppedBy(limits.stopped());
        return this;
    }

    /// Writes the changes and the position in one transaction, where MongoDB's clock is not known.
    public WriteSummary apply(List<RowChange> changes, @Nullable Position upTo, @Nullable Watermark watermark)
            throws SQLException {
        return apply(changes, upTo, watermark, null);
    }

    /// On return the changes and the position are durable, together. When it throws, the position has not
    /// moved and no dead letter is written; rows may be, and are written again with the same changes.
    ///
    /// @param upTo where the stream is after these changes; null leaves the stored position as it is
    /// @param watermark all that was committed in MongoDB up to here is applied with this batch; null when
    ///     unknown
    /// @param sourceTime MongoDB's wall clock now; null when it has not been asked
    /// @throws dev.sluice.failure.SluiceException of kind ROWS_REFUSED when PostgreSQL refuses too many rows
    ///     of a collection for one reason
    /// @throws dev.sluice.sink.StoppedException when the pipeline stops while refused rows are looked for, or
    ///     PostgreSQL takes long
    public WriteSummary apply(
            List<RowChange> changes,
            @Nullable Position upTo,
            @Nullable Watermark watermark,
            @Nullable Instant sourceTime)
            throws SQLException {
        Progress progress = new Progress(upTo, watermark, sourceTime);
        List<Noted> noted = holdAndNote(changes);
        boolean applied = false;
        try {
            WriteSummary summary = apply(changes, progress, noted);
            applied = true;
            return summary;
        } finally {
            if (!applied) {
                noted.forEach(each -> each.fence().spoil());
            }
            noted.forEach(each -> each.held().close());
        }
    }

    /// Whether somebody waits in PostgreSQL for an operation of MongoDB.
    public boolean isAwaited() throws SQLException {
        return transaction.run(() -> {
            boolean awaited = session.isAwaited();
            session.rollback();
            return awaited;
        });
    }

    private WriteSummary apply(List<RowChange> changes, Progress progress, List<Noted> noted) throws SQLException {
        List<CollectionTarget> fenced = noted.stream().map(Noted::target).toList();
        Optional<WriteSummary> atOnce = transaction.attempt(() -> inOneTransaction(changes, progress, fenced));
        if (atOnce.isPresent()) {
            changes.forEach(change -> watch.applied(change.target().collection(), 1));
            return atOnce.get();
        }
        Written written = new Narrowing(new Steps(), watch).apply(changes);
        return transaction.run(() -> lastTransaction(written, progress));
    }

    /// A collection that is touched.
    private record Noted(CollectionTarget target, Fence fence, Fence.Held held) {}

    /// The stream's position after some changes.
    private record Progress(
            @Nullable Position upTo,
            @Nullable Watermark watermark,
            @Nullable Instant sourceTime) {}

    /// Steps on the way to the last transaction: rows without the position.
    private final class Steps implements Narrowing.Step {
        @Override
        public Written write(List<RowChange> changes) throws SQLException {
            transaction.requireNotStopped();
            return transaction.run(() -> {
                session.hold(epoch);
                session.commitLazily();
                Written written = session.write(changes);
                session.commit();
                Failpoint.STEP_COMMITTED.hit();
                return written;
            });
        }

        @Override
        public Contest contend(RowChange change) throws SQLException {
            transaction.requireNotStopped();
            return transaction.run(() -> {
                session.hold(epoch);
                Contest contest = session.contend(change);
                session.commit();
                Failpoint.STEP_COMMITTED.hit();
                return contest;
            });
        }

        @Override
        public List<RowChange> parked(List<RowChange> changes) throws SQLException {
            return transaction.run(() -> {
                List<RowChange> parked = session.parked(changes);
                session.rollback();
                return parked;
            });
        }
    }

    private List<Noted> holdAndNote(List<RowChange> changes) {
        // By number, so that two threads never take the same two fences in opposite orders.
        Map<Integer, List<Object>> touched = new TreeMap<>();
        Map<Integer, CollectionTarget> targets = new HashMap<>();
        for (RowChange change : changes) {
            Object key = change.fenceKey();
            if (key != null) {
                targets.put(change.target().index(), change.target());
                touched.computeIfAbsent(change.target().index(), i -> new ArrayList<>())
                        .add(key);
            }
        }
        List<Noted> noted = new ArrayList<>(touched.size());
        touched.forEach((collection, keys) -> {
            Fence fence = fences.get(collection);
            noted.add(new Noted(Objects.requireNonNull(targets.get(collection)), fence, fence.hold()));
            fence.note(keys);
        });
        return noted;
    }

    private WriteSummary inOneTransaction(List<RowChange> changes, Progress progress, List<CollectionTarget> fenced)
            throws SQLException {
        movePosition(progress, fenced);
        Failpoint.POSITION_WRITTEN.hit();
        WriteSummary summary = changes.isEmpty() ? WriteSummary.NOTHING : session.note(session.write(changes));
        return commit(summary, progress);
    }

    private WriteSummary lastTransaction(Written written, Progress progress) throws SQLException {
        movePosition(progress, List.of());
        WriteSummary summary = session.note(written);
        Failpoint.DEAD_LETTERS_WRITTEN.hit();
        return commit(summary, progress);
    }

    private void movePosition(Progress progress, List<CollectionTarget> fenced) throws SQLException {
        if (progress.upTo() == null) {
            session.hold(epoch);
        } else {
            session.advance(progress.upTo(), epoch, fenced);
        }
    }

    private WriteSummary commit(WriteSummary summary, Progress progress) throws SQLException {
        Watermark watermark = progress.watermark();
        if (watermark != null && !watermark.isUnknown()) {
            session.moveWatermark(watermark, progress.sourceTime());
        }
        Failpoint.ROWS_WRITTEN.hit();
        session.commit();
        Failpoint.COMMITTED.hit();
        return summary;
    }

    @Override
    public void close() throws SQLException {
        transaction.close();
        session.close();
    }
}
