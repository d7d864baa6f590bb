package dev.sluice.service.finish;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;
import org.bson.BsonTimestamp;

/// What the control schema knows of a collection that is about to be left. For one thread.
final class Leftovers {
    private static final String VERIFIED = """
            SELECT v.through_cluster_time, v.documents
            FROM sluice.verification v
            JOIN sluice.backfill b ON b.pipeline = v.pipeline AND b.collection = v.collection
            WHERE v.pipeline = ? AND v.collection = ? AND v.mode = 'full' AND v.state = 'done'
              AND v.started_at >= b.finished_at AND v.through_cluster_time IS NOT NULL
            ORDER BY v.started_at DESC LIMIT 1
            """;

    private static final String ACCEPTED = """
            SELECT (SELECT count(*) FROM sluice.dead_letter l
                    WHERE l.pipeline = p.pipeline AND l.collection = p.collection AND l.accepted_at IS NOT NULL),
                   (SELECT count(*) FROM sluice.quarantine q
                    WHERE q.pipeline = p.pipeline AND q.collection = p.collection AND sluice.is_accepted(q))
            FROM (VALUES (?, ?)) p (pipeline, collection)
            """;

    private final Connection connection;
    private final String pipeline;

    Leftovers(Connection connection, String pipeline) {
        this.connection = connection;
        this.pipeline = pipeline;
    }

    /// The last full verification since the copy.
    ///
    /// @param asOf what it found holds for MongoDB as of this time
    record Verified(Instant asOf, long documents) {
        /// From where what was written since is compared again.
        BsonTimestamp from() {
            return new BsonTimestamp((int) asOf.getEpochSecond(), 0);
        }
    }

    Optional<Verified> verified(String collection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(VERIFIED)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            try (ResultSet row = statement.executeQuery()) {
                return row.next()
                        ? Optional.of(new Verified(
                                row.getObject(1, OffsetDateTime.class).toInstant(), row.getLong(2)))
                        : Optional.empty();
            }
        }
    }

    Certificate.Accepted accepted(String collection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(ACCEPTED)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return new Certificate.Accepted(row.getLong(1), row.getLong(2));
            }
        }
    }
}
