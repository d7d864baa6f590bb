package dev.sluice.service.ops;

import dev.sluice.control.Acceptance;
import dev.sluice.control.QuarantineStore;
import dev.sluice.control.QuarantineStore.Count;
import dev.sluice.control.QuarantineStore.Entry;
import dev.sluice.failure.Failures;
import dev.sluice.postgres.PostgresConnector;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What is in quarantine: values that rows landed without. The same for the command line and REST. Any thread;
/// each call has a connection of its own.
///
/// All methods throw a [dev.sluice.failure.SluiceException] when PostgreSQL can't be asked.
public final class Quarantine {
    private final PostgresConnector connector;
    private final String pipeline;
    private final QuarantineStore store;

    public Quarantine(PostgresConnector connector, String pipeline) {
        this.connector = connector;
        this.pipeline = pipeline;
        this.store = new QuarantineStore(pipeline);
    }

    /// How many values there are, by collection, column and reason.
    ///
    /// @param total of all
    public record Counts(String pipeline, long total, List<Count> quarantined) {
        public Counts {
            quarantined = List.copyOf(quarantined);
        }
    }

    /// @param collection null for all
    public Counts counts(@Nullable String collection) {
        try (Connection connection = connector.open()) {
            List<Count> counts = store.counts(connection, collection);
            return new Counts(pipeline, counts.stream().mapToLong(Count::values).sum(), counts);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// Single values, the oldest first.
    ///
    /// @param collection null for all
    public List<Entry> list(@Nullable String collection, int limit) {
        try (Connection connection = connector.open()) {
            return store.list(connection, collection, limit);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// @param withValue whether the value is read
    public Optional<Entry> find(long id, boolean withValue) {
        try (Connection connection = connector.open()) {
            return store.find(connection, id, withValue);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// Takes values out of the gate's count. A newer state that fails again is counted.
    public Accepted accept(Acceptance acceptance) {
        try (Connection connection = connector.open()) {
            return new Accepted(store.accept(connection, acceptance));
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }
}
