package dev.sluice.testkit;

import dev.sluice.change.Chunk;
import dev.sluice.change.Position;
import dev.sluice.change.Watermark;
import dev.sluice.control.ResyncStore;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.WriteSummary;
import dev.sluice.sink.postgres.Contest;
import dev.sluice.sink.postgres.TargetSession;
import dev.sluice.sink.postgres.Written;
import dev.sluice.sink.postgres.staging.ChunkRows;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// A session that writes nothing and remembers what it was asked, in order: `advance`, `write 2`, `commit`. Its writes
/// fail as told. For tests of what the sinks decide; one thread.
public final class FakeTargetSession implements TargetSession {
    private final List<String> calls = new ArrayList<>();
    private final Deque<SQLException> failures = new ArrayDeque<>();
    private Runnable duringWrite = () -> {};
    private BooleanSupplier awaited = () -> false;

    /// The next writes fail with these, one after the other.
    public FakeTargetSession failing(SQLException... next) {
        failures.addAll(List.of(next));
        return this;
    }

    /// Runs with each write, before it fails or succeeds.
    public FakeTargetSession during(Runnable write) {
        duringWrite = write;
        return this;
    }

    /// What it answers when it is asked whether somebody waits.
    public FakeTargetSession awaited(BooleanSupplier answer) {
        awaited = answer;
        return this;
    }

    /// What it was asked since the last call of this.
    public List<String> calls() {
        List<String> made = List.copyOf(calls);
        calls.clear();
        return made;
    }

    @Override
    public void hold(long epoch) {
        calls.add("hold");
    }

    @Override
    public void advance(Position position, long epoch, List<CollectionTarget> fenced) {
        calls.add("advance");
    }

    @Override
    public void moveWatermark(Watermark watermark, @Nullable Instant sourceTime) {
        calls.add("watermark");
    }

    @Override
    public Written write(List<RowChange> changes) throws SQLException {
        calls.add("write " + changes.size());
        duringWrite.run();
        if (!failures.isEmpty()) {
            throw failures.remove();
        }
        return Written.nothing();
    }

    @Override
    public Written write(ChunkRows rows, Set<Object> touched, boolean direct, boolean nothingThere)
            throws SQLException {
        return write(List.of());
    }

    @Override
    public WriteSummary note(Written written) {
        calls.add("note " + written.deadLetters().size());
        return written.summary().withDeadLetters(written.deadLetters().size());
    }

    @Override
    public Contest contend(RowChange change) {
        calls.add("contend");
        return new Contest(null, null);
    }

    @Override
    public List<RowChange> parked(List<RowChange> changes) {
        calls.add("parked");
        return List.of();
    }

    @Override
    public int remove(CollectionTarget target, List<Object> keys) {
        calls.add("remove " + keys.size());
        return keys.size();
    }

    @Override
    public boolean isAwaited() {
        calls.add("awaited");
        return awaited.getAsBoolean();
    }

    @Override
    public void commitLazily() {
        calls.add("commit lazily");
    }

    @Override
    public void running(Chunk chunk, @Nullable Chunk rest) {
        calls.add("running");
    }

    @Override
    public void cut(List<Chunk> parts) {
        calls.add("cut");
    }

    @Override
    public void chunkDone(Chunk chunk, int documents, WriteSummary summary, int leftOut) {
        calls.add("chunk done");
    }

    @Override
    public void strike(Collection<ResyncStore.Entry> entries) {
        calls.add("strike");
    }

    @Override
    public int sweep() {
        return 0;
    }

    @Override
    public boolean isEmpty(CollectionTarget target) {
        return false;
    }

    @Override
    public boolean dependsOnItself(CollectionTarget target) {
        return false;
    }

    @Override
    public void commit() {
        calls.add("commit");
    }

    @Override
    public void rollback() {
        calls.add("rollback");
    }

    @Override
    public void cancel() {}

    @Override
    public void close() {
        calls.add("close");
    }
}
