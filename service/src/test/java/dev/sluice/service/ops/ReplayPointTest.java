package dev.sluice.service.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.service.ops.ReplayPoint.Checkpoint;
import dev.sluice.service.ops.ReplayPoint.Time;
import dev.sluice.service.ops.ReplayPoint.Token;
import java.time.Instant;
import org.bson.BsonTimestamp;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Where a replay begins, as people write it.
class ReplayPointTest {
    private static final Instant NOW = Instant.parse("2026-11-21T21:05:00Z");
    private static final String HEX = "8263000001000000022B042C0100296E5A1004";

    @ParameterizedTest
    @CsvSource({
        "2026-11-21T20:05:00Z, 2026-11-21T20:05:00Z",
        "2026-11-21T20:05:00.5+01:00, 2026-11-21T19:05:00.500Z",
        "2026-11-21 20:05:00Z, 2026-11-21T20:05:00Z",
        "90s, 2026-11-21T21:03:30Z",
        "30m ago, 2026-11-21T20:35:00Z",
        "1h, 2026-11-21T20:05:00Z",
        "2 d ago, 2026-11-19T21:05:00Z"
    })
    void times(String text, Instant time) {
        assertThat(ReplayPoint.parse(text, NOW)).isEqualTo(new Time(time));
    }

    @Test
    void names() {
        assertThat(ReplayPoint.parse("before-import", NOW)).isEqualTo(new Checkpoint("before-import"));
        assertThat(ReplayPoint.parse("auto-2026-11-21T21:05:00Z", NOW))
                .isEqualTo(new Checkpoint("auto-2026-11-21T21:05:00Z"));
    }

    /// A high-water mark, which an idle stream gives.
    private static final String MARK = "8263000001000000022B0229296E04";

    @ParameterizedTest
    @ValueSource(strings = {HEX, MARK, "{\"_data\": \"" + HEX + "\"}", "{\"_data\": \"" + MARK + "\"}"})
    void tokensCarryTheirTimeAndAreNotShown(String text) {
        ReplayPoint point = ReplayPoint.parse(text, NOW);
        assertThat(point)
                .isInstanceOfSatisfying(
                        Token.class, token -> assertThat(token.time()).isEqualTo(new BsonTimestamp(0x63000001, 2)));
        assertThat(point.forPeople()).doesNotContain("63");
    }

    @ParameterizedTest
    @CsvSource({
        "2026-11-21T20:05:00, does not say in which zone",
        "2026-11-21, does not say in which zone",
        "2027-01-01T00:00:00Z, has not come yet",
        "90, is no time",
        "1 fortnight, is no time",
        "'', is no checkpoint's name",
        "größe, is no checkpoint's name",
        "'{\"_id\": \"secret\"}', The token is not of the form",
        "'{\"secret', The token is not of the form",
        "8463000001000000022B0229296E04, That is no resume token",
        "'{\"_data\": \"8263\"}', That is no resume token"
    })
    void whatCanNotBeUnderstoodIsSaid(String text, String message) {
        assertThatThrownBy(() -> ReplayPoint.parse(text, NOW))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message)
                .hasMessageNotContaining("secret");
    }

    @ParameterizedTest
    @ValueSource(strings = {"list", "drop", "auto-mine", "1st", "with blank", "", "deadbeefdeadbeef", "a/b"})
    void namesThatNoCheckpointCanHave(String name) {
        assertThat(Checkpoints.mistake(name)).isNotNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"before-import", "v2.1", "a", "Release_7:final"})
    void namesThatACheckpointCanHave(String name) {
        assertThat(Checkpoints.mistake(name)).isNull();
    }
}
