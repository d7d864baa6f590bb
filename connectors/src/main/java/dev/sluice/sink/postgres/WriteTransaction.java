package dev.sluice.sink.postgres;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.sink.WriteSummary;
import java.sql.Connection;
import java.sql.SQLException;

/// A transaction that writes rows: made again when another one was in its way, and made again in another
/// way when PostgreSQL refused its data. On return it is committed; when it throws, nothing of it is. For
/// one thread.
final class WriteTransaction {
    private static final int CONFLICT_TRIES = 5;

    private final Connection connection;

    WriteTransaction(Connection connection) {
        this.connection = connection;
    }

    /// What a transaction does, its commit included.
    @FunctionalInterface
    interface Work {
        WriteSummary run() throws SQLException;
    }

    /// @param ways to do the same, the fastest first; the last one copes with whatever PostgreSQL refuses
    WriteSummary run(Work... ways) throws SQLException {
        int way = 0;
        for (int attempt = 1; ; attempt++) {
            try {
                return ways[way].run();
            } catch (SQLException e) {
                connection.rollback();
                if (way + 1 < ways.length && Failures.isAboutData(e)) {
                    way++;
                } else if (Failures.classify(e).kind() != FailureKind.TARGET_CONFLICT || attempt == CONFLICT_TRIES) {
                    throw e;
                }
            } catch (RuntimeException e) {
                connection.rollback();
                throw e;
            }
        }
    }
}
