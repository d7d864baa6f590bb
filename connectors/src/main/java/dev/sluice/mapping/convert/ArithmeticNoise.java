package dev.sluice.mapping.convert;

/// What binary arithmetic leaves beside a decimal number: 0.1 + 0.2 is 0.30000000000000004. Rounding takes nothing
/// from such a double.
public final class ArithmeticNoise {
    private static final double ABSOLUTE = 1e-9;

    /// Some 50 to 90 neighbouring doubles: room for sums of many amounts, and none for digits that were meant.
    private static final double RELATIVE = 1e-14;

    private ArithmeticNoise() {}

    /// Whether the double differs from what it was rounded to by no more than arithmetic leaves: 1e-9, or from
    /// 100,000 on 1e-14 of the double, and never by half of the first digit that was rounded away.
    ///
    /// @param value finite
    /// @param rounded the double next to the rounded decimal
    /// @param digits after the point that were kept
    public static boolean isAll(double value, double rounded, int digits) {
        double limit = Math.min(Math.max(ABSOLUTE, RELATIVE * Math.abs(value)), Math.pow(10, -digits) / 20);
        return Math.abs(value - rounded) <= limit;
    }
}
