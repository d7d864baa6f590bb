package dev.sluice.cutover;

import dev.sluice.audit.Audit;
import dev.sluice.audit.AuditAction;
import dev.sluice.control.ResyncStore;
import dev.sluice.control.WaitingStore;
import dev.sluice.failure.Failpoint;
import dev.sluice.gate.Gate;
import dev.sluice.gate.GateStore;
import dev.sluice.positions.MovedWrites;
import dev.sluice.positions.PositionStore;
import dev.sluice.positions.Transaction;
import dev.sluice.verify.VerificationStore;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.OffsetDateTime;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import org.bson.Document;

/// Moves the writes of collections to PostgreSQL, and knows what was made for that on the servers. Any
/// thread, each with a connection of its own.
public final class FinishStore {
    private final String pipeline;
    private final RouteStore routes;
    private final GateStore gates;
    private final Audit audit;

    public FinishStore(String pipeline) {
        this.pipeline = pipeline;
        this.routes = new RouteStore(pipeline);
        this.gates = new GateStore(pipeline);
        this.audit = new Audit(pipeline);
    }

    /// What became of a move of writes.
    public sealed interface Outcome {
        /// All of them have moved, in one transaction.
        record Moved() implements Outcome {}

        /// None has: not all readers of these read from PostgreSQL.
        record NotRead(List<String> collections) implements Outcome {}

        /// None has: the gates of these are shut.
        record Shut(List<Gate> gates) implements Outcome {}
    }

    /// Those of which not every reader reads from PostgreSQL.
    public List<String> notRead(Connection connection, Collection<String> collections) throws SQLException {
        Map<String, Route> known = routes.routes(connection);
        return collections.stream()
                .filter(c -> known.getOrDefault(c, Route.unmoved(c)).share().percent() < 100)
                .toList();
    }

    /// Those whose gate is shut.
    public List<Gate> shut(Connection connection, Collection<String> collections) throws SQLException {
        return gates.of(connection, collections).values().stream()
                .filter(gate -> !gate.open())
                .toList();
    }

    /// Moves the writes of collections, all or none. Waits for the open transactions of whoever writes
    /// rows; whoever began before is refused afterwards ([dev.sluice.positions.MovedWrites]). Audited,
    /// and announced on [RouteStore#CHANNEL]; a slot that was made for it is kept from then on.
    ///
    /// @param connection in auto-commit mode
    /// @param certificates by collection, as JSON
    /// @throws dev.sluice.failure.SluiceException of kind WRITES_MOVED when the writes of one of them
    ///     have moved already
    public Outcome move(Connection connection, SequencedMap<String, String> certificates, String actor)
            throws SQLException {
        Outcome outcome = Transaction.call(connection, () -> {
            Outcome found = moveNow(connection, certificates, actor);
            Failpoint.WRITES_MOVED.hit();
            return found;
        });
        Failpoint.WRITES_MOVE_COMMITTED.hit();
        return outcome;
    }

    private Outcome moveNow(Connection connection, SequencedMap<String, String> certificates, String actor)
            throws SQLException {
        List<String> collections = List.copyOf(certificates.sequencedKeySet());
        routes.lock(connection);
        new PositionStore(pipeline).awaitWriters(connection);
        new MovedWrites(pipeline).requireNone(connection, collections);
        List<String> notRead = notRead(connection, collections);
        if (!notRead.isEmpty()) {
            return new Outcome.NotRead(notRead);
        }
        List<Gate> shut = shut(connection, collections);
        if (!shut.isEmpty()) {
            return new Outcome.Shut(shut);
        }
        for (Map.Entry<String, String> moved : certificates.entrySet()) {
            run(
                    connection,
                    "INSERT INTO sluice.moved_writes (pipeline, collection, moved_by, certificate)"
                            + " VALUES (?, ?, ?, ?::jsonb)",
                    moved.getKey(),
                    actor,
                    moved.getValue());
            routes.stay(connection, moved.getKey(), actor);
            audit.add(connection, AuditAction.FINISH, moved.getKey(), actor, Document.parse(moved.getValue()));
            new ResyncStore(pipeline).forget(connection, moved.getKey());
            new WaitingStore(pipeline).forgetAll(connection, moved.getKey());
            new VerificationStore(pipeline).forgetDrift(connection, moved.getKey());
        }
        new PositionStore(pipeline).countMove(connection);
        run(connection, "DELETE FROM sluice.unfinished WHERE pipeline = ? AND what = 'slot'");
        return new Outcome.Moved();
    }

