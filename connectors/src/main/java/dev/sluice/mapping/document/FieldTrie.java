package dev.sluice.mapping.document;

import dev.sluice.bson.TwinDocument;
import dev.sluice.mapping.value.DocumentPath;
import dev.sluice.mapping.value.Falsy;
import dev.sluice.schema.Source;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonValue;

/// The fields that a mapping reads by name, as a tree of names, to tell what of a document nobody reads.
///
/// That nothing gets lost rests on these rules, which [Scope] goes by:
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
/// It gets its slots while the mapping is compiled, and is immutable then; any thread.
public final class FieldTrie {
    private final Map<String, FieldTrie> children = new LinkedHashMap<>();
    /// Fields that are only compared with, which does not count as reading them.
    private final Map<String, FieldTrie> compared = new LinkedHashMap<>();
    private boolean whole;
    private int slot = -1;
    /// At the root, how many there are.
    private int slots;

    private boolean keepsRest;

    private FieldTrie() {}

    /// @param paths that columns read: fields that are read whole
    public static FieldTrie of(List<Source.Path> paths) {
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

    /// Where the value of a path is put when it is met.
    public int slot(Source.Path path) {
        FieldTrie node = this;
        for (String name : path.segments()) {
            FieldTrie child = node.children.get(name);
            node = child != null ? child : node.compared.computeIfAbsent(name, n -> new FieldTrie());
        }
        if (node.slot < 0) {
            node.slot = slots++;
        }
        return node.slot;
    }

    /// At the root, how many slots there are.
    int slots() {
        return slots;
    }

    /// -1 for none.
    int slot() {
        return slot;
    }

    /// To be called at the root when a source reads what nothing reads by name.
    public void keepRest() {
        keepsRest = true;
    }

    boolean keepsRest() {
        return keepsRest;
    }

    /// What is read here by name, whole or in part.
    Map<String, FieldTrie> read() {
        return children;
    }

    /// What is only compared with.
    Map<String, FieldTrie> compared() {
        return compared;
    }

    /// Whether the field is read by itself, and not only fields inside it.
    boolean isWhole() {
        return whole;
    }

    /// Whether there is anything to know inside the field.
    boolean isEmpty() {
        return children.isEmpty() && compared.isEmpty();
    }

    /// Whether all that is read inside are elements of an array.
    boolean isReadByIndex() {
        return children.keySet().stream().allMatch(name -> index(name) >= 0);
    }

    /// The index that a name stands for in an array; -1 when it is none.
    public static int index(String name) {
        if (name.length() > 7) {
            return -1;
        }
        int index = 0;
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c < '0' || c > '9') {
                return -1;
            }
            index = index * 10 + (c - '0');
        }
        return index;
    }

    /// Is told of places in a document.
    @FunctionalInterface
    public interface Places {
        void at(String path, BsonValue value);
    }

    /// Finds values that come after another one of their name, on the ways that paths go, where the name is read. What
    /// is read whole is not looked into.
    ///
    /// @param path of the value, empty for the document
    public void twins(BsonValue value, String path, Places found) {
        if (value instanceof TwinDocument twins) {
            for (TwinDocument.Twin twin : twins.twins()) {
                if (children.containsKey(twin.name())) {
                    found.at(DocumentPath.join(path, DocumentPath.segment(twin)), twin.value());
                }
            }
        }
        inside(value, path, (node, place, inner) -> node.twins(inner, place, found));
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
        if (value instanceof BsonDocument || (value instanceof BsonArray && isReadByIndex())) {
            inside(value, path, (node, place, inner) -> node.blocked(inner, place, blocked));
        } else if (!Falsy.isNull(value)) {
            blocked.at(path, value);
        }
    }

    @FunctionalInterface
    private interface Inner {
        void at(FieldTrie node, String path, BsonValue value);
    }

    /// What there is of an object's fields that paths go on through, and of an array's elements that they go to.
    private void inside(BsonValue value, String path, Inner inner) {
        children.forEach((name, node) -> {
            BsonValue field = null;
            String place = path;
            if (value instanceof BsonDocument object && !node.children.isEmpty()) {
                field = object.get(name);
                place = DocumentPath.join(path, DocumentPath.segment(name));
            } else if (value instanceof BsonArray array && index(name) >= 0 && index(name) < array.size()) {
                field = array.get(index(name));
                place = path + "[" + index(name) + "]";
            }
            if (field != null) {
                inner.at(node, place, field);
            }
        });
    }
}
