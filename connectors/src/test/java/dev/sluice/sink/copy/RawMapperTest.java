package dev.sluice.sink.copy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.sluice.mapping.DocumentMapper;
import dev.sluice.mapping.MapperBenchmark;
import dev.sluice.mapping.RandomDocuments;
import dev.sluice.mapping.RawMapper;
import dev.sluice.mapping.TestMappers;
import dev.sluice.mapping.row.MappingResult;
import dev.sluice.mapping.row.TableShape;
import dev.sluice.mapping.value.RandomBson;
import dev.sluice.schema.ChildKey;
import dev.sluice.schema.ChildMapping;
import dev.sluice.schema.CollectionMapping;
import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.KeyMapping;
import dev.sluice.schema.Source;
import dev.sluice.schema.TableName;
import dev.sluice.schema.Where;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import org.bson.BSONException;
import org.bson.BsonArray;
import org.bson.BsonBinary;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.bson.codecs.BsonDocumentCodec;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The rows that are written straight for COPY are the ones that are collected as objects, to the byte, and so is all
/// that is said of them; and there is nothing to say of ordinary documents.
class RawMapperTest {
    private static final List<DocumentMapper> MAPPERS = TestMappers.all();
    private static final Where NOWHERE = new Where("test", 1, "t");
    private static final List<ColumnType> TYPES = List.of(
            new ColumnType.Text(),
            new ColumnType.Varchar(3),
            new ColumnType.Varchar(30),
            new ColumnType.Citext(),
            new ColumnType.Bool(),
            new ColumnType.Int(2),
            new ColumnType.Int(4),
            new ColumnType.Int(8),
            new ColumnType.DoublePrecision(),
            ColumnType.Numeric.UNCONSTRAINED,
            new ColumnType.Numeric(18, 2),
            new ColumnType.Numeric(5, 0),
            new ColumnType.Numeric(4, 4),
            new ColumnType.Timestamptz(),
            new ColumnType.Date(),
            new ColumnType.Uuid(),
            new ColumnType.Bytea(),
            new ColumnType.Inet(),
            new ColumnType.Postgres("interval"),
            new ColumnType.Jsonb());

    /// One mapper's two outputs, side by side.
    private static final class Pair {
        private final DocumentMapper mapper;
        private final RawMapper raw;
        private final List<TableShape> shapes;
        private final EncodedRows rows;
        private final EncodedRows held;
        private int ordinary;
        private int odd;

        Pair(DocumentMapper mapper) {
            this.mapper = mapper;
            this.raw = mapper.raw();
            this.shapes = mapper.shapes();
            this.rows = new EncodedRows(shapes);
            this.held = new EncodedRows(shapes);
        }

        /// Whether the document has rows without anything to report.
        boolean check(RawBsonDocument document) {
            MappingResult expected = mapper.map(document);
            rows.clear();
            rows.startDocument();
            MappingResult none = raw.map(document, rows);
            if (none != null) {
                rows.takeBack();
                assertThat(rows.bytes()).isZero();
                assertThat(none).as("%s", document).isEqualTo(expected);
                odd++;
                return false;
            }
            rows.endDocument();
            assertThat(expected).as("%s", document).isInstanceOf(MappingResult.Mapped.class);
            MappingResult.Mapped collected = (MappingResult.Mapped) expected;
            assertThat(rows.encoded(0)).as("%s", document).isEqualTo(encoded(shapes.getFirst(), collected.row()));
            for (int i = 0; i < collected.children().size(); i++) {
                assertThat(rows.rows(i + 1))
                        .isEqualTo(collected.children().get(i).size());
                ByteArrayOutputStream children = new ByteArrayOutputStream();
                for (@Nullable Object[] row : collected.children().get(i)) {
                    children.writeBytes(encoded(shapes.get(i + 1), row));
                }
                assertThat(rows.encoded(i + 1)).as("%s", document).isEqualTo(children.toByteArray());
            }
            checkHeld();
            assertThat(raw.key()).isEqualTo(collected.key());
            assertThat(raw.misfits()).as("%s", document).isEqualTo(collected.misfits());
            assertThat(raw.unmapped()).as("%s", document).isEqualTo(collected.unmapped());
            if (collected.misfits().isEmpty()) {
                ordinary++;
            } else {
                odd++;
            }
            return collected.misfits().isEmpty();
        }

