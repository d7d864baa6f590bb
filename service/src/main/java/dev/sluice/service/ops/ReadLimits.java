package dev.sluice.service.ops;

import dev.sluice.control.ReadLimitStore;
import dev.sluice.control.ReadLimitStore.Limit;
import dev.sluice.failure.Failures;
import dev.sluice.failure.WrongUseException;
import dev.sluice.positions.Transaction;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.source.mongo.ReadLimit.Rate;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// How fast a pipeline may read from MongoDB beside the stream: the same for the command line and REST. Any thread;
/// each
/// call has a connection of its own.
///
/// All methods throw a [dev.sluice.failure.SluiceException] when PostgreSQL can't be asked.
public final class ReadLimits {
    private final PostgresConnector connector;
    private final String pipeline;
    private final ReadLimitStore store;

    public ReadLimits(PostgresConnector connector, String pipeline) {
        this.connector = connector;
        this.pipeline = pipeline;
        this.store = new ReadLimitStore(pipeline);
    }

    /// What holds now.
    ///
    /// @param documentsPerSecond null for any number
    /// @param bytesPerSecond null for any number
    /// @param setBy null where no limit is set
    /// @param setAt null where no limit is set
    public record LimitReport(
            String pipeline,
            @Nullable Long documentsPerSecond,
            @Nullable Long bytesPerSecond,
            @Nullable String setBy,
            @Nullable Instant setAt) {
        /// What the processes keep.
        public Rate rate() {
            return new Rate(documentsPerSecond, bytesPerSecond);
        }
    }

    /// Sets a limit in the place of the one there is; every process of the pipeline keeps it within a second or two.
    ///
    /// @param documentsPerSecond null for any number
    /// @param bytesPerSecond null for any number; with the other null too, there is no limit any more
    /// @throws WrongUseException for a number below 1; then nothing is changed
    public LimitReport set(@Nullable Long documentsPerSecond, @Nullable Long bytesPerSecond, String actor) {
        if ((documentsPerSecond != null && documentsPerSecond < 1) || (bytesPerSecond != null && bytesPerSecond < 1)) {
            throw new WrongUseException("A limit is at least 1 a second. `sluice pause` stops all reading.");
        }
        try (Connection connection = connector.open()) {
            return Transaction.call(connection, () -> {
                store.set(connection, documentsPerSecond, bytesPerSecond, actor);
                return report(connection);
            });
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    public LimitReport now() {
        try (Connection connection = connector.open()) {
            return report(connection);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    private LimitReport report(Connection connection) throws SQLException {
        Limit limit = store.load(connection).orElse(null);
        return limit == null
                ? new LimitReport(pipeline, null, null, null, null)
                : new LimitReport(pipeline, limit.documents(), limit.bytes(), limit.by(), limit.at());
    }
}
