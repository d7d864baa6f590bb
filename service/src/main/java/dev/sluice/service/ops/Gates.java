package dev.sluice.service.ops;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.gate.Gate;
import dev.sluice.gate.GateStore;
import dev.sluice.postgres.PostgresConnector;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;

/// Whether the reads of collections may move to PostgreSQL, and why not: the same answer for the
/// command line, REST and the metrics. Any thread; each call has a connection of its own.
public final class Gates {
    private final PostgresConnector connector;
    private final String pipeline;
    private final List<String> mapped;

    /// @param mapped the collections that the mapping has
    public Gates(PostgresConnector connector, String pipeline, Collection<String> mapped) {
        this.connector = connector;
        this.pipeline = pipeline;
        this.mapped = List.copyOf(mapped);
    }

    /// The gates of a pipeline.
    ///
    /// @param open whether all of them are
    public record All(String pipeline, boolean open, List<Gate> gates) {
        public All {
            gates = List.copyOf(gates);
        }
    }

    /// Of every mapped collection, in the mapping's order. Where PostgreSQL does not answer, each
    /// is shut for that.
    ///
    /// @throws SluiceException when PostgreSQL answers and can't be asked, as where a right is
    ///     missing
    public All all() {
        return of(mapped);
    }

    /// Of one collection.
    ///
    /// @param collection a mapped one
    /// @throws SluiceException as [#all]
    public Gate of(String collection) {
        return of(List.of(collection)).gates().getFirst();
    }

    /// The name of the pipeline.
    public String pipeline() {
        return pipeline;
    }

    public boolean isMapped(String collection) {
        return mapped.contains(collection);
    }

    private All of(List<String> collections) {
        List<Gate> gates;
        try (Connection connection = connector.open()) {
            gates = List.copyOf(
                    new GateStore(pipeline).of(connection, collections).values());
        } catch (SQLException e) {
            SluiceException failure = Failures.classify(e);
            if (failure.kind() != FailureKind.TARGET_UNREACHABLE) {
                throw failure;
            }
            gates = collections.stream()
                    .map(name -> Gate.shut(name, "target", "PostgreSQL does not answer. `sluice status` says why."))
                    .toList();
        }
        return new All(pipeline, gates.stream().allMatch(Gate::open), gates);
    }
}