        /// What is held of the document until it is written, is the same.
        private void checkHeld() {
            DocumentRows document = rows.document(0);
            if (document == null) {
                assertThat(rows.bytes()).isGreaterThanOrEqualTo(1 << 18);
                return;
            }
            assertThat(document.heldBytes()).isGreaterThanOrEqualTo(rows.bytes());
            held.clear();
            held.add(document);
            held.add(document);
            for (int i = 0; i < shapes.size(); i++) {
                byte[] once = rows.encoded(i);
                assertThat(held.rows(i)).isEqualTo(2 * rows.rows(i));
                assertThat(held.encoded(i)).startsWith(once).endsWith(once).hasSize(2 * once.length);
            }
        }
    }

    private static byte[] encoded(TableShape shape, @Nullable Object[] row) {
        CopyBuffer buffer = new CopyBuffer();
        buffer.startRow(row.length);
        for (int i = 0; i < row.length; i++) {
            buffer.field(shape.columns().get(i).type(), row[i]);
        }
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        buffer.send(0, buffer.position(), all::write);
        return all.toByteArray();
    }

    /// Longer than what is held as JSON at a time, with characters across the ends of steps.
    @Test
    void valuesOfAnyLength() {
        BsonDocument wide = new BsonDocument();
        for (int i = 0; i < 20_000; i++) {
            wide.append("field" + i, new BsonInt32(i));
        }
        byte[] binary = new byte[200_001];
        new Random(1).nextBytes(binary);
        List<BsonValue> values = List.of(
                new BsonString("x\"日本😀\u0001\\".repeat(30_000)),
                new BsonString("😀".repeat(50_000) + "y"),
                new BsonBinary(binary),
                wide,
                new BsonArray(List.of(wide, new BsonString("a".repeat(100_000)), wide)));
        int mapped = 0;
        for (DocumentMapper mapper : MAPPERS) {
            Pair pair = new Pair(mapper);
            for (BsonValue value : values) {
                BsonDocument document = new BsonDocument("_id", new BsonString("k")).append("nothingReadsThis", value);
                pair.check(new RawBsonDocument(document, new BsonDocumentCodec()));
            }
            mapped += pair.ordinary;
        }
        assertThat(mapped).isPositive();
    }

    @Provide
    Arbitrary<List<BsonValue>> noises() {
        return RandomBson.values().list().ofMinSize(10).ofMaxSize(20);
    }

    @Provide
    Arbitrary<DocumentMapper> mappers() {
        return Arbitraries.of(MAPPERS);
    }

    private static final Map<DocumentMapper, Pair> PAIRS = new HashMap<>();
    private static long damaged;
    private static long ordinaryOfAny;
    private static long oddOfAny;

    /// So that the properties are about both.
    @AfterContainer
    static void manyWereOrdinary() {
        long ordinary = PAIRS.values().stream().mapToLong(p -> p.ordinary).sum();
        long odd = PAIRS.values().stream().mapToLong(p -> p.odd).sum();
        assertThat(ordinary).isGreaterThan(odd / 2);
        assertThat(ordinaryOfAny).isGreaterThan(oddOfAny / 6);
        assertThat(odd).isPositive();
        assertThat(damaged).isPositive();
    }

    @Property(tries = 700, edgeCases = EdgeCasesMode.NONE, shrinking = ShrinkingMode.OFF)
    void anyDocumentOfAnyMapping(
            @ForAll("mappers") DocumentMapper mapper, @ForAll("noises") List<BsonValue> noise, @ForAll Random random) {
        Pair pair = PAIRS.computeIfAbsent(mapper, Pair::new);
        for (double odd : new double[] {0.002, 0.02, 0.3}) {
            RandomDocuments documents = new RandomDocuments(mapper.mapping(), random, noise, odd);
            for (int i = 0; i < 5; i++) {
                pair.check(documents.next());
            }
        }
    }

