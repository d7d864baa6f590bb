package dev.sluice.service.live;

import dev.sluice.audit.Audit;
import dev.sluice.audit.AuditEntry;
import dev.sluice.balance.Balance;
import dev.sluice.cutover.Route;
import dev.sluice.gate.Gate;
import dev.sluice.gate.Gate.Condition;
import dev.sluice.gate.GateStore;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.service.live.CollectionView.Drift;
import dev.sluice.service.live.CollectionView.GateView;
import dev.sluice.service.live.CollectionView.LastVerification;
import dev.sluice.service.live.CollectionView.RouteView;
import dev.sluice.service.ops.ControlCounts;
import dev.sluice.service.ops.KeptConnection;
import dev.sluice.service.ops.RouteWatch;
import dev.sluice.service.ops.StatusReader;
import dev.sluice.service.ops.StatusReport;
import dev.sluice.service.ops.StatusReport.CollectionReport;
import dev.sluice.verify.VerificationReports;
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

    private final String pipeline;
    private final Tables tables;
    private final RouteWatch routes;
    private final KeptConnection postgres;
    private final StatusReader status;
    private final GateStore gates;
    private final VerificationReports verifications;
    private final Audit audit;

    /// The number of the newest entry of the audit that was read.
    private long auditedTo;

    /// The collections with their tables, in the mapping's order.
    public record Tables(SequencedMap<String, String> byCollection) {}

    /// @param routes of the same pipeline
    public StoredReader(PostgresConnector connector, String pipeline, Tables tables, RouteWatch routes) {
        this.pipeline = pipeline;
        this.tables = tables;
        this.routes = routes;
        this.postgres = new KeptConnection(connector);
        this.status = new StatusReader(connector, pipeline);
        this.gates = new GateStore(pipeline);
        this.verifications = new VerificationReports(pipeline);
        this.audit = new Audit(pipeline);
    }

    /// @return with the entries of the audit that came since the last call
    /// @throws dev.sluice.failure.SluiceException when PostgreSQL can't be asked: the next call connects again
    Stored read() {
        return postgres.ask(this::read);
    }

    private Stored read(Connection connection) throws SQLException {
        StatusReport stored = status.read(connection);
        ControlCounts counts = ControlCounts.read(connection, pipeline);
        Map<String, Gate> open = gates.of(connection, tables.byCollection().keySet());
        Map<String, LastVerification> verified = new HashMap<>();
        verifications
                .latest(connection, VERIFICATIONS)
                .forEach(v -> verified.putIfAbsent(
                        v.collection(),
                        new LastVerification(
                                v.id(), v.mode(), v.origin(), v.state(), v.documents(), v.estimatedDocuments())));
        RouteWatch.Snapshot routed = routes.snapshot();
        Map<String, CollectionReport> reports =
                Objects.requireNonNullElse(stored.collections(), List.<CollectionReport>of()).stream()
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
        return new Stored(views, stored.findings(), audit(connection));
    }

    private List<AuditEntry> audit(Connection connection) throws SQLException {
        List<AuditEntry> newest = audit.newest(connection, null, AUDIT_ENTRIES, auditedTo);
        if (!newest.isEmpty()) {
            auditedTo = newest.getFirst().id();
        }
        return newest;
    }

    /// Closes its connection; the next reading opens another.
    void close() {
        postgres.close();
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
