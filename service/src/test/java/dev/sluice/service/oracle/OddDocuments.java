package dev.sluice.service.oracle;

import dev.sluice.service.oracle.BsonBytes.Field;
import dev.sluice.service.oracle.BsonBytes.Value;
import dev.sluice.service.oracle.Oracle.Column;
import dev.sluice.service.oracle.Oracle.Kind;
import dev.sluice.service.oracle.Oracle.Table;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Documents as nobody writes them on purpose: every type as `_id`, bytes that are not UTF-8, names that are there
/// twice, numbers that are equal across types, blanks at the end. The same for the same seed.
final class OddDocuments {
    private static final List<String> BAD =
            List.of("caf\u00E9", "caf\u00E8", "\u00FF\u00FE", "x\u00F0\u009F\u0098", "\u00ED\u00A0\u0080z");
    private static final List<String> PLAIN =
            List.of("Ulm", "é", "日本", "a\"b\\c", "tab\tend", "x\uFFFD", "\uD83D\uDE00", "blank ", "blank");
    private static final List<String> FOLDED = List.of(
            "a", "A", "a ", "b", "B  ", "ab", "AB", "Ab", "c", "C", "d ", "d", "e", "\uD83D\uDE00", "\uD83D\uDE00 ");
    private static final List<String> NAMES = List.of("x", "y", "a b", "a.b", "é", "", "x#2", "y[0]");

    private final Random random;
    private final Table table;
    private final Set<String> keys = new HashSet<>();
    private int ids;

    OddDocuments(Table table, Random random) {
        this.table = table;
        this.random = random;
    }

