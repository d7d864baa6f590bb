package dev.sluice.sink.postgres;

import dev.sluice.control.Counts;
import dev.sluice.sink.WriteSummary;
import java.util.List;

/// What was written, and what is still to be noted.
///
/// @param summary of the rows alone
/// @param deadLetters documents that are to be parked
/// @param counts of what has no place in the target
public record Written(WriteSummary summary, List<DeadLetter> deadLetters, Counts counts) {
    public Written {
        deadLetters = List.copyOf(deadLetters);
    }

    /// Of nothing.
    public static Written nothing() {
        return new Written(WriteSummary.NOTHING, List.of(), new Counts());
    }
}
