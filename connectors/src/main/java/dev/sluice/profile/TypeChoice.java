package dev.sluice.profile;

import dev.sluice.mapping.convert.TextForm;
import dev.sluice.schema.ColumnType;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SequencedSet;
import java.util.Set;
import java.util.stream.Collectors;
import org.bson.BsonType;
import org.jspecify.annotations.Nullable;

/// Which column type holds the values of one path, and why.
///
/// Where values are of several kinds, the type is that of the half or more that are of one kind, when the
/// others can be read as it ([Reading]), all but one in a hundred of all values ([Layout#mostly]): those
/// are quarantined, and the reason says how many. So one odd value in a thousand does not change a column's
/// type, and no more values are quarantined than a person can look through. Otherwise the type is text if
/// every value has a text form, and jsonb if not.
///
/// @param conversions of the mapping language that the type needs, in their order
/// @param reason for people, without values
record TypeChoice(ColumnType type, List<String> conversions, String reason) {
    /// Below this number of texts, that all of them look like a date says little.
    static final int EVIDENCE_MIN = 20;

    private static final String PARSE_TIMESTAMP = "parse_timestamp";
    static final String PARSE_NUMBER = "parse_number";
    static final String EMPTY_TO_NULL = "empty_to_null";
    private static final String WRAP_ARRAY = "wrap_array";

    private static final String NULL_WORDS = "{sentinel: {when: [\"";

    private static final Set<String> TIMES =
            Set.of("at", "on", "time", "created", "updated", "modified", "expires", "expiry");

    private static final List<String> TIME_ENDINGS = List.of("date", "time", "timestamp");

    /// Different texts among values of another type that are few enough to be looked at one by one.
    private static final int OTHER_TEXTS_MAX = 8;

    private static final String PARSE_BOOLEAN =
            "{parse_boolean: {\"true\": [\"true\", \"yes\"], \"false\": [\"false\", \"no\"]}}";

    TypeChoice {
        conversions = List.copyOf(conversions);
    }

    /// Types that are alike as far as a column is concerned.
    private enum Family {
        TEXT,
        NUMBER,
        BOOLEAN,
        DATE,
        OBJECT_ID,
        BINARY,
        OBJECT,
        ARRAY,
        OTHER
    }

    private static final Set<Family> AS_TEXT =
            EnumSet.of(Family.TEXT, Family.NUMBER, Family.BOOLEAN, Family.DATE, Family.OBJECT_ID);

    /// Whether a conversion says what is a value at all, and not how it is read.
    static boolean isStructural(String conversion) {
        return conversion.equals(EMPTY_TO_NULL) || conversion.equals(WRAP_ARRAY) || conversion.startsWith(NULL_WORDS);
    }

    /// @param name of the field, of which some say what its numbers are; empty for no such hint
    /// @return empty where nothing but null was seen
    static Optional<TypeChoice> of(FieldProfile field, String name) {
        return of(new Values(field, name, false));
    }

    /// What is decided about.
    ///
    /// @param name of the field; empty where it says nothing
    /// @param element whether the values are the elements of arrays: then a text stays a text where all of
    ///     them are
    private record Values(FieldProfile field, String name, boolean element) {}

    private static Optional<TypeChoice> of(Values values) {
        Map<Family, Long> families = families(values.field());
        return switch (families.size()) {
            case 0 -> Optional.empty();
            case 1 -> Optional.of(one(families.keySet().iterator().next(), values));
            default -> Optional.of(mixed(families, values));
        };
    }

    private static Map<Family, Long> families(FieldProfile field) {
        Map<Family, Long> families = new EnumMap<>(Family.class);
        field.types().forEach((type, count) -> {
            Family family = family(type);
            if (family != null) {
                families.merge(family, count, Long::sum);
            }
        });
        return families;
    }

