package dev.sluice.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Where a column's value comes from. The first part of a column; conversions and the policy for what does
/// not fit follow it.
public sealed interface Source {

    /// The paths read by name where the source itself reads: in the document, or for a column of a child
    /// table in the array's element.
    default List<Path> ownPaths() {
        List<Path> paths = new ArrayList<>();
        Paths.collect(this, false, false, paths);
        return paths;
    }

    /// For a column of a child table: the paths it reads by name in the document that holds the array.
    default List<Path> parentPaths() {
        List<Path> paths = new ArrayList<>();
        Paths.collect(this, true, false, paths);
        return paths;
    }

    /// Whether this source is such a one, or is made of one. What stands behind `parent` is not looked at: it reads
    /// another place.
    default boolean isMadeOf(Predicate<Source> such) {
        return such.test(this)
                || switch (this) {
                    case FirstOf(List<Source> sources) -> anyMadeOf(sources, such);
                    case FirstTruthy(List<Source> sources) -> anyMadeOf(sources, such);
                    case Merge(List<Source> sources) -> anyMadeOf(sources, such);
                    case Join join -> anyMadeOf(join.sources(), such);
                    case Build build -> anyMadeOf(build.fields().values(), such);
                    case Converted converted -> converted.source().isMadeOf(such);
                    case Path p -> false;
                    case Parent p -> false;
                    case Element e -> false;
                    case Constant c -> false;
                    case IdTime i -> false;
                    case Rest r -> false;
                    case WholeDocument w -> false;
                };
    }

    private static boolean anyMadeOf(Collection<Source> sources, Predicate<Source> such) {
        return sources.stream().anyMatch(source -> source.isMadeOf(such));
    }

    /// A path into the document; in a child table, into the array's element.
    ///
    /// @param segments field names, outermost first, never empty; a name may hold dots
    record Path(List<String> segments) implements Source {
        public Path {
            segments = List.copyOf(segments);
            if (segments.isEmpty() || segments.stream().anyMatch(String::isEmpty)) {
                throw new IllegalArgumentException("a path has at least one name, and no empty one");
            }
        }

        /// As a mapping writes it: names joined by dots, a name with dots in double quotes.
        @Override
        public String toString() {
            return segments.stream()
                    .map(s -> s.indexOf('.') >= 0 ? '"' + s + '"' : s)
                    .collect(Collectors.joining("."));
        }
    }

    /// In a child table: a source read in the document that holds the array.
    record Parent(Source source) implements Source {}

    /// In a child table over an array of scalars: the element itself.
    record Element() implements Source {}

    /// The first of several that is there and not null.
    record FirstOf(List<Source> sources) implements Source {
        public FirstOf {
            sources = List.copyOf(sources);
            if (sources.isEmpty()) {
                throw new IllegalArgumentException("first: needs at least one source");
            }
        }
    }

    /// The first of several that is neither missing nor falsy (null, false, 0, `""`, `[]`, `{}`); when none
    /// is, the first that is there at all.
    record FirstTruthy(List<Source> sources) implements Source {
        public FirstTruthy {
            sources = List.copyOf(sources);
            if (sources.isEmpty()) {
                throw new IllegalArgumentException("first_truthy: needs at least one source");
            }
        }
    }

    /// A source with conversions of its own, which run before anything is done with its value.
    ///
    /// @param missing what it yields when the result is missing or null; null to yield that result itself
    record Converted(
            Source source,
            List<Conversion> conversions,
            @Nullable JsonNode missing) implements Source {
        public Converted {
            conversions = List.copyOf(conversions);
        }
    }

    /// Objects laid over each other, top level; of a field that several have, the last one's value is
    /// taken. Absent when none is an object.
    record Merge(List<Source> sources) implements Source {
        public Merge {
            sources = List.copyOf(sources);
            if (sources.isEmpty()) {
                throw new IllegalArgumentException("merge: needs at least one source");
            }
        }
    }

    /// Texts joined by another; those that are absent, null or empty are left out, and it is absent when
    /// all are.
    ///
    /// @param separator stands between two of them; may be empty
    record Join(List<Source> sources, String separator) implements Source {
        public Join {
            sources = List.copyOf(sources);
            if (sources.isEmpty()) {
                throw new IllegalArgumentException("join: needs at least one source");
            }
        }
    }

    /// The same value for every document.
    record Constant(JsonNode value) implements Source {}

    /// The moment an ObjectId `_id` was made, to the second; absent for other types of `_id`. Unlike the
    /// time of the migration it stays the same on every run.
    record IdTime() implements Source {}

    /// The fields that no column, child table or rule of the collection reads by name, without `_id`; of an
    /// object that is
    /// read in part, the fields that are left. In a child table, the same for the array's element.
    record Rest() implements Source {}

    /// The whole document, without `_id`; in a child table too it is the document that holds the array.
    record WholeDocument() implements Source {}

    /// An object made of other sources; fields whose source is absent or null are left out. The object
    /// itself is absent when the field named by `required` is.
    record Build(Map<String, Source> fields, String required) implements Source {
        public Build {
            // Not Map.copyOf, whose order differs from one run of the JVM to the next.
            fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
            if (!fields.containsKey(required)) {
                throw new IllegalArgumentException("required: must name one of the fields");
            }
        }
    }

    /// Collects paths; a class, since an interface can't have package-private methods.
    final class Paths {
        private Paths() {}

        /// @param wanted whether the paths behind `parent:` are asked for, or the others
        /// @param behind whether `source` stands behind a `parent:`
        private static void collect(Source source, boolean wanted, boolean behind, List<Path> paths) {
            switch (source) {
                case Path p -> {
                    if (wanted == behind) {
                        paths.add(p);
                    }
                }
                case Parent p -> collect(p.source(), wanted, true, paths);
                case FirstOf f -> f.sources().forEach(s -> collect(s, wanted, behind, paths));
                case Build b -> b.fields().values().forEach(s -> collect(s, wanted, behind, paths));
                case FirstTruthy f -> f.sources().forEach(s -> collect(s, wanted, behind, paths));
                case Converted c -> collect(c.source(), wanted, behind, paths);
                case Merge m -> m.sources().forEach(s -> collect(s, wanted, behind, paths));
                case Join j -> j.sources().forEach(s -> collect(s, wanted, behind, paths));
                case Element e -> {}
                case Constant c -> {}
                case IdTime i -> {}
                case Rest r -> {}
                case WholeDocument w -> {}
            }
        }
    }
}
