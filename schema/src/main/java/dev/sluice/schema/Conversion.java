package dev.sluice.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/// One step between the source of a column and its type. Steps run in the order the mapping lists them; a
/// step passes on what it has no opinion about. Steps see null only where they say so.
///
/// Where a step takes something away that the mapping does not name, the value as it was is kept in
/// quarantine and the row lands with the changed one.
public sealed interface Conversion {

    // Text

    /// White space at both ends of a string goes.
    record Trim() implements Conversion {}

    /// A string in lower case, by the rules of no particular language.
    record Lower() implements Conversion {}

    /// `""` becomes null.
    record EmptyToNull() implements Conversion {}

    /// A string without text becomes null.
    record BlankToNull() implements Conversion {}

    /// The characters NUL go from a string, and from strings in an array; what it was is kept in
    /// quarantine.
    record StripNul() implements Conversion {}

    /// A longer string is cut to so many characters (code points); what it was is kept in quarantine.
    record MaxLength(int length) implements Conversion {
        public MaxLength {
            if (length < 1) {
                throw new IllegalArgumentException("a length is at least 1");
            }
        }
    }

    /// Anything but an object or an array becomes the text that a text column would get.
    record ToText() implements Conversion {}

    /// An object or an array becomes its JSON, as a jsonb column would have it, and is kept in quarantine; for an
    /// array column, each of its elements that is one.
    record JsonText() implements Conversion {}

    /// A string becomes the array of its parts, without white space at their ends; empty ones are left out.
    record Split(String separator) implements Conversion {
        public Split {
            requireText(separator);
        }
    }

    /// A string becomes one of the parts that [Split] would make; missing when there is none.
    ///
    /// @param index from 0; negative from the end, -1 being the last
    record Part(String separator, int index) implements Conversion {
        public Part {
            requireText(separator);
        }
    }

    /// A string that is JSON, all of it, becomes that value.
    record ParseJson() implements Conversion {}

    /// A string becomes an object that has it in one field.
    ///
    /// @param field its name
    /// @param with further fields of the object
    /// @param matching only for strings that match this regular expression as a whole, and where it has a
    ///     group, what the first one matched; null for all
    record WrapText(
            String field,
            Map<String, JsonNode> with,
            @Nullable String matching) implements Conversion {
        public WrapText {
            // Not Map.copyOf, whose order differs from one run of the JVM to the next.
            with = Collections.unmodifiableMap(new LinkedHashMap<>(with));
            if (with.containsKey(field)) {
                throw new IllegalArgumentException("'" + field + "' is named twice");
            }
            if (matching != null) {
                try {
                    Pattern.compile(matching);
                } catch (PatternSyntaxException invalid) {
                    throw new IllegalArgumentException(
                            "'" + matching + "' is no regular expression: " + invalid.getDescription(), invalid);
                }
            }
        }
    }

    // Nothing and truth

    /// What JavaScript and Python call falsy (null, false, 0, `""`, `[]`, `{}`) becomes null.
    record FalsyToNull() implements Conversion {}

    /// Anything becomes a boolean: false for what is falsy (see [FalsyToNull]), true for the rest. Null
    /// stays null.
    record Truthy() implements Conversion {}

    /// Strings become booleans by two lists, whatever their case and the white space at their ends. Of a
    /// column that is an array, the elements do.
    ///
    /// @param yes what is true, in lower case
    /// @param no what is false, in lower case
    /// @param otherwise what other strings become; null when they stay
    record ParseBoolean(
            Set<String> yes, Set<String> no, @Nullable Boolean otherwise) implements Conversion {
        public ParseBoolean {
            yes = Set.copyOf(yes);
            no = Set.copyOf(no);
            for (String text : yes) {
                if (no.contains(text)) {
                    throw new IllegalArgumentException("'" + text + "' is both true and false");
                }
            }
        }
    }

    /// Anything becomes a boolean: whether it equals one of the values, numbers by value. Missing and null
    /// stay.
    record EqualTo(List<JsonNode> values) implements Conversion {
        public EqualTo {
            values = List.copyOf(values);
        }
    }

    /// Values that stand for another: when the value equals one of `when` (a JSON null among them means
    /// null or missing), it becomes `to`.
    record Sentinel(List<JsonNode> when, JsonNode to) implements Conversion {
        public Sentinel {
            when = List.copyOf(when);
        }
    }

    /// Strings become other values by a table. One that is not in it, and what is no string, becomes
    /// `otherwise` and is kept in quarantine.
    ///
    /// @param otherwise null when there is none: then what is not in the table is a misfit
    record MapValues(Map<String, JsonNode> values, @Nullable JsonNode otherwise) implements Conversion {
        public MapValues {
            values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
        }
    }

    // Numbers

    /// Strings that are numbers become numbers. Of a column that is an array, the elements do.
    record ParseNumber() implements Conversion {}

    /// A number loses its fraction, toward zero; what it was is kept in quarantine.
    record Truncate() implements Conversion {}

    /// A number with more digits after the point becomes the nearest one that has so many, halves the even one; what
    /// it was is kept in quarantine.
    ///
    /// @param digits from 0
    record Round(int digits) implements Conversion {
        public Round {
            if (digits < 0) {
                throw new IllegalArgumentException("a number has at least 0 digits after the point");
            }
        }
    }

