package dev.sluice.sink.postgres;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.sink.StoppedException;
import java.sql.SQLException;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// A transaction that writes rows: tried again when another one was in its way, and in another way when
/// PostgreSQL refused its data. On return it is committed; when it throws, nothing of it is. For one thread.
final class WriteTransaction implements AutoCloseable {
    private static final int CONFLICT_TRIES = 5;

    private final TargetSession session;
    private BooleanSupplier stopped = () -> false;
    private @Nullable Cancellation cancellation;

    WriteTransaction(TargetSession session) {
        this.session = session;
    }

    /// What a transaction does, its commit included.
    @FunctionalInterface
    interface Work<T> {
        T run() throws SQLException;
    }

    /// From now on a transaction that is still running some seconds after the stop is cancelled.
    void stoppedBy(BooleanSupplier stopped) {
        this.stopped = stopped;
        close();
        cancellation = Cancellation.start(session, stopped);
    }

    /// @throws StoppedException when the pipeline is stopping
    void requireNotStopped() {
        if (stopped.getAsBoolean()) {
            throw new StoppedException();
        }
    }

    /// @throws SQLException also when PostgreSQL refused the data
    /// @throws StoppedException when the transaction was cancelled because the pipeline is stopping
    <T> T run(Work<T> work) throws SQLException {
        Cancellation watched = cancellation;
        if (watched != null) {
            watched.begin();
        }
        try {
            for (int attempt = 1; ; attempt++) {
                try {
                    return work.run();
                } catch (SQLException e) {
                    session.rollback();
                    if (Failures.classify(e).kind() != FailureKind.TARGET_CONFLICT) {
                        throw e;
                    }
                    requireNotStopped();
                    if (attempt == CONFLICT_TRIES || Failures.tookTooLong(e)) {
                        throw e;
                    }
                } catch (RuntimeException e) {
                    session.rollback();
                    throw e;
                }
            }
        } finally {
            if (watched != null) {
                watched.end();
            }
        }
    }

    /// @param ways to do the same, the fastest first
    /// @return empty when PostgreSQL refused the data in each of the ways, or they took too long
    @SafeVarargs
    final <T> Optional<T> attempt(Work<T>... ways) throws SQLException {
        for (Work<T> way : ways) {
            try {
                return Optional.of(run(way));
            } catch (SQLException e) {
                if (!canBeSplit(e)) {
                    throw e;
                }
            }
        }
        return Optional.empty();
    }

    /// Whether the same may succeed with fewer rows.
    static boolean canBeSplit(SQLException e) {
        return Failures.isAboutData(e) || Failures.tookTooLong(e);
    }

    @Override
    public void close() {
        if (cancellation != null) {
            cancellation.close();
        }
    }
}
