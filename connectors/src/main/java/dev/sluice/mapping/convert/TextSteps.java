package dev.sluice.mapping.convert;

import dev.sluice.mapping.document.Scope;
import dev.sluice.mapping.row.BsonToPg;
import dev.sluice.mapping.row.Outcome;
import dev.sluice.mapping.value.RawBytes;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Conversion;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// The conversions of strings.
final class TextSteps {
    private static final BsonToPg JSON = BsonToPg.to(new ColumnType.Jsonb());

    private TextSteps() {}

    static BsonString trim(BsonString text) {
        String trimmed = text.getValue().strip();
        return trimmed.length() == text.getValue().length() ? text : new BsonString(trimmed);
    }

    static BsonString lower(BsonString text) {
        String lower = text.getValue().toLowerCase(Locale.ROOT);
        return lower.equals(text.getValue()) ? text : new BsonString(lower);
    }

    /// Whether it certainly neither begins nor ends with a blank.
    static boolean isTrimmed(byte[] bytes, int at, int length) {
        return length == 0 || (isVisible(bytes[at]) && isVisible(bytes[at + length - 1]));
    }

    /// Whether it is a character that is no blank, and no part of one.
    static boolean isVisible(byte b) {
        return b > 0x20 && b < 0x7F;
    }

    static boolean isLower(byte[] bytes, int at, int length) {
        for (int i = at; i < at + length; i++) {
            if (bytes[i] < 0 || (bytes[i] >= 'A' && bytes[i] <= 'Z')) {
                return false;
            }
        }
        return true;
    }

    /// Of a text, and of the texts in an array.
    static ConversionStep stripNul() {
        return ConversionStep.of(
                v -> v.type() == RawBytes.STRING
                        ? v.isEncoded()
                                && RawBytes.isText(v.bytes(), v.at() + 4, RawBytes.stringLength(v.bytes(), v.at()))
                        : v.type() != RawBytes.ARRAY,
                BsonValue.class,
                TextSteps::stripNul);
    }

    private static BsonValue stripNul(BsonValue value, Scope scope) {
        if (value instanceof BsonString text) {
            return stripNul(text, scope);
        }
        if (!(value instanceof BsonArray array)) {
            return value;
        }
        BsonArray copy = null;
        for (int i = 0; i < array.size(); i++) {
            if (array.get(i) instanceof BsonString text && text.getValue().indexOf(0) >= 0) {
                copy = copy == null ? new BsonArray(array) : copy;
                copy.set(i, stripNul(text, scope));
            }
        }
        return copy == null ? array : copy;
    }

    private static BsonString stripNul(BsonString text, Scope scope) {
        if (text.getValue().indexOf(0) < 0) {
            return text;
        }
        scope.findings().lose("holds NUL, which was taken out");
        return new BsonString(text.getValue().replace("\0", ""));
    }

    static BsonString cut(BsonString text, int length, Scope scope) {
        String value = text.getValue();
        // Code points are at most as many as chars, so most texts need no counting.
        if (value.length() <= length || value.codePointCount(0, value.length()) <= length) {
            return text;
        }
        scope.findings().lose("is longer than " + length + " characters, and was cut");
        return new BsonString(value.substring(0, value.offsetByCodePoints(0, length)));
    }

    static BsonValue toText(BsonValue value) {
        String text = BsonToPg.asText(value);
        return text == null ? value : new BsonString(text);
    }

    /// An object or an array as its JSON; what has too many levels for that stays.
    ///
    /// @param elements whether an array stays one, and its elements become JSON
    static BsonValue jsonText(BsonValue value, boolean elements, Scope scope) {
        return elements && value instanceof BsonArray array
                ? ArraySteps.each(
                        array, ConversionStep.of(v -> v.isMissing(), BsonValue.class, TextSteps::jsonText), scope)
                : jsonText(value, scope);
    }

    private static BsonValue jsonText(BsonValue value, Scope scope) {
        if ((value instanceof BsonDocument || value instanceof BsonArray)
                && JSON.convert(value, (path, part, reason) -> {}) instanceof Outcome.Fits(String json)) {
            scope.findings().lose("is no text, and was written as JSON");
            return new BsonString(json);
        }
        return value;
    }

    static BsonArray split(BsonString text, String separator) {
        BsonArray array = new BsonArray();
        parts(text.getValue(), separator).forEach(part -> array.add(new BsonString(part)));
        return array;
    }

    static @Nullable BsonString part(BsonString text, String separator, int index) {
        List<String> parts = parts(text.getValue(), separator);
        int at = index < 0 ? parts.size() + index : index;
        return at < 0 || at >= parts.size() ? null : new BsonString(parts.get(at));
    }

    private static List<String> parts(String text, String separator) {
        List<String> parts = new ArrayList<>();
        int from = 0;
        while (from <= text.length()) {
            int to = text.indexOf(separator, from);
            int end = to < 0 ? text.length() : to;
            String part = text.substring(from, end).strip();
            if (!part.isEmpty()) {
                parts.add(part);
            }
            from = end + separator.length();
        }
        return parts;
    }

    static ConversionStep wrap(Conversion.WrapText wrap) {
        BsonDocument with = new BsonDocument();
        wrap.with().forEach((name, literal) -> with.put(name, Literals.bson(literal, new ColumnType.Jsonb())));
        String regex = wrap.matching();
        Pattern matching = regex == null ? null : Pattern.compile(regex, Pattern.DOTALL);
        String field = wrap.field();
        return ConversionStep.of(v -> v.type() != RawBytes.STRING, BsonString.class, (text, scope) -> {
            String wrapped = matching == null ? text.getValue() : matched(matching, text.getValue());
            if (wrapped == null) {
                return text;
            }
            BsonDocument object = new BsonDocument(with.size() + 1);
            object.putAll(with);
            object.put(field, new BsonString(wrapped));
            return object;
        });
    }

    /// @return what the first group matched, or all where there is none or it took no part; null when the text does
    ///     not match
    private static @Nullable String matched(Pattern pattern, String text) {
        try {
            Matcher matcher = pattern.matcher(text);
            if (!matcher.matches()) {
                return null;
            }
            String group = matcher.groupCount() == 0 ? null : matcher.group(1);
            return group == null ? text : group;
        } catch (StackOverflowError tooLong) {
            // The JDK matches some expressions by recursion, a level for each character. One long string must
            // not end the pipeline.
            return null;
        }
    }
}
