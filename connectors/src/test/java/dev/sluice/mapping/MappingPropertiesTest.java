package dev.sluice.mapping;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.change.IdText;
import dev.sluice.mapping.convert.GoldenConversions;
import dev.sluice.mapping.row.BsonToPg;
import dev.sluice.mapping.row.MappingResult;
import dev.sluice.mapping.row.Outcome;
import dev.sluice.mapping.row.RowText;
import dev.sluice.mapping.row.TableShape;
import dev.sluice.mapping.value.BsonNumbers;
import dev.sluice.mapping.value.PgText;
import dev.sluice.mapping.value.RandomBson;
import dev.sluice.schema.Catalog;
import dev.sluice.schema.CollectionMapping;
import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Conversion;
import dev.sluice.schema.KeyMapping;
import dev.sluice.schema.KeyMapping.Form;
import dev.sluice.schema.KeyMapping.Of;
import dev.sluice.schema.Mapping;
import dev.sluice.schema.MappingException;
import dev.sluice.schema.MappingReader;
import dev.sluice.schema.Reads;
import dev.sluice.schema.Source;
import dev.sluice.schema.TableName;
import dev.sluice.schema.Where;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.bson.BsonArray;
import org.bson.BsonDateTime;
import org.bson.BsonDecimal128;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonNumber;
import org.bson.BsonObjectId;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.types.Decimal128;
import org.jspecify.annotations.Nullable;

/// What holds for any BSON at all. Without jqwik's edge cases: they are combined before anything random is
/// tried, and of nested values there are more combinations than tries. [RandomBson] mixes in its own.
class MappingPropertiesTest {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
    private static final List<DocumentMapper> MAPPERS = Stream.concat(
                    Catalog.NAMES.stream()
                            .flatMap(name -> Catalog.load(name).mapping().collections().stream())
                            .map(mapping -> GoldenMappingTest.mapper(mapping, first -> false)),
                    GoldenMappingTest.languageMappers().stream())
            .toList();
    private static final List<ColumnType> TYPES = List.of(
            new ColumnType.Text(),
            new ColumnType.Varchar(3),
            new ColumnType.Citext(),
            new ColumnType.Bool(),
            new ColumnType.Int(2),
            new ColumnType.Int(4),
            new ColumnType.Int(8),
            new ColumnType.DoublePrecision(),
            ColumnType.Numeric.UNCONSTRAINED,
            new ColumnType.Numeric(18, 2),
            new ColumnType.Timestamptz(),
            new ColumnType.Date(),
            new ColumnType.Uuid(),
            new ColumnType.Bytea(),
            new ColumnType.Inet(),
            new ColumnType.Postgres("interval"),
            new ColumnType.Jsonb());

    @Provide
    Arbitrary<BsonValue> values() {
        return RandomBson.values();
    }

    @Provide
    Arbitrary<BsonValue> numbers() {
        return RandomBson.numbers();
    }

    @Provide
    Arbitrary<BsonDateTime> dates() {
        return RandomBson.dates();
    }

    @Provide
    Arbitrary<BsonDocument> documents() {
        return RandomBson.documents();
    }

    @Provide
    Arbitrary<DocumentMapper> mappers() {
        return Arbitraries.of(MAPPERS);
    }

    @Provide
    Arbitrary<List<Conversion>> chains() {
        return Arbitraries.of(GoldenConversions.conversions())
                .list()
                .ofMinSize(1)
                .ofMaxSize(4);
    }

    @Provide
    Arbitrary<ColumnType> types() {
        return Arbitraries.of(TYPES).flatMap(t -> Arbitraries.of(t, new ColumnType.Array(t)));
    }

