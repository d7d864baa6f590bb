package dev.sluice.service.plan;

import dev.sluice.bson.DocumentDecoder;
import dev.sluice.mapping.DocumentMapper;
import dev.sluice.mapping.document.FieldTrie;
import dev.sluice.schema.ChildKey;
import dev.sluice.schema.ChildMapping;
import dev.sluice.schema.CollectionMapping;
import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Nearest;
import dev.sluice.schema.Source;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;

/// Finds the paths that columns and child tables read and that no document has: a misspelt name is NULL
/// in every row, and nothing else says so. A `first` is there when one of its paths is. Rules that skip
/// documents are left out, since they may wait for what seldom happens.
///
/// Once every path was met, documents are not looked into any more. For one collection and one thread.
final class AbsentPaths {
    /// Paths of documents that are remembered, to name the nearest; of one array as many.
    private static final int NAMED_MAX = 5_000;

    /// Documents whose paths are remembered.
    private static final int NAMED_DOCUMENTS_MAX = 10_000;

    private static final int DEPTH_MAX = 8;

    /// Elements of one array, or entries of one object, that are looked at.
    private static final int ELEMENTS_MAX = 1_000;

    /// Letters that may differ between a path and the one that was meant: of three letters one, at most these.
    private static final int EDITS_MAX = 3;

    private final List<Wanted> open = new ArrayList<>();
    private final Set<String> read = new HashSet<>();
    private final Set<String> named = new TreeSet<>();
    private final Map<ChildMapping, Set<String>> namedInElements = new HashMap<>();
    private long documents;
    /// Whether some document was too large to be looked into.
    private boolean isUncertain;

    /// @param reader `table.column`, or the child table
    /// @param child the table in whose elements the paths are; empty for the document
    /// @param paths one of which has to be there
    private record Wanted(String reader, Optional<ChildMapping> child, List<Source.Path> paths) {}

    AbsentPaths(CollectionMapping mapping) {
        want(mapping.table().table(), mapping.columns(), Optional.empty());
        for (ChildMapping child : mapping.children()) {
            open.add(new Wanted(child.table().table(), Optional.empty(), List.of(child.path())));
            if (child.key() instanceof ChildKey.ElementField(String column, Source.Path from, ColumnType.Key _)) {
                open.add(new Wanted(child.table().table() + "." + column, Optional.of(child), List.of(from)));
            }
            want(child.table().table(), child.columns(), Optional.of(child));
            namedInElements.put(child, new TreeSet<>());
        }
        mapping.readPaths().forEach(path -> read.add(path.toString()));
    }

    private void want(String table, List<ColumnMapping> columns, Optional<ChildMapping> child) {
        for (ColumnMapping column : columns) {
            want(table + "." + column.column(), column.source(), child);
        }
    }

    private void want(String reader, Source source, Optional<ChildMapping> child) {
        switch (source) {
            case Source.Path path -> open.add(new Wanted(reader, child, List.of(path)));
            case Source.FirstOf first -> wantOne(reader, first, child);
            case Source.FirstTruthy first -> wantOne(reader, first, child);
            case Source.Parent(Source behind) -> want(reader, behind, Optional.empty());
            case Source.Converted converted -> want(reader, converted.source(), child);
            case Source.Merge(List<Source> sources) -> sources.forEach(each -> want(reader, each, child));
            case Source.Join join -> join.sources().forEach(each -> want(reader, each, child));
            case Source.Build build -> build.fields().values().forEach(each -> want(reader, each, child));
            case Source.Element _, Source.Constant _, Source.IdTime _, Source.Rest _, Source.WholeDocument _ -> {}
        }
    }

    /// One of several, unless something stands among them that is no path.
    private void wantOne(String reader, Source first, Optional<ChildMapping> child) {
        boolean hasOther = first.isMadeOf(part -> part instanceof Source.Parent
                || part instanceof Source.Element
                || part instanceof Source.Constant
                || part instanceof Source.IdTime
                || part instanceof Source.Rest
                || part instanceof Source.WholeDocument);
        if (!hasOther && !first.ownPaths().isEmpty()) {
            open.add(new Wanted(reader, child, first.ownPaths()));
        }
    }

