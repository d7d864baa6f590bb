package dev.sluice.mapping;

import dev.sluice.schema.ColumnType;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// [BsonToPg] for values that are not decoded: what each becomes in one column type, written straight on.
/// It takes the pairs of types whose outcome is beyond doubt by itself, and asks [BsonToPg] for all others,
/// so it never has an opinion of its own. For one thread.
final class RawConverter {
    private static final byte[] HEX = new byte[512];

    static {
        for (int i = 0; i < 256; i++) {
            HEX[2 * i] = (byte) Character.forDigit(i >> 4, 16);
            HEX[2 * i + 1] = (byte) Character.forDigit(i & 15, 16);
        }
    }

    private enum Target {
        TEXT,
        INTEGER,
        DOUBLE_PRECISION,
        NUMERIC,
        BOOLEAN,
        TIMESTAMPTZ,
        DATE,
        UUID,
        BYTEA,
        JSONB,
        ARRAY,
        OTHER
    }

    private static final NestedMisfits DECLINE = (path, part, reason) -> {
        throw RawBytes.Declined.INSTANCE;
    };

    private final Target target;
    private final BsonToPg.Converter converter;
    private final Scratch scratch;
    /// The characters a text may have.
    private int length = Integer.MAX_VALUE;

    private long min = Long.MIN_VALUE;
    private long max = Long.MAX_VALUE;
    private int precision;
    private int scale;
    private @Nullable RawConverter element;

    /// What converters of one mapper share.
    static final class Scratch {
        final byte[] hex = new byte[24];
        final DecimalDigits decimal = new DecimalDigits();
        final RawJson json = new RawJson();
    }

    RawConverter(ColumnType type, Scratch scratch) {
        this.converter = BsonToPg.to(type);
        this.scratch = scratch;
        this.target = switch (type) {
            case ColumnType.Text t -> Target.TEXT;
            case ColumnType.Citext t -> Target.TEXT;
            case ColumnType.Postgres t -> Target.TEXT;
            case ColumnType.Varchar(int characters) -> {
                length = characters;
                yield Target.TEXT;
            }
            case ColumnType.Bool b -> Target.BOOLEAN;
            case ColumnType.Int(int bytes) -> {
                if (bytes < 8) {
                    max = (1L << (8 * bytes - 1)) - 1;
                    min = -max - 1;
                }
                yield Target.INTEGER;
            }
            case ColumnType.DoublePrecision d -> Target.DOUBLE_PRECISION;
            case ColumnType.Numeric numeric -> {
                precision = numeric.precision();
                scale = numeric.scale();
                yield Target.NUMERIC;
            }
            case ColumnType.Timestamptz t -> Target.TIMESTAMPTZ;
            case ColumnType.Date d -> Target.DATE;
            case ColumnType.Uuid u -> Target.UUID;
            case ColumnType.Bytea b -> Target.BYTEA;
            case ColumnType.Jsonb j -> Target.JSONB;
            case ColumnType.Inet i -> Target.OTHER;
            case ColumnType.Array(ColumnType of) -> {
                element = new RawConverter(of, scratch);
                yield Target.ARRAY;
            }
        };
    }

    boolean isTimestamptz() {
        return target == Target.TIMESTAMPTZ;
    }

    /// Writes a value that is neither missing nor null.
    ///
    /// @throws RawBytes.Declined when it does not fit, or not all of it
    void write(byte[] bytes, byte type, int at, RowOutput out) {
        switch (target) {
            case TEXT -> text(bytes, type, at, out);
            case INTEGER -> integer(bytes, type, at, out);
            case DOUBLE_PRECISION -> {
                if (type == RawBytes.DOUBLE) {
                    out.floating(RawBytes.float64(bytes, at));
                } else if (type == RawBytes.INT32) {
                    out.floating(RawBytes.int32(bytes, at));
                } else {
                    decoded(bytes, type, at, out);
                }
            }
            case NUMERIC -> numeric(bytes, type, at, out);
            case BOOLEAN -> {
                if (type == RawBytes.BOOLEAN && (bytes[at] & ~1) == 0) {
                    out.truth(bytes[at] == 1);
                } else {
                    decoded(bytes, type, at, out);
                }
            }
            case TIMESTAMPTZ -> {
                long millis = type == RawBytes.DATE_TIME ? RawBytes.int64(bytes, at) : Long.MIN_VALUE;
                if (TimesToPg.isTimestamptz(millis)) {
                    out.whole(millis * 1_000);
                } else {
                    decoded(bytes, type, at, out);
                }
            }
            case UUID -> {
                if (type == RawBytes.BINARY
                        && bytes[at + 4] == RawBytes.UUID_SUBTYPE
                        && RawBytes.int32(bytes, at) == 16) {
                    out.uuid(RawBytes.int64BigEndian(bytes, at + 5), RawBytes.int64BigEndian(bytes, at + 13));
                } else {
                    decoded(bytes, type, at, out);
                }
            }
            case JSONB -> scratch.json.write(bytes, type, at, out);
            case ARRAY -> array(bytes, type, at, out);
            case BYTEA -> {
                if (type == RawBytes.BINARY && bytes[at + 4] != RawBytes.OLD_BINARY_SUBTYPE) {
                    out.binary(bytes, at + 5, RawBytes.int32(bytes, at));
                } else {
                    decoded(bytes, type, at, out);
                }
            }
            case DATE, OTHER -> decoded(bytes, type, at, out);
        }
    }

