package dev.sluice.service.live;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How a collection stands, by what PostgreSQL says of it.
///
/// @param table its own table
/// @param backfill not started, running or done; writes_on_postgres once its writes have moved
/// @param documents in MongoDB when they were last counted; those that were copied before that
/// @param rows of its own table when they were last counted; those that the copy has written before
///     that
/// @param counted whether documents and rows were counted, or are those of the copy
/// @param drift rows known to differ from their documents
/// @param verifiedThrough every row was compared as of this time or later; null before the first
///     full verification
/// @param verification the verification under way or the last one; null where there was none
/// @param deadLetters there are now
/// @param quarantinedValues in quarantine now
/// @param waitingDocuments that wait for a row which they refer to
/// @param gate null when it is not known
/// @param route null when it is not known
public record CollectionView(
        String collection,
        String table,
        String backfill,
        long documents,
        long rows,
        boolean counted,
        Drift drift,
        @Nullable Instant verifiedThrough,
        @Nullable LastVerification verification,
        long deadLetters,
        long quarantinedValues,
        long waitingDocuments,
        @Nullable GateView gate,
        @Nullable RouteView route) {
    /// Rows by kind.
    public record Drift(long missing, long extra, long different) {
        long rows() {
            return missing + extra + different;
        }
    }

    /// A verification.
    ///
    /// @param compared documents that were compared so far
    /// @param estimated documents that there are; null when unknown
    public record LastVerification(
            long id,
            String mode,
            String origin,
            String state,
            long compared,
            @Nullable Long estimated) {}

    /// A gate.
    ///
    /// @param reasons why it is shut, one for each condition that is not met; empty while it is open
    public record GateView(boolean open, List<String> reasons) {
        public GateView {
            reasons = List.copyOf(reasons);
        }
    }

    /// Where reads and writes go.
    ///
    /// @param percent of the readers read from PostgreSQL
    /// @param shadowPercent of the readers read from both
    /// @param writes `mongodb` or `postgres`
    public record RouteView(int percent, int shadowPercent, boolean autoRollback, String writes) {}
}
