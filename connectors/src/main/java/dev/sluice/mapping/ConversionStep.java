package dev.sluice.mapping;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Conversion;
import java.math.RoundingMode;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bson.BsonArray;
import org.bson.BsonBoolean;
import org.bson.BsonDateTime;
import org.bson.BsonNull;
import org.bson.BsonNumber;
import org.bson.BsonString;
import org.bson.BsonType;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// One conversion of the mapping, ready to run. Null stands for a value that is missing. Any thread.
@FunctionalInterface
interface ConversionStep {
    /// @param scope is told what the step loses or refuses
    @Nullable
    BsonValue apply(@Nullable BsonValue value, Scope scope);

    /// @param type of the column at the end of the chain: what a literal or a number is read for
    /// @param rests for a source that the conversion compares with
    /// @throws IllegalArgumentException when a literal of the conversion is no value BSON has
    static ConversionStep of(Conversion conversion, ColumnType type, SourceReader.Rests rests) {
        return switch (conversion) {
            case Conversion.Trim c -> string((s, scope) -> TextSteps.trim(s));
            case Conversion.Lower c -> string((s, scope) -> TextSteps.lower(s));
            case Conversion.EmptyToNull c -> string((s, scope) -> s.getValue().isEmpty() ? BsonNull.VALUE : s);
            case Conversion.BlankToNull c -> string((s, scope) -> s.getValue().isBlank() ? BsonNull.VALUE : s);
            case Conversion.StripNul c -> TextSteps::stripNul;
            case Conversion.MaxLength(int length) -> string((s, scope) -> TextSteps.cut(s, length, scope));
            case Conversion.ToText c -> there((value, scope) -> TextSteps.toText(value));
            case Conversion.JsonText c -> {
                boolean elements = type instanceof ColumnType.Array;
                yield there((value, scope) -> TextSteps.jsonText(value, elements, scope));
            }
            case Conversion.Split(String separator) -> string((s, scope) -> TextSteps.split(s, separator));
            case Conversion.Part(String separator, int index) ->
                string((s, scope) -> TextSteps.part(s, separator, index));
            case Conversion.ParseJson c -> string((s, scope) -> parsed(s, JsonText.parse(s.getValue())));
            case Conversion.WrapText wrap -> TextSteps.wrap(wrap);

            case Conversion.FalsyToNull c ->
                (value, scope) -> value != null && Falsy.isFalsy(value) ? BsonNull.VALUE : value;
            case Conversion.Truthy c -> there((value, scope) -> BsonBoolean.valueOf(!Falsy.isFalsy(value)));
            case Conversion.ParseBoolean words -> each(type, string((s, scope) -> parseBoolean(s, words)));
            case Conversion.EqualTo(List<JsonNode> literals) -> {
                AnyOf values = AnyOf.of(literals);
                yield there((value, scope) -> BsonBoolean.valueOf(values.has(value)));
            }
            case Conversion.Sentinel sentinel -> sentinel(sentinel, type);
            case Conversion.MapValues map -> map(map, type);

            case Conversion.ParseNumber c -> {
                ColumnType one = type instanceof ColumnType.Array(ColumnType element) ? element : type;
                boolean binary = one instanceof ColumnType.DoublePrecision;
                yield each(type, string((s, scope) -> parsed(s, NumberText.parse(s.getValue(), binary))));
            }
            case Conversion.Truncate c -> number((n, scope) -> NumberSteps.whole(n, RoundingMode.DOWN, scope));
            case Conversion.Round(int digits) -> number((n, scope) -> NumberSteps.rounded(n, digits, scope));
            case Conversion.NumberRange range -> number((n, scope) -> NumberSteps.inRange(n, range, scope));

            case Conversion.ParseTimestamp timestamp -> {
                ZoneId zone = timestamp.zone();
                List<DateTimeFormatter> formats = timestamp.formatters();
                yield each(type, string((s, scope) -> parsed(s, DateSteps.parse(s.getValue(), zone, formats))));
            }
            case Conversion.ParseEpoch(Conversion.EpochUnit unit) ->
                each(type, number((n, scope) -> DateSteps.epoch(n, unit)));
            case Conversion.InZone(ZoneId zone) ->
                (value, scope) -> value instanceof BsonDateTime date ? DateSteps.inZone(date, zone) : value;
            case Conversion.DateOnly c ->
                (value, scope) -> value instanceof BsonDateTime date ? DateSteps.day(date, scope) : value;
            case Conversion.JsonDates(Conversion.DateStyle style) ->
                there((value, scope) -> DateSteps.written(value, style, 1));

            case Conversion.ObjectIdToUuid(String collection) -> ReferenceSteps.objectIdToUuid(collection);
            case Conversion.UnwrapReference(List<JsonNode> none) -> ReferenceSteps.unwrap(AnyOf.of(none));
            case Conversion.TypedKey c -> there((value, scope) -> ReferenceSteps.typedKey(value));
            case Conversion.LegacyUuid(Conversion.LegacyOrder order) ->
                there((value, scope) -> ReferenceSteps.legacyUuid(value, order));

            case Conversion.Only(Conversion.Shape shape) -> only(shape);
            case Conversion.DropEmpty c -> array((array, scope) -> ArraySteps.dropEmpty(array));
            case Conversion.Distinct c -> array((array, scope) -> ArraySteps.distinct(array));
            case Conversion.Without(var source) -> {
                SourceReader others = SourceReader.of(source, new ColumnType.Jsonb(), rests);
                yield array((array, scope) -> ArraySteps.without(array, others.read(scope.aside())));
            }
            case Conversion.WrapArray c ->
                there((value, scope) -> value instanceof BsonArray ? value : new BsonArray(List.of(value)));
            case Conversion.At at -> InsideStep.of(at, rests);

            case Conversion.Hash c -> there((value, scope) -> Redactor.hash(value));
            case Conversion.Redact c -> there((value, scope) -> Redactor.MASK);
        };
    }

