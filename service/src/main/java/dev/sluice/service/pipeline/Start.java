package dev.sluice.service.pipeline;

import dev.sluice.change.Position;
import java.sql.SQLException;

/// Where a run begins to write.
///
/// @param epoch that its transactions carry
/// @param from the position that its stream follows
record Start(long epoch, Position from) {
    /// The pipeline's row of `sluice.position`, for a process that has the pipeline's lock.
    interface Claim {
        /// Raises the epoch, which fences out every earlier writer; waits for their open
        /// transactions.
        ///
        /// @return the new epoch
        long takeOver() throws SQLException;

        /// Checks that an epoch is still the current one, and waits for open transactions of an earlier
        /// run with it.
        ///
        /// @throws dev.sluice.failure.SluiceException of kind FENCED_OUT when it is not
        long hold(long epoch) throws SQLException;

        /// The stored position; there is one.
        Position position() throws SQLException;
    }

    /// @param before the epoch of an earlier run of this process; 0 where there was none, or where another
    ///     process has taken the pipeline over since
    /// @throws dev.sluice.failure.SluiceException of kind FENCED_OUT when another process has taken over
    ///     meanwhile and keeps the pipeline
    static Start take(Claim claim, long before) throws SQLException {
        long epoch = before == 0 ? claim.takeOver() : claim.hold(before);
        // Not before: until the epoch is raised an earlier writer, which may be alive, moves the position, and rows and
        // watermark with it. From an older position the stream would write states from before the watermark
        // again.
        return new Start(epoch, claim.position());
    }
}
