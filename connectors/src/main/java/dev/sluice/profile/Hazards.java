package dev.sluice.profile;

import dev.sluice.profile.Hazard.Kind;
import dev.sluice.profile.Proposal.KeyColumn;
import dev.sluice.schema.ColumnType;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.bson.BsonType;

/// Finds what is hazardous about the documents of one collection. For one collection and one thread.
final class Hazards {
    /// From here on a document is called large. MongoDB itself ends at 16 MB.
    private static final long LARGE_BYTES = 4L << 20;

    /// Digits that the decimals of most programs keep.
    private static final int DIGITS_MAX = 28;

    private static final String DOCUMENTS = "(documents)";

    /// Where an `_id` is, whatever it is like: it is in no column of its own, and in no quarantine.
    private static final String IN_KEY = "in the key, as text";

    private final List<Hazard> found = new ArrayList<>();

    private final KeyColumn key;

    /// Objects whose entries have a table.
    private final Set<String> entries = new HashSet<>();

    private Hazards(KeyColumn key) {
        this.key = key;
    }

    /// @param layout of the collection's tables
    /// @param words whether the few words that a field always holds may be named
    static List<Hazard> of(CollectionProfile profile, KeyColumn key, Layout layout, boolean words) {
        Hazards hazards = new Hazards(key);
        hazards.documents(profile);
        Discriminator.of(profile, words)
                .ifPresent(found -> hazards.add(Kind.SEVERAL_KINDS, found.path(), found.text()));
        layout.tables().forEach(hazards::table);
        hazards.object("", profile.documents());
        profile.sensitive().byPath().forEach((path, found) -> {
            String masked = OneLine.path(path);
            // It is kept as no jsonb.
            hazards.found.removeIf(hazard -> found.masked()
                    && hazard.kind() == Kind.UNBOUNDED_NAMES
                    && hazard.path().equals(masked));
            hazards.sensitive(path, found);
        });
        return hazards.found;
    }

    private void documents(CollectionProfile profile) {
        if (profile.count() == 0) {
            add(Kind.EMPTY, DOCUMENTS, "there was none to look at; all that turns up lands in the rest");
        }
        if (profile.bytesMax() >= LARGE_BYTES) {
            add(
                    Kind.LARGE_DOCUMENT,
                    DOCUMENTS,
                    "the largest has " + BsonTypes.number(profile.bytesMax()) + " bytes, the average "
                            + BsonTypes.number(profile.bytesMean()));
        }
        if (profile.unseen() > 0) {
            add(
                    Kind.LARGE_DOCUMENT,
                    DOCUMENTS,
                    BsonTypes.number(profile.unseen())
                            + " were not read: they take more memory than the heap has; raise it (-Xmx) to include them");
        }
    }

    private void sensitive(List<String> path, Sensitive sensitive) {
        Kind kind = switch (sensitive.kind()) {
            case SECRET -> Kind.SECRET;
            case PERSONAL -> Kind.PERSONAL;
        };
        boolean unreachable = path.getFirst().equals("_id") || !PathText.isKey(path);
        add(
                kind,
                OneLine.path(path),
                sensitive.reason()
                        + (unreachable
                                ? ": no `redact` reaches it, so it is copied"
                                : sensitive.masked()
                                        ? ": masked by `redact`; take the line out where the application needs it"
                                        : ": copied; the line of `redact` that hides it is there as a comment"));
    }

    private void table(Layout.Nested table) {
        String path = OneLine.path(table.path());
        if (table.kind() == Layout.Rows.ENTRIES) {
            entries.add(path);
        }
        String inner = path + (table.kind() == Layout.Rows.ENTRIES ? ".*" : "[]");
        table.layout().columns().stream()
                .filter(column -> column.choice().type() instanceof ColumnType.Jsonb)
                .filter(column -> column.field().array() != null
                        && column.field().array().elements().count(BsonType.DOCUMENT) > 0)
                .forEach(column -> add(
                        Kind.NESTED_ARRAY,
                        inner + (column.path().isEmpty() ? "" : "." + OneLine.path(column.path())),
                        "an array of objects inside rows of a child table: kept as jsonb, for a child table has no"
                                + " child tables of its own"));
    }

    /// @param path of the object; empty for the documents
    private void object(String path, ObjectProfile object) {
        if (entries.contains(path)) {
            add(
                    Kind.ENTRIES,
                    path,
                    "the names of its fields look like data ("
                            + BsonTypes.number(object.fields().size()) + (object.unbounded() ? " or more" : "")
                            + " different ones): a table of its entries");
        } else if (Layout.isMap(object)) {
            add(
                    Kind.UNBOUNDED_NAMES,
                    path.isEmpty() ? DOCUMENTS : path,
                    "the names of its fields look like data ("
                            + BsonTypes.number(object.fields().size()) + (object.unbounded() ? " or more" : "")
                            + " different ones)"
                            + (path.isEmpty() ? "; the rare ones are in the rest" : ": kept as jsonb"));
        }
        if (Layout.isMap(object)) {
            twins(
                    path.isEmpty() ? DOCUMENTS : path,
                    "some of its names are",
                    object.fields().values().stream()
                            .mapToLong(FieldProfile::twins)
                            .sum());
            return;
        }
        object.fields().forEach((name, field) -> {
            String inner = (path.isEmpty() ? "" : path + ".") + OneLine.name(name);
            if (!isDbRef(object)) {
                oddName(inner, name);
            }
            twins(inner, "the name is", field.twins());
            field(inner, field);
        });
    }

