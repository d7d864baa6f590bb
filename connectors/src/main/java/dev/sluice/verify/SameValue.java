package dev.sluice.verify;

import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.ColumnMapping.Write;
import dev.sluice.schema.ColumnType;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// When an expected value of a column certainly is the stored one, by the bytes in which COPY would
/// write the one and in which it reads the other. Where it says no, the values may still be the same:
/// then PostgreSQL decides.
///
/// PostgreSQL's binary form of a type is what its `send` function makes of a stored value, and its
/// `recv` function makes the same stored value of it again: of all types that are compared here, one
/// stored value has one form. So what is written in the bytes of the stored value would be stored as
/// that value, and casts to limits of length, scale or precision leave it alone, since it is one that
/// the column holds.
///
/// @param kind how it is compared
/// @param stagedScale the digits behind the point that the mapping's type has; negative where it says
///     none
/// @param liveScale the same of the table's column
record SameValue(Kind kind, int stagedScale, int liveScale) {
    /// Of a numeric: how many digits, weight, sign; then the digits behind the point that are shown.
    private static final int SIGN_AT = 4;

    private static final int SCALE_AT = 6;

    private static final int DIGITS_AT = 8;

    /// How values are compared.
    enum Kind {
        /// By their bytes.
        BYTES,
        /// As numbers of any width.
        WHOLE,
        /// By their digits, once they have the column's scale.
        DECIMAL,
        /// As PostgreSQL would write it.
        JSON,
        /// Not at all: a difference in the column is none.
        NOT_COMPARED
    }

    /// A column of a table as it is.
    ///
    /// @param oid of its type
    /// @param type the name of it
    /// @param modifier its `atttypmod`
    record Live(long oid, String type, int modifier) {}

    /// How an expected value is compared with one of a column.
    ///
    /// @param key whether rows are found by it
    /// @param compared whether a difference in it is one
    /// @param live null where there is no such column
    /// @return empty where only PostgreSQL can say
    static Optional<SameValue> of(TableShape.Column column, boolean key, boolean compared, @Nullable Live live) {
        if (!key && !compared) {
            return Optional.of(new SameValue(Kind.NOT_COMPARED, -1, -1));
        }
        if (live == null || column.lookup() != null || column.write() == Write.MERGE) {
            return Optional.empty();
        }
        Kind kind = kind(column.type(), live);
        if (kind == null || (key && !(kind == Kind.BYTES || sameWidth(column.type(), live)))) {
            return Optional.empty();
        }
        int staged = column.type() instanceof ColumnType.Numeric n && n.constrained() ? n.scale() : -1;
        // src/backend/utils/adt/numeric.c, make_numeric_typmod
        int scale = live.modifier() < 4 ? -1 : (live.modifier() - 4) & 0x7ff;
        return kind == Kind.DECIMAL && scale > 1000
                ? Optional.empty()
                : Optional.of(new SameValue(kind, staged, kind == Kind.DECIMAL ? scale : -1));
    }

    private static boolean sameWidth(ColumnType type, Live live) {
        return type instanceof ColumnType.Int(int bytes) && live.oid() == oid(bytes);
    }

    private static int oid(int bytes) {
        return bytes == 2 ? Oid.INT2 : bytes == 4 ? Oid.INT4 : Oid.INT8;
    }

    /// The fixed OIDs of types (`pg_type.dat` in PostgreSQL's sources).
    private static final class Oid {
        static final int BOOL = 16;
        static final int BYTEA = 17;
        static final int INT8 = 20;
        static final int INT2 = 21;
        static final int INT4 = 23;
        static final int TEXT = 25;
        static final int FLOAT8 = 701;
        static final int VARCHAR = 1043;
        static final int DATE = 1082;
        static final int TIMESTAMPTZ = 1184;
        static final int NUMERIC = 1700;
        static final int UUID = 2950;
        static final int JSONB = 3802;
    }

