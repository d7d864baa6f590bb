package dev.sluice.service.watch;

import dev.sluice.cutover.RouteStore;
import dev.sluice.failure.Failures;
import dev.sluice.gate.GateStore;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.service.ops.StatusReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Reads a pipeline again and again, on a connection that it keeps. For one thread.
public final class PipelineReader implements AutoCloseable {
    private final PostgresConnector connector;
    private final StatusReader status;
    private final GateStore gates;
    private final RouteStore routes;
    private @Nullable Connection kept;

    public PipelineReader(PostgresConnector connector, String pipeline) {
        this.connector = connector;
        this.status = new StatusReader(connector, pipeline);
        this.gates = new GateStore(pipeline);
        this.routes = new RouteStore(pipeline);
    }

    /// @throws SluiceException when PostgreSQL can't be asked: the next call connects again
    public Reading read() {
        try {
            Connection connection = kept == null ? connector.open() : kept;
            kept = connection;
            return new Reading(
                    Instant.now(), status.read(connection), gates.gates(connection, null), routes.routes(connection));
        } catch (SQLException e) {
            close();
            throw Failures.classify(e);
        }
    }

    @Override
    public void close() {
        try (Connection ended = kept) {
            kept = null;
        } catch (SQLException broken) {
            // It was to be closed.
            kept = null;
        }
    }
}