    private void text(byte[] bytes, byte type, int at, RowOutput out) {
        if (type == RawBytes.STRING) {
            int size = RawBytes.stringLength(bytes, at);
            if (RawBytes.isText(bytes, at + 4, size)
                    && (size <= length || RawBytes.characters(bytes, at + 4, size) <= length)) {
                out.text(bytes, at + 4, size);
                return;
            }
        } else if (type == RawBytes.OBJECT_ID && length >= 24) {
            hex(bytes, at, scratch.hex);
            out.text(scratch.hex, 0, 24);
            return;
        }
        decoded(bytes, type, at, out);
    }

    /// An ObjectId as text.
    static void hex(byte[] bytes, int at, byte[] hex) {
        hex(bytes, at, hex, 0);
    }

    static void hex(byte[] bytes, int at, byte[] hex, int to) {
        for (int i = 0; i < 12; i++) {
            int digits = 2 * (bytes[at + i] & 0xFF);
            hex[to + 2 * i] = HEX[digits];
            hex[to + 2 * i + 1] = HEX[digits + 1];
        }
    }

    private void integer(byte[] bytes, byte type, int at, RowOutput out) {
        long number;
        switch (type) {
            case RawBytes.INT32 -> number = RawBytes.int32(bytes, at);
            case RawBytes.INT64 -> number = RawBytes.int64(bytes, at);
            case RawBytes.DOUBLE -> {
                double binary = RawBytes.float64(bytes, at);
                if (!BsonNumbers.isWhole(binary) || !BsonNumbers.inLong(binary)) {
                    throw RawBytes.Declined.INSTANCE;
                }
                number = (long) binary;
            }
            default -> {
                decoded(bytes, type, at, out);
                return;
            }
        }
        if (number < min || number > max) {
            throw RawBytes.Declined.INSTANCE;
        }
        out.whole(number);
    }

    private void numeric(byte[] bytes, byte type, int at, RowOutput out) {
        DecimalDigits decimal = scratch.decimal;
        boolean taken = switch (type) {
            case RawBytes.DOUBLE -> decimal.takeDouble(RawBytes.float64(bytes, at));
            case RawBytes.INT32 -> decimal.takeWhole(RawBytes.int32(bytes, at));
            case RawBytes.INT64 -> decimal.takeWhole(RawBytes.int64(bytes, at));
            case RawBytes.DECIMAL128 ->
                decimal.takeDecimal128(RawBytes.int64(bytes, at + 8), RawBytes.int64(bytes, at));
            default -> false;
        };
        if (taken && decimal.fit(precision, scale)) {
            out.decimal(decimal.unscaled(), decimal.scale());
        } else {
            decoded(bytes, type, at, out);
        }
    }

    private void array(byte[] bytes, byte type, int start, RowOutput out) {
        RawConverter each = element;
        if (type != RawBytes.ARRAY || each == null) {
            throw RawBytes.Declined.INSTANCE;
        }
        out.startArray();
        int last = start + RawBytes.int32(bytes, start) - 1;
        int at = start + 4;
        while (at < last) {
            byte kind = bytes[at];
            int value = RawBytes.nameEnd(bytes, at + 1, last);
            at = RawBytes.end(bytes, kind, value, last);
            if (kind == RawBytes.NULL || kind == RawBytes.UNDEFINED) {
                out.value(null);
            } else {
                each.write(bytes, kind, value, out);
            }
        }
        out.endArray();
    }

    private void decoded(byte[] bytes, byte type, int at, RowOutput out) {
        BsonValue value = RawBytes.decode(bytes, type, at, RawBytes.end(bytes, type, at, bytes.length));
        if (converter.convert(value, DECLINE) instanceof Outcome.Fits(var fitting)) {
            out.value(fitting);
        } else {
            throw RawBytes.Declined.INSTANCE;
        }
    }
}
