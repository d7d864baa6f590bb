package dev.sluice.mapping.convert;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.mapping.document.ReadFields;
import dev.sluice.mapping.document.Redactor;
import dev.sluice.mapping.document.Scope;
import dev.sluice.mapping.value.BsonKind;
import dev.sluice.mapping.value.RawBytes;
import dev.sluice.mapping.value.Value;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Conversion;
import java.math.RoundingMode;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import org.bson.BsonArray;
import org.bson.BsonBoolean;
import org.bson.BsonDateTime;
import org.bson.BsonNull;
import org.bson.BsonNumber;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// One conversion of the mapping, ready to run. Any thread.
interface ConversionStep {
    /// Whether it certainly neither changes the value nor has anything to say of it. Most conversions leave most
    /// values as they are (a text without NUL, a date that is a date already), and those need not be decoded.
    boolean leaves(Value value);

    /// @param value one that it does not leave
    /// @param scope is told what the step loses or refuses
    /// @return [Value#orNull] itself where nothing changes; null for a value that is missing
    @Nullable
    BsonValue apply(Value value, Scope scope);

    /// @param type of the column at the end of the chain: what a literal or a number is read for
    /// @param reads for a source that the conversion compares with
    /// @throws IllegalArgumentException when a literal of the conversion is no value BSON has
    static ConversionStep of(Conversion conversion, ColumnType type, ReadFields reads) {
        return switch (conversion) {
            case Conversion.Trim c -> text(TextSteps::isTrimmed, (s, scope) -> TextSteps.trim(s));
            case Conversion.Lower c -> text(TextSteps::isLower, (s, scope) -> TextSteps.lower(s));
            case Conversion.EmptyToNull c ->
                text(
                        (bytes, at, length) -> length > 0,
                        (s, scope) -> s.getValue().isEmpty() ? BsonNull.VALUE : s);
            case Conversion.BlankToNull c ->
                text(
                        (bytes, at, length) -> length > 0 && TextSteps.isVisible(bytes[at]),
                        (s, scope) -> s.getValue().isBlank() ? BsonNull.VALUE : s);
            case Conversion.StripNul c -> TextSteps.stripNul();
            case Conversion.MaxLength(int max) ->
                text((bytes, at, length) -> length <= max, (s, scope) -> TextSteps.cut(s, max, scope));
            case Conversion.ToText c -> there(v -> isString(v), (value, scope) -> TextSteps.toText(value));
            case Conversion.JsonText c -> {
                boolean elements = type instanceof ColumnType.Array;
                yield there(
                        v -> v.type() != RawBytes.DOCUMENT && v.type() != RawBytes.ARRAY,
                        (value, scope) -> TextSteps.jsonText(value, elements, scope));
            }
            case Conversion.Split(String separator) -> text((s, scope) -> TextSteps.split(s, separator));
            case Conversion.Part(String separator, int index) ->
                text((s, scope) -> TextSteps.part(s, separator, index));
            case Conversion.ParseJson c -> text((s, scope) -> parsed(s, JsonText.parse(s.getValue())));
            case Conversion.WrapText wrap -> TextSteps.wrap(wrap);

            case Conversion.FalsyToNull c -> of(v -> !v.isFalsy(), BsonValue.class, (value, scope) -> BsonNull.VALUE);
            case Conversion.Truthy c -> truthy();
            case Conversion.ParseBoolean words -> each(type, text((s, scope) -> parseBoolean(s, words)));
            case Conversion.EqualTo(List<JsonNode> literals) -> {
                AnyOf values = AnyOf.of(literals);
                yield there(v -> false, (value, scope) -> BsonBoolean.valueOf(values.has(value)));
            }
            case Conversion.Sentinel sentinel -> sentinel(sentinel, type);
            case Conversion.MapValues map -> map(map, type);

            case Conversion.ParseNumber c -> {
                ColumnType one = type instanceof ColumnType.Array(ColumnType element) ? element : type;
                boolean binary = one instanceof ColumnType.DoublePrecision;
                yield each(type, text((s, scope) -> parsed(s, NumberText.parse(s.getValue(), binary))));
            }
            case Conversion.Truncate c ->
                number(NumberSteps::isWhole, (n, scope) -> NumberSteps.whole(n, RoundingMode.DOWN, scope));
            case Conversion.Round(int digits) ->
                number(NumberSteps::isWhole, (n, scope) -> NumberSteps.rounded(n, digits, scope));
            case Conversion.NumberRange range -> number(v -> false, (n, scope) -> NumberSteps.inRange(n, range, scope));

            case Conversion.ParseTimestamp timestamp -> {
                ZoneId zone = timestamp.zone();
                List<DateTimeFormatter> formats = timestamp.formatters();
                yield each(type, text((s, scope) -> parsed(s, DateSteps.parse(s.getValue(), zone, formats))));
            }
            case Conversion.ParseEpoch(Conversion.EpochUnit unit) ->
                each(type, number(v -> false, (n, scope) -> DateSteps.epoch(n, unit)));
            case Conversion.InZone(ZoneId zone) ->
                of(v -> !v.isDate(), BsonDateTime.class, (date, scope) -> DateSteps.inZone(date, zone));
            case Conversion.DateOnly c -> of(v -> !v.isDate(), BsonDateTime.class, DateSteps::day);
            case Conversion.JsonDates(Conversion.DateStyle style) ->
                there(v -> false, (value, scope) -> DateSteps.written(value, style, 1));

            case Conversion.ObjectIdToUuid(String collection) -> ReferenceSteps.objectIdToUuid(collection);
            case Conversion.UnwrapReference(List<JsonNode> none) -> ReferenceSteps.unwrap(AnyOf.of(none));
            case Conversion.TypedKey c -> there(v -> false, (value, scope) -> ReferenceSteps.typedKey(value));
            case Conversion.LegacyUuid(Conversion.LegacyOrder order) ->
                there(
                        v -> v.type() != RawBytes.BINARY && v.type() != RawBytes.ARRAY,
                        (value, scope) -> ReferenceSteps.legacyUuid(value, order, scope));

            case Conversion.Only(Conversion.Shape shape) -> only(shape);
            case Conversion.DropEmpty c -> array((array, scope) -> ArraySteps.dropEmpty(array));
            case Conversion.Distinct c -> array((array, scope) -> ArraySteps.distinct(array));
            case Conversion.Without(var source) -> {
                SourceReader others = SourceReader.of(source, new ColumnType.Jsonb(), reads);
                yield array((array, scope) -> ArraySteps.without(array, others.compared(scope)));
            }
            case Conversion.WrapArray c ->
                there(v -> v.type() == RawBytes.ARRAY, (value, scope) -> new BsonArray(List.of(value)));
            case Conversion.At at -> InsideStep.of(at, reads);

            case Conversion.Hash c -> there(v -> false, (value, scope) -> Redactor.hash(value));
            case Conversion.Redact c -> there(v -> false, (value, scope) -> Value.MASK);
        };
    }

