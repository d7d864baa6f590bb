package dev.sluice.sink.postgres;

import dev.sluice.sink.postgres.ResyncStore.Entry;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;

/// As PostgreSQL keeps it (`sluice.resync`).
public final class PostgresResyncList implements ResyncList {
    private final Connection connection;
    private final ResyncStore store;

    /// @param connection in auto-commit mode
    public PostgresResyncList(Connection connection, String pipeline) {
        this.connection = connection;
        this.store = new ResyncStore(pipeline);
    }

    @Override
    public List<Entry> next(int limit) throws SQLException {
        return store.next(connection, limit);
    }

    @Override
    public void done(Collection<Entry> entries) throws SQLException {
        store.done(connection, entries);
    }
}
