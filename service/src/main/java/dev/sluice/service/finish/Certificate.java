package dev.sluice.service.finish;

import dev.sluice.source.mongo.SourceDuties;
import java.time.Instant;
import java.util.List;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// What was true of a collection when its writes moved to PostgreSQL. Kept in `sluice.moved_writes`. Never values of
/// documents.
///
/// @param database of MongoDB
/// @param movedAt by this machine's clock, a moment before the commit
/// @param movedBy who asked for it
/// @param through every write up to this operation time of MongoDB is in the rows
/// @param writers how it is known that nobody wrote to MongoDB
/// @param secondsWithoutWriters from when nobody could write, or was seen to write, until the move
/// @param documents in MongoDB, counted then
/// @param rows in each table, counted then
/// @param verification what was compared
/// @param accepted leftovers that were accepted
/// @param target what was done to the tables, and what is left to do
/// @param duties what MongoDB did by itself and nobody does now
/// @param slot the replication slot that has every change since; null where none was made
public record Certificate(
        String pipeline,
        String collection,
        String database,
        Instant movedAt,
        String movedBy,
        Instant through,
        String writers,
        double secondsWithoutWriters,
        long documents,
        SequencedMap<String, Long> rows,
        Compared verification,
        Accepted accepted,
        Target target,
        Duties duties,
        @Nullable String slot) {

    /// What was compared with its rows.
    ///
    /// @param fullAsOf the last full verification holds as of this time of MongoDB's
    /// @param fullDocuments that it compared
    /// @param again documents that were written since, and were compared again
    public record Compared(Instant fullAsOf, long fullDocuments, long again) {}

    /// What was accepted, and so is not in the rows or not as it was.
    public record Accepted(long deadLetters, long quarantinedValues) {}

    /// The tables.
    ///
    /// @param sequences that were set past the highest value of their column
    /// @param validated constraints that were checked against every row
    /// @param disabledTriggers that never fire; somebody disabled them, and Sluice leaves them so
    public record Target(List<String> sequences, List<String> validated, List<String> disabledTriggers) {
        public Target {
            sequences = List.copyOf(sequences);
            validated = List.copyOf(validated);
            disabledTriggers = List.copyOf(disabledTriggers);
        }
    }

    /// What MongoDB did.
    ///
    /// @param ttl indexes that delete documents: field and seconds
    /// @param capped whether it drops its oldest documents
    /// @param validator whether it refuses documents that don't fit a schema
    /// @param readers who else follows change streams of the server; null where the user may not see that
    public record Duties(
            List<Ttl> ttl,
            boolean capped,
            boolean validator,
            @Nullable List<SourceDuties.Reader> readers) {
        public Duties {
            ttl = List.copyOf(ttl);
            readers = readers == null ? null : List.copyOf(readers);
        }

        /// An index that deletes documents.
        public record Ttl(String index, String field, long afterSeconds) {}
    }
}
