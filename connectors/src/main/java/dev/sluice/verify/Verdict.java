package dev.sluice.verify;

import java.util.List;

/// The result of comparing a document's rows again.
public sealed interface Verdict {
    /// The rows are the expected ones, or are not compared: their document is a dead letter, and its rows stay.
    record Equal() implements Verdict {}

    /// The rows differ, and no change in flight can explain it.
    ///
    /// @param found at least one
    record Drifted(List<Drift> found) implements Verdict {
        public Drifted {
            found = List.copyOf(found);
        }
    }

    /// The rows differed and were written meanwhile, or are about to be written: compare again.
    record Undecided() implements Verdict {}
}
