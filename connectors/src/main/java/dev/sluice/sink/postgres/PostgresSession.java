package dev.sluice.sink.postgres;

import dev.sluice.change.Chunk;
import dev.sluice.change.Position;
import dev.sluice.change.Watermark;
import dev.sluice.control.BackfillStore;
import dev.sluice.control.ResyncStore;
import dev.sluice.positions.MovedWrites;
import dev.sluice.positions.PositionStore;
import dev.sluice.positions.Waiters;
import dev.sluice.postgres.KeptConnections.Lent;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.WriteSummary;
import dev.sluice.sink.postgres.check.TargetCheck;
import dev.sluice.sink.postgres.staging.ChunkRows;
import dev.sluice.sql.RoundTrip;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/// A session of PostgreSQL.
public final class PostgresSession implements TargetSession {
    private static final RoundTrip.Part COMMIT = RoundTrip.Update.plain("COMMIT");

    private final Connection connection;
    private final Lent lent;
    private final List<CollectionTarget> targets;
    private final PositionStore positions;
    private final BackfillStore backfill;
    private final ResyncStore resync;
    private final RowWriter writer;

    /// How often writes had moved to PostgreSQL when the session began.
    private final int moved;

    /// The collections of which the transaction has written or deleted rows, by their numbers.
    private final BitSet written = new BitSet();

    /// What is asked with the commit.
    private final List<RoundTrip.Part> last = new ArrayList<>();

    private final WatermarkPace watermarks;

    private PostgresSession(Lent lent, String pipeline, List<CollectionTarget> targets, RowWriter writer, int moved) {
        this.lent = lent;
        this.connection = lent.connection();
        this.targets = List.copyOf(targets);
        this.positions = new PositionStore(pipeline);
        this.backfill = new BackfillStore(pipeline);
        this.resync = new ResyncStore(pipeline);
        this.writer = writer;
        this.moved = moved;
        this.watermarks = new WatermarkPace(targets.size(), System::nanoTime);
    }

    /// Looks at the target's tables and makes the staging tables.
    ///
    /// @param connection used by this session alone from now on, and closed with it
    /// @param targets the collections that the session may write
    /// @throws dev.sluice.failure.SluiceException of kind WRITES_MOVED when the writes of one of them have moved to
    ///     PostgreSQL
    public static PostgresSession open(Connection connection, String pipeline, List<CollectionTarget> targets)
            throws SQLException {
        return open(Lent.once(connection), pipeline, targets);
    }

    /// The same with a connection that others have before or afterwards.
    ///
    /// @param lent closed with the session, and also when this throws
    public static PostgresSession open(Lent lent, String pipeline, List<CollectionTarget> targets) throws SQLException {
        Connection connection = lent.connection();
        try {
            connection.setAutoCommit(false);
            int moved = new MovedWrites(pipeline)
                    .begin(
                            connection,
                            targets.stream().map(CollectionTarget::collection).toList());
            RowWriter writer = RowWriter.create(connection, pipeline, targets);
            connection.commit();
            return new PostgresSession(lent, pipeline, targets, writer, moved);
        } catch (SQLException | RuntimeException e) {
            try {
                lent.close();
            } catch (SQLException closing) {
                e.addSuppressed(closing);
            }
            throw e;
        }
    }

    @Override
    public void hold(long epoch) throws SQLException {
        positions.hold(connection, epoch, moved);
    }

    @Override
    public void advance(Position position, long epoch, List<CollectionTarget> fenced) throws SQLException {
        List<RoundTrip.Part> parts = new ArrayList<>();
        parts.add(positions.advancing(connection, position, epoch, moved));
        parts.addAll(writer.lookingAhead(fenced));
        RoundTrip.send(connection, parts);
    }

    @Override
    public void moveWatermark(Watermark watermark, @Nullable Instant sourceTime) {
        boolean all = watermarks.all(!written.isEmpty());
        last.add(positions.moving(connection, watermark, sourceTime, all ? null : collectionsWritten()));
    }

    private List<String> collectionsWritten() {
        return targets.stream()
                .filter(target -> written.get(target.index()))
                .map(CollectionTarget::collection)
                .toList();
    }

    @Override
    public Written write(List<RowChange> changes) throws SQLException {
        changes.forEach(change -> written.set(change.target().index()));
        return writer.write(changes);
    }

    @Override
    public Written write(ChunkRows rows, Set<Object> touched, boolean direct, boolean nothingThere)
            throws SQLException {
        written.set(rows.target().index());
        return writer.write(rows, touched, direct, nothingThere);
    }

    @Override
    public WriteSummary note(Written written) throws SQLException {
        return writer.note(written);
    }

    @Override
    public Contest contend(RowChange change) throws SQLException {
        written.set(change.target().index());
        return writer.contend(change);
    }

    @Override
    public List<RowChange> parked(List<RowChange> changes) throws SQLException {
        return writer.parked(changes);
    }

    @Override
    public int remove(CollectionTarget target, List<Object> keys) throws SQLException {
        written.set(target.index());
        return writer.remove(target, keys);
    }

    @Override
    public boolean isAwaited() throws SQLException {
        return Waiters.any(connection);
    }

    @Override
    public void commitLazily() throws SQLException {
        writer.commitLazily();
    }

    @Override
    public void running(Chunk chunk, @Nullable Chunk rest) throws SQLException {
        backfill.running(connection, chunk, rest);
    }

    @Override
    public void cut(List<Chunk> parts) throws SQLException {
        backfill.cut(connection, parts);
    }

    @Override
    public void chunkDone(Chunk chunk, int documents, WriteSummary summary, int leftOut) throws SQLException {
        backfill.chunkDone(connection, chunk, documents, summary, leftOut);
    }

    @Override
    public void strike(Collection<ResyncStore.Entry> entries) throws SQLException {
        resync.done(connection, entries);
    }

    @Override
    public int sweep() throws SQLException {
        TargetCheck.keys(connection, targets);
        return writer.sweep();
    }

    @Override
    public boolean isEmpty(CollectionTarget target) throws SQLException {
        return writer.isEmpty(target);
    }

    @Override
    public boolean dependsOnItself(CollectionTarget target) {
        return writer.dependsOnItself(target);
    }

    @Override
    public void commit() throws SQLException {
        if (!written.isEmpty()) {
            last.addAll(writer.watchingKeys(written));
        }
        RoundTrip.send(connection, last);
        if (!written.isEmpty()) {
            writer.requireKeptKeys();
        }
        List<RoundTrip.Part> emptying = writer.beforeCommit();
        if (emptying.isEmpty()) {
            connection.commit();
        } else {
            // Together, since each way there and back counts where a transaction has few rows.
            List<RoundTrip.Part> ending = new ArrayList<>(emptying);
            ending.add(COMMIT);
            RoundTrip.send(connection, ending);
        }
        ended(true);
    }

    @Override
    public void rollback() throws SQLException {
        ended(false);
        connection.rollback();
    }

    private void ended(boolean committed) {
        written.clear();
        last.clear();
        writer.ended(committed);
    }

    @Override
    public void cancel() throws SQLException {
        connection.unwrap(PGConnection.class).cancelQuery();
    }

    @Override
    public void close() throws SQLException {
        lent.close();
    }
}
