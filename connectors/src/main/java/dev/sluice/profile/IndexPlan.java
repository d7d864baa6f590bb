package dev.sluice.profile;

import dev.sluice.profile.Proposal.Child;
import dev.sluice.profile.Proposal.Column;
import dev.sluice.profile.Proposal.Table;
import dev.sluice.schema.ColumnType;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.bson.BsonString;
import org.bson.BsonType;
import org.jspecify.annotations.Nullable;

/// Which indexes the tables of a collection get: those that MongoDB has, where they mean the same, and those
/// that references need besides. For one collection and one thread.
///
/// A unique index is proposed only where it refuses no rows but of documents that MongoDB refuses as well: the
/// loser would be a dead letter.
final class IndexPlan {
    /// Of an entry in a B-tree of PostgreSQL, with room for other columns.
    private static final int ENTRY_BYTES_MAX = 2_600;

    private static final int BYTES_PER_CHARACTER = 4;

    private final CollectionProfile profile;
    private final Table table;
    private final SqlNames names;
    private final List<PlannedIndex> planned = new ArrayList<>();
    private final Set<String> made = new HashSet<>();

    private IndexPlan(CollectionProfile profile, Table table, SqlNames names) {
        this.profile = profile;
        this.table = table;
        this.names = names;
    }

    /// @param table as it is proposed
    /// @param names of indexes and tables that are taken; takes more
    static List<PlannedIndex> of(CollectionProfile profile, Table table, SqlNames names) {
        IndexPlan plan = new IndexPlan(profile, table, names);
        profile.indexes().ifPresent(indexes -> indexes.forEach(plan::add));
        plan.references(table.table(), table.columns());
        table.children().forEach(child -> plan.references(child.table(), child.columns()));
        return List.copyOf(plan.planned);
    }

    /// A column that a field of an index is in.
    ///
    /// @param path in the documents
    /// @param conversions of the mapping
    private record Place(
            String table, String column, ColumnType type, List<String> path, boolean child, List<String> conversions) {
        String sql() {
            return SqlKeywords.identifier(column);
        }
    }

    private void add(SourceIndex index) {
        if (index.expireAfterSeconds() != null) {
            note(index, expiry(index, index.expireAfterSeconds()));
        }
        if (index.hidden() && !index.unique()) {
            note(index, "hidden, so that no query uses it.");
            return;
        }
        Optional<String> kind = otherKind(index);
        if (kind.isPresent()) {
            note(index, kind.get());
            return;
        }
        List<Place> places = new ArrayList<>();
        for (SourceIndex.Key key : index.keys()) {
            Optional<Place> place = place(key.field());
            if (place.isEmpty()) {
                note(index, nowhere(key.field()));
                return;
            }
            places.add(place.get());
        }
        if (places.stream().map(Place::table).distinct().count() > 1) {
            note(index, "its fields are in several tables here.");
            return;
        }
        make(index, places);
    }

    private void note(SourceIndex index, String why) {
        planned.add(new PlannedIndex.Noted(index.name(), fields(index) + ": " + why));
    }

    private static String fields(SourceIndex index) {
        return index.keys().stream()
                .map(key -> OneLine.path(key.path()) + (key.kind() == SourceIndex.Kind.DESCENDING ? " descending" : ""))
                .collect(Collectors.joining(", "));
    }

    private String expiry(SourceIndex index, long seconds) {
        Optional<Place> place = place(index.keys().getFirst().field());
        return "MongoDB deletes documents " + BsonTypes.number(seconds)
                + " s after this time, and the rows go with them. Nobody does once the writes have moved to PostgreSQL"
                + place.filter(at -> !at.child() && at.type() instanceof ColumnType.Timestamptz)
                        .map(at -> "; then run DELETE FROM " + SqlKeywords.identifier(at.table()) + " WHERE " + at.sql()
                                + " < now() - interval '" + seconds + " seconds' now and then.")
                        .orElse(".");
    }

    /// Why an index is of a kind of its own.
    private Optional<String> otherKind(SourceIndex index) {
        for (SourceIndex.Key key : index.keys()) {
            switch (key.kind()) {
                case ASCENDING, DESCENDING -> {}
                case TEXT -> {
                    return Optional.of("for words in texts. PostgreSQL has text search: "
                            + place(key.field())
                                    .filter(at -> at.type() instanceof ColumnType.Text)
                                    .map(at -> "CREATE INDEX ON " + SqlKeywords.identifier(at.table())
                                            + " USING gin (to_tsvector('simple', " + at.sql() + ")), for one.")
                                    .orElse("a GIN index on to_tsvector(..)."));
                }
                case GEO -> {
                    return Optional.of(
                            "for places. PostgreSQL has GiST indexes on point, and the extension PostGIS on geography.");
                }
                case HASHED -> {
                    return Optional.of("hashed, as shard keys are. A B-tree on the column does for equality.");
                }
                case WILDCARD -> {
                    return Optional.of("for all fields below it. A GIN index on a jsonb column is its like: "
                            + "CREATE INDEX ON " + SqlKeywords.identifier(table.table()) + " USING gin ("
                            + SqlKeywords.identifier(table.rest()) + " jsonb_path_ops), for one.");
                }
                case OTHER -> {
                    return Optional.of("of a kind that is not known here.");
                }
            }
        }
        if (index.collation() != null) {
            return Optional.of("it compares texts by the collation "
                    + (index.collation().get("locale") instanceof BsonString locale
                            ? OneLine.name(locale.getValue())
                            : "that it names")
                    + ". An ICU collation of PostgreSQL is its like; for upper and lower case alone, the type citext.");
        }
        return Optional.empty();
    }

