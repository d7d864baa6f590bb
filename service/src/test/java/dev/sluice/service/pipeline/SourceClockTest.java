package dev.sluice.service.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.change.Watermark;
import dev.sluice.source.mongo.MongoSource.Hello;
import java.time.Duration;
import java.time.Instant;
import org.bson.BsonTimestamp;
import org.junit.jupiter.api.Test;

/// What is made of MongoDB's answers to `hello`, by a clock that stands still unless told.
class SourceClockTest {
    private static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");
    private static final int SECOND = (int) NOON.getEpochSecond();

    private Instant ours = NOON;
    private final SourceClock clock = new SourceClock(() -> ours);

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
        for (int i = 0; i < SourceClock.KEPT; i++) {
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
    void aStreamThatHasGotToTheNewestOperationIsAsFreshAsTheAnswer() {
        hello(0, 20, new BsonTimestamp(SECOND, 7), NOON);

        // The server may have looked for its newest operation at the beginning of the round trip.
        assertThat(clock.watermark(new BsonTimestamp(SECOND, 7)))
                .isEqualTo(new Watermark(NOON.minusMillis(20), new BsonTimestamp(SECOND, 7)));
        assertThat(clock.watermark(new BsonTimestamp(SECOND, 9)))
                .isEqualTo(new Watermark(NOON.minusMillis(20), new BsonTimestamp(SECOND, 9)));
    }

    @Test
    void aStreamThatHasNotGotThereKnowsOnlyItsOwnPlace() {
        hello(0, 1, new BsonTimestamp(SECOND + 60, 1), NOON.plusSeconds(60));

        assertThat(clock.watermark(new BsonTimestamp(SECOND, 7)))
                .isEqualTo(new Watermark(NOON, new BsonTimestamp(SECOND, 7)));
    }

    @Test
    void aServerThatSaysNothingMoreLeavesTheWatermarkWhereItIs() {
        hello(0, 0, new BsonTimestamp(SECOND, 7), NOON);
        Watermark before = clock.watermark(new BsonTimestamp(SECOND, 7));

        assertThat(clock.watermark(new BsonTimestamp(SECOND, 7))).isEqualTo(before);
    }

    private void hello(long offsetMillis, long roundTripMillis) {
        hello(offsetMillis, roundTripMillis, new BsonTimestamp(SECOND, 1), NOON);
    }

    private void hello(long offsetMillis, long roundTripMillis, BsonTimestamp newest, Instant freshAt) {
        clock.onHello(
                new Hello("rs0", newest, freshAt, Duration.ofMillis(offsetMillis), Duration.ofMillis(roundTripMillis)));
    }
}
