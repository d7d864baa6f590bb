package dev.sluice.service.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.yaml.snakeyaml.Yaml;

/// The OpenAPI description, to compare real answers with.
final class Described {
    private static final Set<String> METHODS = Set.of("get", "post", "put", "delete", "patch");

    private final JsonNode description;

    private Described(JsonNode description) {
        this.description = description;
    }

    static Described of(String yaml) {
        return new Described(JsonMapper.builder().build().valueToTree(new Yaml().<Object>load(yaml)));
    }

    /// As `GET /api/status`, sorted.
    Set<String> operations() {
        Set<String> found = new TreeSet<>();
        description
                .path("paths")
                .properties()
                .forEach(path -> path.getValue().fieldNames().forEachRemaining(method -> {
                    if (METHODS.contains(method)) {
                        found.add(method.toUpperCase(Locale.ROOT) + " " + path.getKey());
                    }
                }));
        return found;
    }

    JsonNode schema(String name) {
        return description.path("components").path("schemas").path(name);
    }

    JsonNode operation(String operation) {
        String[] parts = operation.split(" ");
        return description.path("paths").path(parts[1]).path(parts[0].toLowerCase(Locale.ROOT));
    }

    /// Requires an answer to be one that is described: its status, its media type, and all names in its body.
    void require(String operation, int status, String contentType, JsonNode body) {
        JsonNode answer = operation(operation).path("responses").path(Integer.toString(status));
        assertThat(answer.isMissingNode()).as(operation + " answers " + status).isFalse();
        String mediaType = contentType.replaceFirst(";.*", "");
        JsonNode schema = answer.path("content").path(mediaType).path("schema");
        assertThat(schema.isMissingNode())
                .as(operation + " " + status + " " + mediaType)
                .isFalse();
        List<String> wrong = new ArrayList<>();
        compare(schema, body, operation + " " + status, wrong);
        assertThat(wrong).isEmpty();
    }

    private void compare(JsonNode schema, JsonNode value, String at, List<String> wrong) {
        JsonNode meant = resolved(schema);
        if (value.isNull()) {
            return;
        }
        switch (meant.path("type").asText("object")) {
            case "array" -> {
                if (!value.isArray()) {
                    wrong.add(at + " is no array");
                }
                value.forEach(element -> compare(meant.path("items"), element, at + "[]", wrong));
            }
            case "object" -> compareFields(meant, value, at, wrong);
            case "string" -> {
                require(value.isTextual(), at + " is no string", wrong);
                JsonNode one = meant.path("enum");
                require(
                        one.isMissingNode() || Set.copyOf(texts(one)).contains(value.asText()),
                        at + " is none of " + one,
                        wrong);
            }
            case "integer" -> require(value.isIntegralNumber(), at + " is no whole number", wrong);
            case "number" -> require(value.isNumber(), at + " is no number", wrong);
            case "boolean" -> require(value.isBoolean(), at + " is no boolean", wrong);
            case String other -> wrong.add(at + " has the unknown type " + other);
        }
    }

    private void compareFields(JsonNode meant, JsonNode value, String at, List<String> wrong) {
        if (!value.isObject()) {
            wrong.add(at + " is no object");
            return;
        }
        JsonNode more = meant.path("additionalProperties");
        if (more.isObject()) {
            value.properties().forEach(field -> compare(more, field.getValue(), at + ".*", wrong));
            return;
        }
        Set<String> described = new HashSet<>();
        meant.path("properties").fieldNames().forEachRemaining(described::add);
        value.properties().forEach(field -> {
            if (described.remove(field.getKey())) {
                compare(
                        meant.path("properties").path(field.getKey()),
                        field.getValue(),
                        at + "." + field.getKey(),
                        wrong);
            } else {
                wrong.add(at + "." + field.getKey() + " is not described");
            }
        });
        described.forEach(name -> wrong.add(at + "." + name + " is described and not there"));
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(text -> texts.add(text.asText()));
        return texts;
    }

    private static void require(boolean holds, String otherwise, List<String> wrong) {
        if (!holds) {
            wrong.add(otherwise);
        }
    }

    private JsonNode resolved(JsonNode schema) {
        JsonNode reference = schema.path("$ref");
        if (reference.isTextual()) {
            String name = reference.asText().replaceFirst(".*/", "");
            return resolved(description.path("components").path("schemas").path(name));
        }
        JsonNode all = schema.path("allOf");
        return all.isArray() && !all.isEmpty() ? resolved(all.get(0)) : schema;
    }
}