    private static @Nullable Kind kind(ColumnType type, Live live) {
        long oid = live.oid();
        return switch (type) {
            case ColumnType.Text t -> isText(oid) ? Kind.BYTES : null;
            case ColumnType.Varchar t -> isText(oid) ? Kind.BYTES : null;
            case ColumnType.Citext t -> live.type().equals("citext") ? Kind.BYTES : null;
            case ColumnType.Bool t -> oid == Oid.BOOL ? Kind.BYTES : null;
            case ColumnType.Int t -> oid == Oid.INT2 || oid == Oid.INT4 || oid == Oid.INT8 ? Kind.WHOLE : null;
            case ColumnType.DoublePrecision t -> oid == Oid.FLOAT8 ? Kind.BYTES : null;
            case ColumnType.Numeric t -> oid == Oid.NUMERIC ? Kind.DECIMAL : null;
            case ColumnType.Timestamptz t -> oid == Oid.TIMESTAMPTZ ? Kind.BYTES : null;
            case ColumnType.Date t -> oid == Oid.DATE ? Kind.BYTES : null;
            case ColumnType.Uuid t -> oid == Oid.UUID ? Kind.BYTES : null;
            case ColumnType.Bytea t -> oid == Oid.BYTEA ? Kind.BYTES : null;
            case ColumnType.Jsonb t -> oid == Oid.JSONB ? Kind.JSON : null;
            case ColumnType.Array(ColumnType element) -> array(element, live);
            // Text to us, and something else to PostgreSQL.
            case ColumnType.Inet t -> null;
            case ColumnType.Postgres t -> null;
        };
    }

    /// The bytes of an array name the type of its elements, so arrays of other types are other bytes.
    private static @Nullable Kind array(ColumnType element, Live live) {
        return switch (element) {
            case ColumnType.Text t -> live.type().equals("_text") ? Kind.BYTES : null;
            case ColumnType.Varchar t -> live.type().equals("_varchar") ? Kind.BYTES : null;
            case ColumnType.Bool t -> live.type().equals("_bool") ? Kind.BYTES : null;
            case ColumnType.Int t -> live.type().equals("_int" + t.bytes()) ? Kind.BYTES : null;
            case ColumnType.DoublePrecision t -> live.type().equals("_float8") ? Kind.BYTES : null;
            case ColumnType.Timestamptz t -> live.type().equals("_timestamptz") ? Kind.BYTES : null;
            case ColumnType.Date t -> live.type().equals("_date") ? Kind.BYTES : null;
            case ColumnType.Uuid t -> live.type().equals("_uuid") ? Kind.BYTES : null;
            case ColumnType.Bytea t -> live.type().equals("_bytea") ? Kind.BYTES : null;
            // Each element would be looked at for itself.
            case ColumnType.Numeric t -> null;
            case ColumnType.Jsonb t -> null;
            case ColumnType.Citext t -> null;
            case ColumnType.Inet t -> null;
            case ColumnType.Postgres t -> null;
            case ColumnType.Array a -> null;
        };
    }

    private static boolean isText(long oid) {
        return oid == Oid.TEXT || oid == Oid.VARCHAR;
    }

    /// Whether values of such a column may be of any length.
    boolean mayBeLong(ColumnType type) {
        return (kind == Kind.BYTES || kind == Kind.JSON)
                && !(type instanceof ColumnType.Bool
                        || type instanceof ColumnType.DoublePrecision
                        || type instanceof ColumnType.Timestamptz
                        || type instanceof ColumnType.Date
                        || type instanceof ColumnType.Uuid);
    }

    /// Whether two values certainly are the same.
    ///
    /// @param expected stands on the value as rows carry it
    /// @param stored stands on the value as PostgreSQL sends it
    boolean is(RowFields expected, RowFields stored, JsonbText json) {
        if (expected.isNull() || stored.isNull()) {
            return expected.isNull() && stored.isNull();
        }
        return switch (kind) {
            case BYTES -> expected.isSameAs(stored);
            case WHOLE -> expected.whole() == stored.whole();
            case DECIMAL -> isDecimal(expected, stored);
            case JSON -> expected.isSameAs(stored) || json.is(expected, stored);
            case NOT_COMPARED -> true;
        };
    }

    /// The expected number is not rounded, neither by the mapping's type nor by the column's, and gets
    /// the scale of the last of them that has one.
    private boolean isDecimal(RowFields expected, RowFields stored) {
        int given = expected.int16(SCALE_AT);
        if (isSpecial(expected) || isSpecial(stored)) {
            return expected.isSameAs(stored);
        }
        if ((stagedScale >= 0 && given > stagedScale) || (liveScale >= 0 && given > liveScale)) {
            return false;
        }
        int shown = liveScale >= 0 ? liveScale : stagedScale >= 0 ? stagedScale : given;
        return stored.int16(SCALE_AT) == shown
                && expected.length() == stored.length()
                && expected.isSameAs(stored, 0, SCALE_AT)
                && expected.isSameAs(stored, DIGITS_AT, expected.length());
    }

    /// NaN or infinite: without digits, and not cast.
    private static boolean isSpecial(RowFields numeric) {
        return (numeric.int16(SIGN_AT) & 0x8000) != 0;
    }
}
