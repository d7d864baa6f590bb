package dev.sluice.service.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class QuarantinedColumnsTest {
    @Test
    @DisplayName(
            "where values of hundreds of columns go to quarantine, twenty have a counter each, and the rest one together")
    void bounded() {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        var columns = new PipelineMetrics.QuarantinedColumns("demo", "users", registry);

        for (int i = 0; i < 300; i++) {
            LongAdder count = new LongAdder();
            count.add(2);
            columns.add("users.c" + i, count);
        }

        assertThat(registry.getMeters()).hasSize(21);
        assertThat(registry.get("sluice.quarantined.values.total")
                        .tag("column", "(others)")
                        .functionCounter()
                        .count())
                .isEqualTo(2 * 280);
        assertThat(registry.find("sluice.quarantined.values.total").functionCounters().stream()
                        .mapToDouble(FunctionCounter::count)
                        .sum())
                .isEqualTo(2 * 300);
    }
}
