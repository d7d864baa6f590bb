package dev.sluice.service.ops;

import dev.sluice.audit.AuditAction;
import dev.sluice.cutover.ReadFrom;
import dev.sluice.cutover.Route;
import dev.sluice.cutover.RouteStore;
import dev.sluice.cutover.RouteStore.Move;
import dev.sluice.cutover.ShadowCounts;
import dev.sluice.cutover.ShadowReadStore;
import dev.sluice.cutover.Share;
import dev.sluice.failure.Failures;
import dev.sluice.gate.Gate;
import dev.sluice.gate.GateStore;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.service.ops.ShadowReads.ShadowReport;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Where collections are read from, and moving that: the same for the command line and REST. Any thread; each
/// call has a connection of its own.
///
/// All methods throw a [dev.sluice.failure.SluiceException] when PostgreSQL can't be asked.
public final class Routes {
    private final PostgresConnector connector;
    private final List<String> mapped;
    private final RouteStore store;
    private final GateStore gates;
    private final ShadowReadStore shadowReads;

    /// @param mapped the collections that the mapping has
    public Routes(PostgresConnector connector, String pipeline, Collection<String> mapped) {
        this.connector = connector;
        this.mapped = List.copyOf(mapped);
        this.store = new RouteStore(pipeline);
        this.gates = new GateStore(pipeline);
        this.shadowReads = new ShadowReadStore(pipeline);
    }

    /// Where a collection is read from.
    ///
    /// @param readsFrom `mongodb`, `postgres` or `both`; null where it goes by the targeting key
    /// @param percent of the targeting keys read from PostgreSQL
    /// @param shadowPercent of the targeting keys read from both sides
    /// @param gate whether the gate is open, `open` or `shut`
    /// @param autoRollback whether a running pipeline moves reads back by itself
    /// @param writes who writes the rows: `mongodb`, followed by Sluice, or `postgres`, the application
    /// @param changedAt null while it was never moved
    /// @param changedBy null while it was never moved
    /// @param shadow reads of both sides that were reported since the collection was copied; null when none was
    public record RouteReport(
            String collection,
            @Nullable String readsFrom,
            int percent,
            int shadowPercent,
            String gate,
            boolean autoRollback,
            String writes,
            @Nullable Instant changedAt,
            @Nullable String changedBy,
            @Nullable ShadowReport shadow) {
        /// The shares in words.
        public String share() {
            return new Share(percent, shadowPercent).text();
        }
    }

    /// The routes of all mapped collections.
    public record All(List<RouteReport> routes) {
        public All {
            routes = List.copyOf(routes);
        }
    }

    /// What became of a move.
    public sealed interface Outcome {
        /// All of them were moved.
        record Moved(List<RouteReport> routes) implements Outcome {}

        /// All of them would be moved.
        record WouldMove(List<RouteReport> routes) implements Outcome {}

        /// None was moved, since the gates of these are shut.
        record Shut(List<Gate> gates) implements Outcome {}

        /// None was moved, since the rows of these had not caught up in time.
        record Behind(List<String> collections) implements Outcome {}

        /// None was moved, since the writes of these have moved to PostgreSQL.
        record WritesMoved(List<String> collections) implements Outcome {
            /// What that means, in a sentence or two.
            public String reason() {
                return "The writes of " + String.join(", ", collections)
                        + " have moved to PostgreSQL: MongoDB does not have"
                        + " what was written since, so reads stay there.";
            }
        }
    }

    /// A cut-over that is wished for.
    ///
    /// @param collections mapped ones
    /// @param autoRollback whether a running pipeline moves them back by itself when rows drift or fall behind
    /// @param patience how long to wait until the rows have everything that was committed before
    /// @param dryRun whether it is only said what would become of it
    public record Wish(
            List<String> collections,
            Share share,
            boolean autoRollback,
            Duration patience,
            boolean dryRun,
            String actor) {
        public Wish {
            collections = List.copyOf(collections);
        }
    }

    public boolean isMapped(String collection) {
        return mapped.contains(collection);
    }

