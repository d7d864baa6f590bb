package dev.sluice.sink.postgres;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/// Tells single rows that PostgreSQL refuses from a target that no longer takes a collection's rows, after
/// a column, constraint or trigger was added, say. Single rows become dead letters; the other is a stop, so
/// that a collection does not end up as dead letters. Of one sink; for one thread.
///
/// What counts is the refusals for one reason (SQLSTATE with table, column, constraint or function) among
/// the collection's last rows.
final class RefusalWatch {
    /// A collection's recent rows are this many at most.
    static final int WINDOW = 500;

    /// Fewer refused rows than this are never too many.
    static final int LEAST = 50;

    private final double share;
    private final Map<String, Recent> collections = new HashMap<>();

    /// @param share of the recent rows, see [dev.sluice.sink.WriteLimits]
    RefusalWatch(double share) {
        this.share = share;
    }

    private static final class Recent {
        private long rows;
        /// By reason: the numbers of the rows that were refused.
        private final Map<String, Deque<Long>> refused = new HashMap<>();
    }

    private Recent recent(String collection) {
        return collections.computeIfAbsent(collection, c -> new Recent());
    }

    /// @param rows of the collection that PostgreSQL took
    void applied(String collection, int rows) {
        recent(collection).rows += rows;
    }

    /// Counts a refused row.
    ///
    /// @throws SluiceException of kind ROWS_REFUSED when there are too many
    void refused(String collection, SQLException why) {
        Recent recent = recent(collection);
        recent.rows++;
        Deque<Long> numbers = recent.refused.computeIfAbsent(Failures.reason(why), r -> new ArrayDeque<>());
        numbers.add(recent.rows);
        while (numbers.getFirst() <= recent.rows - WINDOW) {
            numbers.remove();
        }
        long among = Math.min(recent.rows, WINDOW);
        if (share < 1 && numbers.size() >= LEAST && numbers.size() > share * among) {
            throw new SluiceException(
                    FailureKind.ROWS_REFUSED,
                    "Collection " + collection + ": " + numbers.size() + " of the last " + among
                            + " rows, for one reason: "
                            + Failures.describe(why)
                            + ". No document of this batch became a dead letter, and the position has not moved.",
                    why);
        }
    }
}
