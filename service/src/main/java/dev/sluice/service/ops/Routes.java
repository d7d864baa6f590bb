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
import java.util.stream.Collectors;
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
        /// All of them are moved.
        ///
        /// @param changed those that were not there already
        /// @param leftOut whose writes have moved to PostgreSQL, where these were to be left out
        record Moved(List<RouteReport> routes, List<String> changed, List<String> leftOut) implements Outcome {}

        /// All of them would be moved.
        ///
        /// @param leftOut as of [Moved]
        record WouldMove(List<RouteReport> routes, List<String> leftOut) implements Outcome {}

        /// None was moved, since somebody else moved these meanwhile.
        ///
        /// @param routes as they are now
        record Changed(List<RouteReport> routes) implements Outcome {
            /// What that means, in a sentence or two.
            public String reason() {
                return routes.stream()
                                .map(route -> "The reads of " + route.collection() + " were moved to "
                                        + route.share() + " meanwhile, at " + route.changedAt() + " by "
                                        + route.changedBy() + ".")
                                .collect(Collectors.joining(" "))
                        + " Ask again if they are to move all the same.";
            }
        }

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
    /// @param leaveOut whether those whose writes have moved are left out; else they forbid it
    /// @param autoRollback whether a running pipeline moves them back by itself when rows drift or fall behind
    /// @param patience how long to wait until the rows have everything that was committed before
    /// @param dryRun whether it is only said what would become of it
    public record Wish(
            List<String> collections,
            boolean leaveOut,
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
            return mapped.stream().filter(c -> !route(routes, c).writesMoved()).toList();
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
    /// for the rows to catch up, and in the transaction that moves. That one moves nothing where a route has been
    /// changed since this was called.
    public Outcome cutOver(Wish wish) {
        try (Connection connection = connector.open()) {
            Map<String, Route> before = store.routes(connection);
            Chosen chosen = Chosen.of(wish.collections(), wish.leaveOut(), before);
            if (chosen.collections().isEmpty()) {
                return new Outcome.WritesMoved(chosen.leftOut());
            }
            List<String> more = chosen.collections().stream()
                    .filter(c -> wish.share().takesMoreThan(route(before, c).share()))
                    .toList();
            Move move = move(wish, chosen, before);
            List<Gate> shut = gates.of(connection, chosen.collections()).values().stream()
                    .filter(gate -> !RouteStore.lets(
                            gate, route(before, gate.collection()).share(), move))
                    .toList();
            if (wish.dryRun()) {
                return shut.isEmpty()
                        ? new Outcome.WouldMove(
                                reports(connection, chosen.collections(), wish.share()), chosen.leftOut())
                        : new Outcome.Shut(shut);
            }
            List<String> behind = shut.isEmpty() ? behind(connection, more, wish.patience()) : List.of();
            if (!behind.isEmpty()) {
                // Where the gate says why, such as a pause or a MongoDB that is away, that is the answer.
                List<Gate> since = gates.of(connection, behind).values().stream()
                        .filter(gate -> !gate.open())
                        .toList();
                return since.isEmpty() ? new Outcome.Behind(behind) : new Outcome.Shut(since);
            }
            return move(connection, chosen, move);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    private static Move move(Wish wish, Chosen chosen, Map<String, Route> before) {
        return new Move(
                chosen.collections(),
                wish.share(),
                wish.autoRollback(),
                AuditAction.CUTOVER,
                wish.actor(),
                chosen.collections().stream()
                        .collect(Collectors.toMap(c -> c, c -> route(before, c).revision())));
    }

    /// Moves all readers back to MongoDB, whatever the gate says. A cut-over that still waits moves nothing then.
    ///
    /// @param leaveOut whether those whose writes have moved are left out; else they forbid it
    public Outcome rollback(List<String> collections, boolean leaveOut, String actor) {
        try (Connection connection = connector.open()) {
            Chosen chosen = Chosen.of(collections, leaveOut, store.routes(connection));
            return chosen.collections().isEmpty()
                    ? new Outcome.WritesMoved(chosen.leftOut())
                    : move(
                            connection,
                            chosen,
                            Move.always(chosen.collections(), Share.MONGODB, false, AuditAction.ROLLBACK, actor));
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// @param collections that are to be moved
    /// @param leftOut whose writes have moved
    private record Chosen(List<String> collections, List<String> leftOut) {
        static Chosen of(List<String> asked, boolean leaveOut, Map<String, Route> routes) {
            List<String> finished = leaveOut
                    ? asked.stream().filter(c -> route(routes, c).writesMoved()).toList()
                    : List.of();
            return new Chosen(asked.stream().filter(c -> !finished.contains(c)).toList(), finished);
        }
    }

    private Outcome move(Connection connection, Chosen chosen, Move move) throws SQLException {
        return switch (store.move(connection, move)) {
            case RouteStore.Outcome.Shut shut -> new Outcome.Shut(shut.gates());
            case RouteStore.Outcome.WritesMoved gone -> new Outcome.WritesMoved(gone.collections());
            case RouteStore.Outcome.Changed changed ->
                new Outcome.Changed(reports(
                        connection,
                        changed.routes().stream().map(Route::collection).toList(),
                        null));
            case RouteStore.Outcome.Moved moved ->
                new Outcome.Moved(reports(connection, chosen.collections(), null), moved.changed(), chosen.leftOut());
        };
    }

    private static Route route(Map<String, Route> routes, String collection) {
        return routes.getOrDefault(collection, Route.unmoved(collection));
    }

    private List<String> behind(Connection connection, List<String> more, Duration patience) throws SQLException {
        long until = System.nanoTime() + patience.toNanos();
        List<String> behind = new ArrayList<>();
        for (String collection : more) {
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
