package dev.sluice.profile;

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
    /// Objects inside one another that are laid flat.
    private static final int FLAT_LEVELS = 2;

    /// Fields of an object that is laid flat.
    private static final int FLAT_FIELDS_MAX = 16;

    /// Objects that have to be seen before their fields count as the same ones again and again.
    private static final int FLAT_EVIDENCE_MIN = 5;

    /// Share of the objects that a field is in, on average, where their fields count as stable.
    private static final double STABLE_SHARE = 0.5;

    private static final int TABLE_FIELDS_MAX = 40;

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
    /// @param share how often it is there, of all objects
    record Flat(List<String> path, FieldProfile field, TypeChoice choice, double share) {
        /// How often it has a value other than null, of all objects.
        double shareOfValues() {
            return share * field.values() / field.count();
        }
    }

    /// An array that has a table.
    record Nested(List<String> path, FieldProfile field, ObjectProfile elements, Layout layout) {}

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
    private final SensitiveFields sensitive;

    private Layout(boolean child, SensitiveFields sensitive) {
        this.child = child;
        this.sensitive = sensitive;
    }

    static Layout of(CollectionProfile profile) {
        Layout layout = new Layout(false, profile.sensitive());
        layout.lay(profile.documents(), List.of(), 1);
        layout.limitColumns();
        return layout;
    }

    private static Layout ofElements(ObjectProfile elements, SensitiveFields sensitive) {
        Layout layout = new Layout(true, sensitive);
        layout.lay(elements, List.of(), 1);
        layout.limitColumns();
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
        Optional<Sensitive> masked = sensitive.of(field).filter(Sensitive::masked);
        if (masked.isPresent()) {
            columns.add(new Flat(path, field, SensitiveFields.masked(masked.get()), share));
            return;
        }
        ObjectProfile object = field.object();
        int levels = child ? FLAT_LEVELS - 1 : FLAT_LEVELS;
        if (object != null
                && path.size() <= levels
                && mostly(field.count(BsonType.DOCUMENT), field.values())
                && isFlat(object)) {
            lay(object, path, share * object.count() / field.count());
            return;
        }
        ArrayProfile array = field.array();
        ObjectProfile elements = array == null ? null : array.elements().object();
        if (!child && array != null && elements != null && path.size() <= levels && isTable(field, array, elements)) {
            tables.add(new Nested(path, field, elements, ofElements(elements, sensitive)));
            return;
        }
        TypeChoice.of(field, path.getLast()).ifPresent(choice -> columns.add(new Flat(path, field, choice, share)));
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

    /// Whether the elements of an array have the same fields, so that a table of their own is worth it.
    private static boolean isTable(FieldProfile field, ArrayProfile array, ObjectProfile elements) {
        return mostly(field.count(BsonType.ARRAY), field.values())
                && mostly(
                        array.elements().count(BsonType.DOCUMENT),
                        array.elements().count())
                && elements.count() >= FLAT_EVIDENCE_MIN
                && !elements.fields().isEmpty()
                && elements.fields().size() <= TABLE_FIELDS_MAX
                && !isMap(elements)
                && elements.fieldShare() >= STABLE_SHARE;
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
