package dev.sluice.mapping.value;

import org.bson.BsonType;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// What there is nothing of.
public final class Falsy {
    private Falsy() {}

    /// BSON's null, and its deprecated twin undefined.
    public static boolean isNull(BsonValue value) {
        return value.getBsonType() == BsonType.NULL || value.getBsonType() == BsonType.UNDEFINED;
    }

    /// @param value null when it is missing
    public static boolean isMissingOrNull(@Nullable BsonValue value) {
        return value == null || isNull(value);
    }
}
