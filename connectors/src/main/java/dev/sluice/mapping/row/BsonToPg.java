package dev.sluice.mapping.row;

import dev.sluice.mapping.value.BsonNumbers;
import dev.sluice.mapping.value.ExtendedJson;
import dev.sluice.mapping.value.HexDigits;
import dev.sluice.mapping.value.NestedMisfits;
import dev.sluice.mapping.value.PgText;
import dev.sluice.mapping.value.PreciseDateTime;
import dev.sluice.mapping.value.RawBytes;
import dev.sluice.mapping.value.Uuids;
import dev.sluice.mapping.value.Value;
import dev.sluice.schema.ColumnType;
import java.util.UUID;
import org.bson.BsonBinarySubType;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// What each BSON value becomes in one column type. A value that the type can't hold exactly is a misfit; nothing is
/// rounded, cut or guessed. `golden/bson-to-pg.txt` has the outcomes as a table. Worked out once, and used for every
/// value. Any thread.
///
/// The switch over column types has no `default`, so a new one does not compile until it is decided here. Of BSON's
/// types each has those it takes; all others are misfits.
public final class BsonToPg {
    private enum Target {
        TEXT("text"),
        /// Read by PostgreSQL itself: text, or for objects and arrays JSON.
        NAMED("text"),
        INTEGER(NumbersToPg.WANTED),
        DOUBLE_PRECISION(NumbersToPg.WANTED),
        NUMERIC(NumbersToPg.WANTED),
        BOOLEAN("a boolean"),
        TIMESTAMPTZ(TimesToPg.WANTED),
        DATE(TimesToPg.WANTED),
        UUID("a UUID"),
        BYTEA("a binary"),
        INET("an address"),
        JSONB("JSON"),
        ARRAY("an array");

        private final String wanted;

        Target(String wanted) {
            this.wanted = wanted;
        }

        boolean takes(byte container) {
            return this == JSONB || this == NAMED || (this == ARRAY && container == RawBytes.ARRAY);
        }
    }

    private static final int OBJECT_ID_DIGITS = 24;

    private final ColumnType type;
    private final Target target;
    /// The characters a text may have.
    private final int length;
    /// Of an array's elements; null for no array.
    private final @Nullable BsonToPg each;

    private BsonToPg(ColumnType type) {
        this.type = type;
        this.length = type instanceof ColumnType.Varchar(int characters) ? characters : Integer.MAX_VALUE;
        this.each = type instanceof ColumnType.Array(ColumnType element) ? to(element) : null;
        this.target = switch (type) {
            case ColumnType.Text t -> Target.TEXT;
            case ColumnType.Citext t -> Target.TEXT;
            case ColumnType.Varchar t -> Target.TEXT;
            case ColumnType.Postgres p -> Target.NAMED;
            case ColumnType.Bool b -> Target.BOOLEAN;
            case ColumnType.Int i -> Target.INTEGER;
            case ColumnType.DoublePrecision d -> Target.DOUBLE_PRECISION;
            case ColumnType.Numeric n -> Target.NUMERIC;
            case ColumnType.Timestamptz t -> Target.TIMESTAMPTZ;
            case ColumnType.Date d -> Target.DATE;
            case ColumnType.Uuid u -> Target.UUID;
            case ColumnType.Bytea b -> Target.BYTEA;
            case ColumnType.Inet i -> Target.INET;
            case ColumnType.Jsonb j -> Target.JSONB;
            case ColumnType.Array a -> Target.ARRAY;
        };
    }

    /// @param type of the column, or of the elements of an array column
    public static BsonToPg to(ColumnType type) {
        return new BsonToPg(type);
    }

    /// Whether values of the type have parts that may not fit.
    public boolean hasParts() {
        return each != null || target == Target.JSONB || target == Target.NAMED;
    }

    /// Writes a value that is not missing.
    ///
    /// @param nested is told of parts that do not fit inside a value that does
    /// @return why it does not fit, for people and without the value; then nothing was written. Null where it was
    public @Nullable String write(Value value, RowOutput out, NestedMisfits nested) {
        if (value.isNull()) {
            out.value(null);
            return null;
        }
        byte kind = value.type();
        if (kind == RawBytes.DOCUMENT || kind == RawBytes.ARRAY) {
            if (!target.takes(kind)) {
                return not(value);
            }
            try {
                return each == null ? json(value, out, nested) : array(value, each, out, nested);
            } catch (ExtendedJson.TooDeep tooDeep) {
                return ExtendedJson.TooDeep.REASON;
            }
        }
        return switch (target) {
            case TEXT, NAMED -> text(value, out);
            case INTEGER -> NumbersToPg.integer(value, (ColumnType.Int) type, out);
            case DOUBLE_PRECISION -> NumbersToPg.doublePrecision(value, out);
            case NUMERIC -> NumbersToPg.numeric(value, (ColumnType.Numeric) type, out);
            case BOOLEAN -> bool(value, out);
            case TIMESTAMPTZ -> TimesToPg.timestamptz(value, out);
            case DATE -> TimesToPg.date(value, out);
            case UUID -> uuid(value, out);
            case BYTEA -> bytea(value, out);
            case INET -> inet(value, out);
            case JSONB -> json(value, out, nested);
            case ARRAY -> not(value);
        };
    }

    /// The same for one value by itself: a literal of the mapping, or one that is tried.
    public Outcome convert(BsonValue value, NestedMisfits nested) {
        RowCollector single = RowCollector.ofOne();
        String misfit = write(Value.of(value), single, nested);
        return misfit == null ? new Outcome.Fits(single.one()) : new Outcome.Misfit(misfit);
    }

