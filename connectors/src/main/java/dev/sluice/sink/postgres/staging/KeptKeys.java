package dev.sluice.sink.postgres.staging;

import dev.sluice.sink.CollectionTarget;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The keys of a table's rows that documents explain, collected to find the others. For one thread.
public interface KeptKeys extends AutoCloseable {
    /// Begins with none.
    @FunctionalInterface
    interface Opening {
        /// @throws dev.sluice.failure.SluiceException when the table does not keep keys apart, so that it
        ///     can't be told which rows have documents
        KeptKeys of(CollectionTarget target) throws SQLException;
    }

    /// In a temporary table.
    ///
    /// @param connection in auto-commit mode, whose session has no other of these
    /// @throws dev.sluice.failure.SluiceException when the table does not keep keys apart, so that it can't
    ///     be told which rows have documents
    static KeptKeys create(Connection connection, CollectionTarget target) throws SQLException {
        return TemporaryKeptKeys.create(connection, target);
    }

    void add(List<Object> keys) throws SQLException;

    /// Keys of rows, or child rows, that are not among those that were added, as they are committed when it
    /// is called. Without the rows that stay by the mapping: all of a collection with `on_delete: keep`, and
    /// those that no document ever had, with their child rows, where it allows such.
    ///
    /// @param after the last one of the call before; null for the first
    /// @return in the order of the keys; empty when there are no more
    List<Object> others(@Nullable Object after, int most) throws SQLException;

    @Override
    void close() throws SQLException;
}
