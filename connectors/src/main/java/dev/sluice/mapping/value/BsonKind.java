package dev.sluice.mapping.value;

import org.bson.BsonType;
import org.bson.BsonValue;

/// BSON types as people call them, for reasons.
public final class BsonKind {
    private BsonKind() {}

    /// With its article: `a string`.
    public static String of(BsonValue value) {
        return of(value.getBsonType());
    }

    /// @param type as [RawBytes] has them
    public static String of(byte type) {
        BsonType bson = BsonType.findByValue(type == RawBytes.PRECISE_DATE_TIME ? RawBytes.DATE_TIME : type & 0xFF);
        return of(bson);
    }

    private static String of(BsonType type) {
        return switch (type) {
            case DOUBLE -> "a double";
            case STRING -> "a string";
            case DOCUMENT -> "an object";
            case ARRAY -> "an array";
            case BINARY -> "a binary";
            case UNDEFINED -> "undefined";
            case OBJECT_ID -> "an ObjectId";
            case BOOLEAN -> "a boolean";
            case DATE_TIME -> "a date";
            case NULL -> "null";
            case REGULAR_EXPRESSION -> "a regular expression";
            case DB_POINTER -> "a DBPointer";
            case JAVASCRIPT -> "JavaScript";
            case SYMBOL -> "a symbol";
            case JAVASCRIPT_WITH_SCOPE -> "JavaScript with scope";
            case INT32 -> "an int32";
            case TIMESTAMP -> "a timestamp";
            case INT64 -> "an int64";
            case DECIMAL128 -> "a decimal128";
            case MIN_KEY -> "MinKey";
            case MAX_KEY -> "MaxKey";
            case END_OF_DOCUMENT -> "the end of a document";
        };
    }
}