    /// Of bytes that are damaged it is said that they are no document, if anything.
    @Property(tries = 400, edgeCases = EdgeCasesMode.NONE, shrinking = ShrinkingMode.OFF)
    void damagedDocuments(
            @ForAll("mappers") DocumentMapper mapper, @ForAll("noises") List<BsonValue> noise, @ForAll Random random) {
        Pair pair = PAIRS.computeIfAbsent(mapper, Pair::new);
        RandomDocuments documents = new RandomDocuments(mapper.mapping(), random, noise, 0.05);
        for (int i = 0; i < 5; i++) {
            byte[] bytes = documents.next().getByteBuffer().asNIO().array().clone();
            for (int j = random.nextInt(1, 4); j > 0; j--) {
                bytes[random.nextInt(4, bytes.length)] = (byte) random.nextInt(256);
            }
            pair.rows.clear();
            pair.rows.startDocument();
            try {
                pair.raw.map(new RawBsonDocument(bytes), pair.rows);
            } catch (BSONException noDocument) {
                damaged++;
            }
            pair.rows.takeBack();
            assertThat(pair.rows.bytes()).isZero();
        }
    }

    @Property(tries = 500, edgeCases = EdgeCasesMode.NONE, shrinking = ShrinkingMode.OFF)
    void anyColumnsOfAnyTypes(@ForAll("noises") List<BsonValue> noise, @ForAll Random random) {
        Pair pair = new Pair(DocumentMapper.of(collection(random)));
        for (double odd : new double[] {0.002, 0.02, 0.3}) {
            RandomDocuments documents = new RandomDocuments(pair.mapper.mapping(), random, noise, odd);
            for (int i = 0; i < 10; i++) {
                pair.check(documents.next());
            }
        }
        ordinaryOfAny += pair.ordinary;
        oddOfAny += pair.odd;
    }

    private static CollectionMapping collection(Random random) {
        List<ColumnMapping> columns = columns(random, false);
        List<ChildMapping> children = new ArrayList<>();
        for (int i = random.nextInt(3); i > 0; i--) {
            Source.Path path = random.nextInt(4) == 0 ? path("a", "rows" + i) : path("rows" + i);
            children.add(new ChildMapping(
                    new TableName("public", "child" + i),
                    path,
                    "parent",
                    childKey(random),
                    columns(random, true),
                    NOWHERE));
        }
        ColumnType.Key keyType = switch (random.nextInt(4)) {
            case 0 -> new ColumnType.Uuid();
            case 1 -> new ColumnType.Int(8);
            case 2 -> new ColumnType.Varchar(20);
            default -> new ColumnType.Text();
        };
        KeyMapping.Form form = keyType instanceof ColumnType.Text && random.nextInt(3) == 0
                ? KeyMapping.Form.TYPED
                : KeyMapping.Form.PLAIN;
        KeyMapping key = new KeyMapping("id", keyType, form, null, NOWHERE);
        KeyMapping.Of of = random.nextBoolean() ? KeyMapping.Of.ANY : KeyMapping.Of.STRING;
        return new CollectionMapping(
                "c",
                new TableName("public", "t"),
                key.canBeShared() ? new KeyMapping("id", keyType, form, of, NOWHERE) : key,
                List.of("id"),
                columns,
                children,
                List.of(),
                null,
                List.of(),
                CollectionMapping.OnDelete.DELETE,
                CollectionMapping.OnDrop.STOP,
                NOWHERE);
    }

    private static ChildKey childKey(Random random) {
        return switch (random.nextInt(5)) {
            case 3 -> new ChildKey.ElementField("number", path("k"), new ColumnType.Int(8));
            case 4 -> new ChildKey.ElementField("name", path("a", "b1"), new ColumnType.Text());
            case 0 -> new ChildKey.EntryName("name", new ColumnType.Text());
            case 1 -> new ChildKey.EntryName("name", new ColumnType.Varchar(3));
            default -> new ChildKey.Ordinal("ordinal");
        };
    }

