package dev.sluice.mapping;

import dev.sluice.bson.ExactBson;
import dev.sluice.schema.ChildKey;
import dev.sluice.schema.ChildMapping;
import dev.sluice.schema.CollectionMapping;
import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Source;
import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.bson.BsonArray;
import org.bson.BsonBinary;
import org.bson.BsonBoolean;
import org.bson.BsonDateTime;
import org.bson.BsonDecimal128;
import org.bson.BsonDocument;
import org.bson.BsonDouble;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonNull;
import org.bson.BsonObjectId;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.bson.types.Decimal128;
import org.bson.types.ObjectId;

/// Documents as a collection with this mapping would have them, ordinary or odd: with nulls, with noise
/// where a value should be, with fields nobody knows, and in their bytes with names that are there twice
/// and text that is no UTF-8.
public final class RandomDocuments {
    private static final byte[][] NO_UTF8 = {
        {(byte) 0xFF},
        {'a', (byte) 0xC3},
        {(byte) 0xED, (byte) 0xA0, (byte) 0x80},
        {(byte) 0xC0, (byte) 0x80, 'b'},
        {'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', (byte) 0xF5, (byte) 0x80, (byte) 0x80, (byte) 0x80},
        {(byte) 0xF4, (byte) 0x90, (byte) 0x80, (byte) 0x80},
        {(byte) 0xE0, (byte) 0x9F, (byte) 0xBF}
    };

    private final CollectionMapping mapping;
    private final Random random;
    private final List<BsonValue> noise;
    /// How often something odd is taken where an ordinary value could be; 0 for never.
    private final double odd;

    /// @param noise what is odd; empty for nothing
    public RandomDocuments(CollectionMapping mapping, Random random, List<BsonValue> noise, double odd) {
        this.mapping = mapping;
        this.random = random;
        this.noise = noise;
        this.odd = noise.isEmpty() ? 0 : odd;
    }

    public RawBsonDocument next() {
        BsonDocument document = new BsonDocument("_id", id());
        fill(document, mapping.columns());
        for (ChildMapping child : mapping.children()) {
            fill(document, child);
        }
        mapping.skips()
                .forEach(rule -> rule.source().ownPaths().forEach(path -> {
                    if (!happens(0.1)) {
                        put(document, path, maybeOdd(text()), false);
                    }
                }));
        if (odd > 0 && happens(0.5)) {
            for (int i = random.nextInt(3); i > 0; i--) {
                document.putIfAbsent(happens(0.5) ? "extra" + random.nextInt(3) : word(), maybeOdd(text()));
            }
        }
        return new RawBsonDocument(bytes(document));
    }

