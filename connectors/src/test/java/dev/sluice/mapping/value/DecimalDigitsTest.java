package dev.sluice.mapping.value;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.schema.ColumnType;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Objects;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.bson.BsonDecimal128;
import org.bson.BsonDouble;
import org.bson.BsonNumber;
import org.bson.types.Decimal128;
import org.junit.jupiter.api.Test;

/// Numbers without a BigDecimal are those that there are with one.
class DecimalDigitsTest {
    private final DecimalDigits digits = new DecimalDigits();

    @Provide
    Arbitrary<Double> doubles() {
        return Arbitraries.oneOf(
                RandomBson.doubles(),
                Arbitraries.doubles().between(-1e16, 1e16),
                Arbitraries.doubles().between(-0.01, 0.01),
                decimals().map(BigDecimal::doubleValue),
                // The neighbours of decimals, which need all their digits.
                decimals().map(d -> Math.nextUp(d.doubleValue())),
                decimals().map(d -> Math.nextDown(d.doubleValue())));
    }

    private static Arbitrary<BigDecimal> decimals() {
        return Arbitraries.longs()
                .between(-10_000_000_000_000_000L, 10_000_000_000_000_000L)
                .flatMap(unscaled -> Arbitraries.integers().between(0, 18).map(s -> BigDecimal.valueOf(unscaled, s)));
    }

    @Property(tries = 50_000)
    void aDoubleIsItsShortestDecimal(@ForAll("doubles") double number) {
        if (digits.takeDouble(number)) {
            BigDecimal expected = BigDecimal.valueOf(number);
            assertThat(BigDecimal.valueOf(digits.unscaled(), digits.scale()))
                    .isEqualTo(expected.scale() < 0 ? expected.setScale(0, RoundingMode.UNNECESSARY) : expected);
        }
    }

    @Provide
    Arbitrary<Decimal128> decimal128s() {
        return Arbitraries.oneOf(RandomBson.decimals(), decimals().map(Decimal128::new));
    }

    @Property(tries = 20_000)
    void aDecimal128IsItself(@ForAll("decimal128s") Decimal128 number) {
        if (digits.takeDecimal128(number.getHigh(), number.getLow())) {
            assertThat(BigDecimal.valueOf(digits.unscaled(), digits.scale())).isEqualTo(BsonNumbers.finite(number));
        }
    }

    @Property(tries = 20_000)
    void theyFitWhereNumbersFit(@ForAll("doubles") double number) {
        for (var type : new ColumnType.Numeric[] {
            new ColumnType.Numeric(18, 2), new ColumnType.Numeric(5, 0), new ColumnType.Numeric(4, 4)
        }) {
            for (BsonNumber value : new BsonNumber[] {
                new BsonDouble(number), new BsonDecimal128(new Decimal128(BigDecimal.valueOf(finite(number))))
            }) {
                boolean taken = value instanceof BsonDecimal128 decimal
                        ? digits.takeDecimal128(
                                decimal.getValue().getHigh(), decimal.getValue().getLow())
                        : digits.takeDouble(value.doubleValue());
                if (taken) {
                    BigDecimal exact = Objects.requireNonNull(BsonNumbers.shortest(value));
                    BigDecimal stripped = exact.scale() > type.scale() ? exact.stripTrailingZeros() : exact;
                    boolean fits = digits.fit(type.precision(), type.scale());
                    assertThat(fits)
                            .isEqualTo(stripped.scale() <= type.scale()
                                    && exact.abs().compareTo(BigDecimal.TEN.pow(type.precision() - type.scale())) < 0);
                    if (fits) {
                        assertThat(BigDecimal.valueOf(digits.unscaled(), digits.scale()))
                                .isEqualTo(stripped.scale() < 0 ? stripped.setScale(0) : stripped);
                    }
                }
            }
        }
    }

    private static double finite(double number) {
        return Double.isFinite(number) && Math.abs(number) < 1e30 && Math.abs(number) > 1e-30 ? number : 0;
    }

    /// So that the properties are not about nothing.
    @Test
    void ordinaryAmountsAreTaken() {
        for (int cents = -200_000; cents < 200_000; cents++) {
            assertThat(digits.takeDouble(cents / 100.0)).isTrue();
            Decimal128 decimal = new Decimal128(BigDecimal.valueOf(cents, 2));
            assertThat(digits.takeDecimal128(decimal.getHigh(), decimal.getLow()))
                    .isTrue();
        }
    }
}
