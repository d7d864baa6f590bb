package dev.sluice.mapping.value;

import java.util.UUID;
import org.bson.BsonNull;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// A value on its way into a column: as it lies in a document, or as conversions have made it. It is decoded only when
/// it is asked for as an object, and encoded only when it was made and is asked for as bytes. With it goes what it was
/// before anything was done to it, for quarantine. Used for one value after the other; for one thread.
public final class Value {
    /// The type of a value that is missing; 0 is no type of BSON's.
    static final byte MISSING = 0;

    /// What is shown in place of a value that must not be seen.
    public static final BsonString MASK = new BsonString("***");

    private static final byte[] NONE = {};

    private final Scratch scratch;
    private byte[] bytes = NONE;
    private byte type;
    private int at;
    /// Null where it was not asked for yet, or is missing.
    private @Nullable BsonValue decoded;

    /// What it was before; used again and again.
    private @Nullable Value before;

    private boolean isChanged;
    /// Where it comes from, and the place that was read; both null where nobody has said so.
    private @Nullable Origin<Object> origin;

    private @Nullable Object place;
    private @Nullable Value element;

    /// @param scratch that it shares with the other values of its mapper
    public Value(Scratch scratch) {
        this.scratch = scratch;
    }

    /// A value that is in no document.
    public static Value of(@Nullable BsonValue made) {
        Value value = new Value(new Scratch());
        value.set(made);
        return value;
    }

    /// A value of the mapping, ready to be written.
    @SuppressWarnings("ArrayRecordComponent") // Two of them are never compared.
    public record Literal(BsonValue value, byte[] bytes) {
        /// Encodes the value once, for all documents.
        public static Literal of(BsonValue value) {
            return new Literal(value, MadeBson.of(value));
        }
    }

    /// What it shares with the other values of its mapper.
    public Scratch scratch() {
        return scratch;
    }

    /// Another value.
    ///
    /// @param kind its type, as [RawBytes] has them, or [#MISSING]
    public void set(byte[] document, byte kind, int start) {
        put(document, kind, start, null);
        isChanged = false;
    }

    /// @param place of the value and in the lowest byte its type, in that order of bits; 0 when it is missing
    public void set(byte[] document, long place) {
        set(document, (byte) place, (int) (place >>> 8));
    }

    /// @param made null for a value that is missing
    public void set(@Nullable BsonValue made) {
        put(made);
        isChanged = false;
    }

    /// Another value, which is missing.
    public void setMissing() {
        set((BsonValue) null);
    }

    /// Another value, which is the mapping's.
    public void set(Literal literal) {
        put(literal);
        isChanged = false;
    }

    /// The other value with all that is known of it.
    public void set(Value other) {
        put(other.bytes, other.type, other.at, other.decoded);
        origin = other.origin;
        place = other.place;
        isChanged = other.isChanged;
        if (other.isChanged && other.before != null) {
            before().set(other.before);
        }
    }

    private void put(byte[] in, byte kind, int start, @Nullable BsonValue object) {
        // References that stay the same are not written: the collector would have to be told.
        if (bytes != in) {
            bytes = in;
        }
        if (decoded != object) {
            decoded = object;
        }
        type = kind;
        at = start;
    }

    private void put(@Nullable BsonValue made) {
        put(NONE, made == null ? MISSING : MadeBson.type(made), 0, made);
    }

    private void put(Literal literal) {
        put(literal.bytes(), MadeBson.type(literal.value()), 0, literal.value());
    }

    /// Says where the value comes from, and where that was read.
    @SuppressWarnings("unchecked") // The origin is asked only of the place that came with it.
    public <P> void comesFrom(Origin<P> reader, P read) {
        origin = (Origin<Object>) reader;
        place = read;
    }

    /// Where it comes from, for people; empty where nobody has said so.
    public String path() {
        return origin == null || place == null ? "" : origin.path(place);
    }

    /// Puts in its place what it was made into.
    public void change(@Nullable BsonValue made) {
        keep();
        put(made);
    }

    /// The same with a value of the mapping.
    public void change(Literal literal) {
        keep();
        put(literal);
    }

    /// What stands in for a value that is missing is the first there is.
    private void keep() {
        if (!isChanged && type != MISSING) {
            before().set(this);
            isChanged = true;
        }
    }

    private Value before() {
        if (before == null) {
            before = new Value(scratch);
        }
        return before;
    }

    /// Whether it is another one than the document has.
    public boolean isChanged() {
        return isChanged;
    }

    /// The value as it was before anything was done to it; BSON's null where there is none.
    public BsonValue original() {
        BsonValue original = first().orNull();
        return original == null ? BsonNull.VALUE : original;
    }

    private Value first() {
        return isChanged && before != null ? before : this;
    }

    /// Quarantine must not see what it was.
    public void hideOriginal() {
        if (!first().isMissingOrNull()) {
            before().set(Value.MASK);
            isChanged = true;
        }
    }

