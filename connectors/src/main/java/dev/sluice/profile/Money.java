package dev.sluice.profile;

import dev.sluice.schema.ColumnType;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bson.BsonType;

/// Recognises amounts of money among doubles and decimals, which SQL has `numeric` with two digits after
/// the point for: by the field's name, or by how many of the values have exactly two such digits.
final class Money {
    /// Digits of the column at least: 9,999,999,999.99.
    private static final int PRECISION_MIN = 12;

    /// Digits before the point that values may get in addition to those seen.
    private static final int HEADROOM = 3;

    /// Digits before the point of the largest amounts; a double has no hundredths beyond them.
    private static final int INTEGER_DIGITS_MAX = 13;

    private static final Set<String> NAMES = Set.of(
            "price",
            "prices",
            "amount",
            "total",
            "subtotal",
            "cost",
            "costs",
            "fee",
            "fees",
            "tax",
            "vat",
            "balance",
            "salary",
            "wage",
            "revenue",
            "turnover",
            "profit",
            "discount",
            "payment",
            "paid",
            "charge",
            "refund",
            "deposit",
            "budget",
            "income",
            "rent",
            "credit",
            "debit",
            "tip",
            "sum",
            "eur",
            "usd",
            "gbp");

    /// What makes a number something else, also beside a word for money: a tax rate is no amount.
    private static final Set<String> OTHERS = Set.of(
            "rate",
            "ratio",
            "percent",
            "percentage",
            "pct",
            "share",
            "factor",
            "score",
            "rating",
            "weight",
            "height",
            "width",
            "length",
            "depth",
            "distance",
            "speed",
            "temperature",
            "temp",
            "duration",
            "seconds",
            "minutes",
            "hours",
            "ms",
            "lat",
            "lng",
            "lon",
            "latitude",
            "longitude",
            "x",
            "y",
            "z",
            "probability",
            "confidence");

    private Money() {}

    /// Whether a name says that numbers are amounts of money.
    static boolean says(String name) {
        FieldName words = FieldName.of(name);
        return words.hasAny(NAMES) && !words.hasAny(OTHERS);
    }

    /// @param name of the field
    /// @return empty where the values do not look like money
    static Optional<TypeChoice> choice(FieldProfile field, String name) {
        NumberProfile numbers = field.numbers();
        FieldName words = FieldName.of(name);
        long finer = numbers.count() - numbers.hundredths();
        long near = numbers.nearHundredths();
        boolean fits = numbers.count() >= TypeChoice.EVIDENCE_MIN
                && numbers.fractions() > 0
                && numbers.notFinite() == 0
                && numbers.integerDigitsMax() <= INTEGER_DIGITS_MAX
                && field.count(BsonType.DOUBLE) + field.count(BsonType.DECIMAL128) > 0
                && !words.hasAny(OTHERS)
                && Layout.mostly(numbers.hundredths() + near, numbers.count());
        boolean named = words.hasAny(NAMES);
        boolean shaped = finer == near && 2 * numbers.fullHundredths() > numbers.count();
        if (!fits || !(named || shaped)) {
            return Optional.empty();
        }
        int precision = Math.max(PRECISION_MIN, numbers.integerDigitsMax() + HEADROOM + NumberProfile.MONEY_SCALE);
        ColumnType.Numeric type = new ColumnType.Numeric(precision, NumberProfile.MONEY_SCALE);
        String seen = BsonTypes.shares(field) + ", money by its "
                + (named
                        ? "name and its digits"
                        : "digits, two after the point in "
                                + BsonTypes.percent(numbers.fullHundredths(), numbers.count()));
        return Optional.of(new TypeChoice(
                type,
                List.of("{round: " + NumberProfile.MONEY_SCALE + "}"),
                seen + ", at most " + BsonTypes.count(Math.max(1, numbers.integerDigitsMax()), "digit")
                        + " before the point"
                        + (finer == near
                                ? ""
                                : "; " + BsonTypes.count(finer - near, "value")
                                        + " with more: rounded, and kept as they were in quarantine")));
    }
}
