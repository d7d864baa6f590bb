package dev.sluice.verify;

import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.table.CollectionTables;
import dev.sluice.verify.VerificationStore.Running;
import dev.sluice.verify.Verifier.Wish;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.function.BooleanSupplier;

/// What the steps of one verification have in common.
///
/// @param target the one that is compared
/// @param bookkeeping for the state of the verification; for one thread at a time, in auto-commit mode
///     between calls
/// @param stopped asked between steps, from any thread
record VerificationTask(
        PipelineSpec pipeline,
        VerificationStore store,
        CollectionTarget target,
        Wish wish,
        Running running,
        Connection bookkeeping,
        Budget budget,
        BooleanSupplier stopped) {

    /// How many rows the collection's own table has.
    long rows(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT count(*) FROM "
                        + target.mapper().shape().table().sql())) {
            row.next();
            return row.getLong(1);
        }
    }

    CollectionTables tables() throws SQLException {
        return CollectionTables.of(target, "sluice_verify_", bookkeeping);
    }
}
