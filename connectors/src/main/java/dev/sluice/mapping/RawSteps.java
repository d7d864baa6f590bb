package dev.sluice.mapping;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.schema.Conversion;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Tells of values that are not decoded whether a chain of conversions leaves them as they are, which most
/// conversions do with most values: a text without NUL, a date that is a date already. It says so only
/// where it is certain. Any thread.
final class RawSteps {
    private final List<Step> steps;

    private RawSteps(List<Step> steps) {
        this.steps = steps;
    }

    private interface Step {
        /// @param type 0 for a value that is missing
        boolean leaves(byte[] bytes, byte type, int at);
    }

    /// @return null when some conversion is never certain
    static @Nullable RawSteps of(List<Conversion> conversions) {
        List<Step> steps = new ArrayList<>();
        for (Conversion conversion : conversions) {
            Step step = of(conversion);
            if (step == null) {
                return null;
            }
            steps.add(step);
        }
        return new RawSteps(steps);
    }

    /// @param type 0 for a value that is missing
    boolean leave(byte[] bytes, byte type, int at) {
        for (Step step : steps) {
            if (!step.leaves(bytes, type, at)) {
                return false;
            }
        }
        return true;
    }

    private static @Nullable Step of(Conversion conversion) {
        return switch (conversion) {
            case Conversion.StripNul c ->
                (bytes, type, at) -> switch (type) {
                    case RawBytes.STRING -> RawBytes.isText(bytes, at + 4, RawBytes.stringLength(bytes, at));
                    case RawBytes.ARRAY -> false;
                    default -> true;
                };
            case Conversion.Trim c ->
                string((bytes, at, length) ->
                        length == 0 || (isVisible(bytes[at]) && isVisible(bytes[at + length - 1])));
            case Conversion.Lower c -> string(RawSteps::isLower);
            case Conversion.EmptyToNull c -> string((bytes, at, length) -> length > 0);
            case Conversion.BlankToNull c -> string((bytes, at, length) -> length > 0 && isVisible(bytes[at]));
            case Conversion.MaxLength(int max) -> string((bytes, at, length) -> length <= max);
            case Conversion.ParseJson c -> string((bytes, at, length) -> false);
            case Conversion.ParseBoolean c -> (bytes, type, at) -> type != RawBytes.STRING && type != RawBytes.ARRAY;
            case Conversion.ParseNumber c -> (bytes, type, at) -> type != RawBytes.STRING && type != RawBytes.ARRAY;
            case Conversion.ParseTimestamp c -> (bytes, type, at) -> type != RawBytes.STRING && type != RawBytes.ARRAY;
            case Conversion.JsonText c -> (bytes, type, at) -> type != RawBytes.DOCUMENT && type != RawBytes.ARRAY;
            case Conversion.DateOnly c -> (bytes, type, at) -> type != RawBytes.DATE_TIME;
            case Conversion.FalsyToNull c ->
                (bytes, type, at) -> isNothing(type) || RawBytes.truth(bytes, type, at) == RawBytes.Truth.TRUE;
            case Conversion.Truthy c -> (bytes, type, at) -> isNothing(type) || type == RawBytes.BOOLEAN;
            case Conversion.Truncate c -> RawSteps::isWholeOrNoNumber;
            case Conversion.Round c -> RawSteps::isWholeOrNoNumber;
            case Conversion.NumberRange c -> (bytes, type, at) -> !isNumber(type);
            case Conversion.ParseEpoch c -> (bytes, type, at) -> !isNumber(type) && type != RawBytes.ARRAY;
            case Conversion.WrapArray c -> (bytes, type, at) -> isNothing(type) || type == RawBytes.ARRAY;
            case Conversion.Only(Conversion.Shape shape) -> {
                byte wanted = shape == Conversion.Shape.ARRAY ? RawBytes.ARRAY : RawBytes.DOCUMENT;
                yield (bytes, type, at) -> isNothing(type) || type == wanted;
            }
            case Conversion.Sentinel sentinel -> sentinel(sentinel.when());
            case Conversion.ToText c -> null;
            case Conversion.Split c -> null;
            case Conversion.Part c -> null;
            case Conversion.WrapText c -> null;
            case Conversion.EqualTo c -> null;
            case Conversion.MapValues c -> null;
            case Conversion.InZone c -> null;
            case Conversion.JsonDates c -> null;
            case Conversion.ObjectIdToUuid c -> null;
            case Conversion.UnwrapReference c -> null;
            case Conversion.TypedKey c -> null;
            case Conversion.LegacyUuid c -> null;
            case Conversion.DropEmpty c -> null;
            case Conversion.Distinct c -> null;
            case Conversion.Without c -> null;
            case Conversion.At c -> null;
            case Conversion.Hash c -> null;
            case Conversion.Redact c -> null;
        };
    }

    private interface TextStep {
        /// @param length in bytes
        boolean leaves(byte[] bytes, int at, int length);
    }

    /// Of a conversion that only texts are changed by.
    private static Step string(TextStep step) {
        return (bytes, type, at) ->
                type != RawBytes.STRING || step.leaves(bytes, at + 4, RawBytes.stringLength(bytes, at));
    }

    /// Of a conversion that puts something in place of some values.
    private static Step sentinel(List<JsonNode> when) {
        boolean hasNull = when.stream().anyMatch(JsonNode::isNull);
        boolean hasBoolean = when.stream().anyMatch(JsonNode::isBoolean);
        List<byte[]> texts = when.stream()
                .filter(JsonNode::isTextual)
                .map(literal -> literal.textValue().getBytes(StandardCharsets.UTF_8))
                .toList();
        return (bytes, type, at) -> switch (type) {
            case 0, RawBytes.NULL, RawBytes.UNDEFINED -> !hasNull;
            case RawBytes.BOOLEAN -> !hasBoolean;
            case RawBytes.STRING -> isNoneOf(texts, bytes, at);
            case RawBytes.OBJECT_ID, RawBytes.DATE_TIME -> true;
            default -> false;
        };
    }

    /// Whether a string is certainly none of some texts.
    static boolean isNoneOf(List<byte[]> texts, byte[] bytes, int at) {
        int length = RawBytes.stringLength(bytes, at);
        for (byte[] text : texts) {
            if (RawBytes.isSame(text, bytes, at + 4, length)) {
                return false;
            }
        }
        // What is no UTF-8 is decoded to something else.
        return RawBytes.isText(bytes, at + 4, length);
    }

    private static boolean isNothing(byte type) {
        return type == 0 || type == RawBytes.NULL || type == RawBytes.UNDEFINED;
    }

    private static boolean isNumber(byte type) {
        return type == RawBytes.INT32
                || type == RawBytes.INT64
                || type == RawBytes.DOUBLE
                || type == RawBytes.DECIMAL128;
    }

    private static boolean isWholeOrNoNumber(byte[] bytes, byte type, int at) {
        return type != RawBytes.DECIMAL128
                && (type != RawBytes.DOUBLE || BsonNumbers.isWhole(RawBytes.float64(bytes, at)));
    }

    /// Whether it is a character that is no blank, and no part of one.
    private static boolean isVisible(byte b) {
        return b > 0x20 && b < 0x7F;
    }

    private static boolean isLower(byte[] bytes, int at, int length) {
        for (int i = at; i < at + length; i++) {
            if (bytes[i] < 0 || (bytes[i] >= 'A' && bytes[i] <= 'Z')) {
                return false;
            }
        }
        return true;
    }
}
