package dev.sluice.profile;

import dev.sluice.mapping.TextForm;
import dev.sluice.profile.Hazard.Kind;
import dev.sluice.profile.Proposal.Child;
import dev.sluice.profile.Proposal.Column;
import dev.sluice.profile.Proposal.KeyColumn;
import dev.sluice.profile.Proposal.Table;
import dev.sluice.profile.Proposal.Target;
import dev.sluice.schema.ColumnType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.function.Function;
import org.bson.BsonType;
import org.jspecify.annotations.Nullable;

/// From the profiles of a database's collections to a mapping that takes every document of it: typed
/// columns where the documents agree, jsonb where they do not, and a rest for what nobody has seen. The
/// same profiles give the same proposal. For one proposal and one thread.
public final class MappingProposer {
    /// Characters of a mapping's name: `sluice_history_` comes before it, and something behind it.
    private static final int NAME_MAX = 40;

    private final Wish wish;
    private final References references;
    private final Map<String, String> tableNames;
    private final Map<String, KeyColumn> keys;

    /// What the person who asks has decided already.
    ///
    /// @param name of the mapping
    /// @param database in MongoDB
    /// @param schema in PostgreSQL
    /// @param ignored collections that are left alone, and why
    /// @param words whether the few words that a field always holds are written down, which are values of
    ///     documents
    public record Wish(
            String name, String database, String schema, SequencedMap<String, String> ignored, boolean words) {
        public Wish {
            ignored = new LinkedHashMap<>(ignored);
        }
    }

    private MappingProposer(
            Wish wish, References references, Map<String, String> tableNames, Map<String, KeyColumn> keys) {
        this.wish = wish;
        this.references = references;
        this.tableNames = tableNames;
        this.keys = keys;
    }

    /// The name of a mapping for a database: a plain one, since it becomes part of a table's and of a
    /// file's.
    public static String nameOf(String database) {
        String ascii = SqlNames.snake(database).replaceAll("[^a-z0-9_]+", "_");
        String plain = ascii.replaceAll("^[^a-z]+|_+$", "");
        return plain.isEmpty() ? "mapping" : SqlNames.fit(plain, "").substring(0, Math.min(plain.length(), NAME_MAX));
    }

    /// @param profiles one for each collection
    public static Proposal propose(Wish wish, List<CollectionProfile> profiles, References references) {
        List<CollectionProfile> sorted = profiles.stream()
                .sorted(Comparator.comparing(CollectionProfile::collection))
                .toList();
        SqlNames names = SqlNames.ofTables();
        names.reserve("sluice_history_" + wish.name());
        Map<String, String> tableNames =
                claim(names, sorted.stream().map(CollectionProfile::collection).toList(), Function.identity());
        Map<String, KeyColumn> keys = new HashMap<>();
        sorted.forEach(profile -> keys.put(profile.collection(), key(profile)));
        MappingProposer proposer = new MappingProposer(wish, references, tableNames, keys);
        Map<String, Table> tables = new LinkedHashMap<>();
        sorted.forEach(profile -> tables.put(profile.collection(), proposer.table(profile, names)));
        return new Proposal(wish.name(), wish.database(), wish.schema(), referredFirst(tables), wish.ignored());
    }

    /// Those that others refer to first, as long as they do not refer to each other.
    private static List<Table> referredFirst(Map<String, Table> tables) {
        SequencedSet<Table> ordered = new LinkedHashSet<>();
        tables.values().forEach(table -> place(table, tables, new LinkedHashSet<>(), ordered));
        return List.copyOf(ordered);
    }

    private static void place(
            Table table, Map<String, Table> tables, SequencedSet<String> above, SequencedSet<Table> ordered) {
        if (ordered.contains(table) || !above.add(table.collection())) {
            return;
        }
        table.columns().stream()
                .flatMap(c -> c.reference().stream())
                .map(target -> target.reference().collection())
                .sorted()
                .forEach(collection -> {
                    Table referred = tables.get(collection);
                    if (referred != null) {
                        place(referred, tables, above, ordered);
                    }
                });
        ordered.add(table);
    }

    /// A name for each wish. Who wishes for a name that is right already gets it; the others in the order
    /// of their wishes.
    ///
    /// @param wanted of the name that a wish is for
    private static <T> Map<T, String> claim(SqlNames names, List<T> wishes, Function<T, String> wanted) {
        Map<T, String> claimed = new HashMap<>();
        List<T> byName = wishes.stream().sorted(Comparator.comparing(wanted)).toList();
        for (boolean exact : new boolean[] {true, false}) {
            for (T wish : byName) {
                String name = wanted.apply(wish);
                if (!claimed.containsKey(wish)
                        && (!exact || SqlNames.snake(name).equals(name))) {
                    claimed.put(wish, names.claim(name));
                }
            }
        }
        return claimed;
    }

    private static KeyColumn key(CollectionProfile profile) {
        FieldProfile id = profile.id();
        boolean taken = profile.documents().fields().keySet().stream()
                .anyMatch(name -> !name.equals("_id") && SqlNames.snake(name).equals("id"));
        String column = taken ? "_id" : "id";
        String seen = BsonTypes.shares(id);
        long strings = id.count(BsonType.STRING);
        if (id.count() == 0) {
            return new KeyColumn(column, new ColumnType.Text(), true, "no document was seen, so any _id is taken");
        }
        if (id.count(BsonType.OBJECT_ID) == id.count()) {
            return new KeyColumn(
                    column,
                    new ColumnType.Text(),
                    false,
                    "ObjectId as 24 hex digits: references to it are written the same, and need no look-up");
        }
        if (strings == id.count() && id.texts().unfit() == id.texts().notUtf8()) {
            return new KeyColumn(
                    column,
                    new ColumnType.Text(),
                    false,
                    "string, at most " + BsonTypes.count(id.texts().charactersMax(), "character"));
        }
        if (id.binaries().count() == id.count() && id.binaries().areUuids()) {
            return new KeyColumn(
                    column,
                    new ColumnType.Uuid(),
                    false,
                    "UUID (binary of subtype 4); an _id that is none would be dead-lettered");
        }
        if (id.numbers().count() == id.count() && id.numbers().whole()) {
            return new KeyColumn(
                    column,
                    new ColumnType.Int(8),
                    false,
                    "whole numbers (" + seen + "); an _id that is none would be dead-lettered");
        }
        return new KeyColumn(
                column, new ColumnType.Text(), true, seen + ": with its type, so that no two are written alike");
    }

