package dev.sluice.service.ops;

import dev.sluice.cutover.Route;
import dev.sluice.cutover.RouteStore;
import dev.sluice.failure.Failures;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.service.ops.LatestReading.Pace;
import dev.sluice.service.ops.LatestReading.Reading;
import dev.sluice.service.ops.LatestReading.Source;
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
/// they get the last routes that were known. PostgreSQL tells of changes, and the routes are read once a second in any
/// case. A route that goes back, as when PostgreSQL fails over to a standby that lacks the last changes, is logged and
/// announced again. Every method may be called by any thread.
public final class RouteWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RouteWatch.class);

    /// Stale when two readings are missing.
    private static final Pace PACE = new Pace(Duration.ofSeconds(1), 0, Duration.ofSeconds(3));

    private final LatestReading<Map<String, Route>> latest;

    /// The routes as they were last read.
    ///
    /// @param routes of each mapped collection, in the mapping's order
    /// @param stale whether PostgreSQL has not confirmed them for some seconds
    public record Snapshot(Map<String, Route> routes, boolean stale) {}

    private RouteWatch(PostgresConnector connector, String pipeline, List<String> mapped) {
        this.latest = LatestReading.of("sluice-routes", PACE, new Stored(connector, pipeline, mapped));
    }

    /// @param mapped the collections that the mapping has
    public static RouteWatch start(PostgresConnector connector, String pipeline, List<String> mapped) {
        RouteWatch watch = new RouteWatch(connector, pipeline, mapped);
        watch.latest.start();
        return watch;
    }

    /// The routes; null until they were read for the first time.
    public @Nullable Snapshot snapshot() {
        Reading<Map<String, Route>> last = latest.last();
        return last == null ? null : new Snapshot(last.value(), last.stale());
    }

    /// Reads the routes on one connection, on which PostgreSQL tells of changes.
    private static final class Stored implements Source<Map<String, Route>> {
        private final PostgresConnector connector;
        private final RouteStore store;
        private final List<String> mapped;
        private Map<String, Route> before = Map.of();
        private @Nullable Connection connection;

        Stored(PostgresConnector connector, String pipeline, List<String> mapped) {
            this.connector = connector;
            this.store = new RouteStore(pipeline);
            this.mapped = List.copyOf(mapped);
        }

        @Override
        public Map<String, Route> read() throws SQLException {
            Map<String, Route> stored = store.routes(connection());
            Map<String, Route> routes = new LinkedHashMap<>();
            for (String collection : mapped) {
                routes.put(
                        collection,
                        Objects.requireNonNullElseGet(stored.get(collection), () -> Route.unmoved(collection)));
            }
            for (Route route : routes.values()) {
                Route known = before.get(route.collection());
                if (known != null && known.revision() > route.revision()) {
                    wentBack(known, route);
                }
            }
            before = routes;
            return routes;
        }

        private void wentBack(Route known, Route now) throws SQLException {
            LOG.warn(
                    "{}: its route went back from {} (change {}, of {}) to {} (change {}, of {}): PostgreSQL has lost what"
                            + " came between, most likely by a fail-over to a standby that did not have it. Readers are"
                            + " told what it has now; `sluice routes` shows all routes, `sluice cutover` moves them again.",
                    now.collection(),
                    known.share().text(),
                    known.revision(),
                    known.changedAt(),
                    now.share().text(),
                    now.revision(),
                    now.changedAt() == null ? "never" : now.changedAt());
            store.announce(connection(), now.collection());
        }

        /// Returns at once when a route was changed.
        @Override
        public void await(Duration most) throws SQLException {
            connection().unwrap(PGConnection.class).getNotifications((int) most.toMillis());
        }

        private Connection connection() throws SQLException {
            Connection open = connection;
            if (open == null) {
                open = connector.open();
                connection = open;
                try (Statement statement = open.createStatement()) {
                    statement.execute("LISTEN " + RouteStore.CHANNEL);
                }
            }
            return open;
        }

        @Override
        public void reset() {
            Connection open = connection;
            connection = null;
            if (open != null) {
                try {
                    open.close();
                } catch (SQLException e) {
                    LOG.debug("The connection for the routes was not closed: {}", Failures.describe(e));
                }
            }
        }
    }

    @Override
    public void close() {
        latest.close();
    }
}