    private static @Nullable Family family(BsonType type) {
        return switch (type) {
            case STRING, SYMBOL -> Family.TEXT;
            case DOUBLE, INT32, INT64, DECIMAL128 -> Family.NUMBER;
            case BOOLEAN -> Family.BOOLEAN;
            case DATE_TIME -> Family.DATE;
            case OBJECT_ID -> Family.OBJECT_ID;
            case BINARY -> Family.BINARY;
            case DOCUMENT -> Family.OBJECT;
            case ARRAY -> Family.ARRAY;
            case REGULAR_EXPRESSION, DB_POINTER, JAVASCRIPT, JAVASCRIPT_WITH_SCOPE, TIMESTAMP, MIN_KEY, MAX_KEY ->
                Family.OTHER;
            case NULL, UNDEFINED, END_OF_DOCUMENT -> null;
        };
    }

    private static TypeChoice one(Family family, Values values) {
        FieldProfile field = values.field();
        return switch (family) {
            case TEXT -> text(values);
            case NUMBER -> number(values);
            case BOOLEAN -> plain(new ColumnType.Bool(), "boolean");
            case DATE -> plain(new ColumnType.Timestamptz(), date(field.dates()));
            case OBJECT_ID -> plain(new ColumnType.Text(), "ObjectId, as 24 hex digits");
            case BINARY -> binary(field.binaries());
            case OBJECT -> plain(new ColumnType.Jsonb(), "object");
            case ARRAY -> array(field);
            case OTHER -> plain(new ColumnType.Jsonb(), BsonTypes.shares(field) + ": no column type of its own");
        };
    }

    private static String date(DateProfile dates) {
        return "date"
                + (dates.days() ? ", always midnight UTC: date would do" : "")
                + (dates.outOfRange() == 0
                        ? ""
                        : "; " + BsonTypes.count(dates.outOfRange(), "value") + " beyond timestamptz: quarantined");
    }

    private static TypeChoice plain(ColumnType type, String reason) {
        return new TypeChoice(type, List.of(), reason);
    }

    private static TypeChoice text(Values values) {
        FieldProfile field = values.field();
        boolean converts = !values.element();
        TextProfile texts = field.texts();
        String length = texts.charactersMax() == 0
                ? "string, always empty"
                : "string, at most " + BsonTypes.count(texts.charactersMax(), "character");
        if (texts.count() < EVIDENCE_MIN || field.count(BsonType.SYMBOL) > 0) {
            return plain(new ColumnType.Text(), length);
        }
        if (converts
                && texts.are(TextForm.NUMBER)
                && texts.count(TextForm.PADDED_NUMBER) == 0
                && Money.says(values.name())) {
            return new TypeChoice(
                    ColumnType.Numeric.UNCONSTRAINED,
                    List.of(PARSE_NUMBER),
                    length + ", all of them numbers, and an amount by its name");
        }
        Optional<TypeChoice> dates = converts ? dateTexts(field) : Optional.empty();
        return dates.orElseGet(() ->
                plain(new ColumnType.Text(), length + like(texts, converts) + (converts ? DateHint.of(texts) : "")));
    }

    /// A date or a time where every text can be read as one, but for a few that stand for no value.
    private static Optional<TypeChoice> dateTexts(FieldProfile field) {
        TextProfile texts = field.texts();
        List<String> conversions = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        long nothing = texts.empty() + texts.nullWordCount();
        long dates = texts.count();
        if (nothing > 0 && Layout.nearly(texts.count() - nothing, texts.count())) {
            dates -= nothing(new Values(field, "", false), conversions, notes);
        }
        String noted = notes.isEmpty() ? "" : "; " + String.join("; ", notes);
        String all = noted.isEmpty() ? "all of them " : "all others ";
        if (texts.count(TextForm.TIMESTAMP) == dates) {
            conversions.add(PARSE_TIMESTAMP);
            return Optional.of(new TypeChoice(
                    new ColumnType.Timestamptz(),
                    conversions,
                    "string, " + all + "ISO 8601 with an offset, which is not kept" + noted));
        }
        if (texts.count(TextForm.DATE) == dates) {
            conversions.add(PARSE_TIMESTAMP);
            return Optional.of(
                    new TypeChoice(new ColumnType.Date(), conversions, "string, " + all + "ISO 8601 dates" + noted));
        }
        if (texts.count(TextForm.LOCAL_TIMESTAMP) == dates) {
            conversions.add("{parse_timestamp: {zone: UTC}}");
            return Optional.of(new TypeChoice(
                    new ColumnType.Timestamptz(),
                    conversions,
                    "string, " + all + "ISO 8601" + DateHint.NO_ZONE + noted));
        }
        for (DateText form : DateText.values()) {
            boolean either = form.turned()
                    .filter(turned -> texts.count(turned) == texts.count(form))
                    .isPresent();
            if (texts.count(form) == dates && !either) {
                conversions.add(DateHint.conversion(form));
                return Optional.of(new TypeChoice(
                        DateHint.type(form), conversions, "string, " + all + DateHint.written(form) + noted));
            }
        }
        return Optional.empty();
    }

