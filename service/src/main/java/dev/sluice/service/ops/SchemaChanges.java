package dev.sluice.service.ops;

import dev.sluice.evolution.SchemaChangeStore;
import dev.sluice.evolution.SchemaChangeStore.Change;
import dev.sluice.evolution.SchemaChangeStore.Kind;
import dev.sluice.failure.Failures;
import dev.sluice.postgres.PostgresConnector;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The operations on changes of collections in MongoDB: list, accept. The same for the command line and
/// REST. Any thread; each call has a connection of its own.
///
/// All methods throw a [dev.sluice.failure.SluiceException] when PostgreSQL can't be asked.
public final class SchemaChanges {
    private static final int LATEST = 1_000;

    private final PostgresConnector connector;
    private final String pipeline;

    public SchemaChanges(PostgresConnector connector, String pipeline) {
        this.connector = connector;
        this.pipeline = pipeline;
    }

    /// The newest, those that are open first.
    public record Page(String pipeline, List<Change> schemaChanges) {
        public Page {
            schemaChanges = List.copyOf(schemaChanges);
        }

        /// Whether the database was dropped, so that the stream has ended.
        public boolean streamEnded() {
            return schemaChanges.stream().anyMatch(c -> c.kind() == Kind.DATABASE_DROPPED && c.settledAt() == null);
        }

        /// How many wait for a decision or for something to be done.
        public long open() {
            return schemaChanges.stream().filter(c -> c.settledAt() == null).count();
        }
    }

    public Page latest() {
        try (Connection connection = connector.open()) {
            return new Page(pipeline, new SchemaChangeStore(pipeline).latest(connection, LATEST));
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// Accepts open changes: the rows stay. A dropped database stays open: the stream has ended.
    ///
    /// @param ids null for all
    public Accepted accept(@Nullable Collection<Long> ids, String actor) {
        try (Connection connection = connector.open()) {
            return new Accepted(new SchemaChangeStore(pipeline).accept(connection, ids, actor));
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }
}
