package dev.sluice.mapping.document;

import dev.sluice.mapping.value.DocumentPath;
import dev.sluice.mapping.value.PgText;
import dev.sluice.schema.ColumnMapping;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// What the fields are called that a table's columns leave behind: read by none of them by name, and kept by none for
/// the rest. Any thread.
public final class UnmappedFields {
    private final Paths paths;
    private final Place root;

    private UnmappedFields(Paths paths, Place root) {
        this.paths = paths;
        this.root = root;
    }

    /// @param place where the fields are: empty for the document, `lines[]` for the elements of an
    ///     array, `scores.*` for the entries of an object
    /// @return null when a column keeps what no other one reads
    public static @Nullable UnmappedFields of(List<ColumnMapping> columns, String place, Paths paths) {
        return columns.stream().anyMatch(ColumnMapping::keepsRest) ? null : new UnmappedFields(paths, new Place(place));
    }

    /// The distinct paths that one collection has come upon, so that they are not put together again for
    /// each document. Bounded, since there are documents whose field names are data. Any thread.
    public static final class Paths {
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
            return DocumentPath.join(outer, name.isEmpty() || name.indexOf('.') >= 0 ? '"' + name + '"' : name);
        }
    }

    /// What one document has of it, in all its tables. For one mapper, so for one thread.
    public static final class Found {
        private final Map<String, Unread> known = new HashMap<>();
        private final List<String> paths = new ArrayList<>();
        private List<String> last = List.of();
        private long document;

        void startDocument() {
            document++;
            paths.clear();
        }

        Unread known(String path) {
            return known.computeIfAbsent(path, Unread::new);
        }

        void report(Unread unread) {
            if (unread.saidOf != document) {
                unread.saidOf = document;
                paths.add(unread.path);
            }
        }

        /// The paths of the last document, in the order they were met; the same list as long as documents have the
        /// same.
        public List<String> paths() {
            if (paths.isEmpty()) {
                return List.of();
            }
            if (!last.equals(paths)) {
                last = List.copyOf(paths);
            }
            return last;
        }
    }

    /// The path of fields that nothing reads: one for each distinct path.
    static final class Unread {
        private final String path;
        /// The document that it was last said of.
        private long saidOf;

        private Unread(String path) {
            this.path = path;
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
}
