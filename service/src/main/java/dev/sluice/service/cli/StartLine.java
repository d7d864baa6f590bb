package dev.sluice.service.cli;

import dev.sluice.failure.SluiceException;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.source.mongo.MongoSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;

/// What `run` says at its start of what it runs on and with: what somebody who reads the log after an incident has
/// to know first.
final class StartLine {
    private StartLine() {}

    /// @param settings those that are set, as `NAME=value`; no secrets
    static String of(MongoSource source, PostgresConnector target, List<String> settings) {
        Runtime machine = Runtime.getRuntime();
        return String.format(
                Locale.ROOT,
                "%s on Java %s with %d processors and a heap of at most %,d MB; MongoDB %s, PostgreSQL %s; settings: %s.",
                new SluiceCommand.Version().getVersion()[0],
                Runtime.version(),
                machine.availableProcessors(),
                machine.maxMemory() >> 20,
                mongo(source),
                postgres(target),
                settings.isEmpty() ? "all as they are by default" : String.join(", ", settings));
    }

    private static String mongo(MongoSource source) {
        try {
            return source.survey().version();
        } catch (SluiceException refused) {
            return "of a version that it does not tell";
        }
    }

    private static String postgres(PostgresConnector target) {
        try (Connection connection = target.open()) {
            return connection.getMetaData().getDatabaseProductVersion();
        } catch (SQLException away) {
            return "of a version that is not known, since it does not answer";
        }
    }
}