    /// The mapped collections whose reads can move: those whose writes have not.
    public List<String> movable() {
        try (Connection connection = connector.open()) {
            Map<String, Route> routes = store.routes(connection);
            return mapped.stream()
                    .filter(c -> !routes.getOrDefault(c, Route.unmoved(c)).writesMoved())
                    .toList();
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    public All all() {
        try (Connection connection = connector.open()) {
            return new All(reports(connection, mapped, null));
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// @param collection a mapped one
    public RouteReport of(String collection) {
        try (Connection connection = connector.open()) {
            return reports(connection, List.of(collection), null).getFirst();
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// Moves readers to PostgreSQL, or lets more of them read both sides. The gate is asked twice: before waiting
    /// for the rows to catch up, and in the transaction that moves.
    public Outcome cutOver(Wish wish) {
        try (Connection connection = connector.open()) {
            List<Gate> shut = shut(connection, wish);
            if (!shut.isEmpty() && wish.dryRun()) {
                return new Outcome.Shut(shut);
            }
            if (wish.dryRun()) {
                return new Outcome.WouldMove(reports(connection, wish.collections(), wish.share()));
            }
            if (shut.isEmpty()) {
                List<String> behind = behind(connection, wish);
                if (!behind.isEmpty()) {
                    return new Outcome.Behind(behind);
                }
            }
            return move(
                    connection,
                    new Move(wish.collections(), wish.share(), wish.autoRollback(), AuditAction.CUTOVER, wish.actor()));
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// Moves all readers back to MongoDB, whatever the gate says.
    public Outcome rollback(List<String> collections, String actor) {
        try (Connection connection = connector.open()) {
            return move(connection, new Move(collections, Share.MONGODB, false, AuditAction.ROLLBACK, actor));
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    private Outcome move(Connection connection, Move move) throws SQLException {
        return switch (store.move(connection, move)) {
            case RouteStore.Outcome.Shut shut -> new Outcome.Shut(shut.gates());
            case RouteStore.Outcome.WritesMoved gone -> new Outcome.WritesMoved(gone.collections());
            case RouteStore.Outcome.Moved moved ->
                new Outcome.Moved(reports(connection, List.copyOf(move.collections()), null));
        };
    }

    private List<Gate> shut(Connection connection, Wish wish) throws SQLException {
        Map<String, Route> routes = store.routes(connection);
        return gates.of(connection, more(wish, routes)).values().stream()
                .filter(gate -> !RouteStore.lets(
                        gate,
                        routes.getOrDefault(gate.collection(), Route.unmoved(gate.collection()))
                                .share(),
                        wish.share()))
                .toList();
    }

    /// Those of which more readers would read from PostgreSQL than do now.
    private static List<String> more(Wish wish, Map<String, Route> routes) {
        return wish.collections().stream()
                .filter(c -> wish.share()
                        .takesMoreThan(routes.getOrDefault(c, Route.unmoved(c)).share()))
                .toList();
    }

    private List<String> behind(Connection connection, Wish wish) throws SQLException {
        long until = System.nanoTime() + wish.patience().toNanos();
        List<String> behind = new ArrayList<>();
        for (String collection : more(wish, store.routes(connection))) {
            Duration left = Duration.ofNanos(Math.max(0, until - System.nanoTime()));
            if (!store.awaitCaughtUp(connection, collection, left)) {
                behind.add(collection);
            }
        }
        return behind;
    }

    /// @param share in the place of the one that each has; null for that one
    private List<RouteReport> reports(Connection connection, List<String> collections, @Nullable Share share)
            throws SQLException {
        Map<String, Route> routes = store.routes(connection);
        Map<String, ShadowCounts> shadow = shadowReads.counts(connection);
        return gates.of(connection, collections).values().stream()
                .map(gate -> {
                    String c = gate.collection();
                    Route route = routes.getOrDefault(c, Route.unmoved(c));
                    Share now = share == null ? route.share() : share;
                    return new RouteReport(
                            c,
                            now.forEveryone().map(ReadFrom::text).orElse(null),
                            now.percent(),
                            now.shadowPercent(),
                            gate.open() ? "open" : "shut",
                            route.autoRollback(),
                            route.writesMoved() ? "postgres" : "mongodb",
                            route.changedAt(),
                            route.changedBy(),
                            shadow.containsKey(c) ? ShadowReport.of(shadow.get(c)) : null);
                })
                .toList();
    }
}
