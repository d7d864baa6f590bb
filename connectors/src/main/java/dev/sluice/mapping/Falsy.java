package dev.sluice.mapping;

import org.bson.BsonNumber;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// What there is nothing of.
final class Falsy {
    private Falsy() {}

    /// BSON's null, and its deprecated twin undefined.
    static boolean isNull(BsonValue value) {
        return switch (value.getBsonType()) {
            case NULL, UNDEFINED -> true;
            case DOUBLE,
                    STRING,
                    DOCUMENT,
                    ARRAY,
                    BINARY,
                    OBJECT_ID,
                    BOOLEAN,
                    DATE_TIME,
                    REGULAR_EXPRESSION,
                    DB_POINTER,
                    JAVASCRIPT,
                    SYMBOL,
                    JAVASCRIPT_WITH_SCOPE,
                    INT32,
                    TIMESTAMP,
                    INT64,
                    DECIMAL128,
                    MIN_KEY,
                    MAX_KEY,
                    END_OF_DOCUMENT -> false;
        };
    }

    static boolean isMissingOrNull(@Nullable BsonValue value) {
        return value == null || isNull(value);
    }

    /// Null, false, a zero of any type, `""`, `[]` or `{}`. NaN is not: Python, unlike JavaScript, takes it
    /// for true.
    static boolean isFalsy(BsonValue value) {
        return switch (value.getBsonType()) {
            case NULL, UNDEFINED -> true;
            case BOOLEAN -> !value.asBoolean().getValue();
            case INT32, INT64, DOUBLE, DECIMAL128 -> BsonNumbers.isZero((BsonNumber) value);
            case STRING -> value.asString().getValue().isEmpty();
            case SYMBOL -> value.asSymbol().getSymbol().isEmpty();
            case ARRAY -> value.asArray().isEmpty();
            case DOCUMENT -> value.asDocument().isEmpty();
            case BINARY,
                    OBJECT_ID,
                    DATE_TIME,
                    REGULAR_EXPRESSION,
                    DB_POINTER,
                    JAVASCRIPT,
                    JAVASCRIPT_WITH_SCOPE,
                    TIMESTAMP,
                    MIN_KEY,
                    MAX_KEY,
                    END_OF_DOCUMENT -> false;
        };
    }
}
