package dev.sluice.mapping;

import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.Source;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// Finds the fields that a table's columns leave behind: read by none of them by name, and kept by none for
/// the rest. In most documents there are none, and that is all that is worked out then: so many fields the
/// document has, so many the columns have come upon. Any thread.
final class UnmappedFields {
    private final FieldTrie read;
    private final boolean isDocument;
    /// Fields that are read, though not by a column that counts them.
    private final String[] uncounted;
    private final Paths paths;
    private final Place root;

    private UnmappedFields(FieldTrie read, boolean isDocument, String[] uncounted, Paths paths, Place root) {
        this.read = read;
        this.isDocument = isDocument;
        this.uncounted = uncounted;
        this.paths = paths;
        this.root = root;
    }

    /// @param read every field that is read by name
    /// @param array the path of the array whose elements are looked at; null for the document
    /// @return null when a column keeps what no other one reads
    static @Nullable UnmappedFields of(
            List<ColumnMapping> columns, FieldTrie read, @Nullable String array, Paths paths) {
        if (ChildMapper.keepsRest(columns)) {
            return null;
        }
        Set<String> counted = new HashSet<>();
        columns.forEach(c -> isCounter(c, counted));
        String[] uncounted = read.names().stream()
                .filter(name -> !counted.contains(name) && !(array == null && name.equals("_id")))
                .toArray(String[]::new);
        return new UnmappedFields(read, array == null, uncounted, paths, new Place(array == null ? "" : array + "[]"));
    }

    /// Whether the column is the one that counts its field: it reads nothing else, and is the first to.
    /// Asked of the columns in their order.
    ///
    /// @param counted the fields that columns before it count; this one's is added
    static boolean isCounter(ColumnMapping column, Set<String> counted) {
        return column.source() instanceof Source.Path(List<String> names)
                && names.size() == 1
                && !names.getFirst().equals("_id")
                && counted.add(names.getFirst());
    }

    /// The distinct paths that one collection has come upon, so that they are not put together anew for
    /// each document. Bounded, since there are documents whose field names are data. Any thread.
    static final class Paths {
        /// Stands for all beyond the bound.
        static final String OTHER = "(other)";

        private static final int MAX = 1_000;
        private static final int NAME_LENGTH_MAX = 200;

        private final AtomicInteger known = new AtomicInteger();

        private String path(Place place, String name) {
            String path = place.unread.get(name);
            if (path != null) {
                return path;
            }
            if (name.length() > NAME_LENGTH_MAX || known.get() >= MAX) {
                return OTHER;
            }
            String added = place.unread.computeIfAbsent(name, n -> join(place.path, PgText.clean(n)));
            known.incrementAndGet();
            return added;
        }

        private static String join(String outer, String name) {
            return SourceReader.join(outer, name.isEmpty() || name.indexOf('.') >= 0 ? '"' + name + '"' : name);
        }
    }

    /// A place in the document that is read in part.
    private static final class Place {
        private final String path;
        private final Map<String, String> unread = new ConcurrentHashMap<>();
        private final Map<String, Place> inside = new ConcurrentHashMap<>();

        Place(String path) {
            this.path = path;
        }

        /// Of a field that the mapping names, so there are only so many.
        Place inside(String name) {
            return inside.computeIfAbsent(name, n -> new Place(Paths.join(path, n)));
        }
    }

    /// The path that a field is named by which nothing reads.
    ///
    /// @param outer the names of the fields that it lies in
    String path(List<String> outer, String name) {
        Place place = root;
        for (String segment : outer) {
            place = place.inside(segment);
        }
        return paths.path(place, name);
    }

    /// @param scope after the table's columns have been read in it
    void report(Scope scope) {
        if (!(scope.start() instanceof BsonDocument object)) {
            return;
        }
        // The document's own _id is read always.
        int seen = scope.fieldsCounted() + (isDocument ? 1 : 0);
        boolean partly = false;
        for (String name : uncounted) {
            BsonValue value = object.get(name);
            if (value != null) {
                seen++;
                partly |= !read.inside(name).readsAll(value);
            }
        }
        if (partly || seen != object.size()) {
            report(object, read, root, isDocument ? "_id" : null, scope);
        }
    }

    private void report(BsonDocument object, FieldTrie node, Place place, @Nullable String except, Scope scope) {
        for (Map.Entry<String, BsonValue> field : object.entrySet()) {
            String name = field.getKey();
            if (name.equals(except)) {
                continue;
            }
            if (!node.names().contains(name)) {
                scope.findings().addUnmapped(paths.path(place, name));
                continue;
            }
            FieldTrie inside = node.inside(name);
            if (inside.readsAll(field.getValue())) {
                continue;
            }
            if (field.getValue() instanceof BsonDocument inner) {
                report(inner, inside, place.inside(name), null, scope);
            } else if (field.getValue() instanceof BsonArray) {
                scope.findings().addUnmapped(paths.path(place, name));
            }
        }
    }
}
