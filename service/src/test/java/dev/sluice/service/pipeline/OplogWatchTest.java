package dev.sluice.service.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.service.pipeline.OplogWatch.HeadroomAlarm;
import dev.sluice.service.pipeline.PipelineStatus.Headroom;
import dev.sluice.source.mongo.Oplog;
import java.util.ArrayList;
import java.util.List;
import org.bson.BsonTimestamp;
import org.junit.jupiter.api.Test;

/// How much of the oplog is left, and when a user is told.
class OplogWatchTest {
    @Test
    void theHeadroomIsThePositionMinusTheOldestEntry() {
        assertThat(OplogWatch.headroom(at(1_000), new BsonTimestamp(8_200, 3)))
                .isEqualTo(new Headroom(7_200, false, null));
        assertThat(OplogWatch.headroom(at(1_000), new BsonTimestamp(900, 3)))
                .as("it is lost already")
                .isEqualTo(new Headroom(-100, false, null));
        // Seconds since 1970 are unsigned: these are of 2040.
        assertThat(OplogWatch.headroom(at(2_208_988_800L), new BsonTimestamp((int) 2_208_988_810L, 1)))
                .isEqualTo(new Headroom(10, false, null));
    }

    private static Oplog.Start at(long second) {
        return new Oplog.Start.At(new BsonTimestamp((int) second, 1), false);
    }

    @Test
    void whatCantBeReadIsUnknownAndSaysWhy() {
        Headroom headroom = OplogWatch.headroom(new Oplog.Start.Unknown("Give it the right."), new BsonTimestamp(9, 1));

        assertThat(headroom.seconds()).isNaN();
        assertThat(headroom.unknownBecause()).contains("not known").endsWith("Give it the right.");
    }

    @Test
    void itIsSaidOnceWhenThereIsLessThanAnHourAndItShrinks() {
        assertThat(due(4_000, 3_900, 3_800, 3_700, 3_590, 3_500, 3_400)).containsExactly(3_590.0);
    }

    @Test
    void anOplogThatIsShortAndStaysAsItIsIsNoAlarm() {
        assertThat(due(600, 598, 602, 600, 599, 601, 597, 600, 599)).isEmpty();
    }

    @Test
    void oneThatGrowsIsNone() {
        assertThat(due(10, 25, 40, 55, 70, 85)).isEmpty();
    }

    @Test
    void afterThereWasEnoughAgainItIsSaidAgain() {
        assertThat(due(3_700, 3_650, 3_620, 3_610, 3_500, 3_400, 9_000, 3_300, 3_200, 3_100))
                .containsExactly(3_500.0, 3_300.0);
    }

    @Test
    void whatCantBeReadIsNoAlarm() {
        assertThat(due(3_000, Double.NaN, 2_900, Double.NaN, 2_800, 2_700)).isEmpty();
    }

    private static List<Double> due(double... readings) {
        HeadroomAlarm alarm = new HeadroomAlarm();
        List<Double> due = new ArrayList<>();
        for (double reading : readings) {
            if (alarm.isDue(reading)) {
                due.add(reading);
            }
        }
        return due;
    }
}
