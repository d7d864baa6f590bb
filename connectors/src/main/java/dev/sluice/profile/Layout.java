package dev.sluice.profile;

import dev.sluice.bson.Utf8;
import dev.sluice.mapping.convert.TextForm;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bson.BsonType;

/// Which fields of an object become columns, which become tables of their own, and which stay in the rest.
/// The object is the documents of a collection, or the elements of an array.
final class Layout {
    /// Fields of an object that is laid flat.
    private static final int FLAT_FIELDS_MAX = 16;

    /// Objects that have to be seen before their fields count as the same ones again and again.
    private static final int FLAT_EVIDENCE_MIN = 5;

    /// Share of the objects that a field is in, on average, where their fields count as stable.
    private static final double STABLE_SHARE = 0.5;

    private static final int TABLE_FIELDS_MAX = 40;

    /// Characters of a name that is part of a key: an index takes some 2,700 bytes.
    private static final int NAME_LENGTH_MAX = 500;

    /// Fields in fewer objects than one in so many have no column.
    private static final long RARE = 100;

    /// Where values of a known kind make up all but one in so many, the kind is the column's type.
    private static final long FEW = 20;

    /// Columns of one table.
    static final int COLUMNS_MAX = 200;

    /// Names of one object beyond which they are data.
    private static final int MAP_NAMES_MIN = 50;

    /// A field that has a column.
    ///
    /// @param path of the field; empty for the element or the value itself
    /// @param share how often it is there, of all objects
    record Flat(List<String> path, FieldProfile field, TypeChoice choice, double share) {
        /// How often it has a value other than null, of all objects.
        double shareOfValues() {
            return share * field.values() / field.count();
        }
    }

    /// An array or an object that has a table.
    ///
    /// @param rows what its elements are like, or the values of its entries
    record Nested(List<String> path, FieldProfile field, FieldProfile rows, Rows kind, Layout layout) {}

    /// What the rows of a table are.
    enum Rows {
        /// Elements of an array that are objects.
        ELEMENTS,
        /// Elements of an array that refer to documents.
        REFERENCES,
        /// Entries of an object whose names are data.
        ENTRIES
    }

    /// A field that stays in the rest.
    record Left(List<String> path, Reason reason) {}

    /// Why a field stays in the rest.
    enum Reason {
        /// Nothing but null was seen, so no type is known.
        NULL,
        /// It is in fewer than one in a hundred.
        RARE,
        /// The mapping language has no path to it.
        NAME,
        /// There are more fields than columns.
        MANY
    }

    private final List<Flat> columns = new ArrayList<>();
    private final List<Nested> tables = new ArrayList<>();
    private final List<Left> left = new ArrayList<>();
    private final boolean child;
    private final CollectionProfile profile;
    private final Flattening flattening;
    private final References references;

    private Layout(boolean child, CollectionProfile profile, Flattening flattening, References references) {
        this.child = child;
        this.profile = profile;
        this.flattening = flattening;
        this.references = references;
    }

    static Layout of(CollectionProfile profile, Flattening flattening, References references) {
        Layout layout = new Layout(false, profile, flattening, references);
        layout.lay(profile.documents(), List.of(), 1);
        layout.limitColumns();
        return layout;
    }

    private Layout ofRows(ObjectProfile rows) {
        Layout layout = new Layout(true, profile, flattening, references);
        layout.lay(rows, List.of(), 1);
        layout.limitColumns();
        return layout;
    }

    /// One column, for the element or the value itself.
    private Layout ofValue(FieldProfile value, String name) {
        Layout layout = new Layout(true, profile, flattening, references);
        TypeChoice.of(value, name).ifPresent(choice -> layout.columns.add(new Flat(List.of(), value, choice, 1)));
        return layout;
    }

    /// In the order in which the fields turned up.
    List<Flat> columns() {
        return columns;
    }

    List<Nested> tables() {
        return tables;
    }

    List<Left> left() {
        return left;
    }

    private void lay(ObjectProfile object, List<String> outer, double outerShare) {
        object.fields().forEach((name, field) -> {
            if (!child && outer.isEmpty() && name.equals("_id")) {
                return;
            }
            List<String> path = new ArrayList<>(outer);
            path.add(name);
            double share = outerShare * field.count() / object.count();
            if (!PathText.isReadable(path)) {
                left.add(new Left(path, Reason.NAME));
            } else if (field.values() == 0) {
                left.add(new Left(path, Reason.NULL));
            } else if (field.count() * RARE < object.count()) {
                left.add(new Left(path, Reason.RARE));
            } else {
                lay(path, field, share);
            }
        });
    }

    private void lay(List<String> path, FieldProfile field, double share) {
        Optional<Sensitive> masked = profile.sensitive().of(field).filter(Sensitive::masked);
        if (masked.isPresent()) {
            columns.add(new Flat(path, field, SensitiveFields.masked(masked.get()), share));
            return;
        }
        ObjectProfile object = field.object();
        boolean wanted = !child && flattening.wants(profile.collection(), path);
        int levels = child ? Math.min(1, flattening.levels()) : flattening.levels();
        if (object != null
                && mostly(field.count(BsonType.DOCUMENT), field.values())
                && (wanted || (path.size() <= levels && isFlat(object)))) {
            lay(object, path, share * object.count() / field.count());
            return;
        }
        Optional<Nested> table = child || !mayBeTable(path) ? Optional.empty() : table(path, field);
        if (table.isPresent()) {
            tables.add(table.get());
            return;
        }
        TypeChoice.of(field, path.getLast()).ifPresent(choice -> columns.add(new Flat(path, field, choice, share)));
    }

