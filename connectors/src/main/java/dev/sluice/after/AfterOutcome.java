package dev.sluice.after;

import dev.sluice.failure.SluiceException;
import java.util.List;

/// How an [AfterRun] ended.
public sealed interface AfterOutcome {
    /// Nothing is left to do.
    ///
    /// @param statements applied now
    /// @param tables analyzed now
    record Done(int statements, int tables) implements AfterOutcome {}

    /// Something is left.
    ///
    /// @param statements applied now
    /// @param failures of this run, in sentences; empty where what is left was refused before, or is not to be
    ///     applied here
    /// @param notAllowed tables that the role may not analyze: autovacuum will, or a role that owns them
    record Open(int statements, List<SluiceException> failures, List<String> notAllowed) implements AfterOutcome {
        public Open {
            failures = List.copyOf(failures);
            notAllowed = List.copyOf(notAllowed);
        }

        /// The tables that the role may not analyze, and what to do.
        public String notAllowedForPeople() {
            return "not analyzed, since the role does not own them: " + String.join(", ", notAllowed)
                    + ". The gate stays shut until autovacuum has, or `sluice migrate --after` with a role that owns"
                    + " them; from PostgreSQL 17 on GRANT MAINTAIN does, too.";
        }
    }

    /// Another process does it.
    ///
    /// @param holder which, for people
    record Held(String holder) implements AfterOutcome {}

    /// Collections are not copied yet.
    record NotCopied(List<String> collections) implements AfterOutcome {
        public NotCopied {
            collections = List.copyOf(collections);
        }
    }

    /// It was stopped, or lost its lock; what it was at is done again by the next.
    record Stopped() implements AfterOutcome {}
}
