package dev.sluice.service.ops;

import dev.sluice.audit.Audit;
import dev.sluice.audit.AuditAction;
import dev.sluice.change.Position;
import dev.sluice.failure.Failures;
import dev.sluice.positions.CheckpointStore;
import dev.sluice.positions.CheckpointStore.Checkpoint;
import dev.sluice.positions.CheckpointStore.Kind;
import dev.sluice.positions.PositionStore;
import dev.sluice.postgres.PostgresConnector;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The operations on checkpoints: make, list, drop. The same for the command line and REST. Any thread;
/// each call has a connection of its own.
///
/// All methods throw a [dev.sluice.failure.SluiceException] when PostgreSQL can't be asked.
public final class Checkpoints {
    /// What a checkpoint may be called.
    static final Pattern NAME = Pattern.compile("[A-Za-z][A-Za-z0-9._:-]{0,99}");

    /// The prefix of automatic checkpoints.
    private static final String AUTOMATIC = "auto-";

    private static final Set<String> COMMANDS = Set.of("list", "drop", "help");
    private static final Pattern LIKE_A_TOKEN = Pattern.compile("[0-9a-fA-F]{16,}");

    private final PostgresConnector connector;
    private final String pipeline;

    public Checkpoints(PostgresConnector connector, String pipeline) {
        this.connector = connector;
        this.pipeline = pipeline;
    }

    /// All checkpoints of a pipeline, the newest first.
    public record All(String pipeline, List<Checkpoint> checkpoints) {
        public All {
            checkpoints = List.copyOf(checkpoints);
        }
    }

    /// The result of making a checkpoint.
    public sealed interface Outcome {
        record Made(Checkpoint checkpoint) implements Outcome {}

        /// The name can't be one.
        record BadName(String reason) implements Outcome {}

        /// There is one of that name; names are not given twice.
        record Taken(String name) implements Outcome {}

        /// The pipeline never had a position.
        record NoPosition(String pipeline) implements Outcome {
            public String reason() {
                return "The pipeline '" + pipeline
                        + "' has no position yet: the first `sluice run` or `sluice backfill`" + " takes it.";
            }
        }
    }

    /// @return what is wrong with the name; null when nothing is
    public static @Nullable String mistake(String name) {
        if (!NAME.matcher(name).matches()) {
            return "A checkpoint's name starts with a letter, followed by letters, digits, '.', '_', ':' and '-'; 100"
                    + " characters at most.";
        }
        if (name.startsWith(AUTOMATIC)) {
            return "Names that begin with '" + AUTOMATIC
                    + "' are those of checkpoints that the pipeline makes by itself.";
        }
        if (COMMANDS.contains(name)) {
            return "'" + name + "' is a command of `sluice checkpoint`, and no name.";
        }
        return LIKE_A_TOKEN.matcher(name).matches() ? "'" + name + "' looks like a resume token." : null;
    }

    /// Keeps the committed position under a name.
    public Outcome make(String name, String actor) {
        String mistake = mistake(name);
        if (mistake != null) {
            return new Outcome.BadName(mistake);
        }
        try (Connection connection = connector.open()) {
            connection.setAutoCommit(false);
            Optional<Checkpoint> made = new CheckpointStore(pipeline).save(connection, name, Kind.NAMED);
            if (made.isEmpty()) {
                boolean known = new PositionStore(pipeline).load(connection).isPresent();
                connection.rollback();
                return known ? new Outcome.Taken(name) : new Outcome.NoPosition(pipeline);
            }
            new Audit(pipeline).add(connection, AuditAction.CHECKPOINT, null, actor, Map.of("checkpoint", name));
            connection.commit();
            return new Outcome.Made(made.get());
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    public All list() {
        try (Connection connection = connector.open()) {
            return new All(pipeline, new CheckpointStore(pipeline).list(connection));
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// The position that has the name.
    public Optional<Position> find(String name) {
        try (Connection connection = connector.open()) {
            return new CheckpointStore(pipeline).find(connection, name);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// @return whether there was one of the name
    public boolean drop(String name, String actor) {
        try (Connection connection = connector.open()) {
            connection.setAutoCommit(false);
            boolean dropped = new CheckpointStore(pipeline).drop(connection, name);
            if (dropped) {
                new Audit(pipeline)
                        .add(connection, AuditAction.DROP_CHECKPOINT, null, actor, Map.of("checkpoint", name));
            }
            connection.commit();
            return dropped;
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }
}