    /// What all texts look like, where it is better not to decide for the reader.
    private static String like(TextProfile texts, boolean converts) {
        if (texts.are(TextForm.OBJECT_ID)) {
            return ", all of them 24 hex digits";
        }
        if (texts.are(TextForm.UUID)) {
            return ", all of them UUIDs: uuid would do";
        }
        if (texts.are(TextForm.WHOLE_NUMBER)) {
            return ", all of them whole numbers" + (converts ? ": bigint with convert [parse_number] would do" : "");
        }
        if (texts.are(TextForm.NUMBER)) {
            return ", all of them numbers" + (converts ? ": numeric with convert [parse_number] would do" : "");
        }
        return texts.are(TextForm.JSON) ? ", all of them JSON" : "";
    }

    private static TypeChoice number(Values values) {
        FieldProfile field = values.field();
        NumberProfile numbers = field.numbers();
        String unit = unit(numbers);
        if (!unit.isEmpty() && !values.element() && numbers.whole() && saysTime(values.name())) {
            return new TypeChoice(
                    new ColumnType.Timestamptz(),
                    List.of("{parse_epoch: " + unit + "}"),
                    BsonTypes.shares(field) + ", all of them " + unit
                            + " since 1970 of times from 1973 to 2286, and a time" + " by its name");
        }
        // `round` does not reach into arrays.
        Optional<TypeChoice> money = values.element() ? Optional.empty() : Money.choice(field, values.name());
        if (money.isPresent()) {
            return money.get();
        }
        boolean decimals = field.count(BsonType.DECIMAL128) > 0;
        boolean doubles = field.count(BsonType.DOUBLE) > 0;
        String seen = BsonTypes.shares(field);
        if (decimals) {
            int precision = Math.max(1, numbers.integerDigitsMax() + numbers.scaleMax());
            String narrow =
                    numbers.notFinite() == 0 ? ", at most numeric(" + precision + "," + numbers.scaleMax() + ")" : "";
            return plain(ColumnType.Numeric.UNCONSTRAINED, seen + narrow);
        }
        if (!doubles) {
            return plain(new ColumnType.Int(8), seen + moments(numbers));
        }
        if (numbers.whole() && Layout.mostly(field.values() - field.count(BsonType.DOUBLE), field.values())) {
            return plain(new ColumnType.Int(8), seen + ", all of them whole" + moments(numbers));
        }
        if (numbers.whole() && numbers.isBeyondInt()) {
            // As a double it would be shown as 5.919e+17, and joined with nothing.
            return plain(
                    new ColumnType.Int(8),
                    seen + ", all of them whole, and some beyond 2^31, as numbers are that name or count something"
                            + moments(numbers));
        }
        if (numbers.beyondDouble() > 0) {
            return plain(
                    ColumnType.Numeric.UNCONSTRAINED, seen + ", some beyond 2^53: numeric holds all of them exactly");
        }
        return plain(new ColumnType.DoublePrecision(), seen + (numbers.whole() ? ", though all of them whole" : ""));
    }