    private @Nullable String text(Value value, RowOutput out) {
        byte[] bytes = value.bytes();
        int at = value.at();
        switch (value.type()) {
            case RawBytes.STRING, RawBytes.SYMBOL -> {
                int size = RawBytes.stringLength(bytes, at);
                if (!RawBytes.isText(bytes, at + 4, size)) {
                    return PgText.refusal(RawBytes.string(bytes, at));
                }
                // Characters are at most as many as bytes, so most texts need no counting.
                if (size > length && RawBytes.characters(bytes, at + 4, size) > length) {
                    return tooLong();
                }
                out.text(bytes, at + 4, size);
                return null;
            }
            case RawBytes.OBJECT_ID -> {
                if (OBJECT_ID_DIGITS > length) {
                    return tooLong();
                }
                byte[] hex = value.scratch().hex();
                HexDigits.objectId(bytes, at, hex, 0);
                out.text(hex, 0, OBJECT_ID_DIGITS);
                return null;
            }
            default -> {
                String text = plain(value.decoded());
                if (text == null) {
                    return value.type() == RawBytes.BINARY ? "is a binary, and no UUID, not text" : not(value);
                }
                if (text.length() > length) {
                    return tooLong();
                }
                out.value(text);
                return null;
            }
        }
    }

    private String tooLong() {
        return "is longer than " + length + " characters";
    }

    /// The text that a text column would get, if it could hold any character; null for what is no text.
    public static @Nullable String asText(BsonValue value) {
        return switch (value.getBsonType()) {
            case STRING -> value.asString().getValue();
            case SYMBOL -> value.asSymbol().getSymbol();
            default -> plain(value);
        };
    }

    /// Of what is no text but has one, ASCII.
    private static @Nullable String plain(BsonValue value) {
        return switch (value.getBsonType()) {
            case INT32 -> Integer.toString(value.asInt32().getValue());
            case INT64 -> Long.toString(value.asInt64().getValue());
            case DOUBLE -> BsonNumbers.text(value.asDouble().getValue());
            case DECIMAL128 -> value.asDecimal128().getValue().toString();
            case BOOLEAN -> value.asBoolean().getValue() ? "true" : "false";
            case OBJECT_ID -> value.asObjectId().getValue().toHexString();
            case DATE_TIME -> PreciseDateTime.text(value.asDateTime());
            case BINARY -> {
                UUID uuid = Uuids.of(value.asBinary());
                yield uuid == null ? null : uuid.toString();
            }
            default -> null;
        };
    }

    private @Nullable String bool(Value value, RowOutput out) {
        if (value.type() != RawBytes.BOOLEAN) {
            return not(value);
        }
        byte[] bytes = value.bytes();
        out.truth(RawBytes.isTrue(bytes, value.at()));
        return null;
    }

    private @Nullable String uuid(Value value, RowOutput out) {
        UUID uuid;
        switch (value.type()) {
            case RawBytes.BINARY -> {
                uuid = value.uuid();
                if (uuid == null) {
                    return value.decoded().asBinary().getType() == BsonBinarySubType.UUID_LEGACY.getValue()
                            ? "is a legacy UUID, whose byte order is not known"
                            : "is a binary, and no UUID";
                }
            }
            case RawBytes.STRING -> {
                uuid = Uuids.parse(value.decoded().asString().getValue());
                if (uuid == null) {
                    return "is a string, and no UUID";
                }
            }
            default -> {
                return not(value);
            }
        }
        out.uuid(uuid.getMostSignificantBits(), uuid.getLeastSignificantBits());
        return null;
    }

    private @Nullable String inet(Value value, RowOutput out) {
        if (value.type() != RawBytes.STRING) {
            return not(value);
        }
        String text = value.decoded().asString().getValue();
        if (!InetText.isAddress(text)) {
            return "is a string, and no address of a host or network";
        }
        out.value(text);
        return null;
    }

    private @Nullable String bytea(Value value, RowOutput out) {
        if (value.type() != RawBytes.BINARY) {
            return not(value);
        }
        byte[] bytes = value.bytes();
        int at = value.at();
        if (bytes[at + 4] == RawBytes.OLD_BINARY_SUBTYPE) {
            out.value(value.decoded().asBinary().getData());
        } else {
            out.binary(bytes, at + 5, RawBytes.int32(bytes, at));
        }
        return null;
    }

    private static @Nullable String json(Value value, RowOutput out, NestedMisfits nested) {
        return value.scratch().json().write(value, out, nested);
    }

    private static @Nullable String array(Value value, BsonToPg each, RowOutput out, NestedMisfits nested) {
        byte[] bytes = value.bytes();
        int at = value.at() + 4;
        int last = value.end() - 1;
        Value element = value.element();
        ElementMisfits misfits = new ElementMisfits(nested);
        out.startArray();
        while (at < last) {
            byte kind = bytes[at];
            int start = RawBytes.nameEnd(bytes, at + 1, last);
            at = RawBytes.end(bytes, kind, start, last);
            element.set(bytes, kind, start);
            String misfit = each.write(element, out, misfits);
            if (misfit != null) {
                misfits.misfit("", element.decoded(), misfit);
                out.value(null);
            }
            misfits.index++;
        }
        out.endArray();
        return null;
    }

    /// Says of what is told in which element it is.
    private static final class ElementMisfits implements NestedMisfits {
        private final NestedMisfits array;
        private int index;

        ElementMisfits(NestedMisfits array) {
            this.array = array;
        }

        @Override
        public void misfit(String path, BsonValue part, String reason) {
            array.misfit("[" + index + "]" + path, part, reason);
        }
    }

    private String not(Value value) {
        return not(value, target.wanted);
    }

    /// The misfit of a value that is of another kind altogether.
    static String not(Value value, String wanted) {
        return "is " + value.kind() + ", not " + wanted;
    }
}