    /// What is done to a value of one type.
    @FunctionalInterface
    interface Typed<V extends BsonValue> {
        @Nullable
        BsonValue apply(V value, Scope scope);
    }

    private static ConversionStep string(Typed<BsonString> step) {
        return (value, scope) -> value instanceof BsonString s ? step.apply(s, scope) : value;
    }

    private static ConversionStep number(Typed<BsonNumber> step) {
        return (value, scope) -> value instanceof BsonNumber n ? step.apply(n, scope) : value;
    }

    private static ConversionStep array(Typed<BsonArray> step) {
        return (value, scope) -> value instanceof BsonArray array ? step.apply(array, scope) : value;
    }

    /// Of a column that is an array, the step for each element.
    private static ConversionStep each(ColumnType type, ConversionStep step) {
        return type instanceof ColumnType.Array
                ? (value, scope) -> value instanceof BsonArray array
                        ? ArraySteps.each(array, step, scope)
                        : step.apply(value, scope)
                : step;
    }

    /// Missing and null stay.
    private static ConversionStep there(Typed<BsonValue> step) {
        return (value, scope) -> value == null || Falsy.isNull(value) ? value : step.apply(value, scope);
    }

    /// What was read, or the text itself, for the column's type to have its say.
    private static BsonValue parsed(BsonString text, @Nullable BsonValue parsed) {
        return parsed == null ? text : parsed;
    }

    private static BsonValue parseBoolean(BsonString text, Conversion.ParseBoolean words) {
        String word = text.getValue().strip().toLowerCase(Locale.ROOT);
        Boolean otherwise = words.otherwise();
        if (words.yes().contains(word)) {
            return BsonBoolean.TRUE;
        }
        if (words.no().contains(word)) {
            return BsonBoolean.FALSE;
        }
        return otherwise == null ? text : BsonBoolean.valueOf(otherwise);
    }

    private static ConversionStep sentinel(Conversion.Sentinel sentinel, ColumnType type) {
        BsonValue to = Literals.bson(sentinel.to(), type);
        AnyOf when = AnyOf.of(
                sentinel.when().stream().filter(literal -> !literal.isNull()).toList());
        boolean whenNull = sentinel.when().stream().anyMatch(JsonNode::isNull);
        return (value, scope) -> {
            if (value == null || Falsy.isNull(value)) {
                return whenNull ? to : value;
            }
            return when.has(value) ? to : value;
        };
    }

    private static ConversionStep map(Conversion.MapValues map, ColumnType type) {
        Map<String, BsonValue> values = new HashMap<>();
        map.values().forEach((from, to) -> values.put(from, Literals.bson(to, type)));
        JsonNode literal = map.otherwise();
        BsonValue otherwise = literal == null ? null : Literals.bson(literal, type);
        return there((value, scope) -> {
            BsonValue to = value instanceof BsonString s ? values.get(s.getValue()) : null;
            if (to != null) {
                return to;
            }
            String reason = value instanceof BsonString ? "is a string" : "is " + BsonKind.of(value);
            if (otherwise == null) {
                scope.findings().refuse(reason + " that the mapping has no value for");
                return value;
            }
            scope.findings().lose(reason + " that the mapping has no value of its own for");
            return otherwise;
        });
    }

    private static ConversionStep only(Conversion.Shape shape) {
        BsonType wanted = switch (shape) {
            case ARRAY -> BsonType.ARRAY;
            case OBJECT -> BsonType.DOCUMENT;
        };
        // Null is no shape but the lack of a value, and its policy is the column's.
        return there((value, scope) -> {
            if (value.getBsonType() == wanted) {
                return value;
            }
            // The mapping says to go on without it. That is no reason to lose it.
            scope.findings().lose("is " + BsonKind.of(value) + ", which the mapping takes for missing");
            return null;
        });
    }
}