    private static List<ColumnMapping> columns(Random random, boolean inChild) {
        List<ColumnMapping> columns = new ArrayList<>();
        for (int i = random.nextInt(1, 8); i > 0; i--) {
            ColumnType type = TYPES.get(random.nextInt(TYPES.size()));
            if (random.nextInt(4) == 0) {
                type = new ColumnType.Array(type);
            }
            Source source = switch (random.nextInt(12)) {
                case 0 -> path("_id");
                case 1 -> path("a", "b" + random.nextInt(3));
                case 2 -> path("a", "dotted.name", "d");
                case 3 -> path("a");
                case 4 -> path("d", Integer.toString(random.nextInt(3)));
                case 5 -> inChild ? new Source.Parent(path("f" + random.nextInt(6))) : path("f0");
                case 6 -> inChild && random.nextInt(3) == 0 ? new Source.Element() : path("f1");
                case 7 -> random.nextInt(3) == 0 ? new Source.Rest() : path("f2");
                case 8 -> new Source.FirstOf(List.of(path("f3"), path("a", "b1"), new Source.IdTime()));
                default -> path("a longer name of field " + random.nextInt(10));
            };
            columns.add(new ColumnMapping(
                    "c" + i,
                    type,
                    source,
                    List.of(),
                    literal(type, random),
                    literal(type, random),
                    random.nextInt(5) == 0 ? ColumnMapping.Misfit.REJECT : ColumnMapping.Misfit.QUARANTINE,
                    literal(type, random),
                    type instanceof ColumnType.Jsonb && random.nextInt(3) == 0,
                    null,
                    null,
                    ColumnMapping.Write.ALWAYS,
                    ColumnMapping.Places.of(NOWHERE)));
        }
        return columns;
    }

    /// What a mapping may write in place of nothing; null for NULL.
    private static @Nullable JsonNode literal(ColumnType type, Random random) {
        if (random.nextInt(3) > 0) {
            return null;
        }
        return switch (type) {
            case ColumnType.Text t -> TextNode.valueOf("é\n");
            case ColumnType.Citext t -> TextNode.valueOf("");
            case ColumnType.Varchar t -> TextNode.valueOf("abc");
            case ColumnType.Bool b -> BooleanNode.TRUE;
            case ColumnType.Int i -> IntNode.valueOf(-7);
            case ColumnType.DoublePrecision d -> IntNode.valueOf(3);
            case ColumnType.Numeric n -> IntNode.valueOf(0);
            case ColumnType.Timestamptz t -> TextNode.valueOf("2024-05-01T10:20:30Z");
            case ColumnType.Date d -> TextNode.valueOf("2024-05-01");
            case ColumnType.Uuid u -> TextNode.valueOf("00112233-4455-6677-8899-aabbccddeeff");
            case ColumnType.Inet i -> TextNode.valueOf("::1");
            case ColumnType.Postgres p -> TextNode.valueOf("1 day");
            case ColumnType.Jsonb j -> JsonNodeFactory.instance.objectNode().put("a", 1.5);
            case ColumnType.Array a -> JsonNodeFactory.instance.arrayNode();
            case ColumnType.Bytea b -> null;
        };
    }

    private static Source.Path path(String... names) {
        return new Source.Path(List.of(names));
    }

    @Test
    void ofOrdinaryDocumentsOfTheDemoThereIsNothingToSay() {
        Random random = new Random(1);
        for (DocumentMapper mapper : TestMappers.catalog("demo")) {
            Pair pair = new Pair(mapper);
            RandomDocuments documents = new RandomDocuments(mapper.mapping(), random, List.of(), 0);
            for (int i = 0; i < 3_000; i++) {
                RawBsonDocument document = documents.next();
                assertThat(pair.check(document)).as("%s", document).isTrue();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(MapperBenchmark.Shape.class)
    void ofDocumentsOfTheBenchmarkThereIsNothingToSay(MapperBenchmark.Shape shape) {
        Pair pair = new Pair(DocumentMapper.of(TestMappers.mapping(shape)));
        Random random = new Random(2);
        for (int i = 0; i < 2_000; i++) {
            RawBsonDocument document = TestMappers.document(shape, random);
            assertThat(pair.check(document)).as("%s", document).isTrue();
        }
    }
}
