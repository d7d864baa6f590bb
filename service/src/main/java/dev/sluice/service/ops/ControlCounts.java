package dev.sluice.service.ops;

import dev.sluice.after.AfterStore;
import dev.sluice.balance.Balance;
import dev.sluice.balance.BalanceStore;
import dev.sluice.control.CollectionCounts;
import dev.sluice.control.MappingVersions;
import dev.sluice.cutover.LateWriteStore;
import dev.sluice.cutover.WriteBlockNote;
import dev.sluice.failure.Failures;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.verify.VerificationReports;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Collectors;

/// What is counted in the control schema now, by collection: dead letters, what waits, and what has no place.
/// Cheaper than a [StatusReport], for those who ask often.
///
/// @param deadLetters and the others: a collection that is not in them has none
/// @param deadLettersOpen those that nobody has accepted
/// @param driftRows by kind
/// @param verifiedThrough both sides were equal, but for the drift, as of this time: seconds since 1970
/// @param balances as of when they were counted
/// @param afterMigrations statements that come after the copy, by state
/// @param notAnalyzed tables that were not analyzed since the copy and the last after-migration
/// @param lateWrites that reached MongoDB after the writes had moved, of collections whose writes have
/// @param writeBlock whether MongoDB refuses all writes, as `sluice finish --block-writes` made it do
/// @param mappingVersion of the mapping that rows are written with; 0 before the first
/// @param mappingWanted whether another one is asked for that no process has taken over
public record ControlCounts(
        Map<String, Long> deadLetters,
        Map<String, Long> deadLettersOpen,
        Map<String, Long> waitingDocuments,
        Map<String, Long> quarantined,
        Map<String, Long> resyncEntries,
        Map<String, Long> unmappedFields,
        long unmappedCollections,
        Map<String, SequencedMap<String, Long>> skipped,
        Map<String, Long> schemaChangesOpen,
        Map<String, SequencedMap<String, Long>> schemaChanges,
        Map<String, Map<String, Long>> driftRows,
        Map<String, Double> verifiedThrough,
        Map<String, Balance> balances,
        Map<AfterStore.State, Long> afterMigrations,
        long notAnalyzed,
        Map<String, Long> lateWrites,
        boolean writeBlock,
        int mappingVersion,
        boolean mappingWanted) {
    /// @throws dev.sluice.failure.SluiceException when PostgreSQL can't be asked
    public static ControlCounts read(PostgresConnector connector, String pipeline) {
        try (Connection connection = connector.open()) {
            return read(connection, pipeline);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// The same on a connection of the caller's.
    public static ControlCounts read(Connection connection, String pipeline) throws SQLException {
        AfterStore after = new AfterStore(pipeline);
        CollectionCounts counts = new CollectionCounts(connection, pipeline);
        MappingVersions mappings = new MappingVersions(pipeline);
        VerificationReports reports = new VerificationReports(pipeline);
        return new ControlCounts(
                counts.deadLetters(),
                counts.deadLettersOpen(),
                counts.waitingDocuments(),
                counts.quarantined(),
                counts.resyncEntries(),
                counts.unmappedFields(),
                counts.unmappedCollections(),
                Map.copyOf(counts.skipped()),
                counts.schemaChangesOpen(),
                Map.copyOf(counts.schemaChanges()),
                reports.driftRows(connection),
                reports.verifiedThrough(connection),
                new BalanceStore(pipeline).all(connection),
                after.counts(connection),
                after.notAnalyzed(connection).size(),
                new LateWriteStore(pipeline)
                        .all(connection).stream()
                                .collect(Collectors.toMap(
                                        LateWriteStore.Watched::collection, LateWriteStore.Watched::writes)),
                WriteBlockNote.read(connection, pipeline).isPresent(),
                mappings.latest(connection).map(MappingVersions.Version::number).orElse(0),
                mappings.wanted(connection).isPresent());
    }
}