    /// What is done to a value of one type.
    @FunctionalInterface
    interface Typed<V extends BsonValue> {
        @Nullable
        BsonValue apply(V value, Scope scope);
    }

    /// Whether a text is certainly left, by its bytes.
    @FunctionalInterface
    interface Text {
        /// @param length in bytes
        boolean leaves(byte[] bytes, int at, int length);
    }

    /// @param leaves values of other types among them
    static <V extends BsonValue> ConversionStep of(Predicate<Value> leaves, Class<V> type, Typed<V> step) {
        return new ConversionStep() {
            @Override
            public boolean leaves(Value value) {
                return leaves.test(value);
            }

            @Override
            public @Nullable BsonValue apply(Value value, Scope scope) {
                BsonValue decoded = value.orNull();
                return type.isInstance(decoded) ? step.apply(type.cast(decoded), scope) : decoded;
            }
        };
    }

    private static boolean isString(Value value) {
        return value.type() == RawBytes.STRING;
    }

    private static ConversionStep text(Typed<BsonString> step) {
        return of(v -> !isString(v), BsonString.class, step);
    }

    private static ConversionStep text(Text leaves, Typed<BsonString> step) {
        return of(
                v -> !isString(v)
                        || (v.isEncoded()
                                && leaves.leaves(v.bytes(), v.at() + 4, RawBytes.stringLength(v.bytes(), v.at()))),
                BsonString.class,
                step);
    }

    private static ConversionStep number(Predicate<Value> leaves, Typed<BsonNumber> step) {
        return of(v -> !v.isNumber() || leaves.test(v), BsonNumber.class, step);
    }

    private static ConversionStep array(Typed<BsonArray> step) {
        return of(v -> v.type() != RawBytes.ARRAY, BsonArray.class, step);
    }

    /// Of a column that is an array, the step for each element.
    private static ConversionStep each(ColumnType type, ConversionStep step) {
        if (!(type instanceof ColumnType.Array)) {
            return step;
        }
        return new ConversionStep() {
            @Override
            public boolean leaves(Value value) {
                return value.type() != RawBytes.ARRAY && step.leaves(value);
            }

            @Override
            public @Nullable BsonValue apply(Value value, Scope scope) {
                return value.decoded() instanceof BsonArray array
                        ? ArraySteps.each(array, step, scope)
                        : step.apply(value, scope);
            }
        };
    }

    /// Missing and null stay.
    private static ConversionStep there(Predicate<Value> leaves, Typed<BsonValue> step) {
        return of(v -> v.isMissingOrNull() || leaves.test(v), BsonValue.class, step);
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

    private static ConversionStep truthy() {
        return new ConversionStep() {
            @Override
            public boolean leaves(Value value) {
                return value.isMissingOrNull() || value.type() == RawBytes.BOOLEAN;
            }

            @Override
            public BsonValue apply(Value value, Scope scope) {
                return BsonBoolean.valueOf(!value.isFalsy());
            }
        };
    }

    private static ConversionStep sentinel(Conversion.Sentinel sentinel, ColumnType type) {
        BsonValue to = Literals.bson(sentinel.to(), type);
        AnyOf when = AnyOf.of(
                sentinel.when().stream().filter(literal -> !literal.isNull()).toList());
        boolean whenNull = sentinel.when().stream().anyMatch(JsonNode::isNull);
        return new ConversionStep() {
            @Override
            public boolean leaves(Value value) {
                return value.isMissingOrNull() ? !whenNull : !when.has(value);
            }

            @Override
            public BsonValue apply(Value value, Scope scope) {
                return to;
            }
        };
    }

    private static ConversionStep map(Conversion.MapValues map, ColumnType type) {
        Map<String, BsonValue> values = new HashMap<>();
        map.values().forEach((from, to) -> values.put(from, Literals.bson(to, type)));
        JsonNode literal = map.otherwise();
        BsonValue otherwise = literal == null ? null : Literals.bson(literal, type);
        return there(v -> false, (value, scope) -> {
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
        byte wanted = switch (shape) {
            case ARRAY -> RawBytes.ARRAY;
            case OBJECT -> RawBytes.DOCUMENT;
        };
        // Null is no shape but the lack of a value, and its policy is the column's.
        return there(v -> v.type() == wanted, (value, scope) -> {
            // The mapping says to go on without it. That is no reason to lose it.
            scope.findings().lose("is " + BsonKind.of(value) + ", which the mapping takes for missing");
            return null;
        });
    }
}
