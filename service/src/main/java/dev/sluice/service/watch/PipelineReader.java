package dev.sluice.service.watch;

import dev.sluice.cutover.RouteStore;
import dev.sluice.gate.GateStore;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.service.ops.KeptConnection;
import dev.sluice.service.ops.StatusReader;
import java.time.Instant;

/// Reads a pipeline again and again, on a connection that it keeps. For one thread.
public final class PipelineReader implements AutoCloseable {
    private final KeptConnection postgres;
    private final StatusReader status;
    private final GateStore gates;
    private final RouteStore routes;

    public PipelineReader(PostgresConnector connector, String pipeline) {
        this.postgres = new KeptConnection(connector);
        this.status = new StatusReader(connector, pipeline);
        this.gates = new GateStore(pipeline);
        this.routes = new RouteStore(pipeline);
    }

    /// @throws dev.sluice.failure.SluiceException when PostgreSQL can't be asked: the next call connects again
    public Reading read() {
        return postgres.ask(connection -> new Reading(
                Instant.now(), status.read(connection), gates.gates(connection, null), routes.routes(connection)));
    }

    @Override
    public void close() {
        postgres.close();
    }
}