    private Optional<Place> place(String field) {
        List<String> path = SourceIndex.pathOf(field);
        if (field.equals("_id")) {
            return Optional.of(
                    new Place(table.table(), table.key().column(), table.key().type(), path, false, List.of()));
        }
        Optional<Column> own = ownColumn(field);
        if (own.isPresent()) {
            return own.map(column ->
                    new Place(table.table(), column.column(), column.type(), path, false, column.conversions()));
        }
        for (Child child : table.children()) {
            int depth = child.path().size();
            boolean entries = child.key() instanceof Proposal.RowKey.EntryName;
            if (!entries && path.size() >= depth && path.subList(0, depth).equals(child.path())) {
                List<String> inner = path.subList(depth, path.size());
                if (child.key() instanceof Proposal.RowKey.Field key
                        && key.path().equals(inner)) {
                    return Optional.of(new Place(child.table(), key.column(), key.type(), path, true, List.of()));
                }
                for (Column column : child.columns()) {
                    if (column.path().equals(inner)) {
                        return Optional.of(new Place(
                                child.table(), column.column(), column.type(), path, true, column.conversions()));
                    }
                }
            }
        }
        return Optional.empty();
    }

    private String nowhere(String field) {
        List<String> path = SourceIndex.pathOf(field);
        String name = OneLine.path(path);
        for (Child child : table.children()) {
            if (path.equals(child.path())) {
                return name + " is the table " + OneLine.name(child.table()) + " here, found by its key.";
            }
        }
        for (Column column : table.columns()) {
            int depth = column.path().size();
            if (path.size() > depth
                    && path.subList(0, depth).equals(column.path())
                    && column.type() instanceof ColumnType.Jsonb) {
                return name + " is inside the jsonb of " + OneLine.name(column.column())
                        + ". Where queries look for it, index an expression on that column.";
            }
        }
        return name + " has no column.";
    }

    private void make(SourceIndex index, List<Place> places) {
        boolean array = places.stream().anyMatch(place -> place.type() instanceof ColumnType.Array);
        Optional<String> whyNot =
                unfit(places, array).or(() -> index.unique() ? notUnique(places, array) : Optional.empty());
        if (whyNot.isPresent()) {
            note(index, whyNot.get());
            return;
        }
        String filter = "";
        if (index.partial() != null) {
            Optional<String> said = new PartialFilter(this::ownColumn, this::field).sql(index.partial());
            if (said.isEmpty() || places.getFirst().child()) {
                note(
                        index,
                        (index.unique() ? "unique, but only " : "only ")
                                + "for some documents, by a filter that can't be said of the columns.");
                return;
            }
            filter = said.get();
        }
        boolean nulls = index.unique() && takesNullsForAlike(index, places, filter);
        if (index.sparse() && index.unique() && places.size() > 1) {
            filter = places.stream().map(place -> place.sql() + " IS NOT NULL").collect(Collectors.joining(" OR "));
        }
        String on = (array ? "USING gin " : "") + "(" + columns(index, places) + ")"
                + (nulls ? " NULLS NOT DISTINCT" : "") + (filter.isEmpty() ? "" : " WHERE " + filter);
        add(index.name(), places, on, index.unique());
    }

    private static String columns(SourceIndex index, List<Place> places) {
        List<String> columns = new ArrayList<>();
        for (int i = 0; i < places.size(); i++) {
            boolean descending = places.size() > 1 && index.keys().get(i).kind() == SourceIndex.Kind.DESCENDING;
            columns.add(places.get(i).sql() + (descending ? " DESC" : ""));
        }
        return String.join(", ", columns);
    }