    /// Whether the object around a field is laid flat, or may be.
    private boolean mayBeTable(List<String> path) {
        return path.size() <= Math.max(1, flattening.levels())
                || flattening.wants(profile.collection(), path.subList(0, path.size() - 1));
    }

    private Optional<Nested> table(List<String> path, FieldProfile field) {
        ArrayProfile array = field.array();
        ObjectProfile object = field.object();
        if (array != null) {
            ObjectProfile elements = array.elements().object();
            if (elements != null && isTable(field, array.elements(), elements)) {
                return Optional.of(new Nested(path, field, array.elements(), Rows.ELEMENTS, ofRows(elements)));
            }
            if (areReferences(field, array.elements())) {
                Layout layout = ofValue(array.elements(), path.getLast());
                return Optional.of(new Nested(path, field, array.elements(), Rows.REFERENCES, layout));
            }
        }
        return object != null && isEntries(field, object)
                ? Optional.of(entries(path, field, object.entries()))
                : Optional.empty();
    }

    private Nested entries(List<String> path, FieldProfile field, FieldProfile values) {
        ObjectProfile objects = values.object();
        Layout layout =
                objects != null && isTable(values, values, objects) ? ofRows(objects) : ofValue(values, path.getLast());
        return new Nested(path, field, values, Rows.ENTRIES, layout);
    }

    /// Whether an object has data for names, so that a table of its entries is worth it.
    private boolean isEntries(FieldProfile field, ObjectProfile object) {
        return isMap(object)
                && mostly(field.count(BsonType.DOCUMENT), field.values())
                && profile.sensitive().of(field).isEmpty()
                && object.entries().values() >= FLAT_EVIDENCE_MIN
                && object.fields().keySet().stream()
                        .allMatch(name ->
                                name.length() <= NAME_LENGTH_MAX && Utf8.isUtf8(name) && name.indexOf('\0') < 0);
    }

    /// Whether nearly all elements are the `_id` of documents, so that a table of both is worth it.
    private boolean areReferences(FieldProfile field, FieldProfile elements) {
        return mostly(field.count(BsonType.ARRAY), field.values())
                && elements.values() == elements.count()
                && profile.sensitive().of(field).isEmpty()
                && profile.sensitive().of(elements).isEmpty()
                && references
                        .of(elements)
                        .flatMap(Reference::join)
                        .filter(join -> nearly(join.joined(), join.values()))
                        .isPresent();
    }

    /// Whether an object's fields are few and the same in most, so that columns of their own are worth it.
    /// One that is empty at times is kept whole: flat, `{}` and missing would look the same.
    static boolean isFlat(ObjectProfile object) {
        return object.count() >= FLAT_EVIDENCE_MIN
                && object.empty() == 0
                && object.fields().size() <= FLAT_FIELDS_MAX
                && !isMap(object)
                && object.fieldShare() >= STABLE_SHARE
                && object.fields().keySet().stream().allMatch(name -> PathText.isReadable(List.of(name)));
    }

    /// Whether all are of a kind, but for one in a hundred at most. What is not then lies in the rest, or
    /// in quarantine when an element is no object.
    static boolean mostly(long kind, long all) {
        return (all - kind) * RARE <= all;
    }

    /// Whether all are of a kind, but for one in twenty at most.
    static boolean nearly(long kind, long all) {
        return (all - kind) * FEW <= all;
    }

    /// Whether elements or values have the same fields, so that a table of their own is worth it.
    ///
    /// @param field that they are in
    private static boolean isTable(FieldProfile field, FieldProfile rows, ObjectProfile objects) {
        return (field == rows || mostly(field.count(BsonType.ARRAY), field.values()))
                && mostly(rows.count(BsonType.DOCUMENT), rows.count())
                && objects.count() >= FLAT_EVIDENCE_MIN
                && !objects.fields().isEmpty()
                && objects.fields().size() <= TABLE_FIELDS_MAX
                && !isMap(objects)
                && objects.fieldShare() >= STABLE_SHARE;
    }

    /// Whether the names of an object's fields are data, as in `{"65f0..": 3, "65f1..": 5}`.
    static boolean isMap(ObjectProfile object) {
        int names = object.fields().size();
        if (object.unbounded()) {
            return true;
        }
        if (names >= MAP_NAMES_MIN && object.fieldShare() < STABLE_SHARE) {
            return true;
        }
        long data = object.fields().keySet().stream().filter(Layout::isData).count();
        return data > 0 && 2 * data >= names;
    }

    private static boolean isData(String name) {
        return TextForm.OBJECT_ID.fits(name)
                || TextForm.UUID.fits(name)
                || TextForm.WHOLE_NUMBER.fits(name)
                || TextForm.DATE.fits(name);
    }

    private void limitColumns() {
        if (columns.size() <= COLUMNS_MAX) {
            return;
        }
        Set<Flat> kept = new HashSet<>(columns.stream()
                .sorted(Comparator.comparingDouble(Flat::share).reversed())
                .limit(COLUMNS_MAX)
                .toList());
        columns.removeIf(column -> {
            boolean goes = !kept.contains(column);
            if (goes) {
                left.add(new Left(column.path(), Reason.MANY));
            }
            return goes;
        });
    }
}
