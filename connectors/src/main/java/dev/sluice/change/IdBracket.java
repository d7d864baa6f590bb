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
    /// Types that hardly anybody uses for an `_id` (a mongod refuses some of them): read in one piece.
    OTHER(BsonNull.VALUE, true);

    @SuppressWarnings("ImmutableEnumChecker") // BSON values are; the driver does not say so
    private final BsonValue lowest;

    private final boolean single;

    IdBracket(BsonValue lowest, boolean single) {
        this.lowest = lowest;
        this.single = single;
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
