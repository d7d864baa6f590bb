package dev.sluice.mapping;

import java.util.UUID;
import org.bson.BsonNull;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// A value on its way into a column: as it lies in a document, or as conversions have made it. It is decoded only when
/// it is asked for as an object, and encoded only when it was made and is asked for as bytes. With it goes what it was
/// before anything was done to it, for quarantine. Used for one value after the other; for one thread.
final class Value {
    /// The type of a value that is missing; 0 is no type of BSON's.
    static final byte MISSING = 0;

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
    private @Nullable SourceReader source;
    private @Nullable Scope place;
    private @Nullable Value element;

    Value(Scratch scratch) {
        this.scratch = scratch;
    }

    /// A value that is in no document.
    static Value of(@Nullable BsonValue made) {
        Value value = new Value(new Scratch());
        value.set(made);
        return value;
    }

    /// A value of the mapping, ready to be written.
    @SuppressWarnings("ArrayRecordComponent") // Two of them are never compared.
    record Literal(BsonValue value, byte[] bytes) {
        static Literal of(BsonValue value) {
            return new Literal(value, MadeBson.of(value));
        }
    }

    Scratch scratch() {
        return scratch;
    }

    /// Another value.
    ///
    /// @param kind its type, as [RawBytes] has them, or [#MISSING]
    void set(byte[] document, byte kind, int start) {
        put(document, kind, start, null);
        isChanged = false;
    }

    /// @param place of the value and in the lowest byte its type, as a [Scope] has found it; 0 when it is missing
    void set(byte[] document, long place) {
        set(document, (byte) place, (int) (place >>> 8));
    }

    /// @param made null for a value that is missing
    void set(@Nullable BsonValue made) {
        put(made);
        isChanged = false;
    }

    void setMissing() {
        set((BsonValue) null);
    }

    void set(Literal literal) {
        put(literal);
        isChanged = false;
    }

    /// The other value with all that is known of it.
    void set(Value other) {
        put(other.bytes, other.type, other.at, other.decoded);
        source = other.source;
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
    void comesFrom(SourceReader reader, Scope scope) {
        source = reader;
        place = scope;
    }

    /// Where it comes from, for people.
    String path() {
        return source == null || place == null ? "" : source.path(place);
    }

    /// Puts in its place what it was made into.
    void change(@Nullable BsonValue made) {
        keep();
        put(made);
    }

    void change(Literal literal) {
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
    boolean isChanged() {
        return isChanged;
    }

    /// The value as it was before anything was done to it; BSON's null where there is none.
    BsonValue original() {
        BsonValue original = first().orNull();
        return original == null ? BsonNull.VALUE : original;
    }

    private Value first() {
        return isChanged && before != null ? before : this;
    }

    /// Quarantine must not see what it was.
    void hideOriginal() {
        if (!first().isMissingOrNull()) {
            before().set(Redactor.MASK);
            isChanged = true;
        }
    }

    byte type() {
        return type;
    }

    boolean isMissing() {
        return type == MISSING;
    }

    /// BSON's null, or its deprecated twin undefined.
    boolean isNull() {
        return type == RawBytes.NULL || type == RawBytes.UNDEFINED;
    }

    boolean isMissingOrNull() {
        return isMissing() || isNull();
    }

    boolean isNumber() {
        return type == RawBytes.INT32
                || type == RawBytes.INT64
                || type == RawBytes.DOUBLE
                || type == RawBytes.DECIMAL128;
    }

    boolean isDate() {
        return type == RawBytes.DATE_TIME || type == RawBytes.PRECISE_DATE_TIME;
    }

    /// Whether its bytes are there already.
    boolean isEncoded() {
        return bytes != NONE;
    }

    /// The bytes it lies in, from [#at] on.
    byte[] bytes() {
        if (bytes == NONE && decoded != null) {
            bytes = MadeBson.of(decoded);
            at = 0;
        }
        return bytes;
    }

    /// Where it begins in its bytes; to be asked for behind these.
    int at() {
        return at;
    }

    int end() {
        return RawBytes.end(bytes, type, at, bytes.length);
    }

    BsonValue decoded() {
        if (decoded == null) {
            scratch.large.admit(bytes, type, at);
            decoded = RawBytes.decode(bytes, type, at);
        }
        return decoded;
    }

    /// The value as a conversion takes it; null when it is missing.
    @Nullable
    BsonValue orNull() {
        return isMissing() ? null : decoded();
    }

    /// With its article: `a string`.
    String kind() {
        return BsonKind.of(type);
    }

    /// Null, false, a zero of any type, `""`, `[]` or `{}`. NaN is not: Python, unlike JavaScript, takes it for true.
    boolean isFalsy() {
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
    @Nullable
    UUID uuid() {
        byte[] encoded = bytes();
        boolean is = type == RawBytes.BINARY
                && encoded[at + 4] == RawBytes.UUID_SUBTYPE
                && RawBytes.int32(encoded, at) == 16;
        return is
                ? new UUID(RawBytes.int64BigEndian(encoded, at + 5), RawBytes.int64BigEndian(encoded, at + 13))
                : null;
    }

    /// For the elements of an array, one after the other.
    Value element() {
        if (element == null) {
            element = new Value(scratch);
        }
        return element;
    }

    /// What the values of one mapper share.
    static final class Scratch {
        final byte[] hex = new byte[24];
        final DecimalDigits decimal = new DecimalDigits();
        final LargeValues large = new LargeValues();
        private @Nullable BsonToJson json;
        private IdUuid.@Nullable Maker uuids;

        BsonToJson json() {
            if (json == null) {
                json = new BsonToJson();
            }
            return json;
        }

        /// @param namespace the same each time
        IdUuid.Maker uuids(UUID namespace) {
            if (uuids == null) {
                uuids = new IdUuid.Maker(namespace);
            }
            return uuids;
        }
    }
}
