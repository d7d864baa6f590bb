package dev.sluice.service.pipeline;

import dev.sluice.control.ReadLimitStore;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.service.text.ReadLimitText;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.source.mongo.ReadLimit;
import dev.sluice.source.mongo.ReadLimit.Rate;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Has a process keep the limit that `sluice limit` sets, from its first read on and once a second after that. While
/// PostgreSQL is away the last limit stays.
public final class ReadLimitWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ReadLimitWatch.class);
    private static final Duration EVERY = Duration.ofSeconds(1);

    private final PostgresConnector connector;
    private final ReadLimitStore store;
    private final ReadLimit limit;
    private final Thread thread;

    private ReadLimitWatch(PostgresConnector connector, String pipeline, ReadLimit limit) {
        this.connector = connector;
        this.store = new ReadLimitStore(pipeline);
        this.limit = limit;
        this.thread = Thread.ofPlatform().name("sluice-read-limit").daemon(true).unstarted(this::watch);
    }

    /// Sets the limit before it returns, where PostgreSQL answers and has the control schema.
    public static ReadLimitWatch start(PostgresConnector connector, String pipeline, MongoSource source) {
        ReadLimitWatch watch = new ReadLimitWatch(connector, pipeline, source.readLimit());
        try (Connection connection = connector.open()) {
            watch.look(connection);
        } catch (SQLException | SluiceException e) {
            LOG.debug("The read limit could not be asked for: {}", Failures.describe(e));
        }
        watch.thread.start();
        return watch;
    }

    private void watch() {
        try {
            while (true) {
                Thread.sleep(EVERY);
                try (Connection connection = connector.open()) {
                    while (true) {
                        look(connection);
                        Thread.sleep(EVERY);
                    }
                } catch (SQLException | SluiceException e) {
                    LOG.debug("The read limit could not be asked for: {}", Failures.describe(e));
                }
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    private void look(Connection connection) throws SQLException {
        ReadLimitStore.Limit now = store.load(connection).orElse(null);
        Rate rate = now == null ? Rate.NONE : new Rate(now.documents(), now.bytes());
        if (!rate.equals(limit.rate())) {
            limit.set(rate);
            if (now == null) {
                LOG.info("MongoDB is read without a limit again.");
            } else {
                LOG.info(
                        "MongoDB is read at no more than {} beside the stream, as {} set.",
                        ReadLimitText.of(rate),
                        now.by());
            }
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
