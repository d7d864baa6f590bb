package dev.sluice.cutover;

import dev.sluice.positions.LockHolder;
import dev.sluice.positions.PipelineLock;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Lets one process at a time move writes of a pipeline, or end MongoDB's block of writes. It is a lock
/// of a session of PostgreSQL, so a kill frees it: what is noted in `sluice.unfinished` while nobody has
/// it was left by a process that was killed. Any thread.
public final class FinishLock implements AutoCloseable {
    private final PipelineLock lock;
    private final AtomicBoolean lost = new AtomicBoolean();

    private FinishLock(PipelineLock lock) {
        this.lock = lock;
        lock.onLost(failure -> lost.set(true));
    }

    /// What came of trying to get it.
    public sealed interface Attempt {
        record Held(FinishLock lock) implements Attempt {}

        /// Another process has it, or another call of this one.
        ///
        /// @param holder for people
        record Refused(String holder) implements Attempt {}
    }

    /// Takes it, unless somebody else has it. Does not wait.
    public static Attempt take(PipelineLock.Connections connections, String pipeline)
            throws SQLException, InterruptedException {
        AtomicReference<@Nullable String> holder = new AtomicReference<>();
        Optional<PipelineLock> taken = PipelineLock.take(connections, key(pipeline), (other, connection) -> {
            holder.set(other.forPeople());
            return false;
        });
        return taken.<Attempt>map(lock -> new Attempt.Held(new FinishLock(lock)))
                .orElseGet(() -> new Attempt.Refused(String.valueOf(holder.get())));
    }

    /// Who has it, for people; empty when nobody has.
    public static Optional<String> holder(Connection connection, String pipeline) throws SQLException {
        return PipelineLock.holder(connection, key(pipeline)).map(LockHolder::forPeople);
    }

    private static String key(String pipeline) {
        return pipeline + ": finish";
    }

    /// Whether another process has it now: its session was lost, and somebody was faster.
    public boolean isLost() {
        return lost.get();
    }

    @Override
    public void close() {
        lock.close();
    }
}
