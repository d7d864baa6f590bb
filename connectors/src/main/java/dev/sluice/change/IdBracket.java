package dev.sluice.change;

import org.bson.BsonBinary;
import org.bson.BsonBoolean;
import org.bson.BsonDateTime;
import org.bson.BsonDocument;
import org.bson.BsonDouble;
import org.bson.BsonMaxKey;
import org.bson.BsonMinKey;
import org.bson.BsonNull;
import org.bson.BsonObjectId;
import org.bson.BsonString;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.types.ObjectId;

/// The types of `_id` within which MongoDB compares, in the order in which it sorts them. A range query
/// never crosses from one to the next ("type bracketing"), so a collection with ids of several types is
/// read bracket by bracket.
public enum IdBracket {
    MIN_KEY(new BsonMinKey(), true),
    NULL(BsonNull.VALUE, true),
    /// NaN is a number that no range holds.
    NAN(new BsonDouble(Double.NaN), true),
    NUMBER(new BsonDouble(Double.NEGATIVE_INFINITY), false),
    STRING(new BsonString(""), false),
    OBJECT(new BsonDocument(), false),
    BINARY(new BsonBinary(new byte[0]), false),
    OBJECT_ID(new BsonObjectId(new ObjectId(new byte[12])), false),
    BOOLEAN(BsonBoolean.FALSE, false),
    DATE(new BsonDateTime(Long.MIN_VALUE), false),
    TIMESTAMP(new BsonTimestamp(0), false),
    MAX_KEY(new BsonMaxKey(), true),
    /// Types that are rarely used for an `_id` (a mongod refuses some of them): read in one piece.
    OTHER(BsonNull.VALUE, true);

    @SuppressWarnings("ImmutableEnumChecker") // BSON values are; the driver does not say so
    private final BsonValue lowest;

    private final boolean single;

    IdBracket(BsonValue lowest, boolean single) {
        this.lowest = lowest;
        this.single = single;
    }

    /// The bracket that an `_id` sorts in.
    public static IdBracket of(BsonValue id) {
        return switch (id.getBsonType()) {
            case MIN_KEY -> MIN_KEY;
            case NULL -> NULL;
            case DOUBLE -> Double.isNaN(id.asDouble().getValue()) ? NAN : NUMBER;
            case DECIMAL128 -> id.asDecimal128().getValue().isNaN() ? NAN : NUMBER;
            case INT32, INT64 -> NUMBER;
            case STRING, SYMBOL -> STRING;
            case DOCUMENT -> OBJECT;
            case BINARY -> BINARY;
            case OBJECT_ID -> OBJECT_ID;
            case BOOLEAN -> BOOLEAN;
            case DATE_TIME -> DATE;
            case TIMESTAMP -> TIMESTAMP;
            case MAX_KEY -> MAX_KEY;
            case ARRAY, UNDEFINED, REGULAR_EXPRESSION, DB_POINTER, JAVASCRIPT, JAVASCRIPT_WITH_SCOPE -> OTHER;
            case END_OF_DOCUMENT -> throw new IllegalArgumentException("no value has the type END_OF_DOCUMENT");
        };
    }

    /// Whether the bracket is read in one piece.
    public boolean single() {
        return single;
    }

    /// The least value of the bracket; of one read in one piece, the value that it holds.
    public BsonValue lowest() {
        return lowest;
    }
}
