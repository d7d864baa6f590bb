package dev.sluice.service.ops;

import dev.sluice.failure.Failures;
import dev.sluice.failure.WrongUseException;
import dev.sluice.positions.PauseStore;
import dev.sluice.positions.PauseStore.Pause;
import dev.sluice.positions.Transaction;
import dev.sluice.postgres.PostgresConnector;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Pausing a pipeline and letting it resume: the same for the command line and REST. Any thread; each call has a
/// connection of its own.
///
/// All methods throw a [dev.sluice.failure.SluiceException] when PostgreSQL can't be asked.
public final class Pauses {
    private static final int REASON_MAX = 1_000;
    private static final Duration LENGTH_MIN = Duration.ofSeconds(1);

    private final PostgresConnector connector;
    private final String pipeline;
    private final PauseStore store;

    public Pauses(PostgresConnector connector, String pipeline) {
        this.connector = connector;
        this.pipeline = pipeline;
        this.store = new PauseStore(pipeline);
    }

    /// Whether a pipeline is paused.
    ///
    /// @param since null while it is not
    /// @param by null while it is not
    /// @param reason null while it is not, or none was given
    /// @param resumesAt when it resumes by itself; null when it does not
    public record PauseReport(
            String pipeline,
            boolean paused,
            @Nullable Instant since,
            @Nullable String by,
            @Nullable String reason,
            @Nullable Instant resumesAt) {}

    /// What a pause did.
    ///
    /// @param before what held before
    /// @param now what holds now
    public record Paused(PauseReport before, PauseReport now) {}

    /// Pauses the pipeline; the process that runs it applies what it has read, and stops within seconds. Changes the
    /// pause that there is.
    ///
    /// @param reason at most 1000 characters; empty for none, or to keep that of the pause that there is
    /// @param length after which it resumes by itself, at least a second; null for never
    /// @throws WrongUseException when the reason or the length is not like that; then nothing is changed
    public Paused pause(String actor, String reason, @Nullable Duration length) {
        if (length != null && length.compareTo(LENGTH_MIN) < 0) {
            throw new WrongUseException("A pause lasts at least 1 second.");
        }
        if (reason.length() > REASON_MAX || reason.indexOf('\0') >= 0) {
            throw new WrongUseException("The reason has at most 1000 characters, and none of them is NUL.");
        }
        try (Connection connection = connector.open()) {
            return Transaction.call(connection, () -> {
                PauseReport before = report(connection);
                store.pause(connection, actor, reason, length);
                return new Paused(before, report(connection));
            });
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// Lets the pipeline resume; nothing where it is not paused.
    ///
    /// @return whether it was
    public boolean resume(String actor) {
        try (Connection connection = connector.open()) {
            return Transaction.call(connection, () -> store.resume(connection, actor));
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    public PauseReport now() {
        try (Connection connection = connector.open()) {
            return report(connection);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    private PauseReport report(Connection connection) throws SQLException {
        Pause pause = store.load(connection).orElse(null);
        return pause == null
                ? new PauseReport(pipeline, false, null, null, null, null)
                : new PauseReport(
                        pipeline,
                        true,
                        pause.since(),
                        pause.by(),
                        pause.reason().isEmpty() ? null : pause.reason(),
                        pause.resumesAt());
    }
}
