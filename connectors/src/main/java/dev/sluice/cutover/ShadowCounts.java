package dev.sluice.cutover;

import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The shadow reads of a collection since it was last copied.
///
/// @param results how many there are of each; none of a result that is not in it
/// @param consecutiveEqual equal ones since the last that is different or reported
/// @param lastDifferentAt when one was last counted that is different or reported; null when there was
///     none
/// @param mongodb how long MongoDB took in the last ten to twenty minutes
/// @param postgres how long PostgreSQL took
/// @param lists those of lists, which are in `results` too
public record ShadowCounts(
        String collection,
        Map<ShadowResult, Long> results,
        long consecutiveEqual,
        @Nullable Instant lastDifferentAt,
        ReadTimes mongodb,
        ReadTimes postgres,
        List<OfList> lists) {
    public ShadowCounts {
        results = Map.copyOf(results);
        lists = List.copyOf(lists);
    }

    /// Those of one query for a list.
    ///
    /// @param name what the application calls it
    /// @param reported how often it found a difference
    /// @param lastReportedAt null when it never did
    public record OfList(
            String name,
            long equal,
            long reported,
            @Nullable Instant lastReportedAt) {}

    /// Of a collection of which none was reported.
    public static ShadowCounts none(String collection) {
        return new ShadowCounts(
                collection, new EnumMap<>(ShadowResult.class), 0, null, new ReadTimes(), new ReadTimes(), List.of());
    }

    public long of(ShadowResult result) {
        return results.getOrDefault(result, 0L);
    }

    /// How many there are in all.
    public long total() {
        return results.values().stream().mapToLong(Long::longValue).sum();
    }
}
