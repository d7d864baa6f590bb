package dev.sluice.service.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.change.Position;
import dev.sluice.change.Watermark;
import dev.sluice.source.mongo.MongoSource.Hello;
import java.time.Duration;
import java.time.Instant;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.BsonTimestamp;
import org.junit.jupiter.api.Test;

/// What is made of MongoDB's answers to `hello`, by a clock that stands still unless told.
class SourceClockTest {
    private static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");
    private static final int SECOND = (int) NOON.getEpochSecond();

    private Instant ours = NOON;
    private long machineMillis = 1_000_000;
    private final SourceClock clock = new SourceClock(() -> ours, () -> Instant.ofEpochMilli(machineMillis));

    @Test
    void beforeMongoDbWasAskedItsTimeIsUnknown() {
        assertThat(clock.now()).isNull();
        assertThat(clock.offset()).isNull();
    }

    @Test
    void theQuickestOfTheLastAnswersCounts() {
        hello(5_010, 40);
        hello(5_000, 2);
        hello(5_120, 300);
        assertThat(clock.offset()).isEqualTo(Duration.ofSeconds(5));
        assertThat(clock.now()).isEqualTo(NOON.plusSeconds(5));
    }

    @Test
    void aQuickAnswerIsForgottenWhenItIsOld() {
        hello(5_000, 2);
        for (int i = 0; i < 8; i++) {
            hello(5_006, 10);
        }
        assertThat(clock.offset()).isEqualTo(Duration.ofMillis(5_006));
    }

    @Test
    void aClockThatWasSetIsFollowedAtOnce() {
        hello(0, 1);
        // Nothing that a slow answer would explain.
        hello(-3_600_000, 50);
        assertThat(clock.offset()).isEqualTo(Duration.ofHours(-1));
    }

    @Test
    void aStreamThatHasGotToTheNewestOperationAndPolledSinceIsAsFreshAsTheAnswer() {
        hello(0, 1, new BsonTimestamp(SECOND, 7), NOON);
        Position there = mongod(new BsonTimestamp(SECOND, 7));

        // A little before, since what is written may take a moment until it can be read.
        Watermark fresh = new Watermark(NOON.minusMillis(250), new BsonTimestamp(SECOND, 7));
        assertThat(clock.idleWatermark(there, machineMillis + 1)).isEqualTo(fresh);
    }

    @Test
    void whoHasNotPolledSinceMayHaveOnlyAPartOfTheNewestOperation() {
        hello(0, 1, new BsonTimestamp(SECOND, 7), NOON);
        Position there = mongod(new BsonTimestamp(SECOND, 7));

        assertThat(clock.idleWatermark(there, machineMillis - 1))
                .isEqualTo(new Watermark(NOON, new BsonTimestamp(SECOND, 6)));
    }

    @Test
    void aStreamThatHasNotGotThereKnowsOnlyItsOwnPlace() {
        hello(0, 1, new BsonTimestamp(SECOND + 60, 1), NOON.plusSeconds(60));

        assertThat(clock.idleWatermark(mongod(new BsonTimestamp(SECOND, 7)), machineMillis + 5_000))
                .isEqualTo(new Watermark(NOON, new BsonTimestamp(SECOND, 6)));
    }

    @Test
    void whereTokensStandStillAPollWellAfterTheAnswerIsEnough() {
        hello(0, 1, new BsonTimestamp(SECOND + 60, 1), NOON.plusSeconds(60));
        Position still = new Position(new BsonDocument("_data", new BsonString("00")), new BsonTimestamp(SECOND, 7));

        assertThat(clock.idleWatermark(still, machineMillis + 249))
                .isEqualTo(new Watermark(NOON, new BsonTimestamp(SECOND, 6)));
        assertThat(clock.idleWatermark(still, machineMillis + 250))
                .isEqualTo(new Watermark(NOON.plusSeconds(60), new BsonTimestamp(SECOND + 60, 1)));
    }

    private void hello(long offsetMillis, long roundTripMillis) {
        hello(offsetMillis, roundTripMillis, new BsonTimestamp(SECOND, 1), NOON);
    }

    private void hello(long offsetMillis, long roundTripMillis, BsonTimestamp newest, Instant freshAt) {
        clock.onHello(
                new Hello("rs0", newest, freshAt, Duration.ofMillis(offsetMillis), Duration.ofMillis(roundTripMillis)));
    }

    /// Its tokens are hex, and say the time first.
    private static Position mongod(BsonTimestamp time) {
        return Position.of(
                new BsonDocument("_data", new BsonString(String.format("82%08X%08X", time.getTime(), time.getInc()))),
                null);
    }
}
