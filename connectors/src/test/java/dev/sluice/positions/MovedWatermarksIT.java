package dev.sluice.positions;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.change.Watermark;
import dev.sluice.testkit.TestTarget;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import org.bson.BsonTimestamp;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class MovedWatermarksIT {
    private static final int COLLECTIONS = 400;

    /// Of this transaction, by index or not.
    private static final String ROWS_READ = "SELECT sum(coalesce(pg_stat_get_xact_tuples_returned(oid), 0)"
            + " + coalesce(pg_stat_get_xact_tuples_fetched(oid), 0)) FROM pg_class"
            + " WHERE relnamespace = 'sluice'::regnamespace AND relname ~ '^(watermark|backfill)'";

    private final TestTarget target = TestTarget.demo();

    @AfterEach
    void close() {
        target.close();
    }

    @Test
    @DisplayName("moving the watermark of one of 400 collections reads none of the others, and moves none of them")
    void oneOfMany() throws SQLException {
        target.execute("INSERT INTO sluice.watermark (pipeline, collection) SELECT '" + TestTarget.PIPELINE
                + "', 'c' || n FROM generate_series(1, " + COLLECTIONS + ") n");
        target.execute("INSERT INTO sluice.backfill (pipeline, collection, state) SELECT '" + TestTarget.PIPELINE
                + "', 'c' || n, 'done' FROM generate_series(1, " + COLLECTIONS + ") n");
        try (Connection connection = target.connector().openForWriting();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            long before = number(statement, ROWS_READ);

            new PositionStore(TestTarget.PIPELINE)
                    .moveWatermark(
                            connection,
                            "c7",
                            new Watermark(Instant.ofEpochSecond(1_000), new BsonTimestamp(1_000, 1)),
                            null);

            assertThat(number(statement, ROWS_READ) - before).isLessThan(20);
            connection.commit();
        }
        assertThat(target.rows("SELECT collection FROM sluice.watermark WHERE through_seconds IS NOT NULL"))
                .containsExactly("c7");
    }

    private static long number(Statement statement, String sql) throws SQLException {
        try (ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
        }
    }
}