    /// What all numbers may mean, where it is better not to decide for the reader.
    private static String moments(NumberProfile numbers) {
        if (numbers.count() >= EVIDENCE_MIN && numbers.flags() == numbers.count()) {
            return ", all of them 0 or 1: where they are flags, boolean with convert [{equals: [1]}] would do";
        }
        String unit = unit(numbers);
        return unit.isEmpty()
                ? ""
                : ", all of them " + unit + " of times from 1973 to 2286: where they are, timestamptz with convert"
                        + " [{parse_epoch: " + unit + "}] would do";
    }

    /// Since 1970; empty where the numbers are no times, or too few to say.
    private static String unit(NumberProfile numbers) {
        return numbers.count() < EVIDENCE_MIN
                ? ""
                : numbers.seconds() == numbers.count()
                        ? "seconds"
                        : numbers.milliseconds() == numbers.count() ? "milliseconds" : "";
    }

    private static boolean saysTime(String name) {
        FieldName words = FieldName.of(name);
        return TIMES.contains(words.last()) || TIME_ENDINGS.stream().anyMatch(words.last()::endsWith);
    }

    private static TypeChoice binary(BinaryProfile binaries) {
        if (Layout.mostly(binaries.uuids(), binaries.count())) {
            long others = binaries.count() - binaries.uuids();
            return plain(
                    new ColumnType.Uuid(),
                    "UUID (binary of subtype 4)"
                            + (others == 0
                                    ? ""
                                    : "; " + BsonTypes.count(others, "binary value")
                                            + " of other subtypes: quarantined"));
        }
        String subtypes =
                binaries.subtypes().keySet().stream().map(String::valueOf).collect(Collectors.joining(" and "));
        return plain(
                new ColumnType.Bytea(),
                "binary of subtype " + subtypes + ", at most " + BsonTypes.count(binaries.bytesMax(), "byte"));
    }

    private static TypeChoice array(FieldProfile field) {
        ArrayProfile array = field.array();
        if (array == null) {
            return plain(new ColumnType.Jsonb(), "array");
        }
        if (array.elements().count(BsonType.ARRAY) > 0
                && array.elements().count(BsonType.ARRAY) == array.elements().values()) {
            return plain(new ColumnType.Jsonb(), "array of arrays");
        }
        Optional<TypeChoice> element = of(new Values(array.elements(), "", true));
        String length = ", at most " + BsonTypes.count(array.lengthMax(), "element");
        if (element.isEmpty()) {
            return plain(
                    new ColumnType.Jsonb(),
                    array.lengthMax() == 0 ? "array, always empty: any element fits" : "array of null" + length);
        }
        TypeChoice choice = element.get();
        long nulls = array.elements().count() - array.elements().values();
        String holes = nulls == 0
                ? ""
                : ", null " + BsonTypes.percent(nulls, array.elements().count()) + " of them";
        return choice.type() instanceof ColumnType.Jsonb
                ? plain(new ColumnType.Jsonb(), "array of " + choice.reason() + length + holes)
                : new TypeChoice(
                        new ColumnType.Array(choice.type()),
                        choice.conversions(),
                        "array of " + choice.reason() + length);
    }

    private static TypeChoice mixed(Map<Family, Long> families, Values values) {
        FieldProfile field = values.field();
        boolean element = values.element();
        String seen = BsonTypes.shares(field);
        for (Reading reading : readings(families, values)) {
            long odd = field.values() - reading.landed();
            boolean few = !element && isFew(odd, families, field);
            if (Layout.mostly(reading.landed(), field.values()) || few) {
                List<String> notes = new ArrayList<>(reading.notes());
                if (odd > 0) {
                    notes.add(BsonTypes.count(odd, element ? "element" : "value") + " of another kind: quarantined");
                }
                String reason = seen + (notes.isEmpty() ? "" : ": " + String.join("; ", notes));
                return new TypeChoice(reading.type(), reading.conversions(), reason);
            }
        }
        return plain(new ColumnType.Jsonb(), "mixed: " + seen + "; jsonb keeps them apart");
    }

