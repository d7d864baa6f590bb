package dev.sluice.source.debezium;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.bson.BsonTimestamp;
import org.junit.jupiter.api.Test;

class LookAheadTest {
    private final LookAhead lookAhead = new LookAhead(Duration.ofSeconds(10));

    @Test
    void itLooksFurtherWhileAnswersComeSoonButNotForEver() {
        assertThat(seconds()).isEqualTo(10);
        pass(20);
        assertThat(seconds()).isEqualTo(20);
        for (int i = 0; i < 10; i++) {
            pass(20);
        }
        assertThat(seconds()).isEqualTo(120);
    }

    @Test
    void itLooksLessFarWhenOneAnswerTookLongButAtLeastASecond() {
        pass(20, 9_000, 20);
        assertThat(seconds()).isEqualTo(5);
        pass(1_000);
        assertThat(seconds()).as("neither short nor long").isEqualTo(5);
        for (int i = 0; i < 10; i++) {
            pass(9_000);
        }
        assertThat(seconds()).isEqualTo(1);
    }

    @Test
    void theEndIsBehindTheTimeAlsoAfter2038() {
        BsonTimestamp late = new BsonTimestamp((int) 4_000_000_000L, 7);
        assertThat(lookAhead.from(late)).isGreaterThan(late);
    }

    private void pass(long... millis) {
        for (long each : millis) {
            lookAhead.onAnswer(Duration.ofMillis(each).toNanos());
        }
        lookAhead.onEnd();
    }

    private int seconds() {
        return lookAhead.from(new BsonTimestamp(0, 1)).getTime();
    }
}
