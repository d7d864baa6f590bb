package dev.sluice.service.live;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One second of a pipeline, from what this process knows without asking a database. Seconds where
/// nothing else is said; null where unknown.
///
/// @param at our clock
/// @param state the name of the pipeline's state
/// @param message what it means, for people; null when there is nothing to say
/// @param leads whether this process writes the pipeline
/// @param mongodbAway MongoDB does not answer, as far as this process knows
/// @param postgresAway PostgreSQL does not answer, as far as this process knows
/// @param lagSeconds how far the rows are behind MongoDB
/// @param captureLagSeconds how far what is read is behind MongoDB
/// @param applyLagSeconds how far what is applied is behind what is read
/// @param latencyP50Seconds from MongoDB's commit to PostgreSQL's, the median of the last ten
///     seconds; null when nothing was applied
/// @param latencyP99Seconds the same, which one of a hundred exceeds
/// @param changesPerSecond changes of the stream that were applied
/// @param rowsPerSecond rows that the copy has written
/// @param changesWaiting read and not yet applied
/// @param headroomSeconds until the position is older than the oplog's oldest entry
/// @param clockOffsetSeconds MongoDB's clock minus ours
/// @param catchUpSeconds until the rows have caught up, if it goes on like this; null when they are
///     not gaining
/// @param collections in the mapping's order
public record Tick(
        Instant at,
        String state,
        @Nullable String message,
        boolean leads,
        boolean mongodbAway,
        boolean postgresAway,
        @Nullable Double lagSeconds,
        @Nullable Double captureLagSeconds,
        @Nullable Double applyLagSeconds,
        @Nullable Double latencyP50Seconds,
        @Nullable Double latencyP99Seconds,
        double changesPerSecond,
        double rowsPerSecond,
        @Nullable Long changesWaiting,
        @Nullable Double headroomSeconds,
        @Nullable Double clockOffsetSeconds,
        @Nullable Double catchUpSeconds,
        List<OfCollection> collections) {
    public Tick {
        collections = List.copyOf(collections);
    }

    /// The same second of one collection.
    ///
    /// @param lagSeconds null as long as it is not copied
    /// @param changesPerSecond that were applied
    /// @param copied share of its documents that is copied, from 0 to 1; null when unknown
    /// @param copySecondsLeft until all are copied, at the rate of the last half minute; null when
    ///     unknown or done
    public record OfCollection(
            @Nullable Double lagSeconds,
            double changesPerSecond,
            @Nullable Double copied,
            @Nullable Double copySecondsLeft) {}
}
