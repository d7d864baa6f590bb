package dev.sluice.mapping.value;

/// Decimals of few digits as a whole number and a scale, without a BigDecimal: most amounts are such. For
/// one thread.
public final class DecimalDigits {
    /// Below this, one decimal at most lies so near a double that it is the double's text.
    private static final double UNSCALED_MAX = 1e15;

    /// From here on [Double#toString] writes exponents; whole numbers have no `.0` then.
    private static final double PLAIN_MAX = 1e7;

    private static final double PLAIN_MIN = 1e-3;
    private static final int SCALE_MAX = 18;
    private static final int DECIMAL128_BIAS = 6176;

    private static final double[] POWERS = {
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18
    };

    private static final long[] WHOLE_POWERS = new long[19];

    static {
        long power = 1;
        for (int i = 0; i < WHOLE_POWERS.length; i++) {
            WHOLE_POWERS[i] = power;
            power *= 10;
        }
    }

    private long unscaled;
    private int scale;

    /// How many digits a number has that is not negative; 1 for 0.
    static int count(long number) {
        int count = 1;
        while (count < WHOLE_POWERS.length && number >= WHOLE_POWERS[count]) {
            count++;
        }
        return count;
    }

    /// @param exponent 0 to 18
    static long power(int exponent) {
        return WHOLE_POWERS[exponent];
    }

    /// Whether it is written without an exponent, as `BigDecimal.toString` decides.
    boolean isPlain() {
        return unscaled != Long.MIN_VALUE && count(Math.abs(unscaled)) - 1 - scale >= -6;
    }

    /// The digits of the number that was taken last, without the point, with its sign.
    public long unscaled() {
        return unscaled;
    }

    /// 0 to 18.
    public int scale() {
        return scale;
    }

    /// Takes the decimal with the fewest digits that name the double, as `BigDecimal.valueOf` does; a
    /// scale that is negative there is 0 here.
    ///
    /// @return false when it can't say
    public boolean takeDouble(double number) {
        double size = Math.abs(number);
        if (size == 0) {
            unscaled = 0;
            scale = 1;
            return true;
        }
        if (!(size >= PLAIN_MIN && size < UNSCALED_MAX)) {
            return false;
        }
        for (int digits = size < PLAIN_MAX ? 1 : 0; digits <= SCALE_MAX; digits++) {
            double shifted = size * POWERS[digits];
            if (shifted >= UNSCALED_MAX) {
                return false;
            }
            long candidate = (long) (shifted + 0.5);
            // Both are exact, so the quotient is the double next to the decimal.
            if (candidate / POWERS[digits] == size) {
                unscaled = number < 0 ? -candidate : candidate;
                scale = digits;
                return true;
            }
        }
        return false;
    }

    /// Takes a Decimal128.
    ///
    /// @return false when it is too long, or no number
    public boolean takeDecimal128(long high, long low) {
        if ((high & 0x6000_0000_0000_0000L) == 0x6000_0000_0000_0000L || (high & 0x1_FFFF_FFFF_FFFFL) != 0 || low < 0) {
            return false;
        }
        int exponent = (int) ((high & 0x7FFE_0000_0000_0000L) >>> 49) - DECIMAL128_BIAS;
        if (high < 0 && low == 0) {
            unscaled = 0;
            scale = 0;
            return true;
        }
        if (exponent > 0 || exponent < -SCALE_MAX) {
            return false;
        }
        unscaled = high < 0 ? -low : low;
        scale = -exponent;
        return true;
    }

    /// Takes a whole number.
    ///
    /// @return true: each fits
    public boolean takeWhole(long number) {
        unscaled = number;
        scale = 0;
        return true;
    }

    /// Makes it fit as [dev.sluice.mapping.row.NumbersToPg] does, if it fits.
    ///
    /// @param precision 0 for any
    public boolean fit(int precision, int wantedScale) {
        if (precision == 0) {
            return true;
        }
        if (scale > wantedScale) {
            while (scale > 0 && unscaled % 10 == 0) {
                unscaled /= 10;
                scale--;
            }
            if (scale > wantedScale) {
                return false;
            }
        }
        int room = precision - wantedScale + scale;
        return room >= WHOLE_POWERS.length || (unscaled < WHOLE_POWERS[room] && unscaled > -WHOLE_POWERS[room]);
    }
}