    void look(RawBsonDocument raw) {
        documents++;
        if (open.isEmpty() || isUncertain) {
            return;
        }
        if (DocumentMapper.tooLargeToDecode(raw) != null) {
            isUncertain = true;
            return;
        }
        open.removeIf(wanted -> wanted.paths().stream()
                .anyMatch(path -> wanted.child()
                        .map(child -> elements(raw, child).anyMatch(element -> has(element, path.segments())))
                        .orElseGet(() -> has(raw, path.segments()))));
        if (documents <= NAMED_DOCUMENTS_MAX && !open.isEmpty()) {
            BsonDocument document = DocumentDecoder.document(raw);
            name(document, List.of(), named);
            namedInElements.forEach(
                    (child, names) -> elements(document, child).forEach(element -> name(element, List.of(), names)));
        }
    }

    /// The values whose rows a child table has.
    private static Stream<BsonValue> elements(BsonDocument document, ChildMapping child) {
        Stream<BsonValue> all = at(document, child.path().segments()).stream().flatMap(value -> switch (child.key()) {
            case ChildKey.Ordinal _, ChildKey.ElementField _ ->
                value instanceof BsonArray array ? array.stream() : Stream.empty();
            case ChildKey.EntryName _ ->
                value instanceof BsonDocument object ? object.values().stream() : Stream.empty();
        });
        return all.limit(ELEMENTS_MAX);
    }

    /// How paths inside these values begin.
    private static String inside(ChildMapping child) {
        return switch (child.key()) {
            case ChildKey.Ordinal _, ChildKey.ElementField _ -> child.path() + "[].";
            case ChildKey.EntryName _ -> child.path() + ".*.";
        };
    }

    private static boolean has(BsonValue value, List<String> path) {
        return at(value, path).isPresent();
    }

    private static Optional<BsonValue> at(BsonValue value, List<String> path) {
        Optional<BsonValue> found = Optional.of(value);
        for (String name : path) {
            found = found.flatMap(outer -> inside(outer, name));
        }
        return found;
    }

    private static Optional<BsonValue> inside(BsonValue outer, String name) {
        return switch (outer) {
            case BsonDocument object -> Optional.ofNullable(object.get(name));
            case BsonArray array -> {
                int index = FieldTrie.index(name);
                yield index >= 0 && index < array.size() ? Optional.of(array.get(index)) : Optional.empty();
            }
            default -> Optional.empty();
        };
    }

    /// Remembers what paths there are in an object.
    private static void name(BsonValue value, List<String> outer, Set<String> names) {
        if (!(value instanceof BsonDocument object) || outer.size() >= DEPTH_MAX) {
            return;
        }
        object.forEach((name, inner) -> {
            if (names.size() < NAMED_MAX && !name.isEmpty()) {
                List<String> path =
                        Stream.concat(outer.stream(), Stream.of(name)).toList();
                names.add(new Source.Path(path).toString());
                name(inner, path, names);
            }
        });
    }

    /// The paths that no document has, in the order of the mapping. Of a child table that is in no
    /// document, or had no element, the array alone is among them.
    List<Forecast.Absent> found() {
        if (documents == 0 || isUncertain) {
            return List.of();
        }
        return open.stream()
                .filter(wanted -> wanted.child().isEmpty() || !names(wanted).isEmpty())
                .map(this::absent)
                .toList();
    }

    private Set<String> names(Wanted wanted) {
        return wanted.child()
                .map(child -> namedInElements.getOrDefault(child, Set.of()))
                .orElse(named);
    }

    private Forecast.Absent absent(Wanted wanted) {
        String inside = wanted.child().map(AbsentPaths::inside).orElse("");
        Set<String> known = new TreeSet<>(names(wanted));
        known.removeAll(wanted.child()
                .map(child ->
                        child.readPaths().stream().map(Source.Path::toString).collect(Collectors.toSet()))
                .orElse(read));
        return new Forecast.Absent(
                wanted.reader(),
                wanted.paths().stream().map(path -> inside + path).collect(Collectors.joining(", ")),
                wanted.paths().stream()
                        .flatMap(path -> nearest(path, known).stream())
                        .findFirst()
                        .map(path -> inside + path)
                        .orElse(null));
    }

    /// The path that was meant, most likely: one that is nearly written like it, or has the same last
    /// name elsewhere.
    private static Optional<String> nearest(Source.Path path, Collection<String> known) {
        String text = path.toString();
        return Nearest.to(text, known, Math.min(text.length() / 3, EDITS_MAX)).or(() -> {
            String last = new Source.Path(List.of(path.segments().getLast())).toString();
            return Nearest.to(
                    text,
                    known.stream()
                            .filter(other -> other.equals(last) || other.endsWith("." + last))
                            .toList(),
                    Integer.MAX_VALUE);
        });
    }
}