    /// A number outside is a misfit.
    ///
    /// @param min inclusive; null for no bound
    /// @param max inclusive; null for no bound
    record NumberRange(@Nullable BigDecimal min, @Nullable BigDecimal max) implements Conversion {
        public NumberRange {
            if (min == null && max == null) {
                throw new IllegalArgumentException("'min' or 'max' is missing");
            }
            if (min != null && max != null && min.compareTo(max) > 0) {
                throw new IllegalArgumentException("'min' is greater than 'max'");
            }
        }
    }

    // Dates

    /// Strings in ISO 8601 become dates: with an offset as it says, without one in `zone`, a bare date at
    /// its midnight. Other strings are read by the formats, in their order. Of a column that is an array, the
    /// elements are.
    ///
    /// @param formats patterns of [DateTimeFormatter]
    record ParseTimestamp(ZoneId zone, List<String> formats) implements Conversion {
        public ParseTimestamp {
            formats = List.copyOf(formats);
            // Refuses what is none.
            formats.forEach(TimestampFormat::of);
        }

        public ParseTimestamp(ZoneId zone) {
            this(zone, List.of());
        }

        /// The formats, ready to read with.
        public List<DateTimeFormatter> formatters() {
            return formats.stream().map(TimestampFormat::of).toList();
        }
    }

    /// Numbers that count from 1970 become dates; digits beyond microseconds are cut. Of a column that is an
    /// array, the elements do.
    record ParseEpoch(EpochUnit unit) implements Conversion {}

    /// What [ParseEpoch] counts.
    enum EpochUnit {
        SECONDS,
        MILLISECONDS
    }

    /// A date that was written as local time without a zone: the year, month .. second that it shows in UTC
    /// are read as those of the zone.
    record InZone(ZoneId zone) implements Conversion {}

    /// A date with a time of day becomes its day, at midnight in UTC; what it was is kept in quarantine.
    record DateOnly() implements Conversion {}

    /// Dates become strings, wherever they are inside an object or an array, for a jsonb whose readers want
    /// them written in their own way.
    record JsonDates(DateStyle style) implements Conversion {}

    /// How [JsonDates] writes 2024-05-01 10:20:30.123.
    enum DateStyle {
        /// `2024-05-01T10:20:30.123Z`
        ISO_UTC,
        /// `2024-05-01T10:20:30.123000`, as Python writes a naive one: no fraction when there is none.
        ISO_LOCAL,
        /// `2024-05-01 10:20:30.123000`
        SPACE_LOCAL
    }

    // References

    /// An ObjectId, or a string of 24 hex digits, becomes the UUID that Sluice derives for that document of
    /// that collection (see `IdUuid`); a UUID, or a string that is one, stays. Works inside arrays.
    record ObjectIdToUuid(String collection) implements Conversion {}

    /// A reference in any of its forms becomes what it refers by: an ObjectId of a DBRef, a DBPointer,
    /// `{_id: x}`, `{$id: x}`, `{$oid: ".."}` or 24 hex digits. A UUID stays, as does other text. Works
    /// inside arrays.
    ///
    /// @param none values that refer to nothing: they become null, and go from an array
    record UnwrapReference(List<JsonNode> none) implements Conversion {
        public UnwrapReference {
            none = List.copyOf(none);
        }
    }

    /// A reference becomes the text that a text key with [KeyMapping.Form#TYPED] has for the same `_id`, so
    /// that both join. Works inside arrays.
    record TypedKey() implements Conversion {}

    /// A binary of subtype 3, which does not say in which of three orders its bytes are, becomes a UUID.
    /// Works inside arrays.
    record LegacyUuid(LegacyOrder order) implements Conversion {}

    /// Which driver wrote a [LegacyUuid].
    enum LegacyOrder {
        JAVA,
        CSHARP,
        PYTHON
    }

    // Arrays and objects

    /// Anything but an array (or, per [Shape], an object) becomes missing; unless it is null, it is kept in
    /// quarantine.
    record Only(Shape shape) implements Conversion {}

    /// The shape [Only] lets pass.
    enum Shape {
        ARRAY,
        OBJECT
    }

    /// Array elements that are null, or have no text, go.
    record DropEmpty() implements Conversion {}

    /// Array elements that equal an earlier one go.
    record Distinct() implements Conversion {}

    /// Array elements that equal the value of the source go. The source is only compared with: what it
    /// reads is not read by the column.
    record Without(Source source) implements Conversion {}

    /// Anything but an array or null becomes an array of one element.
    record WrapArray() implements Conversion {}

    /// Conversions at a place inside an object.
    ///
    /// @param missing what is put there when it is missing or null; null for nothing
    record At(
            Source.Path path,
            List<Conversion> conversions,
            @Nullable JsonNode missing) implements Conversion {
        public At {
            conversions = List.copyOf(conversions);
        }
    }

    // Redaction. What a column redacts is not in its quarantine either.

    /// Anything becomes the SHA-256 of its canonical Extended JSON, in hex.
    record Hash() implements Conversion {}

    /// Anything becomes `***`.
    record Redact() implements Conversion {}

    private static void requireText(String separator) {
        if (separator.isEmpty()) {
            throw new IllegalArgumentException("a separator has at least one character");
        }
    }
}
