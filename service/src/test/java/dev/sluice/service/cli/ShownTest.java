package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShownTest {
    @ParameterizedTest
    @CsvSource({"0, 0 s", "119, 119 s", "120, 2 min", "7199, 120 min", "7200, 2 h", "172799, 48 h", "172800, 2 days"})
    void anAgeIsGivenInTheUnitThatSuitsIt(double seconds, String shown) {
        assertThat(Shown.age(seconds)).isEqualTo(shown);
    }

    @Test
    void aKeyThatALineHoldsIsWhole() {
        assertThat(Shown.key("x".repeat(100))).isEqualTo("x".repeat(100));
    }

    @Test
    void ofALongerOneTheBeginningIsShownAndNoCharacterIsCutInTwo() {
        assertThat(Shown.key("😀".repeat(1_001))).isEqualTo("😀".repeat(100) + "… (1,001 characters)");
    }
}