    private void run(Connection connection, String sql, String... more) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            for (int i = 0; i < more.length; i++) {
                statement.setString(i + 2, more[i]);
            }
            statement.execute();
        }
    }

    /// The certificates of collections whose writes have moved, by collection, as JSON.
    public SequencedMap<String, String> certificates(Connection connection) throws SQLException {
        SequencedMap<String, String> found = new LinkedHashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT collection, certificate FROM sluice.moved_writes WHERE pipeline = ? ORDER BY collection")) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    found.put(row.getString(1), row.getString(2));
                }
            }
        }
        return found;
    }

    /// What can be made on a server for a move, and stays there when the process is killed.
    public enum Made {
        /// MongoDB refuses all writes, on the whole server.
        WRITE_BLOCK("write_block"),
        /// A logical replication slot of PostgreSQL.
        SLOT("slot");

        private final String text;

        Made(String text) {
            this.text = text;
        }
    }

    /// What is noted of it.
    ///
    /// @param name of a slot; empty for a block
    public record Noted(Made what, String name, OffsetDateTime since, String by) {}

    /// Notes that something is about to be made. A block is audited.
    public void note(Connection connection, Made what, String name, String by) throws SQLException {
        Transaction.run(connection, () -> noteNow(connection, what, name, by));
    }

    private void noteNow(Connection connection, Made what, String name, String by) throws SQLException {
        if (what == Made.WRITE_BLOCK) {
            audit.add(connection, AuditAction.BLOCK_WRITES, null, by, Map.of());
        }
        run(
                connection,
                "INSERT INTO sluice.unfinished (pipeline, what, name, by) VALUES (?, ?, ?, ?)"
                        + " ON CONFLICT (pipeline, what) DO UPDATE SET name = EXCLUDED.name, by = EXCLUDED.by,"
                        + " kept = false",
                what.text,
                name,
                by);
    }

    /// It was taken back, or, of a slot, is kept on purpose.
    public void strike(Connection connection, Made what) throws SQLException {
        run(connection, "DELETE FROM sluice.unfinished WHERE pipeline = ? AND what = ?", what.text);
    }

    /// MongoDB takes writes again. Audited; nothing where the control schema is gone.
    public void unblocked(Connection connection, String by) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet there = statement.executeQuery("SELECT to_regclass('sluice.unfinished')")) {
            if (!there.next() || there.getString(1) == null) {
                return;
            }
        }
        Transaction.run(connection, () -> {
            audit.add(connection, AuditAction.UNBLOCK_WRITES, null, by, Map.of());
            strike(connection, Made.WRITE_BLOCK);
        });
    }

    /// The block of writes stays on purpose.
    public void keepBlock(Connection connection) throws SQLException {
        run(
                connection,
                "UPDATE sluice.unfinished SET kept = true WHERE pipeline = ? AND what = ?",
                Made.WRITE_BLOCK.text);
    }

    /// What was made and is still noted; empty where nothing is.
    public Optional<Noted> noted(Connection connection, Made what) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT name, since, by FROM sluice.unfinished WHERE pipeline = ? AND what = ?")) {
            statement.setString(1, pipeline);
            statement.setString(2, what.text);
            try (ResultSet row = statement.executeQuery()) {
                return row.next()
                        ? Optional.of(new Noted(
                                what,
                                row.getString(1),
                                Objects.requireNonNull(row.getObject(2, OffsetDateTime.class)),
                                row.getString(3)))
                        : Optional.empty();
            }
        }
    }
}
