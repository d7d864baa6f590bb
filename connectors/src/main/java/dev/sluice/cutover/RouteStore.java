package dev.sluice.cutover;

import dev.sluice.audit.Audit;
import dev.sluice.audit.AuditAction;
import dev.sluice.failure.Failpoint;
import dev.sluice.gate.Gate;
import dev.sluice.gate.GateStore;
import dev.sluice.positions.Transaction;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/// The routes of a pipeline (`sluice.read_route`). Any thread, each with a connection of its own.
public final class RouteStore {
    /// On which channel PostgreSQL sends that a route was changed.
    public static final String CHANNEL = "sluice_route";

    private final String pipeline;
    private final GateStore gates;

    public RouteStore(String pipeline) {
        this.pipeline = pipeline;
        this.gates = new GateStore(pipeline);
    }

    /// What became of a move.
    public sealed interface Outcome {
        /// All of them were moved, in one transaction.
        ///
        /// @param changed those that were not there already
        record Moved(List<Route> routes, List<String> changed) implements Outcome {}

        /// None was moved, since the gates of these are shut.
        record Shut(List<Gate> gates) implements Outcome {}

        /// None was moved, since somebody else moved these after the caller looked at them.
        ///
        /// @param routes as they are now
        record Changed(List<Route> routes) implements Outcome {}

        /// None was moved, since the writes of these have moved: MongoDB no longer has what was written
        /// since.
        record WritesMoved(List<String> collections) implements Outcome {}
    }

    /// A move of the routes of some collections.
    ///
    /// @param autoRollback whether a running pipeline moves them back by itself
    /// @param action what it is for the audit. A rollback raises the revision of every route, also of one that
    ///     is on MongoDB already: a cut-over that still waits must not undo what a user has said since
    /// @param seen the revisions on which the move was decided, by collection: where a route has another one
    ///     now, none is moved; empty to move whatever they are
    public record Move(
            Collection<String> collections,
            Share share,
            boolean autoRollback,
            AuditAction action,
            String actor,
            Map<String, Long> seen) {
        public Move {
            seen = Map.copyOf(seen);
        }

        /// A move whatever the routes are now.
        public static Move always(
                Collection<String> collections, Share share, boolean autoRollback, AuditAction action, String actor) {
            return new Move(collections, share, autoRollback, action, actor, Map.of());
        }

        private boolean isOutdated(Route now) {
            Long revision = seen.get(now.collection());
            return revision != null && revision != now.revision();
        }

        private boolean changes(Route now) {
            return action == AuditAction.ROLLBACK || !share.equals(now.share()) || autoRollback != now.autoRollback();
        }
    }

