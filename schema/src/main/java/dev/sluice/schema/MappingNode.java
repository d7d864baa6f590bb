package dev.sluice.schema;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/// A node of the YAML tree that knows where it stands and writes down what is wrong with it, so that the
/// reader can go on and report everything at once. For one thread.
final class MappingNode {
    private final JsonNode json;
    private final JsonPointer pointer;
    private final String path;
    private final Document document;

    /// What all nodes of one file share.
    record Document(String file, Map<JsonPointer, Integer> lines, List<MappingException.Problem> problems) {}

    private MappingNode(JsonNode json, JsonPointer pointer, String path, Document document) {
        this.json = json;
        this.pointer = pointer;
        this.path = path;
        this.document = document;
    }

    static MappingNode root(JsonNode json, Document document) {
        return new MappingNode(json, JsonPointer.empty(), "", document);
    }

    JsonNode json() {
        return json;
    }

    Where where() {
        JsonPointer at = pointer;
        while (at != null) {
            Integer line = document.lines().get(at);
            if (line != null) {
                return new Where(document.file(), line, path.isEmpty() ? "(top)" : path);
            }
            at = at.head();
        }
        return new Where(document.file(), 1, path.isEmpty() ? "(top)" : path);
    }

    void problem(String message) {
        problem(where(), message);
    }

    void problem(Where place, String message) {
        document.problems().add(new MappingException.Problem(place, message));
    }

    boolean isText() {
        return json.isTextual();
    }

    boolean isObject() {
        return json.isObject();
    }

    boolean isList() {
        return json.isArray();
    }

    boolean has(String field) {
        return json.has(field);
    }

    MappingNode at(String field) {
        JsonNode child = json.path(field);
        String name = field.indexOf('.') >= 0 ? '"' + field + '"' : field;
        return new MappingNode(
                child, pointer.appendProperty(field), path.isEmpty() ? name : path + "." + name, document);
    }

    @Nullable
    JsonNode literal(String field) {
        return json.get(field);
    }

    /// The elements of a list; a problem and nothing where the node is none.
    List<MappingNode> elements() {
        List<MappingNode> nodes = new ArrayList<>();
        if (!json.isArray()) {
            problem("a list is expected here, not " + kind());
            return nodes;
        }
        for (int i = 0; i < json.size(); i++) {
            nodes.add(new MappingNode(json.get(i), pointer.appendIndex(i), path + "[" + i + "]", document));
        }
        return nodes;
    }

    /// The fields of an object in the order of the file; a problem and nothing where the node is none.
    Map<String, MappingNode> fields() {
        Map<String, MappingNode> nodes = new LinkedHashMap<>();
        if (!json.isObject()) {
            problem("named entries are expected here, not " + kind());
            return nodes;
        }
        json.fieldNames().forEachRemaining(name -> nodes.put(name, at(name)));
        return nodes;
    }

    /// The text of a field that has to be there.
    String text(String field) {
        MappingNode child = at(field);
        if (child.json.isMissingNode()) {
            problem("'" + field + "' is missing");
            return "?";
        }
        return child.text();
    }

    String text(String field, String otherwise) {
        return has(field) ? at(field).text() : otherwise;
    }

    /// The node as text; a problem and `?` where it is none.
    String text() {
        if (json.isTextual() && !json.textValue().isBlank()) {
            return json.textValue();
        }
        problem("a text is expected here, not " + kind());
        return "?";
    }

    /// The text of a field that has to be there, which may be blank or empty: a separator.
    String string(String field) {
        MappingNode child = at(field);
        if (child.json.isMissingNode()) {
            problem("'" + field + "' is missing");
            return "?";
        }
        return child.string();
    }

    /// The node as text that may be blank or empty; a problem and `?` where it is none.
    String string() {
        if (json.isTextual()) {
            return json.textValue();
        }
        problem("a text is expected here, not " + kind());
        return "?";
    }

    /// A whole number that has to be there; a problem and the other where it is none.
    int integer(String field, int otherwise) {
        MappingNode child = at(field);
        if (child.json.isMissingNode()) {
            problem("'" + field + "' is missing");
            return otherwise;
        }
        return child.integer(otherwise);
    }

    /// The node as a whole number; a problem and the other where it is none.
    int integer(int otherwise) {
        if (json.isIntegralNumber() && json.canConvertToInt()) {
            return json.intValue();
        }
        problem("a whole number is expected here, not " + (json.isNumber() ? json.asText() : kind()));
        return otherwise;
    }

    /// A setting that is true or false; false where it is not there.
    boolean flag(String field) {
        if (!has(field)) {
            return false;
        }
        if (!at(field).json.isBoolean()) {
            at(field).problem("true or false is expected here");
        }
        return at(field).json.booleanValue();
    }

    List<String> texts() {
        return elements().stream().map(MappingNode::text).toList();
    }

    /// One of an enum's names, in lower case with underscores as the mapping language writes them.
    <E extends Enum<E>> E oneOf(String field, Class<E> type, E otherwise) {
        if (!has(field)) {
            return otherwise;
        }
        E named = at(field).oneOf(type);
        return named == null ? otherwise : named;
    }

    /// Reports every field that is not among the allowed ones.
    void allow(Set<String> allowed) {
        if (!json.isObject()) {
            return;
        }
        json.fieldNames().forEachRemaining(name -> {
            if (!allowed.contains(name)) {
                at(name).problem("'" + name + "' is not known here; known are: "
                        + String.join(", ", allowed.stream().sorted().toList())
                        + Nearest.toWord(name, allowed)
                                .map(meant -> ". Did you mean '" + meant + "'?")
                                .orElse(""));
            }
        });
    }

    /// One of an enum's names, as [#oneOf] of a field reads it; null and a problem where it is none.
    <E extends Enum<E>> @Nullable E oneOf(Class<E> type) {
        String text = text();
        if (text.equals("?")) {
            return null;
        }
        for (E constant : type.getEnumConstants()) {
            if (constant.name().equalsIgnoreCase(text)) {
                return constant;
            }
        }
        List<String> names = new ArrayList<>();
        for (E constant : type.getEnumConstants()) {
            names.add(constant.name().toLowerCase(Locale.ROOT));
        }
        problem("'" + text + "' is none of: " + String.join(", ", names)
                + Nearest.toWord(text.toLowerCase(Locale.ROOT), names)
                        .map(meant -> ". Did you mean '" + meant + "'?")
                        .orElse(""));
        return null;
    }

    /// Builds a value whose constructor may refuse; the refusal becomes a problem at this node.
    <A, B, T> T build(BiFunction<A, B, T> constructor, A first, B second, T otherwise) {
        try {
            return constructor.apply(first, second);
        } catch (IllegalArgumentException refused) {
            problem(String.valueOf(refused.getMessage()));
            return otherwise;
        }
    }

    private String kind() {
        return switch (json.getNodeType()) {
            case ARRAY -> "a list";
            case OBJECT, POJO -> "named entries";
            case NUMBER -> "a number (write it in quotes if it is a name)";
            case BOOLEAN -> "true or false (write it in quotes if it is a name)";
            case STRING -> json.textValue().isBlank() ? "an empty text" : "a text";
            case NULL -> "nothing";
            case BINARY -> "bytes";
            case MISSING -> "nothing";
        };
    }
}
