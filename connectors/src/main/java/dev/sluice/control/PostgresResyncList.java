package dev.sluice.control;

import dev.sluice.control.ResyncStore.Entry;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// As PostgreSQL keeps it (`sluice.resync`).
public final class PostgresResyncList implements ResyncList {
    private final Connection connection;
    private final ResyncStore store;
    private final @Nullable Collection<String> collections;

    /// @param connection in auto-commit mode
    public PostgresResyncList(Connection connection, String pipeline) {
        this(connection, pipeline, null);
    }

    /// @param connection in auto-commit mode
    /// @param collections whose documents are given, and no others; null for all that are on the list
    public PostgresResyncList(Connection connection, String pipeline, @Nullable Collection<String> collections) {
        this.connection = connection;
        this.store = new ResyncStore(pipeline);
        this.collections = collections;
    }

    @Override
    public List<Entry> next(int limit, Set<String> except) throws SQLException {
        return store.next(connection, limit, new ResyncStore.Choice(collections, except));
    }

    @Override
    public void done(Collection<Entry> entries) throws SQLException {
        store.done(connection, entries);
    }
}
