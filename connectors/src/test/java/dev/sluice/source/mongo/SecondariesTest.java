package dev.sluice.source.mongo;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.bson.BsonDocument;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The lag of MongoDB's secondaries")
class SecondariesTest {
    private static BsonDocument status(String... members) {
        return BsonDocument.parse("{members: [" + String.join(", ", members) + "]}");
    }

    private static String member(String name, int state, int second) {
        return "{name: '%s', state: %d, optimeDate: {$date: '2026-01-01T00:00:%02dZ'}}".formatted(name, state, second);
    }

    private static BsonDocument config(String members) {
        return BsonDocument.parse("{config: {members: [" + members + "]}}");
    }

    @Test
    @DisplayName("is that of the latest one, and none without secondaries")
    void latest() {
        assertThat(Secondaries.lag(
                        status(member("a", 1, 40), member("b", 2, 39), member("c", 2, 28)), config("{host: 'a'}")))
                .hasValue(Duration.ofSeconds(12));
        assertThat(Secondaries.lag(status(member("a", 1, 40)), config("{host: 'a'}")))
                .hasValue(Duration.ZERO);
        assertThat(Secondaries.lag(status(member("a", 1, 40), member("b", 2, 41)), config("")))
                .as("a heartbeat brought the newer one")
                .hasValue(Duration.ZERO);
    }

    @Test
    @DisplayName("leaves out members that are to be late, that copy themselves, or that are not reached")
    void leftOut() {
        assertThat(Secondaries.lag(
                        status(
                                member("a", 1, 40),
                                member("b", 2, 39),
                                member("late", 2, 1),
                                member("old", 2, 1),
                                member("copies", 5, 1),
                                member("away", 8, 0)),
                        config("{host: 'a'}, {host: 'late', secondaryDelaySecs: {$numberLong: '3600'}},"
                                + " {host: 'old', slaveDelay: 3600}")))
                .hasValue(Duration.ofSeconds(1));
    }

    @Test
    @DisplayName("is not known without a primary")
    void noPrimary() {
        assertThat(Secondaries.lag(status(member("a", 2, 40), member("b", 2, 1)), config("")))
                .isEmpty();
    }
}
