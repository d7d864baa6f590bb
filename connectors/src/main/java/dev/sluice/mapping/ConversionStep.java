package dev.sluice.mapping;

import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Conversion;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.bson.BsonArray;
import org.bson.BsonBoolean;
import org.bson.BsonNull;
import org.bson.BsonObjectId;
import org.bson.BsonString;
import org.bson.BsonType;
import org.bson.BsonValue;
import org.bson.types.ObjectId;
import org.jspecify.annotations.Nullable;

/// One conversion of the mapping, ready to run. Null stands for a value that is missing. Any thread.
@FunctionalInterface
interface ConversionStep {
    @Nullable
    BsonValue apply(@Nullable BsonValue value);

    /// @param type of the column at the end of the chain: what a literal or a number is read for
    /// @throws IllegalArgumentException when a literal of the conversion is no value BSON has
    static ConversionStep of(Conversion conversion, ColumnType type) {
        return switch (conversion) {
            case Conversion.Trim t -> value -> value instanceof BsonString s ? trim(s) : value;
            case Conversion.Lower l -> value -> value instanceof BsonString s ? lower(s) : value;
            case Conversion.EmptyToNull e ->
                value -> value instanceof BsonString s && s.getValue().isEmpty() ? BsonNull.VALUE : value;
            case Conversion.FalsyToNull f -> value -> value != null && Falsy.isFalsy(value) ? BsonNull.VALUE : value;
            case Conversion.Truthy t ->
                value -> value == null || Falsy.isNull(value) ? value : BsonBoolean.valueOf(!Falsy.isFalsy(value));
            case Conversion.Sentinel sentinel -> sentinel(sentinel, type);
            case Conversion.Only(Conversion.Shape shape) -> only(shape);
            case Conversion.ObjectIdToUuid(String collection) -> objectIdToUuid(IdUuid.namespace(collection));
            case Conversion.DropEmpty d -> value -> value instanceof BsonArray array ? dropEmpty(array) : value;
            case Conversion.ParseTimestamp(ZoneId zone) ->
                value -> value instanceof BsonString s ? parsed(s, IsoTimestamp.parse(s.getValue(), zone)) : value;
            case Conversion.ParseNumber p -> {
                boolean binary = type instanceof ColumnType.DoublePrecision;
                yield value ->
                        value instanceof BsonString s ? parsed(s, NumberText.parse(s.getValue(), binary)) : value;
            }
        };
    }

    /// What was read, or the text itself, for the column's type to have its say.
    private static BsonValue parsed(BsonString text, @Nullable BsonValue parsed) {
        return parsed == null ? text : parsed;
    }

    private static BsonString trim(BsonString text) {
        String trimmed = text.getValue().strip();
        return trimmed.length() == text.getValue().length() ? text : new BsonString(trimmed);
    }

    private static BsonString lower(BsonString text) {
        String lower = text.getValue().toLowerCase(Locale.ROOT);
        return lower.equals(text.getValue()) ? text : new BsonString(lower);
    }

    private static ConversionStep sentinel(Conversion.Sentinel sentinel, ColumnType type) {
        BsonValue to = Literals.bson(sentinel.to(), type);
        List<BsonValue> when = new ArrayList<>();
        boolean nullToo = false;
        for (var literal : sentinel.when()) {
            if (literal.isNull()) {
                nullToo = true;
            } else {
                when.add(Literals.bson(literal, new ColumnType.Jsonb()));
            }
        }
        boolean whenNull = nullToo;
        return value -> {
            if (value == null || Falsy.isNull(value)) {
                return whenNull ? to : value;
            }
            for (BsonValue candidate : when) {
                if (candidate.equals(value) || BsonNumbers.sameNumber(candidate, value)) {
                    return to;
                }
            }
            return value;
        };
    }

    private static ConversionStep only(Conversion.Shape shape) {
        BsonType wanted = switch (shape) {
            case ARRAY -> BsonType.ARRAY;
            case OBJECT -> BsonType.DOCUMENT;
        };
        // Null is no shape but the lack of a value, and its policy is the column's.
        return value -> value == null || value.getBsonType() == wanted || Falsy.isNull(value) ? value : null;
    }

    private static ConversionStep objectIdToUuid(UUID namespace) {
        return value -> {
            if (!(value instanceof BsonArray array)) {
                return value == null ? null : uuid(namespace, value);
            }
            BsonArray uuids = new BsonArray(array.size());
            for (BsonValue element : array) {
                uuids.add(uuid(namespace, element));
            }
            return uuids;
        };
    }

    private static BsonValue uuid(UUID namespace, BsonValue value) {
        if (value instanceof BsonObjectId id) {
            return Uuids.binary(IdUuid.of(namespace, id.getValue()));
        }
        return value instanceof BsonString s && Uuids.isObjectId(s.getValue())
                ? Uuids.binary(IdUuid.of(namespace, new ObjectId(s.getValue())))
                : value;
    }

    private static BsonArray dropEmpty(BsonArray array) {
        BsonArray kept = new BsonArray(array.size());
        for (BsonValue element : array) {
            boolean empty = Falsy.isNull(element)
                    || (element instanceof BsonString s && s.getValue().isBlank());
            if (!empty) {
                kept.add(element);
            }
        }
        return kept.size() == array.size() ? array : kept;
    }
}
