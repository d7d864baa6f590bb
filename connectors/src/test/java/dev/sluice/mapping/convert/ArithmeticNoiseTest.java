package dev.sluice.mapping.convert;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("What binary arithmetic leaves beside a rounded number")
class ArithmeticNoiseTest {
    private static boolean isAll(double value, int digits) {
        double rounded =
                new BigDecimal(value).setScale(digits, RoundingMode.HALF_EVEN).doubleValue();
        return ArithmeticNoise.isAll(value, rounded, digits);
    }

    @ParameterizedTest
    @CsvSource({
        "0.30000000000000004, 2", "19.990000000000002, 2", "-0.30000000000000004, 2", "1234567.8900000001, 2",
        "99999999.990000010, 2", "2.9999999999999996, 0", "0.1, 1", "0, 2"
    })
    @DisplayName("is none of what was meant")
    void noise(double value, int digits) {
        assertThat(isAll(value, digits)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"0.305, 2", "0.3001, 2", "10000000.125, 2", "10000000.1201, 2", "0.000001, 2", "2.5, 0", "0.00000001, 2"
    })
    @DisplayName("is not a digit that was written")
    void digits(double value, int digits) {
        assertThat(isAll(value, digits)).isFalse();
    }

    @Test
    @DisplayName("is as large as what adding ten thousand amounts leaves, and smaller than the last digit kept")
    void sums() {
        double sum = DoubleStream.generate(() -> 0.1).limit(10_000).reduce(0, (a, b) -> a + b);

        assertThat(sum).isNotEqualTo(1_000);
        assertThat(isAll(sum, 2)).isTrue();
        assertThat(ArithmeticNoise.isAll(1e-13, 0, 12))
                .as("a tenth of the last digit kept")
                .isFalse();
    }
}