    /// The routes that were ever moved, by collection.
    public Map<String, Route> routes(Connection connection) throws SQLException {
        Map<String, Route> routes = new LinkedHashMap<>();
        try (PreparedStatement statement = connection.prepareStatement("SELECT collection, percent, shadow_percent,"
                + " auto_rollback, sluice.writes_moved(pipeline, collection), revision, changed_at, changed_by"
                + " FROM sluice.read_route WHERE pipeline = ? ORDER BY collection")) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    routes.put(
                            row.getString(1),
                            new Route(
                                    row.getString(1),
                                    new Share(row.getInt(2), row.getInt(3)),
                                    row.getBoolean(4),
                                    row.getBoolean(5),
                                    row.getLong(6),
                                    row.getObject(7, OffsetDateTime.class).toInstant(),
                                    row.getString(8)));
                }
            }
        }
        return routes;
    }

    /// Moves routes, all or none. Where a move takes more readers to PostgreSQL, the gate of that
    /// collection is asked in the same transaction. Audited with the gate's facts, a refusal too, and
    /// announced on [#CHANNEL].
    ///
    /// @param connection in auto-commit mode
    public Outcome move(Connection connection, Move move) throws SQLException {
        Outcome outcome = Transaction.call(connection, () -> {
            Outcome found = moveNow(connection, move);
            Failpoint.ROUTES_MOVED.hit();
            return found;
        });
        Failpoint.ROUTE_MOVE_COMMITTED.hit();
        return outcome;
    }

    private Outcome moveNow(Connection connection, Move move) throws SQLException {
        // Always in one order, so that two moves can't wait for each other.
        List<String> collections = List.copyOf(new TreeSet<>(move.collections()));
        lock(connection);
        Map<String, Route> now = routes(connection);
        now.keySet().retainAll(collections);
        List<String> writesMoved =
                collections.stream().filter(c -> route(now, c).writesMoved()).toList();
        if (!writesMoved.isEmpty()) {
            return new Outcome.WritesMoved(writesMoved);
        }
        List<Route> outdated = collections.stream()
                .map(c -> route(now, c))
                .filter(move::isOutdated)
                .toList();
        if (!outdated.isEmpty()) {
            for (Route route : outdated) {
                audit(connection, route.collection(), move, AuditAction.CUTOVER_REFUSED);
            }
            return new Outcome.Changed(outdated);
        }
        List<Gate> shut = new ArrayList<>();
        gates.of(connection, collections).forEach((collection, gate) -> {
            if (!lets(gate, route(now, collection).share(), move)) {
                shut.add(gate);
            }
        });
        if (!shut.isEmpty()) {
            for (Gate gate : shut) {
                // Only a cutover takes readers to PostgreSQL.
                audit(connection, gate.collection(), move, AuditAction.CUTOVER_REFUSED);
            }
            return new Outcome.Shut(shut);
        }
        List<String> changed = new ArrayList<>();
        for (String collection : collections) {
            if (move.changes(route(now, collection))) {
                write(connection, collection, move);
                audit(connection, collection, move, move.action());
                changed.add(collection);
            }
        }
        Map<String, Route> routes = routes(connection);
        return new Outcome.Moved(
                collections.stream()
                        .map(collection -> route(routes, collection))
                        .toList(),
                List.copyOf(changed));
    }

    /// Writes the route of a collection whatever its gate says, without a word in the audit: for a
    /// bench, whose rows nobody reads.
    public void set(Connection connection, String collection, Share share) throws SQLException {
        write(connection, collection, Move.always(List.of(collection), share, false, AuditAction.CUTOVER, "bench"));
    }

    /// Whether a gate lets the share of a collection be moved. Shadow reads are made by those who read
    /// both sides, so a number of them is not asked for before there are any.
    ///
    /// Fewer readers or as many need no gate, unless a running pipeline is to move them back by
    /// itself: where it would do so at once, they are not moved.
    ///
    /// @param now the share that it has
    public static boolean lets(Gate gate, Share now, Move move) {
        Share wanted = move.share();
        if (move.autoRollback() && wanted.percent() > 0 && gate.wrongForReaders()) {
            return false;
        }
        return !wanted.takesMoreThan(now)
                || gate.open()
                || (wanted.percent() <= now.percent()
                        && gate.conditions().stream()
                                .allMatch(c -> c.met() || c.name().equals(Gate.SHADOW_READS)));
    }

    private static Route route(Map<String, Route> routes, String collection) {
        return routes.getOrDefault(collection, Route.unmoved(collection));
    }

    /// Locks the routes of the pipeline until the transaction ends: also against a first move, of which
    /// there is no row to lock yet.
    public void lock(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT pg_advisory_xact_lock(hashtext('sluice.read_route'), hashtext(?))")) {
            statement.setString(1, pipeline);
            statement.execute();
        }
    }

    private void write(Connection connection, String collection, Move move) throws SQLException {
        String sql = "INSERT INTO sluice.read_route AS r (pipeline, collection, percent, shadow_percent, auto_rollback,"
                + " changed_at, changed_by) VALUES (?, ?, ?, ?, ?, clock_timestamp(), ?) ON CONFLICT (pipeline, collection)"
                + " DO UPDATE SET percent = EXCLUDED.percent, shadow_percent = EXCLUDED.shadow_percent,"
                + " auto_rollback = EXCLUDED.auto_rollback, changed_at = EXCLUDED.changed_at,"
                + " changed_by = EXCLUDED.changed_by, revision = r.revision + 1";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.setInt(3, move.share().percent());
            statement.setInt(4, move.share().shadowPercent());
            statement.setBoolean(5, move.autoRollback());
            statement.setString(6, move.actor());
            statement.execute();
        }
        announce(connection, collection);
    }

    private void audit(Connection connection, String collection, Move move, AuditAction action) throws SQLException {
        String sql = Audit.each(
                action,
                "jsonb_build_object('percent', ?::integer, 'shadow_percent', ?::integer, 'gate',"
                        + " (SELECT jsonb_object_agg(g.condition, jsonb_build_object('met', g.met, 'value', g.value,"
                        + " 'reason', g.reason)) FROM sluice.gate(m.pipeline, m.collection) g))",
                "(SELECT ?::text AS pipeline, ?::text AS collection, ?::text AS actor) m");
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setInt(1, move.share().percent());
            statement.setInt(2, move.share().shadowPercent());
            statement.setString(3, pipeline);
            statement.setString(4, collection);
            statement.setString(5, move.actor());
            statement.execute();
        }
    }

    /// Notes that the route of a collection whose writes have moved is not taken back by itself any
    /// more, and announces it.
    void stay(Connection connection, String collection, String actor) throws SQLException {
        String sql = "UPDATE sluice.read_route SET auto_rollback = false, revision = revision + 1,"
                + " changed_at = clock_timestamp(), changed_by = ? WHERE pipeline = ? AND collection = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, actor);
            statement.setString(2, pipeline);
            statement.setString(3, collection);
            statement.executeUpdate();
        }
        announce(connection, collection);
    }

    /// Announces a route on [#CHANNEL] as it is now: at the commit, where the caller has a transaction
    /// open.
    public void announce(Connection connection, String collection) throws SQLException {
        String sql = "SELECT pg_notify('" + CHANNEL + "', jsonb_build_object('pipeline', n.pipeline, 'collection',"
                + " n.collection, 'percent', coalesce(r.percent, 0), 'shadow_percent', coalesce(r.shadow_percent, 0),"
                + " 'revision', coalesce(r.revision, 0), 'writes', CASE WHEN sluice.writes_moved(n.pipeline, n.collection)"
                + " THEN 'postgres' ELSE 'mongodb' END)::text) FROM (VALUES (?, ?)) n (pipeline, collection)"
                + " LEFT JOIN sluice.read_route r ON r.pipeline = n.pipeline AND r.collection = n.collection";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.execute();
        }
    }

    /// Waits until the rows of a collection have everything that MongoDB committed before this call.
    ///
    /// @param connection in auto-commit mode
    /// @return false when they have not within that time, or when it is not known
    public boolean awaitCaughtUp(Connection connection, String collection, Duration timeout) throws SQLException {
        String sql =
                "SELECT sluice.wait_for(w.source_time + (clock_timestamp() - w.applied_at), make_interval(secs => ?),"
                        + " w.collection, w.pipeline) FROM sluice.watermark w WHERE w.pipeline = ? AND w.collection = ?"
                        + " AND w.source_time IS NOT NULL";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setDouble(1, timeout.toMillis() / 1_000.0);
            statement.setString(2, pipeline);
            statement.setString(3, collection);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() && row.getBoolean(1);
            }
        }
    }
}
