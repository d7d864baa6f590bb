package dev.sluice.service.oracle;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/// JSON texts in a form in which equal ones are the same text.
final class Json {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.USE_BIG_INTEGER_FOR_INTS)
            .build();

    private Json() {}

    /// A text as a JSON string in plain ASCII.
    static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c < 0x20 || c > 0x7E) {
                quoted.append(String.format("\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }

    /// The same tokens in the same order, names that are there twice too, without blanks between them.
    static String compact(String json) {
        StringBuilder compact = new StringBuilder();
        int at = 0;
        while (at < json.length()) {
            char c = json.charAt(at);
            if (c == '"') {
                int end = at + 1;
                while (json.charAt(end) != '"') {
                    end += json.charAt(end) == '\\' ? 2 : 1;
                }
                compact.append(quoted(text(json.substring(at, end + 1))));
                at = end + 1;
            } else {
                if (!Character.isWhitespace(c)) {
                    compact.append(c);
                }
                at++;
            }
        }
        return compact.toString();
    }

    private static String text(String quoted) {
        try {
            return MAPPER.readValue(quoted, String.class);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e);
        }
    }

    /// As a jsonb compares: names in no order, numbers by value.
    static String sorted(String json) {
        try {
            return sorted(MAPPER.readTree(json));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static String sorted(JsonNode node) {
        if (node.isObject()) {
            TreeMap<String, String> fields = new TreeMap<>();
            node.properties().forEach(field -> fields.put(quoted(field.getKey()), sorted(field.getValue())));
            List<String> parts = new ArrayList<>();
            fields.forEach((name, value) -> parts.add(name + ":" + value));
            return "{" + String.join(",", parts) + "}";
        }
        if (node.isArray()) {
            List<String> parts = new ArrayList<>();
            node.forEach(element -> parts.add(sorted(element)));
            return "[" + String.join(",", parts) + "]";
        }
        if (node.isNumber()) {
            BigDecimal number = node.decimalValue();
            return number.signum() == 0 ? "0" : number.stripTrailingZeros().toString();
        }
        return node.isTextual() ? quoted(node.textValue()) : node.toString();
    }
}