    /// Nothing throws, a fitting value has the Java type that is promised, and all text can be sent as
    /// UTF-8.
    @Property(tries = 8_000, edgeCases = EdgeCasesMode.NONE)
    void anyValueIntoAnyTypeFitsOrIsAMisfit(@ForAll("values") BsonValue value, @ForAll("types") ColumnType type) {
        List<String> parts = new ArrayList<>();
        switch (BsonToPg.to(type).convert(value, (path, part, reason) -> parts.add(path + reason))) {
            case Outcome.Fits(var fitting) -> {
                String text = RowText.of(fitting, type);
                assertThat(StandardCharsets.UTF_8.newEncoder().canEncode(text)).isTrue();
                assertThat(text).doesNotContain("\u0000");
            }
            case Outcome.Misfit(String reason) -> {
                assertThat(reason).isNotBlank();
                assertThat(parts).isEmpty();
            }
        }
        assertThat(parts).allMatch(part -> part.indexOf(0) < 0);
    }

    @Property(tries = 5_000, edgeCases = EdgeCasesMode.NONE)
    void jsonbIsTheSameValueToWhoeverParsesIt(@ForAll("values") BsonValue value) throws JsonProcessingException {
        List<String> parts = new ArrayList<>();
        String json = (String) fitting(value, new ColumnType.Jsonb(), parts);
        if (json != null && parts.isEmpty()) {
            same(value, JSON.readTree(json));
        }
    }

    private static void same(BsonValue value, JsonNode json) {
        switch (value) {
            case BsonDocument document when !json.isObject() -> throw new AssertionError("no object");
            case BsonDocument document -> {
                assertThat(json.size()).isEqualTo(document.size());
                document.forEach((name, field) -> same(field, json.get(name)));
            }
            case BsonArray array -> {
                assertThat(json.size()).isEqualTo(array.size());
                for (int i = 0; i < array.size(); i++) {
                    same(array.get(i), json.get(i));
                }
            }
            case BsonString string -> assertThat(json.textValue()).isEqualTo(string.getValue());
            case BsonNumber number
            when decimal(number) != null -> assertThat(json.decimalValue()).isEqualByComparingTo(decimal(number));
            case BsonNumber special -> assertThat(json.isObject()).isTrue();
            case BsonDateTime date ->
                assertThat(java.time.Instant.parse(json.textValue()).toEpochMilli())
                        .isEqualTo(date.getValue());
            default -> {}
        }
    }

    /// The number as a decimal by its shortest digits; null for NaN and the infinities.
    private static @Nullable BigDecimal decimal(BsonNumber number) {
        if (number instanceof BsonDecimal128 decimal) {
            Decimal128 value = decimal.getValue();
            return value.isNaN() || value.isInfinite() ? null : new BigDecimal(value.toString());
        }
        if (number.isDouble()) {
            double value = number.doubleValue();
            return Double.isFinite(value) ? new BigDecimal(Double.toString(value)) : null;
        }
        return BigDecimal.valueOf(number.longValue());
    }

    @Property(tries = 5_000, edgeCases = EdgeCasesMode.NONE)
    void numbersArriveEqualOrNotAtAll(@ForAll("numbers") BsonValue value) {
        BsonNumber number = (BsonNumber) value;
        BigDecimal shortest = decimal(number);
        for (ColumnType type : TYPES) {
            if (shortest == null || !isNumeric(type)) {
                continue;
            }
            if (BsonToPg.to(type).convert(value, (path, part, reason) -> {}) instanceof Outcome.Fits(var fitting)) {
                // A double has more digits than the shortest text that names it, and numeric takes the shortest.
                Object expected = type instanceof ColumnType.Numeric ? shortest : exactly(number);
                BigDecimal arrived = fitting instanceof Double binary
                        ? new BigDecimal(binary)
                        : new BigDecimal(Objects.requireNonNull(fitting).toString());
                assertThat(arrived).as(type.sql()).isEqualByComparingTo((BigDecimal) expected);
            }
        }
        assertThat(fitting(value, ColumnType.Numeric.UNCONSTRAINED, new ArrayList<>()))
                .isNotNull();
    }

    private static boolean isNumeric(ColumnType type) {
        return type instanceof ColumnType.Int
                || type instanceof ColumnType.Numeric
                || type instanceof ColumnType.DoublePrecision;
    }

