package dev.sluice.service.bench;

import java.util.Locale;

/// What the bench of `finish` found.
///
/// @param documents that were copied before
/// @param askedPerSecond changes that were asked for
/// @param copySeconds of the copy, while nobody wrote
/// @param verifySeconds of the full verification, while nobody wrote
record FinishReport(
        String bench,
        long documents,
        int askedPerSecond,
        double copySeconds,
        double verifySeconds,
        Moved moved,
        Machine machine)
        implements Report {

    /// The move of writes.
    ///
    /// @param seconds of the whole `finish`, most of which writers go on
    /// @param secondsWithoutWriters from MongoDB's block to the move, as the certificate says
    /// @param gapSeconds from each writer's last write to MongoDB until its first one to PostgreSQL
    /// @param writes that MongoDB acknowledged
    /// @param again documents that `finish` compared again
    record Moved(double seconds, double secondsWithoutWriters, Spread gapSeconds, long writes, long again) {}

    @Override
    public String forPeople() {
        return String.format(
                        Locale.ROOT,
                        """
                Writes of %,d documents moved, with %,d changes/s written meanwhile
                  copy                       %8.1f s
                  full verification          %8.1f s
                  finish, from start to end  %8.1f s
                  nobody could write         %8.2f s  as the certificate says
                                             %8.2f s  the writer that waited longest (median %.2f)
                  written and all there      %,8d    changes, and %,d documents compared again

                """,
                        documents,
                        askedPerSecond,
                        copySeconds,
                        verifySeconds,
                        moved.seconds(),
                        moved.secondsWithoutWriters(),
                        moved.gapSeconds().max(),
                        moved.gapSeconds().median(),
                        moved.writes(),
                        moved.again())
                + machine.forPeople();
    }
}
