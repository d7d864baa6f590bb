package dev.sluice.service.live;

import dev.sluice.audit.Audit;
import dev.sluice.audit.AuditEntry;
import dev.sluice.balance.Balance;
import dev.sluice.cutover.Route;
import dev.sluice.failure.Failures;
import dev.sluice.gate.Gate;
import dev.sluice.gate.Gate.Condition;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.service.live.CollectionView.Drift;
import dev.sluice.service.live.CollectionView.GateView;
import dev.sluice.service.live.CollectionView.LastVerification;
import dev.sluice.service.live.CollectionView.RouteView;
import dev.sluice.service.ops.ControlCounts;
import dev.sluice.service.ops.Gates;
import dev.sluice.service.ops.RouteWatch;
import dev.sluice.service.ops.StatusReader;
import dev.sluice.service.ops.StatusReport;
import dev.sluice.service.ops.StatusReport.CollectionReport;
import dev.sluice.service.ops.Verifications;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Reads what PostgreSQL says of a pipeline for the page. For one thread.
public final class StoredReader {
    private static final int VERIFICATIONS = 200;
    private static final int AUDIT_ENTRIES = 50;

    private final PostgresConnector connector;
    private final String pipeline;
    private final Tables tables;
    private final Gates gates;
    private final Verifications verifications;
    private final RouteWatch routes;

    /// The number of the newest entry of the audit that was read.
    private long auditedTo;

    /// The collections with their tables, in the mapping's order.
    public record Tables(SequencedMap<String, String> byCollection) {}

    /// @param gates and the others: of the same pipeline
    public StoredReader(
            PostgresConnector connector, Tables tables, Gates gates, Verifications verifications, RouteWatch routes) {
        this.connector = connector;
        this.pipeline = gates.pipeline();
        this.tables = tables;
        this.gates = gates;
        this.verifications = verifications;
        this.routes = routes;
    }

    /// @return with the entries of the audit that came since the last call
    /// @throws dev.sluice.failure.SluiceException when PostgreSQL can't be asked
    Stored read() {
        StatusReport status = new StatusReader(connector, pipeline).read();
        ControlCounts counts = ControlCounts.read(connector, pipeline);
        Map<String, Gate> open = gates.all().gates().stream().collect(Collectors.toMap(Gate::collection, gate -> gate));
        Map<String, LastVerification> verified = new HashMap<>();
        verifications
                .latest(VERIFICATIONS)
                .forEach(v -> verified.putIfAbsent(
                        v.collection(),
                        new LastVerification(
                                v.id(), v.mode(), v.origin(), v.state(), v.documents(), v.estimatedDocuments())));
        RouteWatch.Snapshot routed = routes.snapshot();
        Map<String, CollectionReport> reports =
                Objects.requireNonNullElse(status.collections(), List.<CollectionReport>of()).stream()
                        .collect(Collectors.toMap(CollectionReport::collection, report -> report));
        SequencedMap<String, CollectionView> views = new LinkedHashMap<>();
        tables.byCollection().forEach((name, table) -> {
            CollectionReport report = reports.get(name);
            Balance balance = report == null ? null : report.balance();
            Map<String, Long> drift = counts.driftRows().getOrDefault(name, Map.of());
            views.put(
                    name,
                    new CollectionView(
                            name,
                            table,
                            report == null ? "not started" : report.backfill(),
                            balance != null ? balance.documents() : report == null ? 0 : report.backfilledDocuments(),
                            balance != null ? balance.rows() : report == null ? 0 : report.backfilledRows(),
                            balance != null,
                            new Drift(
                                    drift.getOrDefault("missing", 0L),
                                    drift.getOrDefault("extra", 0L),
                                    drift.getOrDefault("different", 0L)),
                            time(counts.verifiedThrough().get(name)),
                            verified.get(name),
                            report == null ? 0 : report.deadLetters(),
                            report == null ? 0 : report.quarantinedValues(),
                            report == null ? 0 : report.waitingDocuments(),
                            view(open.get(name)),
                            routed == null ? null : view(routed.routes().get(name))));
        });
        return new Stored(views, status.findings(), audit());
    }

    private List<AuditEntry> audit() {
        try (Connection connection = connector.open()) {
            List<AuditEntry> newest = new Audit(pipeline).newest(connection, null, AUDIT_ENTRIES, auditedTo);
            if (!newest.isEmpty()) {
                auditedTo = newest.getFirst().id();
            }
            return newest;
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    private static @Nullable Instant time(@Nullable Double seconds) {
        return seconds == null || seconds.isNaN() ? null : Instant.ofEpochMilli((long) (seconds * 1000));
    }

    private static @Nullable GateView view(@Nullable Gate gate) {
        return gate == null
                ? null
                : new GateView(
                        gate.open(),
                        gate.conditions().stream()
                                .filter(condition -> !condition.met())
                                .map(StoredReader::reason)
                                .toList());
    }

    private static String reason(Condition condition) {
        return Objects.requireNonNullElse(condition.reason(), condition.name());
    }

    private static @Nullable RouteView view(@Nullable Route route) {
        return route == null
                ? null
                : new RouteView(
                        route.share().percent(),
                        route.share().shadowPercent(),
                        route.autoRollback(),
                        route.writesMoved() ? "postgres" : "mongodb");
    }
}
