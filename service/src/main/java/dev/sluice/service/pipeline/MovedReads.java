package dev.sluice.service.pipeline;

import dev.sluice.audit.AuditAction;
import dev.sluice.cutover.Route;
import dev.sluice.cutover.RouteStore;
import dev.sluice.cutover.RouteStore.Move;
import dev.sluice.cutover.Share;
import dev.sluice.gate.Gate;
import dev.sluice.gate.GateStore;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Warns when the gate of a collection shuts that is read from PostgreSQL: nobody is moved back by that, so somebody
/// has to decide. Once for each set of conditions. Where the cut-over asked for it, reads are moved back when rows are
/// known to differ or fall behind. For one thread.
final class MovedReads {
    private static final Logger LOG = LoggerFactory.getLogger(MovedReads.class);

    private final RouteStore routes;
    private final GateStore gates;

    /// The conditions of which a warning was logged, by collection; none while its gate is open.
    private final Map<String, String> warned = new HashMap<>();

    MovedReads(String pipeline) {
        this.routes = new RouteStore(pipeline);
        this.gates = new GateStore(pipeline);
    }

    void look(Connection connection) throws SQLException {
        Map<String, Route> moved = routes.routes(connection);
        moved.values().removeIf(route -> route.share().percent() == 0 || route.writesMoved());
        warned.keySet().retainAll(moved.keySet());
        if (moved.isEmpty()) {
            return;
        }
        Map<String, Gate> all = gates.gates(connection, null);
        for (Route route : moved.values()) {
            String collection = route.collection();
            Gate gate = all.get(collection);
            if (gate != null && route.autoRollback() && gate.wrongForReaders()) {
                routes.move(
                        connection,
                        Move.always(List.of(collection), Share.MONGODB, false, AuditAction.AUTO_ROLLBACK, "sluice"));
                LOG.warn(
                        "{}: its reads were moved back to MongoDB, as its cut-over asked for: {}",
                        collection,
                        reasons(gate));
            } else if (gate != null && gate.open()) {
                if (warned.remove(collection) != null) {
                    LOG.info("{}: its gate is open again.", collection);
                }
            } else if (gate != null) {
                warn(route, gate);
            }
        }
    }

    private static String reasons(Gate gate) {
        return gate.conditions().stream()
                .map(Gate.Condition::reason)
                .filter(Objects::nonNull)
                .collect(Collectors.joining(" "));
    }

    private void warn(Route route, Gate gate) {
        String unmet = gate.conditions().stream()
                .filter(condition -> !condition.met())
                .map(Gate.Condition::name)
                .collect(Collectors.joining(" "));
        if (!unmet.equals(warned.put(route.collection(), unmet))) {
            LOG.warn(
                    "{}: {} % of its readers read from PostgreSQL, and its gate is shut: {} `sluice rollback {}` moves them"
                            + " back at once; `sluice gate {}` shows all conditions.",
                    route.collection(), route.share().percent(), reasons(gate), route.collection(), route.collection());
        }
    }
}