    /// Its type, as [RawBytes] has them, or [#MISSING].
    public byte type() {
        return type;
    }

    /// Whether there is none, which is not the same as null.
    public boolean isMissing() {
        return type == MISSING;
    }

    /// BSON's null, or its deprecated twin undefined.
    public boolean isNull() {
        return type == RawBytes.NULL || type == RawBytes.UNDEFINED;
    }

    /// Whether there is nothing to write but SQL NULL.
    public boolean isMissingOrNull() {
        return isMissing() || isNull();
    }

    /// A number of any of the four types.
    public boolean isNumber() {
        return type == RawBytes.INT32
                || type == RawBytes.INT64
                || type == RawBytes.DOUBLE
                || type == RawBytes.DECIMAL128;
    }

    /// A date, with or without microseconds.
    public boolean isDate() {
        return type == RawBytes.DATE_TIME || type == RawBytes.PRECISE_DATE_TIME;
    }

    /// Whether its bytes are there already.
    public boolean isEncoded() {
        return bytes != NONE;
    }

    /// The bytes it lies in, from [#at] on.
    public byte[] bytes() {
        if (bytes == NONE && decoded != null) {
            bytes = MadeBson.of(decoded);
            at = 0;
        }
        return bytes;
    }

    /// Where it begins in its bytes; to be asked for behind these.
    public int at() {
        return at;
    }

    /// Where it ends in its bytes; to be asked for behind these.
    public int end() {
        return RawBytes.end(bytes, type, at, bytes.length);
    }

    /// The value as an object, decoded once; not to be asked for when it is missing.
    ///
    /// @throws LargeValues.TooLarge when the heap is too small for it
    public BsonValue decoded() {
        if (decoded == null) {
            scratch.large().admit(bytes, type, at);
            decoded = RawBytes.decode(bytes, type, at);
        }
        return decoded;
    }

    /// The value as a conversion takes it; null when it is missing.
    public @Nullable BsonValue orNull() {
        return isMissing() ? null : decoded();
    }

    /// With its article: `a string`.
    public String kind() {
        return BsonKind.of(type);
    }

    /// Null, false, a zero of any type, `""`, `[]` or `{}`. NaN is not: Python, unlike JavaScript, takes it for true.
    public boolean isFalsy() {
        byte[] encoded = bytes();
        return switch (type) {
            case RawBytes.NULL, RawBytes.UNDEFINED -> true;
            case RawBytes.BOOLEAN -> !RawBytes.isTrue(encoded, at);
            case RawBytes.INT32 -> RawBytes.int32(encoded, at) == 0;
            case RawBytes.INT64 -> RawBytes.int64(encoded, at) == 0;
            case RawBytes.DOUBLE -> RawBytes.float64(encoded, at) == 0;
            case RawBytes.DECIMAL128 -> BsonNumbers.isZero(decoded().asNumber());
            case RawBytes.STRING, RawBytes.SYMBOL -> RawBytes.stringLength(encoded, at) == 0;
            case RawBytes.DOCUMENT, RawBytes.ARRAY -> RawBytes.int32(encoded, at) == 5;
            default -> false;
        };
    }

    /// The UUID that it is: a binary of subtype 4, and nothing else; null when it is none.
    public @Nullable UUID uuid() {
        byte[] encoded = bytes();
        boolean is = type == RawBytes.BINARY
                && encoded[at + 4] == RawBytes.UUID_SUBTYPE
                && RawBytes.int32(encoded, at) == 16;
        return is
                ? new UUID(RawBytes.int64BigEndian(encoded, at + 5), RawBytes.int64BigEndian(encoded, at + 13))
                : null;
    }

    /// For the elements of an array, one after the other.
    public Value element() {
        if (element == null) {
            element = new Value(scratch);
        }
        return element;
    }

    /// What the values of one mapper share, so that nothing is made anew for each value. For one thread.
    public static final class Scratch {
        private final byte[] hex = new byte[24];
        private final DecimalDigits decimal = new DecimalDigits();
        private final LargeValues large = new LargeValues();
        private @Nullable BsonToJson json;
        private IdUuid.@Nullable Maker uuids;

        /// Room for an ObjectId's 24 hex digits, until the next one.
        public byte[] hex() {
            return hex;
        }

        /// For one number, until the next one.
        public DecimalDigits decimal() {
            return decimal;
        }

        /// Sees to it that large values are decoded one after the other.
        public LargeValues large() {
            return large;
        }

        /// Writes JSON, of one value after the other.
        public BsonToJson json() {
            if (json == null) {
                json = new BsonToJson();
            }
            return json;
        }

        /// Makes the UUIDs of a collection's ObjectIds.
        ///
        /// @param namespace the same each time
        public IdUuid.Maker uuids(UUID namespace) {
            if (uuids == null) {
                uuids = new IdUuid.Maker(namespace);
            }
            return uuids;
        }
    }
}
