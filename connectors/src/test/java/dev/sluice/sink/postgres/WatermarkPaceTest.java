package dev.sluice.sink.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The watermarks of all collections")
class WatermarkPaceTest {
    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 10);

    @Test
    @DisplayName("are moved by each transaction where there are few")
    void few() {
        WatermarkPace pace = new WatermarkPace(WatermarkPace.FEW, nanos::get);

        assertThat(pace.all(true)).isTrue();
        assertThat(pace.all(true)).isTrue();
    }

    @Test
    @DisplayName("are moved by the first transaction, and by one that writes 50 ms later, where there are many")
    void many() {
        WatermarkPace pace = new WatermarkPace(WatermarkPace.FEW + 1, nanos::get);

        assertThat(pace.all(true)).isTrue();
        pass(49);
        assertThat(pace.all(true)).isFalse();
        pass(1);
        assertThat(pace.all(true)).isTrue();
        pass(49);
        assertThat(pace.all(true)).as("counted from the last that moved all").isFalse();
    }

    @Test
    @DisplayName("are moved at once by a transaction that writes no rows")
    void noRows() {
        WatermarkPace pace = new WatermarkPace(400, nanos::get);
        pace.all(true);

        assertThat(pace.all(false)).isTrue();
    }

    private void pass(long millis) {
        nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(millis));
    }
}
