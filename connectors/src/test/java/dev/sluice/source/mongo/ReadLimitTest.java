package dev.sluice.source.mongo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.sluice.source.mongo.ReadLimit.Rate;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A limit of reads")
class ReadLimitTest {
    private long now = 1_000;
    private Runnable whileAsleep = () -> {};

    private final ReadLimit limit = new ReadLimit(() -> now, nanos -> {
        now += nanos;
        whileAsleep.run();
    });

    private Duration reading(int documents, int bytes) {
        long began = now;
        for (int i = 0; i < documents; i++) {
            limit.onRead(bytes);
        }
        return Duration.ofNanos(now - began);
    }

    @Test
    @DisplayName("that is none costs no time, and counts all the same")
    void none() {
        assertThat(reading(10_000, 1_000)).isZero();
        assertThat(limit.documentsRead()).isEqualTo(10_000);
        assertThat(limit.bytesRead()).isEqualTo(10_000_000);
        assertThat(limit.atATime(5_000)).isEqualTo(5_000);
    }

    @Test
    @DisplayName("of documents is kept to within what is not worth a wait")
    void documents() {
        limit.set(new Rate(1_000L, null));

        assertThat(reading(5_000, 1_000)).isBetween(Duration.ofMillis(4_990), Duration.ofMillis(5_000));
        assertThat(limit.atATime(5_000)).isEqualTo(500);
        assertThat(limit.bytesAtATime(1_000)).isEqualTo(1_000);
    }

    @Test
    @DisplayName("of bytes is kept whatever the size of a document, and the narrower of two counts")
    void bytes() {
        limit.set(new Rate(null, 1_000_000L));
        assertThat(reading(2, 16_000_000)).isEqualTo(Duration.ofSeconds(32));

        limit.set(new Rate(10L, 1_000_000L));
        assertThat(reading(20, 10)).isBetween(Duration.ofMillis(1_990), Duration.ofSeconds(2));
        assertThat(limit.bytesAtATime(16_000_000)).isEqualTo(500_000);
        assertThat(limit.atATime(1)).isEqualTo(1);
    }

    @Test
    @DisplayName("saves nothing up while nobody reads")
    void idle() {
        limit.set(new Rate(100L, null));
        reading(100, 1);
        now += Duration.ofMinutes(1).toNanos();

        assertThat(reading(100, 1)).isBetween(Duration.ofMillis(990), Duration.ofSeconds(1));
    }

    @Test
    @DisplayName("that is changed while somebody waits counts at once, and what was owed is forgotten")
    void changed() {
        limit.set(new Rate(null, 1_000L));
        whileAsleep = () -> limit.set(new Rate(1_000L, null));

        assertThat(reading(1, 1_000_000)).isEqualTo(Duration.ofMillis(100));
        assertThat(reading(1_000, 1)).isBetween(Duration.ofMillis(990), Duration.ofSeconds(1));
    }

    @Test
    @DisplayName("below one is none")
    void belowOne() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Rate(0L, null));
        assertThatIllegalArgumentException().isThrownBy(() -> new Rate(null, 0L));
    }
}
