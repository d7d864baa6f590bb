package dev.sluice.verify;

import java.util.List;

/// What looking again at a document's rows has brought.
public sealed interface Verdict {
    /// They are as they should be, or their document waits as a dead letter.
    record Equal() implements Verdict {}

    /// They are not, and nothing that is in flight can be why.
    ///
    /// @param found at least one
    record Drifted(List<Drift> found) implements Verdict {
        public Drifted {
            found = List.copyOf(found);
        }
    }

    /// They differed and were written meanwhile, or are about to be: look again.
    record Undecided() implements Verdict {}
}
