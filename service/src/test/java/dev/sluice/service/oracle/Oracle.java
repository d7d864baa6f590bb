package dev.sluice.service.oracle;

import dev.sluice.service.oracle.BsonBytes.Field;
import dev.sluice.service.oracle.BsonBytes.Value;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.bson.types.Decimal128;
import org.jspecify.annotations.Nullable;

/// From the bytes of a collection's documents to what its tables, dead letters and quarantine should hold, by what the
/// reference of the mapping language says. It shares no code with the mapper: neither reads it BSON by the driver, nor
/// does it know anything of `dev.sluice`.
final class Oracle {
    /// How an `_id` becomes the key.
    enum Key {
        /// Plain text of ids of all types (`of: any`).
        PLAIN,
        /// Plain text of strings (`of: string`).
        STRINGS,
        TYPED,
        WHOLE
    }

    private static final Pattern LIKE_ANOTHER = Pattern.compile(
            "true|false|null|NaN|-?Infinity|[0-9a-f]{24}" + "|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[\\[{](.|\n)*");

    /// A number without trailing zeros, the way that decimals are written in Java.
    private static final Pattern NUMBER = Pattern.compile("-?(0|[1-9][0-9]*)([.][0-9]+)?(E[+-]?[0-9]+)?");

    /// A fraction of a second has three digits where there is one.
    private static final Pattern DATE =
            Pattern.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.](?!000)[0-9]{3})?Z");

    /// What a column is.
    enum Kind {
        INTEGER,
        TEXT,
        JSONB,
        /// A timestamptz, in milliseconds.
        MOMENT,
        /// A jsonb of everything but the `_id`.
        REST
    }

    /// A column that reads the field of its name.
    record Column(String name, Kind kind) {
        boolean isJson() {
            return kind == Kind.JSONB || kind == Kind.REST;
        }
    }

    /// A child table with one text column.
    ///
    /// @param array the field whose elements are its rows
    /// @param text the column, and the field of an element
    record Lines(String table, String array, String text) {}

    /// A collection and its table, which have one name.
    ///
    /// @param wants what no two rows may have both, from a row's cells
    record Table(
            String name,
            Key key,
            List<Column> columns,
            @Nullable Lines lines,
            Function<Map<String, @Nullable String>, Set<String>> wants) {}

    /// What should be there.
    ///
    /// @param letters by the document's key
    /// @param behind of each dead letter that another document keeps out, the keys of the rows that may be named
    /// @param contested keys of rows that others wait for
    /// @param documents for people, by the key of the row and by the document's key
    record Expected(
            Set<String> rows,
            Set<String> letters,
            Set<String> quarantine,
            Map<String, Set<String>> behind,
            Set<String> contested,
            Map<String, String> documents) {}

    /// A document that may have rows.
    private record Candidate(
            String key, String documentKey, String json, List<String> rows, List<String> kept, Set<String> wants) {}

    private static final Pattern ESCAPE = Pattern.compile("\\\\u((?!00[0-7])[0-9a-f]{4})");

    private final Table table;
    private final Map<String, String> kept = new TreeMap<>();

    private Oracle(Table table) {
        this.table = table;
    }

    static Expected expect(Table table, List<String> documents) {
        Expected expected = new Expected(
                new TreeSet<>(), new TreeSet<>(), new TreeSet<>(), new HashMap<>(), new HashSet<>(), new HashMap<>());
        List<Candidate> candidates = new ArrayList<>();
        for (String document : documents) {
            List<Field> fields = BsonBytes.fields(document);
            Value id = BsonBytes.first(fields, "_id");
            String documentKey = documentKey(id);
            String key = key(table.key(), id);
            String json = exact(BsonBytes.object(fields));
            expected.documents().put(documentKey, json);
            if (key == null) {
                expected.letters().add(letter(documentKey, "no key", json));
            } else {
                expected.documents().put(key, json);
                candidates.add(new Oracle(table).candidate(key, documentKey, fields));
            }
        }
        candidates.sort(Comparator.comparing(Candidate::key, order(table.key())));
        Map<String, String> taken = new HashMap<>();
        Set<String> keys = new HashSet<>();
        for (Candidate candidate : candidates) {
            if (!keys.add(candidate.key())) {
                throw new IllegalStateException(
                        "two documents have the key " + candidate.key() + " in " + table.name());
            }
            Set<String> before = candidate.wants().stream()
                    .filter(taken::containsKey)
                    .map(taken::get)
                    .collect(Collectors.toSet());
            if (before.isEmpty()) {
                candidate.wants().forEach(want -> taken.put(want, candidate.key()));
                expected.rows().addAll(candidate.rows());
                expected.quarantine().addAll(candidate.kept());
            } else {
                expected.letters().add(letter(candidate.documentKey(), "behind", candidate.json()));
                expected.behind().put(candidate.documentKey(), before);
                expected.contested().addAll(before);
            }
        }
        return expected;
    }

    static String letter(String documentKey, String why, String json) {
        return documentKey + " " + why + " " + json;
    }

    static String row(String table, List<String> cells) {
        return table + " " + String.join(" ", cells);
    }

    /// A cell as rows here show it.
    ///
    /// @param value as PostgreSQL prints it; null for NULL
    static String cell(String column, boolean isJson, @Nullable String value) {
        return column + "=" + (value == null ? "NULL" : isJson ? Json.sorted(value) : Json.quoted(value));
    }

    static String quarantined(String documentKey, String column, String path, String json) {
        return documentKey + " " + column + " " + Json.quoted(path) + " " + json;
    }

    private static Comparator<String> order(Key key) {
        return key == Key.WHOLE
                ? Comparator.comparing(BigInteger::new)
                : (one, other) -> Arrays.compareUnsigned(inRow(one), inRow(other));
    }

    /// The bytes that a key has in its row, where JSON's characters are no escapes.
    private static byte[] inRow(String key) {
        String text = key.startsWith("{")
                ? ESCAPE.matcher(key)
                        .replaceAll(found -> Matcher.quoteReplacement(
                                Character.toString((char) Integer.parseInt(found.group(1), 16))))
                : key;
        return text.getBytes(StandardCharsets.UTF_8);
    }

    // A document's rows

    private Candidate candidate(String key, String documentKey, List<Field> fields) {
        Map<String, @Nullable String> cells = new LinkedHashMap<>();
        for (Column column : table.columns()) {
            String label = table.name() + "." + column.name();
            cells.put(
                    column.name(),
                    column.kind() == Kind.REST
                            ? rest(fields, label)
                            : value(column, BsonBytes.first(fields, column.name()), label, column.name()));
        }
        Set<String> read = table.columns().stream()
                .filter(c -> c.kind() != Kind.REST)
                .map(Column::name)
                .collect(Collectors.toCollection(HashSet::new));
        List<String> rows = new ArrayList<>();
        List<String> own = new ArrayList<>(List.of(cell("id", false, key)));
        table.columns().forEach(c -> own.add(cell(c.name(), c.isJson(), cells.get(c.name()))));
        rows.add(row(table.name(), own));
        Lines lines = table.lines();
        if (lines != null) {
            read.add(lines.array());
            rows.addAll(lines(lines, key, BsonBytes.first(fields, lines.array())));
        }
        twins(fields, read, table.name(), "");
        List<String> quarantine = new ArrayList<>();
        kept.forEach((place, json) -> quarantine.add(documentKey + " " + place + " " + json));
        cells.put("id", key);
        return new Candidate(
                key,
                documentKey,
                exact(BsonBytes.object(fields)),
                rows,
                quarantine,
                table.wants().apply(cells));
    }

    private List<String> lines(Lines lines, String key, Value array) {
        String place = lines.table() + ".place";
        if (isNothing(array)) {
            return List.of();
        }
        if (!array.is(BsonBytes.ARRAY)) {
            keep(place, lines.array(), array);
            return List.of();
        }
        List<String> rows = new ArrayList<>();
        int index = -1;
        for (Value element : array.elements()) {
            index++;
            String path = lines.array() + "[" + index + "]";
            if (!element.is(BsonBytes.DOCUMENT)) {
                keep(place, path, element);
                continue;
            }
            String text = value(
                    new Column(lines.text(), Kind.TEXT),
                    BsonBytes.first(element.fields(), lines.text()),
                    lines.table() + "." + lines.text(),
                    path + "." + lines.text());
            twins(element.fields(), Set.of(lines.text()), lines.table(), path + ".");
            rows.add(row(
                    lines.table(),
                    List.of(
                            cell("parent", false, key),
                            cell("place", false, String.valueOf(index)),
                            cell(lines.text(), false, text))));
        }
        return rows;
    }

    /// What comes after another value of its name is kept where the name is read.
    private void twins(List<Field> fields, Set<String> read, String label, String path) {
        Map<String, Integer> seen = new HashMap<>();
        for (Field field : fields) {
            int number = seen.merge(field.name(), 1, Integer::sum);
            if (number > 1 && read.contains(field.name())) {
                keep(label, path + segment(text(field.name())) + "#" + number, field.value());
            }
        }
    }

    private void keep(String label, String path, Value value) {
        kept.put(label + " " + Json.quoted(path), exact(value));
    }

    private static boolean isNothing(Value value) {
        return value.equals(BsonBytes.NOTHING) || value.is(BsonBytes.NULL) || value.is(BsonBytes.UNDEFINED);
    }

    private @Nullable String value(Column column, Value value, String label, String path) {
        if (isNothing(value)) {
            return null;
        }
        String fitting = switch (column.kind()) {
            case INTEGER -> integer(value);
            case TEXT -> plainText(value);
            case MOMENT -> value.is(BsonBytes.DATE) ? String.valueOf(value.int64()) : null;
            case JSONB, REST -> {
                report(value, label, path);
                yield jsonb(value);
            }
        };
        if (fitting == null) {
            keep(label, path, value);
        }
        return fitting;
    }

    private @Nullable String rest(List<Field> fields, String label) {
        List<Field> others =
                fields.stream().filter(field -> !field.name().equals("_id")).toList();
        if (others.isEmpty()) {
            return null;
        }
        Value rest = BsonBytes.object(others);
        report(rest, label, "");
        return jsonb(rest);
    }

    private static @Nullable String integer(Value value) {
        BigDecimal number = isNumber(value) ? number(value) : null;
        if (number == null || number.stripTrailingZeros().scale() > 0) {
            return null;
        }
        BigInteger whole = number.toBigInteger();
        return whole.bitLength() < Integer.SIZE ? whole.toString() : null;
    }

    /// Null for what is no text, or none that PostgreSQL can hold.
    private static @Nullable String plainText(Value value) {
        return switch (value.type()) {
            case BsonBytes.STRING, BsonBytes.SYMBOL -> {
                String text = text(value.text());
                if (!isHeld(text)) {
                    yield null;
                }
                yield text;
            }
            case BsonBytes.INT32, BsonBytes.INT64 -> digits(value);
            case BsonBytes.DOUBLE -> {
                double number = value.float64();
                yield Double.isFinite(number) && number == Math.rint(number) && Math.abs(number) < 1e15
                        ? String.valueOf((long) number)
                        : Double.toString(number);
            }
            case BsonBytes.DECIMAL128 -> decimal(value).toString();
            case BsonBytes.BOOLEAN -> String.valueOf(value.bytes().charAt(0) == 1);
            case BsonBytes.OBJECT_ID -> hex(value.bytes());
            case BsonBytes.DATE -> Instant.ofEpochMilli(value.int64()).toString();
            case BsonBytes.BINARY -> uuid(value);
            default -> null;
        };
    }

    private static String digits(Value value) {
        return value.is(BsonBytes.INT32) ? String.valueOf(value.int32()) : String.valueOf(value.int64());
    }

    // Keys

    /// An `_id` as the control tables name its document.
    static String documentKey(Value id) {
        String typed = byValue(id, false);
        return hasTwins(id) || !isUtf8(id) ? exact(id) : typed;
    }

    /// What is written as JSON as [Json#compact] has it.
    ///
    /// @return null where no row can have the key
    static @Nullable String key(Key key, Value id) {
        if (key == Key.WHOLE) {
            BigDecimal number = isNumber(id) ? number(id) : null;
            return number == null
                            || number.stripTrailingZeros().scale() > 0
                            || number.toBigInteger().bitLength() >= 64
                    ? null
                    : number.toBigInteger().toString();
        }
        if (hasTwins(id) || !isUtf8(id)) {
            return null;
        }
        if (key == Key.TYPED) {
            return byValue(id, false);
        }
        String plain = switch (id.type()) {
            case BsonBytes.STRING -> text(id.text());
            case BsonBytes.INT32, BsonBytes.INT64, BsonBytes.DOUBLE, BsonBytes.DECIMAL128 -> {
                BigDecimal number = number(id);
                if (number == null) {
                    yield Double.toString(special(id));
                }
                // Of a fraction the digits that name the double.
                boolean isShort =
                        id.is(BsonBytes.DOUBLE) && number.stripTrailingZeros().scale() > 0;
                yield (isShort ? new BigDecimal(Double.toString(id.float64())) : number)
                        .stripTrailingZeros()
                        .toPlainString();
            }
            case BsonBytes.OBJECT_ID, BsonBytes.BOOLEAN, BsonBytes.DATE -> plainText(id);
            case BsonBytes.BINARY -> uuid(id) == null ? byValue(id, false) : uuid(id);
            default -> byValue(id, false);
        };
        boolean isItsOwn = key == Key.STRINGS
                ? id.is(BsonBytes.STRING)
                : id.is(BsonBytes.STRING) ? !isLikeAnother(plain) : !isNumber(id) || isItsOwn(id, plain);
        return plain != null && isItsOwn && isHeld(plain) ? plain : null;
    }

    /// Whether an `_id` that is no string may be written like this.
    private static boolean isLikeAnother(@Nullable String text) {
        if (text == null) {
            return false;
        }
        if (NUMBER.matcher(text).matches()) {
            BigDecimal number = new BigDecimal(text).stripTrailingZeros();
            boolean isLong = number.scale() > 0 || number.precision() - number.scale() > 34;
            return text.equals(isLong ? number.toString() : number.toPlainString()) || text.matches("[0-9a-f]{24}");
        }
        return LIKE_ANOTHER.matcher(text).matches() || DATE.matcher(text).matches();
    }

    /// Whether a number is written like no other `_id` that is no string.
    private static boolean isItsOwn(Value number, @Nullable String text) {
        BigDecimal exact = number(number);
        if (text == null || text.matches("[0-9a-f]{24}")) {
            return false;
        }
        if (exact == null || !number.is(BsonBytes.DECIMAL128)) {
            return true;
        }
        double nearest = exact.doubleValue();
        return new BigDecimal(nearest).compareTo(exact) == 0
                || new BigDecimal(Double.toString(nearest)).compareTo(exact) != 0;
    }

    private static boolean hasTwins(Value value) {
        return switch (value.type()) {
            case BsonBytes.DOCUMENT, BsonBytes.SCOPED_CODE -> {
                List<String> names = value.fields().stream().map(Field::name).toList();
                yield new HashSet<>(names).size() < names.size()
                        || value.fields().stream().anyMatch(field -> hasTwins(field.value()));
            }
            case BsonBytes.ARRAY -> value.elements().stream().anyMatch(Oracle::hasTwins);
            default -> false;
        };
    }

    /// Whether all strings and names in the value are.
    private static boolean isUtf8(Value value) {
        return switch (value.type()) {
            case BsonBytes.STRING, BsonBytes.SYMBOL, BsonBytes.CODE, BsonBytes.DB_POINTER -> isUtf8(value.text());
            case BsonBytes.REGEX -> isUtf8(value.bytes());
            case BsonBytes.SCOPED_CODE -> isUtf8(value.text()) && isUtf8(value.fields());
            case BsonBytes.DOCUMENT, BsonBytes.ARRAY -> isUtf8(value.fields());
            default -> true;
        };
    }

    private static boolean isUtf8(List<Field> fields) {
        return fields.stream().allMatch(field -> isUtf8(field.name()) && isUtf8(field.value()));
    }

    private static boolean isUtf8(String bytes) {
        return text(bytes).codePoints().noneMatch(c -> c >= 0xD800 && c <= 0xDFFF);
    }

    // Texts

    /// A byte that belongs to no character is U+DC00 and the byte.
    static String text(String bytes) {
        StringBuilder text = new StringBuilder();
        int at = 0;
        while (at < bytes.length()) {
            String character = null;
            for (int size = 1; size <= 4 && at + size <= bytes.length() && character == null; size++) {
                character = character(bytes.substring(at, at + size));
                if (character != null) {
                    text.append(character);
                    at += size;
                }
            }
            if (character == null) {
                text.append((char) (0xDC00 + bytes.charAt(at)));
                at++;
            }
        }
        return text.toString();
    }

    /// Null where the bytes are not one character.
    private static @Nullable String character(String bytes) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(java.nio.ByteBuffer.wrap(BsonBytes.raw(bytes)))
                    .toString();
            return text.codePointCount(0, text.length()) == 1 ? text : null;
        } catch (CharacterCodingException none) {
            return null;
        }
    }

    private static boolean isHeld(String text) {
        return clean(text).equals(text);
    }

    /// U+FFFD for each character that PostgreSQL can't hold.
    private static String clean(String text) {
        StringBuilder clean = new StringBuilder();
        text.codePoints().forEach(c -> clean.appendCodePoint(c == 0 || (c >= 0xD800 && c <= 0xDFFF) ? 0xFFFD : c));
        return clean.toString();
    }

    /// A name in a path: with escapes for what PostgreSQL can't hold, and in quotes where it looks like a path.
    private static String segment(String name) {
        StringBuilder segment = new StringBuilder();
        name.codePoints().forEach(c -> {
            if (c == 0 || (c >= 0xD800 && c <= 0xDFFF)) {
                segment.append(String.format("\\u%04x", c));
            } else {
                segment.appendCodePoint(c);
            }
        });
        return name.isEmpty() || name.matches("(?s).*[.#\\[].*") ? "\"" + segment + "\"" : segment.toString();
    }

    private static String hex(String bytes) {
        return HexFormat.of().formatHex(BsonBytes.raw(bytes));
    }

    private static @Nullable String uuid(Value binary) {
        if (binary.bytes().length() != 5 + 16 || binary.bytes().charAt(4) != 4) {
            return null;
        }
        String hex = hex(binary.bytes().substring(5));
        return new UUID(Long.parseUnsignedLong(hex, 0, 16, 16), Long.parseUnsignedLong(hex, 16, 32, 16)).toString();
    }

    // Numbers

    private static boolean isNumber(Value value) {
        return value.is(BsonBytes.INT32)
                || value.is(BsonBytes.INT64)
                || value.is(BsonBytes.DOUBLE)
                || value.is(BsonBytes.DECIMAL128);
    }

    private static Decimal128 decimal(Value value) {
        return Decimal128.fromIEEE754BIDEncoding(
                BsonBytes.at(value.bytes(), 8).getLong(),
                BsonBytes.at(value.bytes(), 0).getLong());
    }

    /// With all its digits; null for NaN and the infinities.
    private static @Nullable BigDecimal number(Value value) {
        return switch (value.type()) {
            case BsonBytes.INT32, BsonBytes.INT64 -> new BigDecimal(digits(value));
            case BsonBytes.DOUBLE -> Double.isFinite(value.float64()) ? new BigDecimal(value.float64()) : null;
            default -> {
                Decimal128 decimal = decimal(value);
                if (decimal.isNaN() || decimal.isInfinite()) {
                    yield null;
                }
                yield new BigDecimal(decimal.toString());
            }
        };
    }

    private static double special(Value value) {
        if (value.is(BsonBytes.DOUBLE)) {
            return value.float64();
        }
        Decimal128 decimal = decimal(value);
        return decimal.isNaN()
                ? Double.NaN
                : decimal.isNegative() ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }

    // Canonical Extended JSON

    /// Nothing is lost: types, order, and names that are there twice.
    static String exact(Value value) {
        return switch (value.type()) {
            case BsonBytes.DOCUMENT -> fields(value.fields(), Oracle::exact);
            case BsonBytes.ARRAY -> elements(value, Oracle::exact);
            case BsonBytes.INT32 -> single("$numberInt", digits(value));
            case BsonBytes.INT64 -> single("$numberLong", digits(value));
            case BsonBytes.DOUBLE -> single("$numberDouble", Double.toString(value.float64()));
            case BsonBytes.DECIMAL128 -> single("$numberDecimal", decimal(value).toString());
            case BsonBytes.SCOPED_CODE ->
                "{\"$code\":" + Json.quoted(text(value.text())) + ",\"$scope\":" + fields(value.fields(), Oracle::exact)
                        + "}";
            default -> other(value, false);
        };
    }

    private static String fields(List<Field> fields, Function<Value, String> write) {
        return fields.stream()
                .map(field -> Json.quoted(text(field.name())) + ":" + write.apply(field.value()))
                .collect(Collectors.joining(",", "{", "}"));
    }

    private static String elements(Value array, Function<Value, String> write) {
        return array.elements().stream().map(write).collect(Collectors.joining(",", "[", "]"));
    }

    /// Equal numbers alike; of a name the first.
    ///
    /// @param clean whether it is for a jsonb, with U+FFFD for what that can't hold
    private static String byValue(Value value, boolean clean) {
        if (isNumber(value)) {
            BigDecimal number = number(value);
            if (number == null) {
                return single("$numberDouble", Double.toString(special(value)));
            }
            if (number.stripTrailingZeros().scale() <= 0
                    && number.toBigInteger().bitLength() < Long.SIZE) {
                return single("$numberLong", number.toBigInteger().toString());
            }
            double binary = number.doubleValue();
            return Double.isFinite(binary) && new BigDecimal(binary).compareTo(number) == 0
                    ? single("$numberDouble", Double.toString(binary))
                    : single("$numberDecimal", number.stripTrailingZeros().toString());
        }
        return switch (value.type()) {
            case BsonBytes.DOCUMENT -> firsts(value.fields(), clean, v -> byValue(v, clean));
            case BsonBytes.ARRAY -> elements(value, v -> byValue(v, clean));
            case BsonBytes.SCOPED_CODE ->
                "{\"$code\":" + string(value.text(), clean) + ",\"$scope\":"
                        + firsts(value.fields(), clean, v -> byValue(v, clean)) + "}";
            default -> other(value, clean);
        };
    }

    private static String firsts(List<Field> fields, boolean clean, Function<Value, String> write) {
        Set<String> seen = new HashSet<>();
        Map<String, String> written = new LinkedHashMap<>();
        for (Field field : fields) {
            if (seen.add(field.name())) {
                written.put(string(field.name(), clean), write.apply(field.value()));
            }
        }
        return written.entrySet().stream()
                .map(e -> e.getKey() + ":" + e.getValue())
                .collect(Collectors.joining(",", "{", "}"));
    }

    private static String string(String bytes, boolean clean) {
        return Json.quoted(clean ? clean(text(bytes)) : text(bytes));
    }

    private static String single(String name, String text) {
        return "{\"" + name + "\":" + Json.quoted(text) + "}";
    }

    private static String other(Value value, boolean clean) {
        String bytes = value.bytes();
        return switch (value.type()) {
            case BsonBytes.STRING -> string(value.text(), clean);
            case BsonBytes.BOOLEAN -> String.valueOf(bytes.charAt(0) == 1);
            case BsonBytes.NULL -> "null";
            case BsonBytes.OBJECT_ID -> single("$oid", hex(bytes));
            case BsonBytes.DATE -> "{\"$date\":" + single("$numberLong", String.valueOf(value.int64())) + "}";
            case BsonBytes.BINARY ->
                "{\"$binary\":{\"base64\":\""
                        + Base64.getEncoder().encodeToString(BsonBytes.raw(bytes.substring(5)))
                        + "\",\"subType\":\"" + String.format("%02x", (int) bytes.charAt(4)) + "\"}}";
            case BsonBytes.UNDEFINED -> "{\"$undefined\":true}";
            case BsonBytes.REGEX -> {
                String[] parts = bytes.split("\0", -1);
                yield "{\"$regularExpression\":{\"pattern\":" + string(parts[0], clean) + ",\"options\":"
                        + string(parts[1], clean) + "}}";
            }
            case BsonBytes.DB_POINTER ->
                "{\"$dbPointer\":{\"$ref\":" + string(value.text(), clean) + ",\"$id\":"
                        + single("$oid", hex(bytes.substring(bytes.length() - 12))) + "}}";
            case BsonBytes.CODE -> "{\"$code\":" + string(value.text(), clean) + "}";
            case BsonBytes.SYMBOL -> "{\"$symbol\":" + string(value.text(), clean) + "}";
            case BsonBytes.TIMESTAMP ->
                "{\"$timestamp\":{\"t\":"
                        + Integer.toUnsignedString(BsonBytes.at(bytes, 4).getInt()) + ",\"i\":"
                        + Integer.toUnsignedString(BsonBytes.at(bytes, 0).getInt()) + "}}";
            case BsonBytes.MIN_KEY -> "{\"$minKey\":1}";
            case BsonBytes.MAX_KEY -> "{\"$maxKey\":1}";
            default -> throw new IllegalArgumentException("type " + value.type());
        };
    }

    // In a jsonb

    private static String jsonb(Value value) {
        return switch (value.type()) {
            case BsonBytes.DOCUMENT -> firsts(value.fields(), true, Oracle::jsonb);
            case BsonBytes.ARRAY -> elements(value, Oracle::jsonb);
            case BsonBytes.INT32, BsonBytes.INT64 -> digits(value);
            case BsonBytes.DOUBLE ->
                Double.isFinite(value.float64())
                        ? new BigDecimal(Double.toString(value.float64())).toString()
                        : byValue(value, true);
            case BsonBytes.DECIMAL128 -> {
                BigDecimal number = number(value);
                yield number == null ? single("$numberDecimal", decimal(value).toString()) : number.toString();
            }
            case BsonBytes.OBJECT_ID, BsonBytes.DATE -> Json.quoted(String.valueOf(plainText(value)));
            case BsonBytes.BINARY -> {
                String uuid = uuid(value);
                yield uuid == null ? byValue(value, true) : Json.quoted(uuid);
            }
            default -> byValue(value, true);
        };
    }

    /// Keeps what a jsonb has only in part.
    private void report(Value value, String label, String path) {
        switch (value.type()) {
            case BsonBytes.DOCUMENT -> inside(value.fields(), label, path.isEmpty() ? "" : path + ".");
            case BsonBytes.ARRAY -> {
                int index = 0;
                for (Value element : value.elements()) {
                    report(element, label, path + "[" + index++ + "]");
                }
            }
            case BsonBytes.STRING, BsonBytes.SYMBOL, BsonBytes.CODE, BsonBytes.DB_POINTER -> {
                if (!isHeld(text(value.text()))) {
                    keep(label, path, value);
                }
            }
            case BsonBytes.SCOPED_CODE -> {
                if (!isHeld(text(value.text()))) {
                    keep(label, path, value);
                }
                inside(value.fields(), label, path + ".$scope.");
            }
            case BsonBytes.REGEX -> {
                if (!isHeld(text(value.bytes().substring(0, value.bytes().indexOf('\0'))))) {
                    keep(label, path, value);
                }
            }
            default -> {}
        }
    }

    private void inside(List<Field> fields, String label, String path) {
        Map<String, Integer> seen = new HashMap<>();
        for (Field field : fields) {
            int number = seen.merge(field.name(), 1, Integer::sum);
            String name = text(field.name());
            String place = path + segment(name);
            if (number > 1) {
                keep(label, place + "#" + number, field.value());
            } else if (!isHeld(name)) {
                keep(label, place, BsonBytes.object(field));
            } else {
                report(field.value(), label, place);
            }
        }
    }

    /// What a unique index over some columns has of a row: nothing where one of them is NULL.
    static Set<String> unique(Map<String, @Nullable String> cells, Map<String, Function<String, String>> indexes) {
        Set<String> wants = new HashSet<>();
        indexes.forEach((column, folded) -> {
            String cell = cells.get(column);
            if (cell != null) {
                wants.add(column + " " + folded.apply(cell));
            }
        });
        return Collections.unmodifiableSet(wants);
    }

    static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }
}