    /// Whether the values that can't be read are few, and a few texts again and again, so that a person
    /// can decide what each of them is to become.
    private static boolean isFew(long odd, Map<Family, Long> families, FieldProfile field) {
        int others = otherTexts(field).size();
        return families.size() == 2
                && families.containsKey(Family.TEXT)
                && others > 0
                && others <= OTHER_TEXTS_MAX
                && Layout.nearly(field.values() - odd, field.values());
    }

    /// The texts among values of other types that no conversion reads; empty where they are many.
    static SequencedSet<String> otherTexts(FieldProfile field) {
        SequencedSet<String> others = new LinkedHashSet<>(field.distinct().fewTexts());
        others.removeIf(NullWords::has);
        return others;
    }

    /// A type that values of several kinds may be read as.
    ///
    /// @param landed how many values the type then holds
    /// @param notes what is done with which
    private record Reading(ColumnType type, List<String> conversions, long landed, List<String> notes) {}

    /// Those that half of the values are for, the best first.
    private static List<Reading> readings(Map<Family, Long> families, Values values) {
        FieldProfile field = values.field();
        boolean element = values.element();
        List<Reading> readings = new ArrayList<>();
        if (isMeant(Family.DATE, families, field, field.texts().are(TextForm.TIMESTAMP))) {
            readings.add(dates(values));
        }
        if (isMeant(Family.NUMBER, families, field, field.texts().are(TextForm.NUMBER))) {
            readings.add(numbers(values));
        }
        if (isMeant(Family.BOOLEAN, families, field, false)) {
            readings.add(booleans(values));
        }
        if (isMeant(Family.BINARY, families, field, false)) {
            readings.add(uuids(values));
        }
        // PostgreSQL has no array of arrays that have their own lengths.
        if (!element && isMeant(Family.ARRAY, families, field, false)) {
            arrays(families, field).ifPresent(readings::add);
        }
        long textual = families.getOrDefault(Family.TEXT, 0L)
                + families.getOrDefault(Family.OBJECT_ID, 0L)
                + field.binaries().uuids();
        if (2 * textual >= field.values()) {
            readings.add(texts(families, field));
        }
        return readings;
    }

    /// @param texts whether all texts there are can be read as the kind, so that enough of them and one of
    ///     the kind itself will do
    private static boolean isMeant(Family kind, Map<Family, Long> families, FieldProfile field, boolean texts) {
        boolean half = 2 * families.getOrDefault(kind, 0L) >= field.values();
        return half
                || (texts
                        && families.keySet().equals(EnumSet.of(Family.TEXT, kind))
                        && field.count(BsonType.SYMBOL) == 0
                        && field.texts().count() >= EVIDENCE_MIN);
    }

    /// How many texts can be read, of which `readable` have the right form; none where some are symbols,
    /// which no conversion reads.
    private static long strings(FieldProfile field, long readable) {
        return field.count(BsonType.SYMBOL) == 0 ? readable : 0;
    }

    /// How many texts become null: the empty one, which has no other meaning in a column of a type that
    /// is not text, and where they are few, those that stand for no value.
    private static long nothing(Values values, List<String> conversions, List<String> notes) {
        FieldProfile field = values.field();
        long empty = values.element() ? 0 : strings(field, field.texts().empty());
        if (empty > 0) {
            conversions.add(EMPTY_TO_NULL);
            notes.add(BsonTypes.count(empty, "empty string") + ": NULL");
        }
        long words = values.element() ? 0 : strings(field, field.texts().nullWordCount());
        if (words == 0 || !Layout.nearly(field.values() - words, field.values())) {
            return empty;
        }
        String list = field.texts().nullWords().keySet().stream()
                .map(word -> '"' + OneLine.text(word) + '"')
                .collect(Collectors.joining(", "));
        conversions.add("{sentinel: {when: [" + list + "], to: null}}");
        notes.add(BsonTypes.count(words, "text") + " for no value: NULL");
        return empty + words;
    }

