package dev.sluice.service.plan;

import dev.sluice.schema.ColumnType;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What happens to values of the mapping's type in a column of another type that they can be assigned to:
/// PostgreSQL rounds, cuts and refuses there, which the mapper never does.
final class TypeFit {
    private static final Pattern FRACTION = Pattern.compile("(time|timestamp|interval)\\b.*\\(\\d\\).*");

    /// What happens to each value in a column that [#isPadded].
    static final String PADS =
            "PostgreSQL pads shorter values with blanks, and does not keep blanks at the end of a value apart from these";

    private TypeFit() {}

    /// @param live the column's type, as PostgreSQL writes it
    /// @param fate what becomes of a value that PostgreSQL refuses, a sentence
    /// @return empty when nothing happens to them
    static Optional<String> loss(ColumnType mapped, String live, String fate) {
        ColumnType column = parse(live);
        if (mapped instanceof ColumnType.Array from && live.endsWith("[]")) {
            return loss(from.element(), live.substring(0, live.length() - 2), fate);
        }
        if (isRead(mapped)) {
            return read(live, column, mapped, fate);
        }
        if (column instanceof ColumnType.Int to) {
            return intoInteger(mapped, to, fate);
        }
        if (column instanceof ColumnType.Numeric to && to.constrained()) {
            return intoNumeric(mapped, to, fate);
        }
        if (column instanceof ColumnType.DoublePrecision || live.equals("real")) {
            return intoFloat(mapped, live);
        }
        if (column instanceof ColumnType.Date && mapped instanceof ColumnType.Timestamptz) {
            return Optional.of("the time of day is lost");
        }
        if (live.startsWith("timestamp(") || live.startsWith("time")) {
            return intoTime(mapped, live);
        }
        return tooLong(live, column, mapped, fate);
    }

    /// Whether the values are text, which PostgreSQL may have to read.
    private static boolean isRead(ColumnType mapped) {
        return mapped instanceof ColumnType.Text
                || mapped instanceof ColumnType.Varchar
                || mapped instanceof ColumnType.Citext
                || mapped instanceof ColumnType.Postgres;
    }

    private static Optional<String> read(String live, @Nullable ColumnType column, ColumnType mapped, String fate) {
        if (live.equals("money")) {
            return Optional.of("PostgreSQL rounds to the smallest coin");
        }
        if (live.equals("real")) {
            return Optional.of("digits beyond the precision of real are lost");
        }
        if (FRACTION.matcher(live).matches()) {
            return Optional.of("PostgreSQL rounds the fraction of the second");
        }
        return tooLong(live, column, mapped, fate);
    }

    private static Optional<String> tooLong(String live, @Nullable ColumnType column, ColumnType mapped, String fate) {
        int length = length(live, column);
        boolean pads = isPadded(live);
        boolean fits = length == 0 || (mapped instanceof ColumnType.Varchar varchar && varchar.length() <= length);
        if (fits) {
            return pads ? Optional.of(PADS) : Optional.empty();
        }
        return Optional.of("PostgreSQL refuses what is longer than " + length + " characters, and " + fate
                + (pads ? "; " + PADS : "; blanks at the end of such a value are cut off instead"));
    }

    /// Whether PostgreSQL fills values with blanks.
    static boolean isPadded(String live) {
        return live.matches("character\\(\\d+\\)");
    }

    private static @Nullable ColumnType parse(String live) {
        try {
            return ColumnType.parse(live).orElse(null);
        } catch (IllegalArgumentException unusual) {
            // A negative scale, for one: a type PostgreSQL has and a mapping can't name.
            return null;
        }
    }

    private static Optional<String> intoInteger(ColumnType mapped, ColumnType.Int to, String fate) {
        if (mapped instanceof ColumnType.DoublePrecision || mapped instanceof ColumnType.Numeric) {
            return Optional.of("PostgreSQL rounds to whole numbers");
        }
        return mapped instanceof ColumnType.Int from && from.bytes() > to.bytes()
                ? Optional.of("PostgreSQL refuses what is out of range, and " + fate)
                : Optional.empty();
    }

    private static Optional<String> intoNumeric(ColumnType mapped, ColumnType.Numeric to, String fate) {
        if (mapped instanceof ColumnType.DoublePrecision
                || (mapped instanceof ColumnType.Numeric from && (!from.constrained() || from.scale() > to.scale()))) {
            return Optional.of("PostgreSQL rounds to " + to.scale() + " digits behind the point");
        }
        int before = to.precision() - to.scale();
        boolean tooLarge = (mapped instanceof ColumnType.Numeric from && from.precision() - from.scale() > before)
                || (mapped instanceof ColumnType.Int whole && digits(whole) > before);
        return tooLarge
                ? Optional.of(
                        "PostgreSQL refuses what has more than " + before + " digits before the point, and " + fate)
                : Optional.empty();
    }

    private static int digits(ColumnType.Int type) {
        return switch (type.bytes()) {
            case 2 -> 5;
            case 4 -> 10;
            default -> 19;
        };
    }

    private static Optional<String> intoFloat(ColumnType mapped, String live) {
        boolean exact = mapped instanceof ColumnType.Numeric
                || (mapped instanceof ColumnType.Int whole && whole.bytes() > (live.equals("real") ? 2 : 4))
                || (mapped instanceof ColumnType.DoublePrecision && live.equals("real"));
        return exact ? Optional.of("digits beyond the precision of " + live + " are lost") : Optional.empty();
    }

    private static Optional<String> intoTime(ColumnType mapped, String live) {
        if (!(mapped instanceof ColumnType.Timestamptz)) {
            return Optional.empty();
        }
        if (live.startsWith("time ") || live.startsWith("time(") || live.equals("time")) {
            return Optional.of("the day is lost");
        }
        return live.startsWith("timestamp(")
                ? Optional.of("PostgreSQL rounds the fraction of the second")
                : Optional.empty();
    }

    /// Of `character varying(n)` and `character(n)`; 0 for all others.
    private static int length(String live, @Nullable ColumnType column) {
        if (column instanceof ColumnType.Varchar varchar) {
            return varchar.length();
        }
        return isPadded(live) ? Integer.parseInt(live.replaceAll("\\D", "")) : 0;
    }
}