    /// As many documents, each with an `_id` of its own.
    List<String> documents(int count) {
        List<String> documents = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            documents.add(document(newId()));
        }
        return documents;
    }

    /// Another document with this `_id`.
    String document(Value id) {
        List<Field> fields = new ArrayList<>();
        fields.add(BsonBytes.field("_id", id));
        for (Column column : table.columns()) {
            if (column.kind() == Kind.REST) {
                fields.addAll(fields(0));
            } else if (random.nextInt(6) > 0) {
                fields.add(BsonBytes.field(column.name(), value(column)));
            }
        }
        Oracle.Lines lines = table.lines();
        if (lines != null && random.nextInt(3) > 0) {
            fields.add(BsonBytes.field(lines.array(), random.nextInt(8) == 0 ? odd(1) : lines(lines)));
        }
        fields.add(BsonBytes.field("unread", odd(1)));
        if (random.nextInt(4) == 0) {
            Field twin = fields.get(1 + random.nextInt(fields.size() - 1));
            fields.add(new Field(twin.name(), odd(1)));
            if (random.nextBoolean()) {
                fields.add(1, new Field(twin.name(), odd(1)));
            }
        }
        return BsonBytes.document(fields);
    }

    /// A value for a column, sometimes one that it can't hold.
    Value value(Column column) {
        int dice = random.nextInt(10);
        if (dice == 0) {
            return odd(0);
        }
        return switch (column.kind()) {
            case INTEGER -> number(random.nextInt(100));
            case TEXT -> hasRivals() ? BsonBytes.text(pick(FOLDED).strip() + random.nextInt(2)) : string();
            case MOMENT -> BsonBytes.date(1_700_000_000_000L + random.nextInt(1_000_000_000));
            case JSONB, REST -> odd(0);
        };
    }

    /// Whether documents may want the same, so that few values are best.
    private boolean hasRivals() {
        Map<String, @Nullable String> cells = new TreeMap<>();
        table.columns().forEach(column -> cells.put(column.name(), "some"));
        return !table.wants().apply(cells).isEmpty();
    }

    private Value lines(Oracle.Lines lines) {
        List<Value> elements = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            List<Field> fields = new ArrayList<>();
            fields.add(BsonBytes.field(lines.text(), random.nextInt(5) == 0 ? odd(1) : string()));
            if (random.nextInt(4) == 0) {
                fields.add(BsonBytes.field(lines.text(), odd(1)));
            }
            elements.add(random.nextInt(6) == 0 ? odd(1) : BsonBytes.object(fields));
        }
        return BsonBytes.array(elements);
    }

    /// An `_id` that no document had before. It may be written as another one is.
    Value newId() {
        while (true) {
            Value id = id();
            if (keys.add(Oracle.documentKey(id))) {
                return id;
            }
        }
    }

    private Value id() {
        int kind = ids++ % 24;
        int n = random.nextInt(60);
        if (table.key() == Oracle.Key.WHOLE && kind % 6 < 5) {
            return number(n);
        }
        if (table.key() == Oracle.Key.STRINGS && kind % 2 == 0) {
            return BsonBytes.text(random.nextBoolean() ? "s" + n + pick(PLAIN) : likeAnother(n));
        }
        if (table.key() == Oracle.Key.PLAIN && hasRivals() && kind % 4 < 3) {
            return BsonBytes.text((random.nextInt(3) == 0 ? pick(FOLDED) : pick(FOLDED) + pick(FOLDED))
                    + " ".repeat(random.nextInt(3)));
        }
        return switch (kind) {
            case 0 -> number(n);
            case 1 ->
                BsonBytes.fraction(List.of(-0.0, Double.NaN, n + 0.5, 0.1, Double.POSITIVE_INFINITY)
                        .get(random.nextInt(5)));
            // 2.5 and 0.1 in decimal digits, and the negative zero.
            case 2 ->
                List.of(
                                BsonBytes.decimal(0x303E_0000_0000_0000L, 25),
                                BsonBytes.decimal(0x303E_0000_0000_0000L, 1),
                                BsonBytes.decimal(0xB040_0000_0000_0000L, 0),
                                BsonBytes.decimal(0x303C_0000_0000_0000L, 100L * n))
                        .get(random.nextInt(4));
            case 3 -> BsonBytes.whole(1L << 40 | n);
            case 4, 5 -> BsonBytes.stringOf(BsonBytes.utf8("s") + pick(BAD));
            case 6 -> BsonBytes.stringOf("n" + n + "\0" + "b");
            case 7 -> BsonBytes.text("k" + n + "é".repeat(250) + "k".repeat(500));
            case 8 -> BsonBytes.text("blank" + " ".repeat(n % 4));
            case 9 -> BsonBytes.text(random.nextInt(4) == 0 ? "w" + pick(PLAIN) : likeAnother(n));
            case 10 -> BsonBytes.object(BsonBytes.field("a", number(n)), BsonBytes.field("b", string()));
            case 11 -> BsonBytes.object(BsonBytes.field("a", number(n)), BsonBytes.field("a", BsonBytes.whole(7)));
            case 12 ->
                BsonBytes.object(BsonBytes.field("b", BsonBytes.stringOf(pick(BAD))), BsonBytes.field("n", number(n)));
            case 13 -> BsonBytes.objectId("e\u00F0\u00C0\u00FF" + "\0\0\0\0\0\0\0" + (char) n);
            case 14 -> BsonBytes.binary(List.of(0, 3, 4, 0x80).get(random.nextInt(4)), "0123456789abcde" + (char) n);
            case 15 -> BsonBytes.truth(random.nextBoolean());
            case 16 -> BsonBytes.date(1_700_000_000_000L + n);
            case 17 -> BsonBytes.timestamp(n, 1);
            case 18 -> BsonBytes.code("f" + n);
            case 19 ->
                BsonBytes.code("f", List.of(BsonBytes.field("a", number(n)), BsonBytes.field("a", BsonBytes.whole(7))));
            case 20 -> BsonBytes.code("f", List.of(BsonBytes.field("a", number(n))));
            case 21 -> BsonBytes.symbol("y" + n);
            case 22 -> BsonBytes.dbPointer("d.c", "0123456789a" + (char) n);
            default ->
                BsonBytes.bare(List.of(BsonBytes.NULL, BsonBytes.MIN_KEY, BsonBytes.MAX_KEY)
                        .get(random.nextInt(3)));
        };
    }

    /// What an `_id` that is no string may be written like, or nearly.
    private String likeAnother(int n) {
        return pick(List.of(
                String.valueOf(n),
                "0" + n,
                n + ".5",
                "0.1",
                "NaN",
                "true",
                "True",
                "null",
                "2023-11-14T22:13:20." + (n < 10 ? "00" : "0") + n + "Z",
                "65f0c0ff00000000000000" + HexFormat.of().toHexDigits((byte) n),
                "65F0C0FF00000000000000" + HexFormat.of().toHexDigits((byte) n),
                "30313233-3435-3637-3839-6162636465" + HexFormat.of().toHexDigits((byte) n),
                "{"));
    }

    /// The same number in one of the types that MongoDB takes for equal.
    private Value number(int n) {
        return switch (random.nextInt(4)) {
            case 0 -> BsonBytes.whole(n);
            case 1 -> BsonBytes.whole((long) n);
            case 2 -> BsonBytes.fraction(n);
            // With two digits after the point.
            default -> BsonBytes.decimal(0x303C_0000_0000_0000L, 100L * n);
        };
    }

    private Value string() {
        return switch (random.nextInt(8)) {
            case 0 -> BsonBytes.stringOf("t" + pick(BAD));
            case 1 -> BsonBytes.stringOf("nul\0");
            default -> BsonBytes.text(pick(PLAIN) + random.nextInt(10));
        };
    }

    /// A value of any type.
    ///
    /// @param depth of what it lies in
    Value odd(int depth) {
        int n = random.nextInt(100);
        List<Supplier<Value>> kinds = List.of(
                () -> BsonBytes.object(fields(depth + 1)),
                () -> BsonBytes.object(fields(depth + 1)),
                () -> BsonBytes.array(elements(depth + 1)),
                this::string,
                this::string,
                () -> number(n),
                () -> BsonBytes.fraction(List.of(-0.0, Double.NaN, 0.1, 1.5, Double.NEGATIVE_INFINITY)
                        .get(n % 5)),
                () -> BsonBytes.decimal(0x7C00_0000_0000_0000L, 0),
                () -> BsonBytes.decimal(0xB040_0000_0000_0000L, 0),
                () -> BsonBytes.decimal(0x303E_0000_0000_0000L, n),
                () -> BsonBytes.whole(Long.MIN_VALUE + n),
                () -> BsonBytes.binary(List.of(0, 3, 4, 0x80).get(n % 4), "0123456789abcde" + (char) n),
                () -> BsonBytes.bare(BsonBytes.UNDEFINED),
                () -> BsonBytes.objectId("0123456789a" + (char) n),
                () -> BsonBytes.truth(n % 2 == 0),
                () -> BsonBytes.date(-1_000_000_000_000L * (n % 3) + n),
                () -> BsonBytes.bare(BsonBytes.NULL),
                () -> BsonBytes.regex("a.b" + n, "i"),
                () -> BsonBytes.dbPointer("d." + (n % 2 == 0 ? "c" : pick(BAD)), "0123456789a" + (char) n),
                () -> BsonBytes.code(n % 2 == 0 ? "f" : pick(BAD)),
                () -> BsonBytes.symbol(n % 2 == 0 ? "y" : pick(BAD)),
                () -> BsonBytes.code("f" + n, fields(depth + 1)),
                () -> BsonBytes.timestamp(n, -1),
                () -> BsonBytes.bare(BsonBytes.MIN_KEY),
                () -> BsonBytes.bare(BsonBytes.MAX_KEY));
        return kinds.get(depth > 2 ? 3 + random.nextInt(kinds.size() - 5) : random.nextInt(kinds.size()))
                .get();
    }

    private List<Value> elements(int depth) {
        List<Value> elements = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            elements.add(odd(depth));
        }
        return elements;
    }

    /// With names of which some are there twice, and some not UTF-8.
    private List<Field> fields(int depth) {
        List<Field> fields = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            String name = random.nextInt(10) == 0 ? pick(BAD) : BsonBytes.utf8(pick(NAMES));
            fields.add(new Field(name, odd(depth)));
            if (random.nextInt(5) == 0) {
                fields.add(new Field(name, odd(depth)));
            }
        }
        return fields;
    }

    <T> T pick(List<T> from) {
        return from.get(random.nextInt(from.size()));
    }
}