    private static Reading dates(Values values) {
        FieldProfile field = values.field();
        List<String> conversions = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        TextProfile texts = field.texts();
        NumberProfile numbers = field.numbers();
        long landed = field.dates().count() - field.dates().outOfRange() + nothing(values, conversions, notes);
        long timestamps = strings(field, texts.timestamps());
        if (timestamps > 0) {
            landed += timestamps;
            conversions.add(PARSE_TIMESTAMP);
            notes.add("ISO 8601 is read" + precision(texts));
        }
        long counted = Math.max(numbers.seconds(), numbers.milliseconds());
        if (counted > 0 && counted == numbers.count()) {
            String unit = numbers.seconds() > 0 ? "seconds" : "milliseconds";
            landed += counted;
            conversions.add("{parse_epoch: " + unit + "}");
            notes.add("numbers are " + unit + " since 1970");
        }
        return new Reading(new ColumnType.Timestamptz(), conversions, landed, notes);
    }

    private static String precision(TextProfile texts) {
        List<String> notes = new ArrayList<>();
        if (texts.count(TextForm.TIMESTAMP) > 0) {
            notes.add("an offset is not kept");
        }
        if (texts.timestamps() > texts.count(TextForm.TIMESTAMP)) {
            notes.add("without an offset as UTC");
        }
        if (texts.count(TextForm.FINE_TIMESTAMP) > 0) {
            notes.add("digits beyond microseconds are cut");
        }
        return notes.isEmpty() ? "" : " (" + String.join(", ", notes) + ")";
    }

    private static Reading numbers(Values values) {
        FieldProfile field = values.field();
        List<String> conversions = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        TextProfile texts = field.texts();
        long landed = field.numbers().count() + nothing(values, conversions, notes);
        // Codes are among them where some have leading zeros, and a code is not its number.
        long readable = texts.count(TextForm.PADDED_NUMBER) > 0 ? 0 : strings(field, texts.count(TextForm.NUMBER));
        // The digits of numbers in texts are not counted.
        TypeChoice number = number(readable == 0 ? values : new Values(field, "", true));
        ColumnType type = number.type();
        if (!number.conversions().isEmpty()) {
            notes.add(number.reason());
        }
        if (readable > 0) {
            landed += readable;
            conversions.add(PARSE_NUMBER);
            notes.add("strings are read as numbers");
            boolean held = switch (type) {
                case ColumnType.Int i -> texts.count(TextForm.WHOLE_NUMBER) == readable;
                case ColumnType.DoublePrecision d -> texts.count(TextForm.LONG_NUMBER) == 0;
                default -> true;
            };
            type = held ? type : ColumnType.Numeric.UNCONSTRAINED;
        }
        conversions.addAll(number.conversions());
        return new Reading(type, conversions, landed, notes);
    }

    private static Reading booleans(Values values) {
        FieldProfile field = values.field();
        List<String> conversions = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        long landed = field.count(BsonType.BOOLEAN) + nothing(values, conversions, notes);
        long words = strings(field, field.texts().count(TextForm.BOOLEAN));
        if (words > 0) {
            landed += words;
            conversions.add(PARSE_BOOLEAN);
            notes.add("true and false, yes and no are read");
        }
        long flags = field.numbers().flags();
        if (!values.element() && flags > 0 && flags == field.numbers().count()) {
            landed += flags;
            conversions.add("{sentinel: {when: [1], to: true}}");
            conversions.add("{sentinel: {when: [0], to: false}}");
            notes.add("1 is true, 0 is false");
        }
        return new Reading(new ColumnType.Bool(), conversions, landed, notes);
    }

    private static Reading uuids(Values values) {
        FieldProfile field = values.field();
        List<String> conversions = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        long texts = field.texts().count(TextForm.UUID);
        long landed = field.binaries().uuids() + strings(field, texts) + nothing(values, conversions, notes);
        if (texts > 0) {
            notes.add("strings that are UUIDs too");
        }
        return new Reading(new ColumnType.Uuid(), conversions, landed, notes);
    }