    @Property(tries = 5_000, edgeCases = EdgeCasesMode.NONE)
    void datesArriveToTheMillisecond(@ForAll("dates") BsonDateTime date) {
        if (BsonToPg.to(new ColumnType.Timestamptz()).convert(date, (p, v, r) -> {})
                instanceof Outcome.Fits(Long micros)) {
            assertThat(micros).isEqualTo(Math.multiplyExact(date.getValue(), 1_000L));
        }
        if (BsonToPg.to(new ColumnType.Date()).convert(date, (p, v, r) -> {}) instanceof Outcome.Fits(Long days)) {
            assertThat(Math.multiplyExact(days, 86_400_000L)).isEqualTo(date.getValue());
        }
    }

    /// An `_id` that was noted in a table finds its row again.
    @Property(tries = 5_000, edgeCases = EdgeCasesMode.NONE)
    void aKeyIsTheSameFromTheDocumentAndFromItsText(@ForAll("values") BsonValue id) {
        BsonValue noted = IdText.parse(IdText.canonical(id));
        for (DocumentKey key : keys()) {
            assertThat(key.key(noted)).isEqualTo(key.key(id));
        }
    }

    /// MongoDB takes numbers for the same `_id` when they are exactly equal, and a typed key must too: no
    /// more, no less.
    @Property(tries = 5_000, edgeCases = EdgeCasesMode.NONE)
    void typedKeysAreEqualExactlyWhenTheNumbersAre(
            @ForAll("numbers") BsonValue one, @ForAll("numbers") BsonValue other) {
        for (BsonValue second : List.of(other, sameInAnotherType((BsonNumber) one))) {
            boolean equal = Objects.equals(exactly((BsonNumber) one), exactly((BsonNumber) second));
            assertThat(keys().getFirst().key(one).equals(keys().getFirst().key(second)))
                    .as(one + " and " + second)
                    .isEqualTo(equal);
            if (equal && keys().get(1).key(one) instanceof KeyResult.Key plain) {
                assertThat(keys().get(1).key(second)).isEqualTo(plain);
            }
        }
    }

    /// Of two different ids, one at most has a key that could be both's: another's text as a string, the same number in
    /// another type, a UUID in upper case.
    @Property(tries = 4_000, edgeCases = EdgeCasesMode.NONE)
    void noTwoIdsHaveOneKey(@ForAll("values") BsonValue one, @ForAll("values") BsonValue other) {
        List<BsonValue> ids = new ArrayList<>(List.of(one, other));
        if (one instanceof BsonNumber number) {
            ids.add(sameInAnotherType(number));
            if (one.isDouble() && Double.isFinite(number.doubleValue())) {
                ids.add(new BsonDecimal128(new Decimal128(BigDecimal.valueOf(number.doubleValue()))));
            }
        }
        for (BsonValue id : List.copyOf(ids)) {
            for (DocumentKey key : keys()) {
                // The UUID of an ObjectId is a hash: no other _id has it but by calculating it.
                boolean isHash = id instanceof BsonObjectId;
                if (key.key(id) instanceof KeyResult.Key(Object made) && !(isHash && made instanceof UUID)) {
                    ids.add(new BsonString(made.toString()));
                    ids.add(new BsonString(made.toString().toUpperCase(Locale.ROOT)));
                }
            }
        }
        DocumentKey typed = keys().getFirst();
        for (DocumentKey key : keys()) {
            Map<Object, KeyResult> idOf = new HashMap<>();
            for (BsonValue id : ids) {
                if (typed.key(id) instanceof KeyResult.Key same && key.key(id) instanceof KeyResult.Key made) {
                    assertThat(idOf.getOrDefault(made, same))
                            .as("%s in %s", id, ids)
                            .isEqualTo(same);
                    idOf.put(made, same);
                }
            }
        }
    }

