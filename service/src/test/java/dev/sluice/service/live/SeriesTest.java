package dev.sluice.service.live;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// The last numbers of one kind.
class SeriesTest {
    @Test
    @DisplayName("the newest are kept in order, the oldest go, unknown is null")
    void newest() {
        Series series = new Series(3);
        series.add(1.0);
        assertThat(series.newest(5)).containsExactly(1f);
        series.add(null);
        series.add(Double.NaN);
        series.add(4.0);

        assertThat(series.newest(5)).containsExactly(null, null, 4f);
        assertThat(series.newest(1)).containsExactly(4f);
    }

    @Test
    @DisplayName("the mean is that of the newest that are known")
    void mean() {
        Series series = new Series(4);
        assertThat(series.mean(2)).isNaN();
        series.add(100.0);
        series.add(1.0);
        series.add(null);
        series.add(3.0);

        assertThat(series.mean(3)).isEqualTo(2);
    }
}
