package dev.sluice.evolution;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.positions.Transaction;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.source.mongo.MongoSource.Namespace;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Notices collections that come while a pipeline runs, or came while none did, and that its mapping neither
/// maps nor ignores: their documents are not in PostgreSQL. Views are left out, since they hold no documents.
/// For one thread.
public final class UnmappedCollections {
    private static final Logger LOG = LoggerFactory.getLogger(UnmappedCollections.class);
    private static final Duration LOOK_EVERY = Duration.ofSeconds(10);

    private final MongoSource source;
    private final SchemaChangeStore store;
    private final Set<String> accountedFor;
    private long lookAt = System.nanoTime();

    /// @param accountedFor names of collections that the mapping maps or ignores
    public UnmappedCollections(String pipeline, MongoSource source, Set<String> accountedFor) {
        this.source = source;
        this.store = new SchemaChangeStore(pipeline);
        this.accountedFor = Set.copyOf(accountedFor);
    }

    /// Lists the collections where that is due, and records and says which are new.
    ///
    /// @param connection in auto-commit mode
    /// @throws SluiceException when MongoDB can't be asked; nothing where listing is not allowed
    public void look(Connection connection) throws SQLException {
        if (System.nanoTime() - lookAt < 0) {
            return;
        }
        lookAt = System.nanoTime() + LOOK_EVERY.toNanos();
        List<String> there;
        try {
            there = source.namespaces().stream()
                    .filter(namespace -> namespace.kind() != Namespace.Kind.VIEW)
                    .map(Namespace::name)
                    .filter(name -> !accountedFor.contains(name) && !name.startsWith(SchemaChangeStore.OF_OUT))
                    .toList();
        } catch (SluiceException e) {
            if (e.kind() == FailureKind.SOURCE_REFUSED) {
                return;
            }
            throw e;
        }
        for (String name : Transaction.call(connection, () -> store.recordUnmapped(connection, there))) {
            LOG.warn(
                    "{} is a new collection, and the mapping neither maps nor ignores it: its documents are not in PostgreSQL."
                            + " `sluice infer --collection {}` proposes what to add to the mapping, and `sluice evolve` takes"
                            + " that over; or name it under 'ignore'.",
                    name,
                    name);
        }
    }
}
