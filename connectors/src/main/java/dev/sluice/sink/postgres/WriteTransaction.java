package dev.sluice.sink.postgres;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.sink.WriteSummary;
import java.sql.Connection;
import java.sql.SQLException;

/// A transaction that writes rows: made again when another one was in its way, and made again in smaller
/// and smaller parts when PostgreSQL refused its data. On return it is committed; when it throws, nothing
/// of it is. For one thread.
final class WriteTransaction {
    private static final int CONFLICT_TRIES = 5;

    private final Connection connection;

    WriteTransaction(Connection connection) {
        this.connection = connection;
    }

    /// What a transaction does, its commit included.
    @FunctionalInterface
    interface Work {
        /// @param narrow whether to find and park what PostgreSQL refuses
        WriteSummary run(boolean narrow) throws SQLException;
    }

    WriteSummary run(Work work) throws SQLException {
        boolean narrow = false;
        for (int attempt = 1; ; attempt++) {
            try {
                return work.run(narrow);
            } catch (SQLException e) {
                connection.rollback();
                if (!narrow && Failures.isAboutData(e)) {
                    narrow = true;
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
