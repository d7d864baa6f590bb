package dev.sluice.service.ops;

import dev.sluice.after.AfterProgress;
import dev.sluice.balance.Balance;
import dev.sluice.balance.BalanceStore;
import dev.sluice.control.ActivityStore;
import dev.sluice.control.ActivityStore.Told;
import dev.sluice.control.CollectionCounts;
import dev.sluice.control.CollectionState;
import dev.sluice.control.DeadLetterStore;
import dev.sluice.control.DeadLetterStore.Staying;
import dev.sluice.cutover.LateWriteStore;
import dev.sluice.failure.Failures;
import dev.sluice.positions.LockHolder;
import dev.sluice.positions.PipelineLock;
import dev.sluice.positions.PositionStore;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.service.ops.StatusReport.CollectionReport;
import dev.sluice.service.ops.StatusReport.Writer;
import dev.sluice.service.pipeline.LastWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// The state of a pipeline, read from the control schema, as anyone with SELECT can. Any thread.
public final class StatusReader {
    /// A process that works moves the position twice a second or so.
    static final double WORKING_SECONDS = 15;

    /// A process says once a second what it does.
    private static final double TELLING_SECONDS = 5;

    private final PostgresConnector connector;
    private final String pipeline;

    public StatusReader(PostgresConnector connector, String pipeline) {
        this.connector = connector;
        this.pipeline = pipeline;
    }

    /// @throws dev.sluice.failure.SluiceException when PostgreSQL can't be asked
    public StatusReport read() {
        try (Connection connection = connector.open()) {
            return read(connection);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// The same on a connection of the caller's, in auto-commit mode.
    public StatusReport read(Connection connection) throws SQLException {
        List<CollectionReport> collections = new ArrayList<>();
        Map<String, SequencedMap<String, Long>> skipped = new CollectionCounts(connection, pipeline).skipped();
        Map<String, Balance> balances = new BalanceStore(pipeline).all(connection);
        Map<String, Staying> staying = new DeadLetterStore(pipeline).staying(connection);
        Map<String, StatusReport.LateWrites> late = late(connection);
        for (CollectionState of : CollectionState.all(connection, pipeline)) {
            collections.add(new CollectionReport(
                    of.collection(),
                    of.through(),
                    of.lagSeconds(),
                    of.state(),
                    of.documents(),
                    of.rows(),
                    of.estimatedDocuments(),
                    of.deadLetters(),
                    of.quarantined(),
                    of.waitingDocuments(),
                    of.unmappedFields(),
                    skipped.getOrDefault(of.collection(), new LinkedHashMap<>()),
                    balances.get(of.collection()),
                    staying.get(of.collection()),
                    late.get(of.collection())));
        }
        Optional<PositionStore.Writer> last = new PositionStore(pipeline).writer(connection);
        if (last.isEmpty()) {
            return report(Writer.NONE, Optional.empty(), collections, null, List.of());
        }
        LockHolder holder = PipelineLock.holder(connection, pipeline).orElse(null);
        LastWriter.Fate fate = fate(holder, connection);
        boolean running =
                holder != null || (last.get().stillSeconds() < WORKING_SECONDS && fate != LastWriter.Fate.ENDED);
        Writer writer = new Writer(
                last.get().owner(),
                last.get().epoch(),
                last.get().appliedTo(),
                last.get().stillSeconds(),
                running,
                fate);
        List<CollectionReport> known = running
                ? collections
                : collections.stream().map(CollectionReport::withoutLag).toList();
        Optional<Told> told = new ActivityStore(pipeline)
                .last(connection)
                .filter(t -> t.secondsAgo() < TELLING_SECONDS && fate != LastWriter.Fate.ENDED);
        return report(writer, told, known, AfterProgress.read(connection, pipeline), Notes.read(connection, pipeline));
    }

    private Map<String, StatusReport.LateWrites> late(Connection connection) throws SQLException {
        Map<String, StatusReport.LateWrites> late = new HashMap<>();
        for (LateWriteStore.Watched watched : new LateWriteStore(pipeline).all(connection)) {
            if (watched.writes() > 0) {
                late.put(
                        watched.collection(),
                        new StatusReport.LateWrites(watched.writes(), String.valueOf(watched.lastAt())));
            }
        }
        return late;
    }

    private StatusReport report(
            Writer writer,
            Optional<Told> told,
            List<CollectionReport> collections,
            @Nullable AfterProgress after,
            List<String> notes) {
        StatusReport.Activity activity = told.map(StatusReader::activity).orElse(null);
        return new StatusReport(
                pipeline,
                told.map(t -> t.activity().state()).orElse(null),
                told.map(t -> t.activity().message()).orElse(null),
                writer,
                null,
                activity,
                collections,
                after,
                notes);
    }

    private static StatusReport.Activity activity(Told told) {
        return new StatusReport.Activity(
                told.activity().changes(),
                told.at(),
                seconds(told.activity().latencyP50Millis()),
                seconds(told.activity().latencyP99Millis()));
    }

    private static @Nullable Double seconds(@Nullable Double millis) {
        return millis == null ? null : (Double) (millis / 1_000);
    }

    /// @param holder of the lock; null when there is none
    /// @return null before the first start
    private LastWriter.@Nullable Fate fate(@Nullable LockHolder holder, Connection connection) throws SQLException {
        return LastWriter.find(connection, pipeline)
                .map(writer -> holder != null && holder.isOwner() ? LastWriter.Fate.RUNS : writer.fate())
                .orElse(null);
    }
}