    private void twins(String path, String what, long objects) {
        if (objects > 0) {
            add(
                    Kind.TWIN_NAMES,
                    path,
                    what + " there more than once in " + BsonTypes.count(objects, "object")
                            + (path.startsWith("_id.")
                                    ? ": a document with such an _id is a dead letter"
                                    : ": rows have the first value, which is the one that MongoDB's queries see, and the"
                                            + " others are quarantined"));
        }
    }

    /// `{$ref: .., $id: ..}`: its dollars are MongoDB's own.
    private static boolean isDbRef(ObjectProfile object) {
        return object.fields().containsKey("$ref") && object.fields().containsKey("$id");
    }

    private void oddName(String path, String name) {
        if (name.isEmpty()) {
            add(Kind.ODD_NAME, path, "the name is empty: kept in the rest, no path leads to it");
            return;
        }
        String odd = name.indexOf('.') >= 0
                ? "has a dot in its name"
                : name.startsWith("$")
                        ? "has a name that begins with a dollar"
                        : name.isBlank()
                                ? "has a name of nothing but blanks"
                                : name.indexOf('"') >= 0 ? "has a quote in its name" : "";
        if (!odd.isEmpty()) {
            add(Kind.ODD_NAME, path, odd + ", which queries in MongoDB and SQL trip over");
        }
    }

    private void field(String path, FieldProfile field) {
        boolean id = path.equals("_id");
        long several = field.types().keySet().stream()
                .filter(t -> t != BsonType.NULL && t != BsonType.UNDEFINED)
                .filter(t -> !isNumber(t))
                .count();
        boolean numbers = field.numbers().count() > 0;
        if (several + (numbers ? 1 : 0) > 1) {
            add(
                    id ? Kind.MIXED_IDS : Kind.MIXED_TYPES,
                    path,
                    BsonTypes.shares(field)
                            + (!id
                                    ? ""
                                    : key.typed()
                                            ? ": written with their types, since two of them could be written alike"
                                            : ": written as text, so a later string that is written like an id of another type is a dead letter"));
        }
        boolean ofId = id || path.startsWith("_id.") || path.startsWith("_id[");
        texts(path, field.texts(), ofId);
        numbers(path, field.numbers(), ofId);
        if (field.dates().outOfRange() > 0) {
            add(
                    Kind.DATE_OUT_OF_RANGE,
                    path,
                    BsonTypes.count(field.dates().outOfRange(), "date") + " beyond timestamptz: "
                            + (ofId ? IN_KEY : "quarantined"));
        }
        if (field.binaries().legacyUuids() > 0) {
            add(
                    Kind.LEGACY_UUID,
                    path,
                    BsonTypes.count(field.binaries().legacyUuids(), "UUID")
                            + " of subtype 3, whose byte order depends on the driver that wrote them: "
                            + (ofId ? IN_KEY : "kept as bytes where most are, else quarantined"));
        }
        ObjectProfile object = field.object();
        if (object != null) {
            object(path, object);
        }
        ArrayProfile array = field.array();
        if (array != null) {
            field(path + "[]", array.elements());
        }
    }

    private void texts(String path, TextProfile texts, boolean ofId) {
        String quarantined = ": quarantined where the column is text, replaced by U+FFFD in jsonb";
        long withNul = texts.unfit() - texts.notUtf8();
        if (withNul > 0) {
            add(
                    Kind.NUL,
                    path,
                    "NUL in " + BsonTypes.count(withNul, "text")
                            + (ofId ? ": written as JSON in the key" : quarantined));
        }
        if (texts.notUtf8() > 0) {
            add(
                    Kind.NOT_UTF8,
                    path,
                    "bytes that are not UTF-8 in " + BsonTypes.count(texts.notUtf8(), "text")
                            + (ofId ? ": no key of a row can hold them, so each is a dead letter" : quarantined));
        }
    }

    private static boolean isNumber(BsonType type) {
        return type == BsonType.INT32
                || type == BsonType.INT64
                || type == BsonType.DOUBLE
                || type == BsonType.DECIMAL128;
    }

    private void numbers(String path, NumberProfile numbers, boolean ofId) {
        if (numbers.notFinite() > 0) {
            add(
                    Kind.NOT_FINITE,
                    path,
                    BsonTypes.count(numbers.notFinite(), "number")
                            + " NaN or infinite: "
                            + (ofId ? IN_KEY : "kept in double precision and numeric, as an object in jsonb"));
        }
        if (numbers.beyondDouble() + numbers.beyondLong() > 0) {
            add(
                    Kind.LARGE_WHOLE_NUMBER,
                    path,
                    BsonTypes.count(numbers.beyondDouble() + numbers.beyondLong(), "whole number")
                            + " beyond 2^53, where JavaScript and doubles round");
        }
        int digits = numbers.integerDigitsMax() + numbers.scaleMax();
        if (digits > DIGITS_MAX && numbers.decimals() > 0) {
            add(
                    Kind.MANY_DIGITS,
                    path,
                    "decimals of up to " + numbers.integerDigitsMax() + " digits before and " + numbers.scaleMax()
                            + " after the point");
        }
    }

    private void add(Kind kind, String path, String text) {
        found.add(new Hazard(kind, path, text));
    }
}