    /// Why PostgreSQL can have no such index on these columns.
    private Optional<String> unfit(List<Place> places, boolean array) {
        if (array && places.size() > 1) {
            return Optional.of("one of its fields is an array. PostgreSQL has no index of an array's elements together"
                    + " with other columns, but with the extension btree_gin.");
        }
        for (Place place : places) {
            if (place.type() instanceof ColumnType.Jsonb) {
                return Optional.of(OneLine.name(place.column()) + " is jsonb. Where queries look for its values, index"
                        + " an expression on it.");
            }
            FieldProfile field = field(place.path()).orElse(null);
            if (field != null && profile.sensitive().isMasked(field)) {
                return Optional.of(
                        OneLine.name(place.column()) + " is masked by redact, which leaves nothing to look for.");
            }
            if (field != null && (long) field.texts().charactersMax() * BYTES_PER_CHARACTER > ENTRY_BYTES_MAX) {
                return Optional.of("some texts of " + OneLine.name(place.column()) + " may be too long for a B-tree,"
                        + " which takes 2,704 bytes. An index on md5(" + place.sql() + ") does for equality.");
            }
        }
        return Optional.empty();
    }

    /// Why documents that MongoDB keeps apart could have rows that PostgreSQL would not.
    private Optional<String> notUnique(List<Place> places, boolean array) {
        if (array || places.stream().anyMatch(Place::child)) {
            return Optional.of("unique between documents. A row is of an element here, and MongoDB allows the same"
                    + " value twice in one document.");
        }
        for (Place place : places) {
            FieldProfile field = field(place.path()).orElse(null);
            if (!place.conversions().isEmpty()) {
                return Optional.of("unique, but the mapping converts " + OneLine.name(place.column())
                        + ", which may make one value of two.");
            }
            if (field != null && kinds(field) > 1) {
                return Optional.of("unique, but " + OneLine.path(place.path())
                        + " has values of several types, which MongoDB tells apart and the column may not.");
            }
        }
        return Optional.empty();
    }

    /// MongoDB compares numbers of all types by their values.
    private static long kinds(FieldProfile field) {
        return field.types().keySet().stream()
                .filter(type -> type != BsonType.NULL && type != BsonType.UNDEFINED)
                .map(type -> type == BsonType.INT32 || type == BsonType.INT64 || type == BsonType.DECIMAL128
                        ? BsonType.DOUBLE
                        : type)
                .distinct()
                .count();
    }

    /// MongoDB takes a field that is missing for null, and null for a value like others. Where the field is
    /// never missing, that makes no difference, and PostgreSQL before 15 has no word for it.
    private boolean takesNullsForAlike(SourceIndex index, List<Place> places, String filter) {
        boolean sparse = index.sparse() && places.size() == 1;
        return !sparse
                && places.stream()
                        .anyMatch(place -> mayBeNull(place) && !filter.contains(place.sql() + " IS NOT NULL"));
    }

    private boolean mayBeNull(Place place) {
        return !place.path().equals(List.of("_id"))
                && (profile.sample().isPresent()
                        || field(place.path())
                                .filter(field -> field.values() == profile.count())
                                .isEmpty());
    }

    private void add(String source, List<Place> places, String on, boolean unique) {
        String at = SqlKeywords.identifier(places.getFirst().table());
        if (!made.add(at + " " + on + " " + unique)) {
            return;
        }
        String wanted = places.getFirst().table() + "_"
                + places.stream().map(Place::column).collect(Collectors.joining("_"));
        String ending = unique ? "_key" : "_idx";
        String name = names.claim(SqlNames.fit(wanted, ending));
        planned.add(new PlannedIndex.Made(
                source, SqlKeywords.identifier(name), at, places.getFirst().sql(), on, unique));
    }

    private Optional<Column> ownColumn(String field) {
        List<String> path = SourceIndex.pathOf(field);
        return table.columns().stream()
                .filter(column -> column.path().equals(path))
                .findFirst();
    }

    /// What was seen of a field; empty where nothing was, or it is inside an array of values.
    private Optional<FieldProfile> field(List<String> path) {
        @Nullable ObjectProfile object = profile.documents();
        FieldProfile field = null;
        for (String name : path) {
            if (object == null) {
                return Optional.empty();
            }
            field = object.fields().get(name);
            if (field == null) {
                return Optional.empty();
            }
            ArrayProfile array = field.array();
            object = field.object() != null
                    ? field.object()
                    : array == null ? null : array.elements().object();
        }
        return Optional.ofNullable(field);
    }

    /// An index for each column that refers to another table, unless one begins with it.
    private void references(String name, List<Column> columns) {
        for (Column column : columns) {
            if (column.reference().isEmpty()) {
                continue;
            }
            String sql = SqlKeywords.identifier(column.column());
            String at = SqlKeywords.identifier(name);
            boolean there = planned.stream()
                    .anyMatch(index -> index instanceof PlannedIndex.Made made
                            && made.table().equals(at)
                            && made.leads().equals(sql)
                            && !made.on().contains(" WHERE "));
            if (!there) {
                boolean array = column.type() instanceof ColumnType.Array;
                Place place = new Place(name, column.column(), column.type(), column.path(), false, List.of());
                add("", List.of(place), (array ? "USING gin " : "") + "(" + sql + ")", false);
            }
        }
    }
}
