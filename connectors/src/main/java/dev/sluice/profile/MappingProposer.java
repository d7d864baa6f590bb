package dev.sluice.profile;

import dev.sluice.profile.Hazard.Kind;
import dev.sluice.profile.Proposal.Child;
import dev.sluice.profile.Proposal.Column;
import dev.sluice.profile.Proposal.KeyColumn;
import dev.sluice.profile.Proposal.Promise;
import dev.sluice.profile.Proposal.Redacted;
import dev.sluice.profile.Proposal.RowKey;
import dev.sluice.profile.Proposal.Table;
import dev.sluice.profile.Proposal.Target;
import dev.sluice.schema.ColumnType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.Set;
import java.util.stream.Stream;
import org.bson.BsonType;
import org.jspecify.annotations.Nullable;

/// From the profiles of a database's collections to a mapping that accepts every document of it: typed
/// columns where the documents agree, jsonb where they do not, and a rest for fields that were not seen. The
/// same profiles give the same proposal. For one proposal and one thread.
public final class MappingProposer {
    /// Characters of a mapping's name: `sluice_history_` comes before it, and something behind it.
    private static final int NAME_MAX = 40;

    private final Wish wish;
    private final References references;
    private final Map<String, KeyColumn> keys;
    /// Of the collection whose table is being put together.
    private SensitiveFields sensitive = SensitiveFields.of(new ObjectProfile());
    private final Map<String, String> tableNames = new HashMap<>();
    /// Of the arrays of each collection, in the order of its layout.
    private final Map<String, List<String>> childNames = new HashMap<>();

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

    private MappingProposer(Wish wish, Map<String, KeyColumn> keys, References references) {
        this.wish = wish;
        this.keys = keys;
        this.references = references;
    }

    /// The name of a mapping for a database: a plain one, since it becomes part of a table's and of a
    /// file's.
    public static String nameOf(String database) {
        String ascii = SqlNames.snake(database).replaceAll("[^a-z0-9_]+", "_");
        String plain = ascii.replaceAll("^[^a-z]+|_+$", "");
        return plain.isEmpty() ? "mapping" : SqlNames.fit(plain, "").substring(0, Math.min(plain.length(), NAME_MAX));
    }

    /// @param profiles one for each collection
    /// @param keys as [Keys] chose them, by collection
    public static Proposal propose(
            Wish wish, List<CollectionProfile> profiles, Map<String, KeyColumn> keys, References references) {
        return propose(wish, profiles, keys, references, Flattening.STANDARD);
    }

    /// The same, with objects laid flat as somebody wants them.
    public static Proposal propose(
            Wish wish,
            List<CollectionProfile> profiles,
            Map<String, KeyColumn> keys,
            References references,
            Flattening flattening) {
        List<CollectionProfile> sorted = profiles.stream()
                .sorted(Comparator.comparing(CollectionProfile::collection))
                .toList();
        MappingProposer proposer = new MappingProposer(wish, keys, references);
        SequencedMap<CollectionProfile, Layout> layouts = new LinkedHashMap<>();
        sorted.forEach(profile -> layouts.put(profile, Layout.of(profile, flattening, references)));
        proposer.nameTables(layouts);
        Map<String, Table> tables = new LinkedHashMap<>();
        SqlNames indexes = proposer.takenNames();
        layouts.forEach((profile, layout) -> {
            Table table = proposer.table(profile, layout);
            Table promised = table.withColumns(RequiredColumns.of(profile, table.columns()));
            Table known = profile.indexes().isPresent() ? promised.withoutGuesses() : promised;
            tables.put(profile.collection(), known.withIndexes(IndexPlan.of(profile, known, indexes)));
        });
        return new Proposal(wish.name(), wish.database(), wish.schema(), referredFirst(tables), wish.ignored());
    }