    private Table table(CollectionProfile profile, SqlNames tables) {
        String name = tableNames.get(profile.collection());
        KeyColumn key = keys.get(profile.collection());
        if (name == null || key == null) {
            throw new IllegalStateException("names were given to all collections");
        }
        List<Hazard> hazards = Hazards.of(profile);
        Layout layout = Layout.ofDocuments(profile.documents());
        SqlNames columns = SqlNames.ofColumns();
        columns.reserve(key.column());
        List<Column> proposed = columns(layout, columns, "", hazards);
        Map<Layout.Nested, String> childNames = claim(
                tables, layout.tables(), nested -> SqlNames.singular(name) + "_" + String.join("_", nested.path()));
        List<Child> children = new ArrayList<>();
        for (Layout.Nested nested : layout.tables()) {
            children.add(child(name, childNames.getOrDefault(nested, name), nested, hazards));
        }
        return new Table(
                profile.collection(),
                name,
                key,
                proposed,
                columns.claim("rest"),
                children,
                Reasons.notes(profile, layout),
                hazards);
    }

    private Child child(String parentTable, String name, Layout.Nested nested, List<Hazard> hazards) {
        SqlNames columns = SqlNames.ofColumns();
        List<Column> proposed = columns(nested.layout(), columns, OneLine.path(nested.path()) + "[].", hazards);
        ArrayProfile array = nested.field().array();
        String lengths = array == null
                ? ""
                : ", at most " + BsonTypes.number(array.lengthMax()) + ", "
                        + String.format(Locale.ROOT, "%.1f", array.lengthMean()) + " on average";
        List<String> left = Reasons.left(nested.layout());
        return new Child(
                name,
                nested.path(),
                columns.claim(SqlNames.singular(parentTable) + "_id"),
                columns.claim("ordinal"),
                proposed,
                columns.claim("rest"),
                "array of objects with the same fields" + lengths + exceptions(nested.field(), array)
                        + (left.isEmpty() ? "" : "; " + String.join("; ", left)));
    }

    private static String exceptions(FieldProfile field, @Nullable ArrayProfile array) {
        long elements =
                array == null ? 0 : array.elements().count() - array.elements().count(BsonType.DOCUMENT);
        long odd = elements + field.values() - field.count(BsonType.ARRAY);
        return odd == 0 ? "" : "; " + BsonTypes.count(odd, "value") + " of another kind: quarantined";
    }

    private List<Column> columns(Layout layout, SqlNames names, String place, List<Hazard> hazards) {
        Map<Layout.Flat, String> claimed = claim(names, layout.columns(), flat -> String.join("_", flat.path()));
        List<Column> columns = new ArrayList<>();
        for (Layout.Flat flat : layout.columns()) {
            String name = claimed.getOrDefault(flat, "field");
            String wanted = SqlNames.snake(String.join("_", flat.path()));
            String path = place + OneLine.path(flat.path());
            if (!SqlNames.fit(wanted, "").equals(wanted)) {
                hazards.add(new Hazard(
                        Kind.NAME_CUT, path, "its name has more than 63 bytes; the column is " + OneLine.name(name)));
            } else if (!name.equals(wanted)) {
                hazards.add(new Hazard(
                        Kind.NAME_COLLISION,
                        path,
                        "another column has its name in snake_case; this one is " + OneLine.name(name)));
            }
            columns.add(column(name, flat));
        }
        return columns;
    }

    private Column column(String name, Layout.Flat flat) {
        FieldProfile field = flat.field();
        ArrayProfile array = field.array();
        Optional<Reference> reference =
                references.of(field).or(() -> array == null ? Optional.empty() : references.of(array.elements()));
        ColumnType type = flat.choice().type();
        Optional<Target> target = reference.flatMap(r -> target(r, type, field));
        return new Column(
                name,
                // Texts that are UUIDs, of rows that a UUID is the key of.
                target.isPresent() && target.get().joins() && type instanceof ColumnType.Text
                        ? target.get().type()
                        : type,
                flat.path(),
                flat.choice().conversion(),
                Reasons.of(flat, wish.words()),
                target,
                field.isUnique() && !(type instanceof ColumnType.Jsonb) && target.isEmpty());
    }

    private Optional<Target> target(Reference reference, ColumnType type, FieldProfile field) {
        String table = tableNames.get(reference.collection());
        KeyColumn key = keys.get(reference.collection());
        if (table == null || key == null || type instanceof ColumnType.Jsonb) {
            return Optional.empty();
        }
        ColumnType element = type instanceof ColumnType.Array(ColumnType e) ? e : type;
        boolean uuids = key.type() instanceof ColumnType.Uuid
                && type instanceof ColumnType.Text
                && field.texts().forms().contains(TextForm.UUID)
                && field.texts().count() == field.values();
        return Optional.of(new Target(
                reference, table, key.column(), key.type(), !key.typed() && (element.equals(key.type()) || uuids)));
    }
}