    private void fill(BsonDocument document, ChildMapping child) {
        if (happens(0.1)) {
            return;
        }
        List<BsonValue> elements = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            if (child.columns().stream().anyMatch(c -> c.source() instanceof Source.Element)) {
                elements.add(maybeOdd(value(child.columns().getFirst().type())));
            } else {
                BsonDocument element = new BsonDocument();
                fill(element, child.columns());
                if (child.key() instanceof ChildKey.ElementField(String _, Source.Path from, ColumnType.Key type)) {
                    put(element, from, value(type), false);
                }
                elements.add(happens(odd * 0.2) ? anyNoise() : element);
            }
        }
        BsonValue all = switch (child.key()) {
            case ChildKey.Ordinal _, ChildKey.ElementField _ -> new BsonArray(elements);
            case ChildKey.EntryName _ -> {
                BsonDocument entries = new BsonDocument();
                elements.forEach(
                        element -> entries.put(happens(odd) ? word() : String.valueOf(random.nextInt(1_000)), element));
                yield entries;
            }
        };
        put(document, child.path(), happens(odd * 0.2) ? anyNoise() : all, true);
        child.columns().forEach(c -> c.source().parentPaths().forEach(p -> put(document, p, value(c.type()), false)));
    }

    private void fill(BsonDocument document, List<ColumnMapping> columns) {
        for (ColumnMapping column : columns) {
            for (Source.Path path : column.source().ownPaths()) {
                if (path.segments().getFirst().equals("_id") || happens(0.15)) {
                    continue;
                }
                BsonValue value = happens(0.08) && odd > 0 ? BsonNull.VALUE : maybeOdd(value(column.type()));
                put(document, path, value, true);
            }
        }
    }

    private void put(BsonDocument document, Source.Path path, BsonValue value, boolean over) {
        BsonDocument object = document;
        for (int i = 0; i < path.segments().size() - 1; i++) {
            String name = path.segments().get(i);
            BsonValue inner = object.get(name);
            if (inner == null) {
                inner = happens(odd * 0.1) ? anyNoise() : new BsonDocument();
                object.put(name, inner);
            }
            if (!(inner instanceof BsonDocument next)) {
                return;
            }
            object = next;
        }
        if (odd > 0 && path.segments().size() > 1 && happens(odd * 0.3)) {
            object.put(word(), anyNoise());
        }
        if (over || !object.containsKey(path.segments().getLast())) {
            object.put(path.segments().getLast(), value);
        }
    }

    private boolean happens(double chance) {
        return random.nextDouble() < chance;
    }

    private BsonValue maybeOdd(BsonValue value) {
        return happens(odd) ? anyNoise() : value;
    }

    private BsonValue anyNoise() {
        BsonValue value = noise.get(random.nextInt(noise.size()));
        // Something may be put into it, itself among others.
        return value instanceof BsonDocument document ? document.clone() : value;
    }

    private BsonValue id() {
        if (happens(odd)) {
            return anyNoise();
        }
        return switch (mapping.key().type()) {
            case ColumnType.Int i -> happens(0.5) ? new BsonInt32(random.nextInt()) : new BsonInt64(random.nextLong());
            case ColumnType.Uuid u ->
                happens(0.7) ? new BsonObjectId(objectId()) : new BsonBinary(new UUID(random.nextLong(), 1));
            default -> happens(0.7) ? new BsonObjectId(objectId()) : new BsonString(word());
        };
    }

    private ObjectId objectId() {
        byte[] bytes = new byte[12];
        random.nextBytes(bytes);
        return new ObjectId(bytes);
    }

    private BsonString text() {
        return new BsonString(word());
    }

    private String word() {
        StringBuilder word = new StringBuilder();
        String letters = happens(0.8) ? "abcdefghijklmnopqrstuvwxyz \"\\\n\t./" : "aäß€日😀\u0001\u001f\u007f\u2028";
        int[] characters = letters.codePoints().toArray();
        for (int i = random.nextInt(happens(0.9) ? 12 : 60); i > 0; i--) {
            word.appendCodePoint(characters[random.nextInt(characters.length)]);
        }
        return word.toString();
    }

    /// A value that fits.
    private BsonValue value(ColumnType type) {
        return switch (type) {
            case ColumnType.Text t -> happens(0.1) ? new BsonObjectId(objectId()) : text();
            case ColumnType.Citext t -> text();
            case ColumnType.Postgres t -> text();
            case ColumnType.Varchar(int length) -> {
                String word = word();
                int[] characters = word.codePoints().limit(length).toArray();
                yield new BsonString(new String(characters, 0, characters.length));
            }
            case ColumnType.Bool b -> BsonBoolean.valueOf(random.nextBoolean());
            case ColumnType.Int(int bytes) -> {
                int number = random.nextInt(bytes == 2 ? 1 << 15 : 1 << 30) * (happens(0.2) ? -1 : 1);
                yield switch (random.nextInt(4)) {
                    case 0 -> new BsonInt64(bytes == 8 ? random.nextLong() : number);
                    case 1 -> new BsonDouble(number);
                    default -> new BsonInt32(number);
                };
            }
            case ColumnType.DoublePrecision d ->
                happens(0.2) ? new BsonInt32(random.nextInt()) : new BsonDouble(random.nextGaussian() * 1e4);
            case ColumnType.Numeric numeric -> number(numeric);
            case ColumnType.Timestamptz t -> new BsonDateTime(random.nextLong(-(1L << 42), 1L << 42));
            case ColumnType.Date d -> new BsonDateTime(random.nextLong(-10_000, 30_000) * 86_400_000L);
            case ColumnType.Uuid u -> {
                UUID uuid = new UUID(random.nextLong(), random.nextLong());
                yield happens(0.5) ? new BsonBinary(uuid) : new BsonString(uuid.toString());
            }
            case ColumnType.Bytea b -> {
                byte[] bytes = new byte[random.nextInt(20)];
                random.nextBytes(bytes);
                yield new BsonBinary(bytes);
            }
            case ColumnType.Inet i -> new BsonString("10.0.0." + random.nextInt(256));
            case ColumnType.Jsonb j -> json(3);
            case ColumnType.Array(ColumnType element) -> {
                BsonArray array = new BsonArray();
                for (int i = random.nextInt(4); i > 0; i--) {
                    array.add(happens(0.1) ? BsonNull.VALUE : maybeOdd(value(element)));
                }
                yield array;
            }
        };
    }

    private BsonValue number(ColumnType.Numeric type) {
        int scale = type.constrained() ? type.scale() : 4;
        int digits = type.constrained() ? Math.min(type.precision(), 12) : 12;
        long unscaled = random.nextLong((long) Math.pow(10, random.nextInt(1, digits + 1)));
        BigDecimal number = BigDecimal.valueOf(happens(0.2) ? -unscaled : unscaled, random.nextInt(scale + 1));
        return switch (random.nextInt(5)) {
            case 0 -> new BsonInt32(random.nextInt(10));
            case 1 -> new BsonInt64(scale == type.precision() ? 0 : random.nextInt(10));
            case 2 -> number.signum() == 0 ? new BsonInt32(0) : new BsonDecimal128(new Decimal128(number));
            default ->
                new BsonDouble((type.constrained() && number.precision() - number.scale() > type.precision() - scale
                                ? BigDecimal.ZERO
                                : number)
                        .doubleValue());
        };
    }

    private BsonValue json(int depth) {
        return switch (random.nextInt(depth == 0 ? 8 : 11)) {
            case 0 -> new BsonInt32(random.nextInt());
            case 1 -> new BsonInt64(random.nextLong());
            case 2 -> new BsonDouble(random.nextInt(10_000) / 100.0);
            case 3 -> BsonBoolean.valueOf(random.nextBoolean());
            case 4 -> new BsonDateTime(random.nextLong(-(1L << 46), 1L << 48));
            case 5 -> new BsonObjectId(objectId());
            case 6, 7 -> text();
            case 8 -> {
                BsonArray array = new BsonArray();
                for (int i = random.nextInt(4); i > 0; i--) {
                    array.add(happens(0.1) ? BsonNull.VALUE : maybeOdd(json(depth - 1)));
                }
                yield array;
            }
            default -> {
                BsonDocument object = new BsonDocument();
                for (int i = random.nextInt(4); i > 0; i--) {
                    object.put(word(), maybeOdd(json(depth - 1)));
                }
                yield object;
            }
        };
    }

    private byte[] bytes(BsonDocument document) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        write(document, out);
        return out.toByteArray();
    }

    private void write(BsonDocument document, ByteArrayOutputStream out) {
        ByteArrayOutputStream inside = new ByteArrayOutputStream();
        for (Map.Entry<String, BsonValue> field : document.entrySet()) {
            byte[] name = field.getKey().getBytes(StandardCharsets.UTF_8);
            if (field.getKey().indexOf(0) >= 0) {
                continue;
            }
            element(field.getValue(), happens(odd * 0.01) ? noUtf8() : name, inside);
            if (happens(odd * 0.05)) {
                // The same name once more, now or later.
                element(anyNoise(), name, inside);
            }
        }
        if (!document.isEmpty() && happens(odd * 0.05)) {
            String again = document.keySet().iterator().next();
            if (again.indexOf(0) < 0) {
                element(anyNoise(), again.getBytes(StandardCharsets.UTF_8), inside);
            }
        }
        whole(inside, out);
    }

    private static void whole(ByteArrayOutputStream inside, ByteArrayOutputStream out) {
        out.writeBytes(int32(inside.size() + 5));
        out.writeBytes(inside.toByteArray());
        out.write(0);
    }

    private byte[] noUtf8() {
        return NO_UTF8[random.nextInt(NO_UTF8.length)];
    }

    private static byte[] int32(int value) {
        return ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .array();
    }

    private void element(BsonValue value, byte[] name, ByteArrayOutputStream out) {
        out.write(value.getBsonType().getValue());
        out.writeBytes(name);
        out.write(0);
        switch (value) {
            case BsonDocument object -> write(object, out);
            case BsonArray array -> {
                ByteArrayOutputStream inside = new ByteArrayOutputStream();
                for (int i = 0; i < array.size(); i++) {
                    // What the names are is of no matter in an array.
                    String index = happens(odd * 0.05) ? "x" : Integer.toString(i);
                    element(array.get(i), index.getBytes(StandardCharsets.UTF_8), inside);
                }
                whole(inside, out);
            }
            case BsonString s
            when happens(odd * 0.05) -> {
                byte[] text = noUtf8();
                out.writeBytes(int32(text.length + 1));
                out.writeBytes(text);
                out.write(0);
            }
            default -> {
                byte[] alone = ExactBson.document(new BsonDocument("", value))
                        .getByteBuffer()
                        .asNIO()
                        .array();
                int length =
                        ByteBuffer.wrap(alone).order(ByteOrder.LITTLE_ENDIAN).getInt();
                out.write(alone, 6, length - 7);
            }
        }
    }
}