    /// Those of collections before those of arrays, and of several with one name the one with most rows
    /// gets it.
    private void nameTables(SequencedMap<CollectionProfile, Layout> layouts) {
        SqlNames names = SqlNames.ofTables();
        names.reserve("sluice_history_" + wish.name());
        Iterator<String> tables = names.claim(layouts.keySet().stream()
                        .map(profile -> new SqlNames.Wish(
                                profile.collection(), profile.estimate().orElse(profile.count())))
                        .toList())
                .iterator();
        layouts.keySet().forEach(profile -> tableNames.put(profile.collection(), tables.next()));
        List<SqlNames.Wish> wishes = new ArrayList<>();
        layouts.forEach((profile, layout) -> layout.tables()
                .forEach(nested -> wishes.add(new SqlNames.Wish(
                        SqlNames.singular(tableNames.getOrDefault(profile.collection(), "")) + "_"
                                + without(tableNames.getOrDefault(profile.collection(), ""), ending(nested)),
                        nested.rows().count()))));
        Iterator<String> children = names.claim(wishes).iterator();
        layouts.forEach((profile, layout) -> childNames.put(
                profile.collection(),
                layout.tables().stream().map(nested -> children.next()).toList()));
    }

    /// The second half of a child table's name: of one that joins two tables the other's, where its path says
    /// so too.
    private String ending(Layout.Nested nested) {
        return Optional.of(nested)
                .filter(table -> table.kind() == Layout.Rows.REFERENCES)
                .flatMap(table -> references.of(table.rows()))
                .filter(reference -> References.one(nested.path().getLast())
                        .equals(SqlNames.singular(SqlNames.snake(reference.collection()))))
                .map(reference -> tableNames.get(reference.collection()))
                .orElseGet(() -> String.join("_", nested.path()));
    }

    /// `transaction_items` for the transactions inside transactions.
    private static String without(String table, String ending) {
        return SqlNames.snake(ending).equals(table) ? "items" : ending;
    }

