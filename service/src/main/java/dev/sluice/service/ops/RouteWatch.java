package dev.sluice.service.ops;

import dev.sluice.cutover.Route;
import dev.sluice.cutover.RouteStore;
import dev.sluice.failure.Failures;
import dev.sluice.sink.postgres.PostgresConnector;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps the routes of a pipeline in memory, so that readers can ask often, and also while PostgreSQL is away: then
/// they get the last routes that were known. A thread of its own hears of changes from PostgreSQL, and reads the
/// routes once a second in any case. Every method may be called by any thread.
public final class RouteWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RouteWatch.class);
    private static final Duration EVERY = Duration.ofSeconds(1);

    /// Two readings that are missing.
    private static final Duration STALE = Duration.ofSeconds(3);

    private final PostgresConnector connector;
    private final List<String> mapped;
    private final RouteStore store;
    private final Thread thread;
    private volatile @Nullable Known known;

    private record Known(Map<String, Route> routes, long nanos) {}

    /// The routes as they were last read.
    ///
    /// @param routes of each mapped collection, in the mapping's order
    /// @param stale whether PostgreSQL has not confirmed them for some seconds
    public record Snapshot(Map<String, Route> routes, boolean stale) {}

    private RouteWatch(PostgresConnector connector, String pipeline, List<String> mapped) {
        this.connector = connector;
        this.mapped = List.copyOf(mapped);
        this.store = new RouteStore(pipeline);
        this.thread = Thread.ofPlatform().name("sluice-routes").daemon(true).unstarted(this::watch);
    }

    /// @param mapped the collections that the mapping has
    public static RouteWatch start(PostgresConnector connector, String pipeline, List<String> mapped) {
        RouteWatch watch = new RouteWatch(connector, pipeline, mapped);
        watch.thread.start();
        return watch;
    }

    /// The routes; null until they were read for the first time.
    public @Nullable Snapshot snapshot() {
        Known last = known;
        return last == null ? null : new Snapshot(last.routes(), System.nanoTime() - last.nanos() > STALE.toNanos());
    }

    private void watch() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                try (Connection connection = connector.open();
                        Statement statement = connection.createStatement()) {
                    statement.execute("LISTEN " + RouteStore.CHANNEL);
                    PGConnection notified = connection.unwrap(PGConnection.class);
                    while (!Thread.currentThread().isInterrupted()) {
                        read(connection);
                        // Returns at once when a route was changed.
                        notified.getNotifications((int) EVERY.toMillis());
                    }
                } catch (SQLException e) {
                    LOG.debug("The routes can't be read: {}", Failures.describe(e));
                    Thread.sleep(EVERY);
                }
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    private void read(Connection connection) throws SQLException {
        Map<String, Route> stored = store.routes(connection);
        Map<String, Route> routes = new LinkedHashMap<>();
        for (String collection : mapped) {
            routes.put(
                    collection, Objects.requireNonNullElseGet(stored.get(collection), () -> Route.unmoved(collection)));
        }
        known = new Known(routes, System.nanoTime());
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
