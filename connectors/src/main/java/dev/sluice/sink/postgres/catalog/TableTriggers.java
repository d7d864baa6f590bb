package dev.sluice.sink.postgres.catalog;

import dev.sluice.failure.Failures;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.sink.CollectionTarget;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// Names the triggers that may be why rows are not as the mapping says.
public final class TableTriggers {
    private TableTriggers() {}

    @FunctionalInterface
    private interface Look {
        Optional<String> at(Connection connection, CollectionTarget target) throws SQLException;
    }

    /// Of writes and deletes, in the tables of each collection that has some.
    ///
    /// @return part of a sentence: `the trigger a (f) of public.t`
    public static Map<String, String> ofWrites(PostgresConnector connector, Collection<CollectionTarget> targets) {
        return named(connector, targets, ActingTriggers::ofWrites);
    }

    /// Of deletes, in the own table of each collection that has some.
    ///
    /// @return part of a sentence: `the trigger a (f)`
    public static Map<String, String> ofDeletes(PostgresConnector connector, Collection<CollectionTarget> targets) {
        return named(connector, targets, ActingTriggers::ofDeletes);
    }

    private static Map<String, String> named(
            PostgresConnector connector, Collection<CollectionTarget> targets, Look look) {
        Map<String, String> named = new HashMap<>();
        try (Connection connection = connector.open()) {
            for (CollectionTarget target : targets) {
                look.at(connection, target).ifPresent(text -> named.put(target.collection(), text));
            }
            return named;
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }
}
