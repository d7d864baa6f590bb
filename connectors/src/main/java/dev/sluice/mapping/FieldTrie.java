package dev.sluice.mapping;

import dev.sluice.bson.TwinDocument;
import dev.sluice.schema.Source;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// The fields that a mapping reads by name, as a tree of names, to tell what of a document nobody reads.
///
/// That nothing gets lost rests on these rules:
/// - A field that is read whole is not in the rest, whatever its value; where it does not fit its column it
/// is quarantined.
/// - Of an object that is read in part, the rest holds what is left; nothing, when nothing is left.
/// - Where a path goes on through a field that is no object (`address.city`, and `address` is a string, an
/// array or null), nobody has read the field, so it is in the rest as it is.
/// - An array that is read by index is in the rest as it is, unless every element is read whole: without
/// some of its elements the places of the others would mean something else.
/// - Fields of a `first` count as read though another one of them was taken: the mapping says they mean the
/// same.
///
/// Immutable once built; any thread.
final class FieldTrie {
    private final Map<String, FieldTrie> children = new LinkedHashMap<>();
    private boolean whole;

    private FieldTrie() {}

    static FieldTrie of(List<Source.Path> paths) {
        FieldTrie root = new FieldTrie();
        for (Source.Path path : paths) {
            FieldTrie node = root;
            for (String name : path.segments()) {
                node = node.children.computeIfAbsent(name, n -> new FieldTrie());
            }
            node.whole = true;
        }
        return root;
    }

    /// The names that are read here, whole or in part.
    Set<String> names() {
        return children.keySet();
    }

    /// What is read inside a field.
    ///
    /// @param name one of [#names]
    FieldTrie inside(String name) {
        return Objects.requireNonNull(children.get(name));
    }

    /// Whether the field is read by itself, and not only fields inside it.
    boolean isWhole() {
        return whole;
    }

    /// Finds values that come after another one of their name, on the ways that paths go, where the name is read. What
    /// is read whole is not looked into.
    ///
    /// @param path of the value, empty for the document
    void twins(BsonValue value, String path, Places found) {
        switch (value) {
            case BsonDocument object -> {
                if (object instanceof TwinDocument twins) {
                    for (TwinDocument.Twin twin : twins.twins()) {
                        if (children.containsKey(twin.name())) {
                            found.at(SourceReader.join(path, SourceReader.segment(twin)), twin.value());
                        }
                    }
                }
                children.forEach((name, node) -> {
                    BsonValue field = node.children.isEmpty() ? null : object.get(name);
                    if (field != null) {
                        node.twins(field, SourceReader.join(path, SourceReader.segment(name)), found);
                    }
                });
            }
            case BsonArray array ->
                children.forEach((name, node) -> {
                    int index = SourceReader.PathReader.index(name);
                    if (index >= 0 && index < array.size()) {
                        node.twins(array.get(index), path + "[" + index + "]", found);
                    }
                });
            default -> {}
        }
    }

    /// Whether nothing of the value is left unread. A value that paths go on through but can't has nothing
    /// inside it to leave, see [#blocked].
    boolean readsAll(BsonValue value) {
        if (whole) {
            return true;
        }
        return switch (value) {
            case BsonDocument object -> {
                int seen = 0;
                for (Map.Entry<String, FieldTrie> child : children.entrySet()) {
                    BsonValue field = object.get(child.getKey());
                    if (field != null) {
                        if (!child.getValue().readsAll(field)) {
                            yield false;
                        }
                        seen++;
                    }
                }
                yield seen == object.size();
            }
            case BsonArray array -> !isReadByIndex() || array.isEmpty() || isReadWhole(array);
            default -> true;
        };
    }

    /// What nobody reads; null when that is nothing.
    ///
    /// @param except a field that is left out though nobody reads it; null for none
    @Nullable
    BsonDocument rest(BsonDocument document, @Nullable String except) {
        BsonDocument rest = null;
        for (Map.Entry<String, BsonValue> field : document.entrySet()) {
            String name = field.getKey();
            if (name.equals(except)) {
                continue;
            }
            FieldTrie node = children.get(name);
            BsonValue left = node == null ? field.getValue() : node.rest(field.getValue());
            if (left != null) {
                if (rest == null) {
                    rest = new BsonDocument();
                }
                rest.put(name, left);
            }
        }
        return document instanceof TwinDocument twins ? withTwins(rest, twins) : rest;
    }

    /// The rest keeps what is there twice and nobody reads.
    private @Nullable BsonDocument withTwins(@Nullable BsonDocument rest, TwinDocument of) {
        BsonDocument first = rest == null ? new BsonDocument() : rest;
        List<TwinDocument.Twin> twins = of.twins().stream()
                .filter(twin -> first.containsKey(twin.name()) && !children.containsKey(twin.name()))
                .toList();
        return twins.isEmpty() ? rest : new TwinDocument(first, twins);
    }

    private @Nullable BsonValue rest(BsonValue value) {
        if (whole) {
            return null;
        }
        if (value instanceof BsonDocument object) {
            return rest(object, null);
        }
        return value instanceof BsonArray array && isReadWhole(array) ? null : value;
    }

    private boolean isReadWhole(BsonArray array) {
        for (int i = 0; i < array.size(); i++) {
            FieldTrie node = children.get(Integer.toString(i));
            if (node == null || node.rest(array.get(i)) != null) {
                return false;
            }
        }
        return !array.isEmpty();
    }

    /// Is told of places in a document.
    @FunctionalInterface
    interface Places {
        void at(String path, BsonValue value);
    }

    /// Whether any path has more than one name, so that [#blocked] can find something.
    boolean isNested() {
        return children.values().stream().anyMatch(node -> !node.children.isEmpty());
    }

    /// Finds the fields that paths go on through but can't, since they are neither objects nor null nor
    /// arrays that are read by index. In a mapping without a rest these are the values that would get lost.
    ///
    /// @param path of the value, empty for the document
    void blocked(BsonValue value, String path, Places blocked) {
        if (children.isEmpty() || whole) {
            return;
        }
        switch (value) {
            case BsonDocument object ->
                children.forEach((name, node) -> {
                    BsonValue field = node.children.isEmpty() ? null : object.get(name);
                    if (field != null) {
                        node.blocked(field, SourceReader.join(path, SourceReader.segment(name)), blocked);
                    }
                });
            case BsonArray array
            when isReadByIndex() ->
                children.forEach((name, node) -> {
                    int index = SourceReader.PathReader.index(name);
                    if (index < array.size()) {
                        node.blocked(array.get(index), path + "[" + index + "]", blocked);
                    }
                });
            default -> {
                if (!Falsy.isNull(value)) {
                    blocked.at(path, value);
                }
            }
        }
    }

    private boolean isReadByIndex() {
        return children.keySet().stream().allMatch(name -> SourceReader.PathReader.index(name) >= 0);
    }
}
