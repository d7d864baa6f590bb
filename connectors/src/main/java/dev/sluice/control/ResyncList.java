package dev.sluice.control;

import dev.sluice.control.ResyncStore.Entry;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/// The documents that are to be resynced, as the target keeps them. Each call is a transaction of its own.
/// For one thread.
public interface ResyncList {
    /// The next entries of one collection, oldest first; empty when there are none.
    ///
    /// @param except collections whose entries stay on the list for now
    List<Entry> next(int limit, Set<String> except) throws SQLException;

    /// Removes entries from the list.
    void done(Collection<Entry> entries) throws SQLException;
}