    /// A value alone among arrays means an array of one, as it does to MongoDB's queries.
    private static Optional<Reading> arrays(Map<Family, Long> families, FieldProfile field) {
        TypeChoice choice = array(field);
        if (!(choice.type() instanceof ColumnType.Array(ColumnType element))) {
            return Optional.empty();
        }
        List<String> conversions = new ArrayList<>();
        List<String> notes = new ArrayList<>(List.of(choice.reason()));
        long alone = nothing(new Values(field, "", false), conversions, notes);
        OptionalLong single = single(field, element, choice.conversions(), alone);
        if (single.isEmpty()) {
            return Optional.empty();
        }
        if (single.getAsLong() > 0) {
            conversions.add(WRAP_ARRAY);
            notes.add("a value alone becomes an array of one");
        }
        conversions.addAll(choice.conversions());
        return Optional.of(new Reading(
                choice.type(),
                conversions,
                families.getOrDefault(Family.ARRAY, 0L) + alone + single.getAsLong(),
                notes));
    }

    /// How many of the values that are no arrays fit as an element; empty where that can't be told.
    private static OptionalLong single(
            FieldProfile field, ColumnType element, List<String> conversions, long emptyTexts) {
        TextProfile texts = field.texts();
        NumberProfile numbers = field.numbers();
        boolean plain = conversions.isEmpty();
        if (!plain && field.count(BsonType.SYMBOL) > 0) {
            return OptionalLong.empty();
        }
        return switch (element) {
            case ColumnType.Text t ->
                OptionalLong.of(texts.count()
                        - emptyTexts
                        + field.count(BsonType.OBJECT_ID)
                        + numbers.count()
                        + field.count(BsonType.BOOLEAN)
                        + field.count(BsonType.DATE_TIME)
                        + field.binaries().uuids());
            case ColumnType.Uuid u ->
                OptionalLong.of(field.binaries().uuids() + strings(field, texts.count(TextForm.UUID)));
            case ColumnType.Bool b ->
                OptionalLong.of(field.count(BsonType.BOOLEAN) + (plain ? 0 : texts.count(TextForm.BOOLEAN)));
            case ColumnType.Timestamptz t -> {
                long dates = field.dates().count() - field.dates().outOfRange();
                yield plain
                        ? OptionalLong.of(dates)
                        : conversions.equals(List.of(PARSE_TIMESTAMP))
                                ? OptionalLong.of(dates + texts.timestamps())
                                : OptionalLong.empty();
            }
            case ColumnType.Int i -> {
                long whole = numbers.count() - numbers.notFinite() - numbers.fractions() - numbers.beyondLong();
                long read = texts.count(TextForm.WHOLE_NUMBER);
                yield plain
                        ? OptionalLong.of(whole)
                        : read == texts.count(TextForm.NUMBER) && texts.count(TextForm.PADDED_NUMBER) == 0
                                ? OptionalLong.of(whole + read)
                                : OptionalLong.empty();
            }
            case ColumnType.Numeric n ->
                texts.count(TextForm.PADDED_NUMBER) > 0
                        ? OptionalLong.empty()
                        : OptionalLong.of(numbers.count() + (plain ? 0 : texts.count(TextForm.NUMBER)));
            case ColumnType.DoublePrecision d ->
                numbers.decimals() + numbers.beyondDouble() > 0 || (!plain && texts.count() > emptyTexts)
                        ? OptionalLong.empty()
                        : OptionalLong.of(numbers.count());
            default -> OptionalLong.empty();
        };
    }

    private static Reading texts(Map<Family, Long> families, FieldProfile field) {
        long landed = field.binaries().uuids();
        for (Family family : AS_TEXT) {
            landed += families.getOrDefault(family, 0L);
        }
        return new Reading(new ColumnType.Text(), List.of(), landed, List.of("all of them as text"));
    }
}
