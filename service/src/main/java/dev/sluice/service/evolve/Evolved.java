package dev.sluice.service.evolve;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What `sluice evolve` did.
///
/// @param outlook what was to be done
/// @param version that rows are written with now; null where it stopped before
/// @param migrations that were applied
/// @param heldMilliseconds for how long the pipeline stood still for them; 0 where it did not
/// @param runsElsewhere whether another process took the mapping over; else this one copied
/// @param collections whose rows were written anew
/// @param left statements to be executed when nobody needs the old columns any more
/// @param complete false where it was stopped; the same command goes on
public record Evolved(
        Outlook outlook,
        @Nullable Integer version,
        List<Migration> migrations,
        long heldMilliseconds,
        boolean runsElsewhere,
        List<Written> collections,
        List<String> left,
        boolean complete) {
    public Evolved {
        migrations = List.copyOf(migrations);
        collections = List.copyOf(collections);
        left = List.copyOf(left);
    }

    /// @param name its version and description
    /// @param milliseconds of its transaction: no table was locked for longer
    public record Migration(String name, long milliseconds) {}

    /// A collection whose rows were written anew.
    ///
    /// @param documents that were compared; 0 where that was not asked for
    /// @param equal whether both sides are; null where that was not compared
    public record Written(
            String collection, long documents, @Nullable Boolean equal) {}

    /// Whether all is done, and nothing that was compared differs.
    public boolean isFine() {
        return complete && collections.stream().allMatch(c -> c.equal() == null || c.equal());
    }
}
