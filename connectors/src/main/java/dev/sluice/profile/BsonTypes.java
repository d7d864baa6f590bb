package dev.sluice.profile;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.bson.BsonType;

/// BSON types, shares and numbers as reports write them.
final class BsonTypes {
    private BsonTypes() {}

    /// As MongoDB's documentation calls them, short.
    static String name(BsonType type) {
        return switch (type) {
            case DOUBLE -> "double";
            case STRING -> "string";
            case DOCUMENT -> "object";
            case ARRAY -> "array";
            case BINARY -> "binary";
            case UNDEFINED -> "undefined";
            case OBJECT_ID -> "ObjectId";
            case BOOLEAN -> "boolean";
            case DATE_TIME -> "date";
            case NULL -> "null";
            case REGULAR_EXPRESSION -> "regular expression";
            case DB_POINTER -> "DBPointer";
            case JAVASCRIPT -> "JavaScript";
            case SYMBOL -> "symbol";
            case JAVASCRIPT_WITH_SCOPE -> "JavaScript with scope";
            case INT32 -> "int32";
            case TIMESTAMP -> "timestamp";
            case INT64 -> "int64";
            case DECIMAL128 -> "decimal128";
            case MIN_KEY -> "MinKey";
            case MAX_KEY -> "MaxKey";
            case END_OF_DOCUMENT -> "end of document";
        };
    }

    /// The types that a filter means by the alias of `$type`; empty for those of which a column has no values.
    static Set<BsonType> ofAlias(String alias) {
        return switch (alias) {
            case "double" -> EnumSet.of(BsonType.DOUBLE);
            case "string" -> EnumSet.of(BsonType.STRING);
            case "binData" -> EnumSet.of(BsonType.BINARY);
            case "objectId" -> EnumSet.of(BsonType.OBJECT_ID);
            case "bool" -> EnumSet.of(BsonType.BOOLEAN);
            case "date" -> EnumSet.of(BsonType.DATE_TIME);
            case "int" -> EnumSet.of(BsonType.INT32);
            case "long" -> EnumSet.of(BsonType.INT64);
            case "decimal" -> EnumSet.of(BsonType.DECIMAL128);
            case "number" -> EnumSet.of(BsonType.DOUBLE, BsonType.INT32, BsonType.INT64, BsonType.DECIMAL128);
            default -> Set.of();
        };
    }

    /// The types of the values without null, the most frequent first, with shares where there are several:
    /// `string`, or `int32 90 %, double 10 %`.
    static String shares(FieldProfile field) {
        List<Map.Entry<BsonType, Long>> types = new ArrayList<>(field.types().entrySet());
        types.removeIf(t -> t.getKey() == BsonType.NULL || t.getKey() == BsonType.UNDEFINED);
        if (types.size() == 1) {
            return name(types.getFirst().getKey());
        }
        types.sort(Map.Entry.<BsonType, Long>comparingByValue().reversed());
        List<String> shares = new ArrayList<>();
        types.forEach(t -> shares.add(name(t.getKey()) + " " + percent(t.getValue(), field.values())));
        return String.join(", ", shares);
    }

    /// `12 %`, `0.4 %`, `99.97 %`; never 0 % of something, nor 100 % of less than all.
    static String percent(long part, long whole) {
        if (whole == 0 || part == whole) {
            return whole == 0 ? "0 %" : "100 %";
        }
        double share = 100.0 * part / whole;
        if (share >= 1 && share <= 99) {
            return String.format(Locale.ROOT, "%.0f %%", share);
        }
        return part == 0 ? "0 %" : share < 0.01 ? "< 0.01 %" : share > 99.99 ? "> 99.99 %" : decimals(share);
    }

    private static String decimals(double share) {
        return String.format(Locale.ROOT, "%.2f %%", share);
    }

    /// `1 text`, `2 texts`, `12,345 texts`.
    static String count(long number, String noun) {
        return number(number) + " " + noun + (number == 1 ? "" : "s");
    }

    /// With thousands: `12,345`.
    static String number(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }
}