    /// A value that refers to documents is written as the key of an `_id` that equals it, or of the
    /// ObjectId or UUID whose text it is, or of none.
    @Property(tries = 4_000, edgeCases = EdgeCasesMode.NONE)
    void noReferenceReachesAnotherDocument(@ForAll("values") BsonValue id, @ForAll("values") BsonValue other) {
        DocumentKey typed = keys().getFirst();
        List<BsonValue> values = new ArrayList<>(List.of(id, other));
        for (DocumentKey key : keys()) {
            if (key.key(id) instanceof KeyResult.Key(Object made)) {
                values.add(new BsonString(made.toString()));
                values.add(new BsonString(made.toString().toUpperCase(Locale.ROOT)));
                if (made instanceof String text && text.matches("-?[0-9]{1,9}")) {
                    values.add(new BsonInt32(Integer.parseInt(text)));
                }
            }
        }
        for (String key : List.of("text, of: any", "text, of: string", "uuid, of: any", "uuid, of: string")) {
            DocumentMapper users = referring(key, "users");
            DocumentMapper orders = referring(key, "orders");
            for (BsonValue reference : values) {
                MappingResult result = orders.map(new BsonDocument("_id", new BsonInt32(1)).append("user", reference));
                for (BsonValue user : values) {
                    if (users.key(user) instanceof KeyResult.Key(Object row)
                            && result instanceof MappingResult.Mapped mapped
                            && row.equals(mapped.row()[1])) {
                        String text =
                                reference.isString() ? reference.asString().getValue() : "";
                        boolean isText = text.toLowerCase(Locale.ROOT)
                                .matches("[0-9a-f]{24}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
                        assertThat(isText || typed.key(reference).equals(typed.key(user)))
                                .as("%s reaches %s by a key of type %s", reference, user, key)
                                .isTrue();
                    }
                }
            }
        }
    }

    private static DocumentMapper referring(String key, String collection) {
        Mapping mapping = MappingReader.read("m.yaml", """
                mapping: m
                database: m
                collections:
                  users: {key: {column: id, type: %s}, columns: {}}
                  orders: {key: {column: id, type: bigint}, columns: {user: {type: %s, reference: {table: users, take: id}}}}
                """.formatted(key, key.substring(0, 4)));
        return DocumentMapper.of(
                Objects.requireNonNull(mapping.byCollection().get(collection)), DocumentKeys.of(mapping.collections()));
    }

    /// The number's exact value, for comparing; text for what is none.
    private static Object exactly(BsonNumber number) {
        if (decimal(number) == null) {
            return Double.toString(
                    number instanceof BsonDecimal128 d ? BsonNumbers.special(d.getValue()) : number.doubleValue());
        }
        BigDecimal exact =
                number.isDouble() ? new BigDecimal(number.doubleValue()) : Objects.requireNonNull(decimal(number));
        return exact.signum() == 0 ? BigDecimal.ZERO : exact.stripTrailingZeros();
    }

    private static BsonValue sameInAnotherType(BsonNumber number) {
        if (exactly(number) instanceof BigDecimal exact && exact.precision() <= 34 && Math.abs(exact.scale()) < 6000) {
            return new BsonDecimal128(new Decimal128(exact));
        }
        return new BsonInt32(0);
    }

    private static List<DocumentKey> keys() {
        return List.of(
                key(new ColumnType.Text(), Form.TYPED, null),
                key(new ColumnType.Text(), Form.PLAIN, Of.ANY),
                key(new ColumnType.Text(), Form.PLAIN, Of.STRING),
                key(new ColumnType.Uuid(), Form.PLAIN, Of.ANY),
                key(new ColumnType.Uuid(), Form.PLAIN, Of.STRING),
                key(new ColumnType.Int(8), Form.PLAIN, null));
    }

    private static DocumentKey key(ColumnType.Key type, Form form, @Nullable Of of) {
        return DocumentKey.of("c", new KeyMapping("id", type, form, of, new Where("test", 1, "key")));
    }

    /// Whatever a mapping is given, it answers, twice the same, with rows of the right shape, and leaves
    /// the document as it was.
    @Property(tries = 5_000, edgeCases = EdgeCasesMode.NONE)
    void anyDocumentThroughAnyMapping(
            @ForAll("mappers") DocumentMapper mapper,
            @ForAll("documents") BsonDocument noise,
            @ForAll("values") BsonValue id) {
        BsonDocument document = document(mapper, noise, id);
        BsonDocument before = document.clone();
        MappingResult first = mapper.map(document);
        assertThat(text(mapper, mapper.map(document))).isEqualTo(text(mapper, first));
        assertThat(document).isEqualTo(before);
    }

    /// Fields by the names the mapping reads, filled with the noise.
    private static BsonDocument document(DocumentMapper mapper, BsonDocument noise, BsonValue id) {
        BsonDocument document = new BsonDocument("_id", id);
        List<BsonValue> fillings = new ArrayList<>(noise.values());
        int next = 0;
        for (var path : mapper.mapping().readPaths()) {
            if (!fillings.isEmpty()) {
                document.putIfAbsent(path.segments().getFirst(), fillings.get(next++ % fillings.size()));
            }
        }
        noise.forEach(document::putIfAbsent);
        return document;
    }

    /// An update that touches nothing that the mapping reads leaves the rows, and what they landed without, as
    /// they are.
    @Property(tries = 500, edgeCases = EdgeCasesMode.NONE)
    void whatIsNotReadChangesNothing(
            @ForAll("mappers") DocumentMapper mapper,
            @ForAll("documents") BsonDocument noise,
            @ForAll("values") BsonValue fresh) {
        BsonDocument document = document(mapper, noise, new BsonInt32(1));
        // Objects on the ways that paths go, with fields that are read and one that is not.
        int next = 0;
        List<BsonValue> fillings = new ArrayList<>(noise.values());
        Map<List<String>, BsonDocument> made = new HashMap<>();
        for (Source.Path path : mapper.mapping().readPaths()) {
            BsonDocument at = document;
            for (int i = 1; i < path.segments().size(); i++) {
                BsonDocument inner = made.computeIfAbsent(
                        path.segments().subList(0, i), p -> new BsonDocument("not read", new BsonInt32(p.size())));
                at.put(path.segments().get(i - 1), inner);
                at = inner;
            }
            if (!fillings.isEmpty() && path.segments().size() > 1) {
                at.put(path.segments().getLast(), fillings.get(next++ % fillings.size()));
            }
        }
        Reads reads = Reads.of(mapper.mapping());
        String before = rows(mapper, mapper.map(document));
        List<List<String>> places = new ArrayList<>();
        places(document, List.of(), places);
        for (List<String> place : places) {
            if (!reads.touchedBy(String.join(".", place))) {
                assertThat(rows(mapper, mapper.map(with(document, place, fresh))))
                        .as("with another %s", place)
                        .isEqualTo(before);
            }
        }
    }

    private static void places(BsonValue in, List<String> path, List<List<String>> places) {
        if (!path.isEmpty()) {
            places.add(path);
        }
        if (in instanceof BsonDocument document) {
            document.forEach((name, value) -> {
                if (!path.isEmpty() || !name.equals("_id")) {
                    places(value, plus(path, name), places);
                }
            });
        } else if (in instanceof BsonArray array) {
            for (int i = 0; i < array.size(); i++) {
                places(array.get(i), plus(path, String.valueOf(i)), places);
            }
        }
    }

    private static List<String> plus(List<String> path, String name) {
        return Stream.concat(path.stream(), Stream.of(name)).toList();
    }

    private static BsonDocument with(BsonDocument document, List<String> place, BsonValue fresh) {
        BsonDocument changed = document.clone();
        BsonValue at = changed;
        for (String name : place.subList(0, place.size() - 1)) {
            at = inside(at, name);
        }
        if (at instanceof BsonArray array) {
            array.set(Integer.parseInt(place.getLast()), fresh);
        } else {
            at.asDocument().put(place.getLast(), fresh);
        }
        return changed;
    }

    private static BsonValue inside(BsonValue value, String name) {
        BsonValue inner = value instanceof BsonArray array
                ? array.get(Integer.parseInt(name))
                : value.asDocument().get(name);
        return Objects.requireNonNull(inner);
    }

    /// Without what is counted of fields that nothing reads.
    private static String rows(DocumentMapper mapper, MappingResult result) {
        return result instanceof MappingResult.Mapped mapped
                ? text(mapper, new MappingResult.Mapped(mapped.row(), mapped.children(), mapped.misfits(), List.of()))
                : result.toString();
    }

    /// Any value through any conversions into any type: it fits, is quarantined or is nothing.
    @Property(tries = 5_000, edgeCases = EdgeCasesMode.NONE)
    void anyValueThroughAnyConversionsIntoAnyType(
            @ForAll("values") BsonValue value,
            @ForAll("chains") List<Conversion> conversions,
            @ForAll("types") ColumnType type) {
        DocumentMapper mapper;
        try {
            mapper = mapper(type, conversions);
        } catch (MappingException literalDoesNotFit) {
            // Refused when the mapping is read, so no document ever gets there.
            return;
        }
        BsonDocument document = new BsonDocument("_id", new BsonInt32(1)).append("v", value);
        BsonDocument before = document.clone();
        MappingResult first = mapper.map(document);
        assertThat(text(mapper, mapper.map(document))).isEqualTo(text(mapper, first));
        assertThat(document).isEqualTo(before);
        assertThat(((MappingResult.Mapped) first).misfits())
                .allSatisfy(misfit -> assertThat(misfit.reason()).isNotBlank());
    }

    private static DocumentMapper mapper(ColumnType type, List<Conversion> conversions) {
        Where where = new Where("test", 1, "a");
        ColumnMapping column = new ColumnMapping(
                "v",
                type,
                new Source.Path(List.of("v")),
                conversions,
                null,
                null,
                ColumnMapping.Misfit.QUARANTINE,
                null,
                false,
                null,
                null,
                ColumnMapping.Write.ALWAYS,
                ColumnMapping.Places.of(where));
        return DocumentMapper.of(new CollectionMapping(
                "a",
                new TableName("public", "a"),
                new KeyMapping("id", new ColumnType.Text(), Form.PLAIN, Of.ANY, where),
                List.of("id"),
                List.of(column),
                List.of(),
                List.of(),
                null,
                List.of(),
                CollectionMapping.OnDelete.DELETE,
                CollectionMapping.OnDrop.STOP,
                where));
    }

    /// What nothing reads is named, and what is read or kept is not.
    @Property(tries = 2_000, edgeCases = EdgeCasesMode.NONE)
    void whatNothingReadsIsNamed(@ForAll("documents") BsonDocument noise) {
        BsonDocument document = noise.clone();
        document.put("_id", new BsonInt32(1));
        document.put("v", new BsonInt32(1));
        MappingResult.Mapped mapped =
                (MappingResult.Mapped) mapper(new ColumnType.Jsonb(), List.of()).map(document);
        assertThat(mapped.unmapped()).hasSize(new HashSet<>(mapped.unmapped()).size());
        List<String> others = document.keySet().stream()
                .filter(name -> !name.equals("_id") && !name.equals("v"))
                .map(name -> PgText.clean(name))
                .map(name -> name.isEmpty() || name.contains(".") ? '"' + name + '"' : name)
                .distinct()
                .toList();
        assertThat(mapped.unmapped()).containsExactlyElementsOf(others);
    }

    private static String text(DocumentMapper mapper, MappingResult result) {
        if (!(result instanceof MappingResult.Mapped mapped)) {
            return result.toString();
        }
        StringBuilder text = new StringBuilder(row(mapper.shape(), mapped.row()));
        for (int i = 0; i < mapped.children().size(); i++) {
            TableShape shape = mapper.childShapes().get(i);
            mapped.children().get(i).forEach(row -> text.append(row(shape, row)));
        }
        return text.append(mapped.misfits()).append(mapped.unmapped()).toString();
    }

    private static String row(TableShape shape, @Nullable Object[] row) {
        assertThat(row).hasSize(shape.columns().size());
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < row.length; i++) {
            text.append(RowText.of(row[i], shape.columns().get(i).type())).append(' ');
        }
        return text.toString();
    }

    private static @Nullable Object fitting(BsonValue value, ColumnType type, List<String> parts) {
        return switch (BsonToPg.to(type).convert(value, (path, part, reason) -> parts.add(path + " " + reason))) {
            case Outcome.Fits(var fitting) -> fitting;
            case Outcome.Misfit(String reason) -> throw new AssertionError(reason);
        };
    }
}
