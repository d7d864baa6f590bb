package dev.sluice.service.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.change.Watermark;
import dev.sluice.source.mongo.MongoSource.Hello;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.data.Offset;
import org.bson.BsonTimestamp;
import org.junit.jupiter.api.Test;

/// Seconds behind MongoDB, by a clock that stands still unless told.
class LagTest {
    private static final Instant NOON = Instant.parse("2026-11-30T12:00:00Z");
    private static final Offset<Double> EXACT = within(1e-9);

    private Instant ours = NOON;
    private final SourceClock clock = new SourceClock(() -> ours);
    private final Lag lag = new Lag(clock);

    private static Watermark at(double seconds) {
        return new Watermark(NOON.plusMillis(Math.round(seconds * 1_000)), null);
    }

    /// MongoDB's clock is ahead of ours by so much.
    private void asked(Duration ahead) {
        clock.onHello(new Hello("rs0", new BsonTimestamp(1, 1), NOON, ahead, Duration.ofMillis(1)));
    }

    @Test
    void nothingIsKnownBeforeMongoDbWasAskedAndSomethingApplied() {
        assertThat(lag.seconds()).isNaN();
        lag.onApplied(0, at(-5));
        assertThat(lag.seconds()).as("by which clock?").isNaN();
        asked(Duration.ZERO);
        assertThat(lag.seconds()).isEqualTo(5, EXACT);
    }

    @Test
    void itIsByMongoDbsClockWhateverOursSays() {
        asked(Duration.ofHours(-1));
        lag.onApplied(0, new Watermark(NOON.minus(Duration.ofHours(1)).minusSeconds(3), null));

        assertThat(lag.seconds()).isEqualTo(3, EXACT);
        assertThat(lag.clockOffsetSeconds()).isEqualTo(-3_600, EXACT);
    }

    @Test
    void itGrowsWhileNothingComesAndIsNeverNegative() {
        asked(Duration.ZERO);
        lag.onApplied(0, at(2));
        assertThat(lag.seconds())
                .as("the watermark may be ahead of a clock that is a little slow")
                .isZero();

        ours = NOON.plusSeconds(62);
        assertThat(lag.seconds()).isEqualTo(60, EXACT);
    }

    @Test
    void itIsTheSumOfWhatReadingAndWhatApplyingIsBehind() {
        asked(Duration.ZERO);
        lag.onReading(() -> 0);
        lag.onRestored(at(-30));
        lag.onRead(100, at(-4));

        assertThat(lag.captureSeconds()).isEqualTo(4, EXACT);
        assertThat(lag.applySeconds()).isEqualTo(26, EXACT);
        assertThat(lag.seconds()).isEqualTo(30, EXACT);
    }

    @Test
    void waitingChangesAreThoseReadAndThoseThatDidNotComeYet() {
        AtomicInteger behind = new AtomicInteger(7);
        assertThat(lag.waiting()).as("nothing is read").isNaN();
        lag.onReading(behind::get);
        lag.onRead(10, at(0));
        lag.onApplied(4, at(0));
        assertThat(lag.waiting()).isEqualTo(13);

        lag.onReadingEnded();
        assertThat(lag.waiting()).isNaN();
        lag.onReading(behind::get);
        assertThat(lag.waiting())
                .as("what was read and not applied is read again")
                .isEqualTo(7);
    }

    @Test
    void aWatermarkNeverGoesBack() {
        asked(Duration.ZERO);
        lag.onApplied(1, at(-1));
        lag.onApplied(1, at(-9));
        lag.onRestored(at(-8));

        assertThat(lag.seconds()).isEqualTo(1, EXACT);
        assertThat(lag.watermark()).isEqualTo(NOON.minusSeconds(1));
    }

    @Test
    void whereNoChangeWaitsALittleLagCountsAsCaughtUp() {
        asked(Duration.ZERO);
        lag.onReading(() -> 0);
        lag.onApplied(0, at(-3.9));
        assertThat(lag.catchUpSeconds(true)).isZero();
        assertThat(lag.catchUpSeconds(false)).as("an idle stream moves nothing").isZero();

        lag.onRead(1, at(-3.9));
        assertThat(lag.catchUpSeconds(false))
                .as("changes wait, and none is applied")
                .isInfinite();
    }

    @Test
    void theTimeToCatchUpFollowsFromWhatWasGained() {
        asked(Duration.ZERO);
        lag.onReading(() -> 0);
        lag.onRead(10_000, at(-100));
        // In each second of the clock, eleven seconds of MongoDB's time are applied: ten are gained.
        for (int second = 0; second <= 5; second++) {
            ours = NOON.plusSeconds(second);
            lag.onApplied(0, at(-100 + 11 * second));
        }

        assertThat(lag.seconds()).isEqualTo(50, EXACT);
        assertThat(lag.catchUpSeconds(true)).isEqualTo(5, within(1.0));
        assertThat(lag.catchUpSeconds(false)).isInfinite();
    }
}