    /// Indexes have their names among those of the tables and of the indexes of their keys.
    private SqlNames takenNames() {
        SqlNames names = SqlNames.ofColumns();
        Stream.concat(tableNames.values().stream(), childNames.values().stream().flatMap(List::stream))
                .forEach(table -> {
                    names.reserve(table);
                    names.reserve(SqlNames.fit(table, "_pkey"));
                });
        return names;
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

    private Table table(CollectionProfile profile, Layout layout) {
        String name = tableNames.get(profile.collection());
        KeyColumn key = keys.get(profile.collection());
        if (name == null || key == null) {
            throw new IllegalStateException("names and keys were given to all collections");
        }
        List<Hazard> hazards = Hazards.of(profile, key, layout, wish.words());
        SqlNames columns = SqlNames.ofColumns();
        columns.reserve(key.column());
        sensitive = profile.sensitive();
        List<Column> proposed = columns(layout, columns, new Place("", null, name), hazards);
        List<Child> children = new ArrayList<>();
        Iterator<String> names =
                childNames.getOrDefault(profile.collection(), List.of()).iterator();
        for (Layout.Nested nested : layout.tables()) {
            children.add(child(name, names.next(), nested, hazards));
        }
        return new Table(
                profile.collection(),
                name,
                profile.sample(),
                shown(key, profile),
                proposed,
                columns.claim("rest"),
                children,
                List.of(),
                redactions(profile),
                Reasons.notes(profile, layout),
                hazards);
    }

    /// The key, without what its reason says of values that must not be shown.
    private static KeyColumn shown(KeyColumn key, CollectionProfile profile) {
        return profile.sensitive()
                .of(profile.id())
                .map(found -> new KeyColumn(
                        key.column(),
                        key.type(),
                        key.typed(),
                        key.of(),
                        BsonTypes.shares(profile.id()) + ", " + found.reason()))
                .orElse(key);
    }

    private static List<Redacted> redactions(CollectionProfile profile) {
        List<Redacted> redactions = new ArrayList<>();
        profile.sensitive().byPath().forEach((path, found) -> {
            if (!path.getFirst().equals("_id") && PathText.isKey(path)) {
                redactions.add(new Redacted(path, found.masked(), found.reason()));
            }
        });
        return redactions;
    }

    private Child child(String parentTable, String name, Layout.Nested nested, List<Hazard> hazards) {
        SqlNames columns = SqlNames.ofColumns();
        boolean entries = nested.kind() == Layout.Rows.ENTRIES;
        String place = OneLine.path(nested.path()) + (entries ? ".*" : "[]");
        List<Column> proposed =
                new ArrayList<>(columns(nested.layout(), columns, new Place(place, nested, parentTable), hazards));
        String parent = columns.claim(SqlNames.singular(parentTable) + "_id");
        RowKey key = rowKey(nested, proposed, columns);
        boolean whole = proposed.stream().anyMatch(column -> column.path().isEmpty());
        List<String> left = Reasons.left(nested.layout());
        return new Child(
                name,
                nested.path(),
                parent,
                key,
                proposed,
                whole ? null : columns.claim("rest"),
                what(nested, key) + exceptions(nested) + (left.isEmpty() ? "" : "; " + String.join("; ", left)));
    }

    /// The key of a child table's rows; where it is one of the columns, it is none of them any more.
    private RowKey rowKey(Layout.Nested nested, List<Column> proposed, SqlNames columns) {
        ArrayProfile array = nested.field().array();
        ObjectProfile elements = nested.rows().object();
        if (nested.kind() == Layout.Rows.ENTRIES) {
            return new RowKey.EntryName(columns.claim("key"));
        }
        if (array == null || elements == null || nested.kind() != Layout.Rows.ELEMENTS) {
            return new RowKey.Ordinal(columns.claim("ordinal"));
        }
        Optional<Column> key = array.keys()
                .key(nested.path().getLast(), elements)
                .filter(field ->
                        elements.at(List.of(field)).filter(sensitive::isMasked).isEmpty())
                .flatMap(field -> proposed.stream()
                        .filter(column -> column.path().equals(List.of(field)))
                        .filter(MappingProposer::isKey)
                        .findFirst());
        key.ifPresent(proposed::remove);
        return key.<RowKey>map(
                        column -> new RowKey.Field(column.column(), column.path(), column.type(), column.reason()))
                .orElseGet(() -> new RowKey.Ordinal(columns.claim("ordinal")));
    }

    private static boolean isKey(Column column) {
        boolean type = column.type() instanceof ColumnType.Text
                || column.type() instanceof ColumnType.Uuid
                || column.type() instanceof ColumnType.Int;
        return type && column.conversions().isEmpty() && column.reference().isEmpty();
    }

    /// What the rows of a child table are, for people.
    private static String what(Layout.Nested nested, RowKey key) {
        ArrayProfile array = nested.field().array();
        if (nested.kind() == Layout.Rows.ENTRIES || array == null) {
            ObjectProfile object = nested.field().object();
            return "object whose names are data, at most " + BsonTypes.number(object == null ? 0 : object.sizeMax())
                    + ", a row for each";
        }
        String lengths = ", at most " + BsonTypes.number(array.lengthMax()) + ", "
                + String.format(Locale.ROOT, "%.1f", array.lengthMean()) + " on average";
        if (nested.kind() == Layout.Rows.REFERENCES) {
            return "array of references" + lengths;
        }
        ObjectProfile elements = nested.rows().object();
        List<String> suggested = elements == null ? List.of() : array.keys().suggested(elements);
        return "array of objects with the same fields" + lengths
                + switch (key) {
                    case RowKey.Field field ->
                        ". " + OneLine.path(field.path())
                                + " tells elements apart, so that one that moves keeps its row; where their order means"
                                + " something, write `ordinal: ordinal` in the place of `key`";
                    case RowKey.Ordinal o
                    when !suggested.isEmpty() ->
                        ". In all arrays that were read, each element has another " + OneLine.name(suggested.getFirst())
                                + ": where that always holds, a `key` by it keeps rows of elements that move";
                    case RowKey.Ordinal o -> "";
                    case RowKey.EntryName e -> "";
                };
    }

    private static String exceptions(Layout.Nested nested) {
        FieldProfile rows = nested.rows();
        boolean objects = nested.layout().columns().stream()
                .noneMatch(column -> column.path().isEmpty());
        BsonType container = nested.kind() == Layout.Rows.ENTRIES ? BsonType.DOCUMENT : BsonType.ARRAY;
        long odd = (objects ? rows.count() - rows.count(BsonType.DOCUMENT) : 0)
                + nested.field().values()
                - nested.field().count(container);
        return odd == 0 ? "" : "; " + BsonTypes.count(odd, "value") + " of another kind: quarantined";
    }

    /// Where columns are.
    ///
    /// @param path before that of the column, as people write it
    /// @param table the child table; null for the collection's own
    /// @param parent the collection's own table
    private record Place(String path, Layout.@Nullable Nested table, String parent) {
        String of(Layout.Flat flat) {
            return path + (path.isEmpty() || flat.path().isEmpty() ? "" : ".") + OneLine.path(flat.path());
        }

        /// What a column is called, before it is written as SQL has names.
        ///
        /// @param referred the table that it refers to
        String name(Layout.Flat flat, Optional<String> referred) {
            boolean id = flat.path().size() == 1
                    && (flat.path().contains("_id") || flat.path().contains("$id"));
            if (table != null && id && referred.isPresent()) {
                boolean own = referred.get().equals(parent);
                return (own ? References.one(table.path().getLast()) : SqlNames.singular(referred.get())) + "_id";
            }
            return !flat.path().isEmpty() || table == null
                    ? String.join("_", flat.path())
                    : table.kind() == Layout.Rows.REFERENCES
                            ? References.one(table.path().getLast()) + "_id"
                            : "value";
        }
    }

    private List<Column> columns(Layout layout, SqlNames names, Place place, List<Hazard> hazards) {
        Iterator<String> claimed = names.claim(layout.columns().stream()
                        .map(flat -> new SqlNames.Wish(place.name(flat, referred(flat)), flat.shareOfValues()))
                        .toList())
                .iterator();
        List<Column> columns = new ArrayList<>();
        for (Layout.Flat flat : layout.columns()) {
            String name = claimed.next();
            String wanted = SqlNames.snake(place.name(flat, referred(flat)));
            String path = place.of(flat);
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

    /// That the values are those of a field of another collection.
    private String pointing(FieldProfile field) {
        ArrayProfile array = field.array();
        return references
                .pointing(field)
                .or(() -> array == null ? Optional.empty() : references.pointing(array.elements()))
                .map(other -> "; values of " + other + ", which is no _id")
                .orElse("");
    }

    private Optional<String> referred(Layout.Flat flat) {
        return references.of(flat.field()).map(reference -> tableNames.get(reference.collection()));
    }

    private Column column(String name, Layout.Flat flat) {
        FieldProfile field = flat.field();
        ArrayProfile array = field.array();
        Optional<Reference> reference = sensitive.isMasked(field)
                ? Optional.empty()
                : references.of(field).or(() -> array == null ? Optional.empty() : references.of(array.elements()));
        TypeChoice choice = flat.choice();
        Optional<Target> target = reference.flatMap(r -> target(r, choice.type()));
        Optional<JoinTrial.Join> join = target.flatMap(t -> t.reference().join());
        ColumnType type = join.map(JoinTrial.Join::type).orElse(choice.type());
        return new Column(
                name,
                join.isPresent() && choice.type() instanceof ColumnType.Array ? new ColumnType.Array(type) : type,
                flat.path(),
                join.map(j -> conversions(choice, j)).orElse(choice.conversions()),
                sensitive
                        .of(field)
                        .map(found -> Reasons.hidden(flat, found))
                        .orElseGet(() -> (join.isPresent()
                                        ? Reasons.ofReference(flat, wish.words())
                                        : Reasons.of(flat, wish.words()))
                                + pointing(field)),
                target,
                isUnique(field, choice) && target.isEmpty() && !sensitive.isMasked(field)
                        ? Set.of(Promise.UNIQUE)
                        : Set.of());
    }

    private static boolean isUnique(FieldProfile field, TypeChoice choice) {
        return field.isUnique()
                && !(choice.type() instanceof ColumnType.Jsonb)
                && choice.conversions().isEmpty();
    }

    /// Those that make a reference like the key, behind those that say what is a value at all.
    private static List<String> conversions(TypeChoice choice, JoinTrial.Join join) {
        List<String> conversions = new ArrayList<>(choice.conversions());
        conversions.removeIf(conversion -> !TypeChoice.isStructural(conversion));
        conversions.addAll(join.conversions());
        return conversions;
    }

    private Optional<Target> target(Reference reference, ColumnType type) {
        String table = tableNames.get(reference.collection());
        KeyColumn key = keys.get(reference.collection());
        return table == null || key == null || type instanceof ColumnType.Jsonb
                ? Optional.empty()
                : Optional.of(new Target(reference, table, key));
    }
}
