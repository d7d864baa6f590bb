package dev.sluice.profile;

import dev.sluice.mapping.convert.ArithmeticNoise;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import org.bson.BsonNumber;
import org.bson.types.Decimal128;
import org.jspecify.annotations.Nullable;

/// What the numbers of one path were like, whatever their BSON types. Filled by one thread, then only read.
public final class NumberProfile {
    private static final BigInteger EXACT_MAX = BigInteger.ONE.shiftLeft(53);
    /// From 1973 to 2286: what a number of so many seconds since 1970 is taken for.
    private static final BigDecimal SECONDS_MIN = BigDecimal.valueOf(100_000_000L);

    private static final BigDecimal SECONDS_MAX = BigDecimal.valueOf(10_000_000_000L);
    /// Digits after the point of most currencies' amounts.
    static final int MONEY_SCALE = 2;

    private static final BigDecimal INT_MIN = BigDecimal.valueOf(Integer.MIN_VALUE);
    private static final BigDecimal INT_MAX = BigDecimal.valueOf(Integer.MAX_VALUE);
    private static final BigDecimal LONG_MIN = BigDecimal.valueOf(Long.MIN_VALUE);
    private static final BigDecimal LONG_MAX = BigDecimal.valueOf(Long.MAX_VALUE);

    private long count;
    private long decimals;
    private long notFinite;
    private long fractions;
    private long beyondLong;
    private long beyondDouble;
    private long seconds;
    private long milliseconds;
    private long flags;
    private long hundredths;
    private long fullHundredths;
    private long nearHundredths;
    private long cards;
    private int integerDigitsMax;
    private int scaleMax;
    private @Nullable BigDecimal least;
    private @Nullable BigDecimal greatest;

    NumberProfile() {}

    void add(BsonNumber number) {
        count++;
        if (number.isDecimal128()) {
            decimals++;
        }
        BigDecimal value = finite(number);
        if (value == null) {
            notFinite++;
            return;
        }
        least = least == null || value.compareTo(least) < 0 ? value : least;
        greatest = greatest == null || value.compareTo(greatest) > 0 ? value : greatest;
        if (isSeconds(value)) {
            seconds++;
        } else if (isSeconds(value.scaleByPowerOfTen(-3))) {
            milliseconds++;
        }
        if (value.signum() == 0 || value.compareTo(BigDecimal.ONE) == 0) {
            flags++;
        }
        BigDecimal stripped = value.stripTrailingZeros();
        scaleMax = Math.max(scaleMax, stripped.scale());
        integerDigitsMax = Math.max(integerDigitsMax, stripped.precision() - stripped.scale());
        if (stripped.scale() <= 0 && ValueShape.CARD.fits(value.toBigInteger().toString())) {
            cards++;
        }
        if (stripped.scale() <= MONEY_SCALE) {
            hundredths++;
            fullHundredths += stripped.scale() == MONEY_SCALE ? 1 : 0;
        } else if (number.isDouble() && isNearHundredths(value)) {
            nearHundredths++;
        }
        if (stripped.scale() > 0) {
            fractions++;
        } else if (value.compareTo(LONG_MIN) < 0 || value.compareTo(LONG_MAX) > 0) {
            beyondLong++;
        } else if (number.isInt64() && value.toBigInteger().abs().compareTo(EXACT_MAX) > 0) {
            beyondDouble++;
        }
    }

    /// Adds what other numbers were like.
    void addAll(NumberProfile other) {
        count += other.count;
        decimals += other.decimals;
        notFinite += other.notFinite;
        fractions += other.fractions;
        beyondLong += other.beyondLong;
        beyondDouble += other.beyondDouble;
        seconds += other.seconds;
        milliseconds += other.milliseconds;
        flags += other.flags;
        hundredths += other.hundredths;
        fullHundredths += other.fullHundredths;
        nearHundredths += other.nearHundredths;
        cards += other.cards;
        integerDigitsMax = Math.max(integerDigitsMax, other.integerDigitsMax);
        scaleMax = Math.max(scaleMax, other.scaleMax);
        if (other.least != null && (least == null || other.least.compareTo(least) < 0)) {
            least = other.least;
        }
        if (other.greatest != null && (greatest == null || other.greatest.compareTo(greatest) > 0)) {
            greatest = other.greatest;
        }
    }

    private static boolean isSeconds(BigDecimal value) {
        return value.compareTo(SECONDS_MIN) >= 0 && value.compareTo(SECONDS_MAX) < 0;
    }

    private static boolean isNearHundredths(BigDecimal value) {
        BigDecimal rounded = value.setScale(MONEY_SCALE, RoundingMode.HALF_EVEN);
        return ArithmeticNoise.isAll(value.doubleValue(), rounded.doubleValue(), MONEY_SCALE);
    }

    /// Null for NaN and the infinities.
    private static @Nullable BigDecimal finite(BsonNumber number) {
        if (number.isDecimal128()) {
            Decimal128 decimal = number.asDecimal128().getValue();
            // Not by bigDecimalValue, which refuses -0.
            return decimal.isNaN() || decimal.isInfinite() ? null : new BigDecimal(decimal.toString());
        }
        if (number.isDouble()) {
            double value = number.doubleValue();
            return Double.isFinite(value) ? BigDecimal.valueOf(value) : null;
        }
        return BigDecimal.valueOf(number.longValue());
    }

    public long count() {
        return count;
    }

    /// Those of type decimal128.
    public long decimals() {
        return decimals;
    }

    /// NaN and the infinities.
    public long notFinite() {
        return notFinite;
    }

    public long fractions() {
        return fractions;
    }

    /// Whole numbers that 64 bits do not hold.
    public long beyondLong() {
        return beyondLong;
    }

    /// Whole numbers in an int64 beyond 2^53, of which a double holds some only.
    public long beyondDouble() {
        return beyondDouble;
    }

    /// Those that are a moment from 1973 to 2286, in seconds since 1970.
    public long seconds() {
        return seconds;
    }

    /// Those that are a moment from 1973 to 2286, in milliseconds since 1970.
    public long milliseconds() {
        return milliseconds;
    }

    /// Those that are 0 or 1.
    public long flags() {
        return flags;
    }

    /// Those with at most two digits after the point.
    public long hundredths() {
        return hundredths;
    }

    /// Those with exactly two digits after the point.
    public long fullHundredths() {
        return fullHundredths;
    }

    /// Doubles that arithmetic left beside a number of two digits after the point, as it leaves
    /// 0.30000000000000004 beside 0.3.
    public long nearHundredths() {
        return nearHundredths;
    }

    /// Whole numbers that may be those of payment cards.
    long cards() {
        return cards;
    }

    /// Whether every one is a whole number of 64 bits.
    public boolean whole() {
        return count > 0 && notFinite == 0 && fractions == 0 && beyondLong == 0;
    }

    /// Whether one is a number that 32 bits do not hold.
    boolean isBeyondInt() {
        return (greatest != null && greatest.compareTo(INT_MAX) > 0) || (least != null && least.compareTo(INT_MIN) < 0);
    }

    /// Digits before the point of the longest; of a double, the fewest digits that name it.
    public int integerDigitsMax() {
        return integerDigitsMax;
    }

    /// Digits after the point of the longest.
    public int scaleMax() {
        return scaleMax;
    }

    /// The least finite one; null where there is none.
    public @Nullable BigDecimal least() {
        return least;
    }

    /// The greatest finite one; null where there is none.
    public @Nullable BigDecimal greatest() {
        return greatest;
    }
}
