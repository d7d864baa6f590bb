package dev.sluice.cutover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Collections;
import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReadTimesTest {
    @Test
    @DisplayName("of none there is no percentile")
    void none() {
        assertThat(new ReadTimes().percentile(50)).isNull();
        assertThat(ReadTimes.of(List.of()).total()).isZero();
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.1, 0.3, 1, 2.5, 17, 240, 9_999, 59_000})
    @DisplayName("a time from 0.1 ms to a minute is known to a tenth")
    void exact(double millis) {
        ReadTimes times = new ReadTimes();
        times.add(millis);

        assertThat(times.percentile(50)).isCloseTo(millis, within(millis / 10));
    }

    @Test
    @DisplayName("half and 95 percent of the times are told apart, also when two have counted")
    void percentiles() {
        ReadTimes one = new ReadTimes();
        ReadTimes other = new ReadTimes();
        DoubleStream.iterate(1, m -> m <= 100, m -> m + 1).forEach(m -> (m % 2 == 0 ? one : other).add(m));

        ReadTimes both = ReadTimes.of(one.plus(other).counts());

        assertThat(both.total()).isEqualTo(100);
        assertThat(both.percentile(50)).isCloseTo(50, within(5.0));
        assertThat(both.percentile(95)).isCloseTo(95, within(9.5));
        assertThat(both.percentile(100)).isCloseTo(100, within(10.0));
    }

    @Test
    @DisplayName("what is too short or too long to tell is in the first or the last class")
    void beyond() {
        ReadTimes times = new ReadTimes();
        for (double millis : new double[] {0, -1, 1e-9, 1e12, Double.POSITIVE_INFINITY}) {
            times.add(millis);
        }

        assertThat(times.counts().getFirst()).isEqualTo(3);
        assertThat(times.counts().getLast()).isEqualTo(2);
        assertThat(ReadTimes.of(Collections.nCopies(200, 1L)).total()).isEqualTo(200);
    }
}
