package dev.sluice.schema;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/// The part of [MappingReader] that reads where a value comes from.
final class SourceParser {
    /// Stands in for a path with a mistake, until all are reported.
    private static final Source.Path NO_PATH = new Source.Path(List.of("?"));

    private static final String KINDS = "path, first, first_truthy, from, merge, join, constant, parent, element,"
            + " id_time, rest, document, build";

    /// The kinds that have settings in addition to their name.
    private static final List<String> WITH_MORE = List.of("build", "join", "from");

    private SourceParser() {}

    /// @param child whether the source is read for a child table
    static Source read(MappingNode node, boolean child) {
        if (node.isText() || node.isList()) {
            return path(node);
        }
        Map<String, MappingNode> fields = node.isObject() ? node.fields() : Map.of();
        String kind = WITH_MORE.stream()
                .filter(fields::containsKey)
                .findFirst()
                .orElse(fields.size() == 1 ? fields.keySet().iterator().next() : "");
        if (kind.isEmpty()) {
            node.problem("a source is a path, or one of: " + KINDS);
            return NO_PATH;
        }
        MappingNode value = node.at(kind);
        switch (kind) {
            case "path" -> {
                return path(value);
            }
            case "first" -> {
                return several(value, child, Source.FirstOf::new);
            }
            case "first_truthy" -> {
                return several(value, child, Source.FirstTruthy::new);
            }
            case "merge" -> {
                return several(value, child, Source.Merge::new);
            }
            case "join" -> {
                node.allow(Set.of("join", "with"));
                String separator = node.string("with");
                return several(value, child, sources -> new Source.Join(sources, separator));
            }
            case "from" -> {
                node.allow(Set.of("from", "convert", "missing"));
                return new Source.Converted(
                        read(value, child), ConversionParser.readAll(node, child), node.literal("missing"));
            }
            case "constant" -> {
                return new Source.Constant(value.json());
            }
            case "parent" -> {
                onlyInChild(node, kind, child);
                return new Source.Parent(read(value, false));
            }
            case "element" -> {
                onlyInChild(node, kind, child);
                onlyTrue(value);
                return new Source.Element();
            }
            case "id_time" -> {
                onlyTrue(value);
                return new Source.IdTime();
            }
            case "rest" -> {
                onlyTrue(value);
                return new Source.Rest();
            }
            case "document" -> {
                onlyTrue(value);
                return new Source.WholeDocument();
            }
            case "build" -> {
                node.allow(Set.of("build", "required"));
                Map<String, Source> parts = new LinkedHashMap<>();
                value.fields().forEach((name, part) -> parts.put(name, read(part, child)));
                String required = node.text("required");
                return required.equals("?")
                        ? NO_PATH
                        : node.at("required").build(Source.Build::new, parts, required, NO_PATH);
            }
            default -> {
                node.problem("'" + kind + "' is no source; there are: " + KINDS);
                return NO_PATH;
            }
        }
    }

    private static Source several(MappingNode list, boolean child, Function<List<Source>, Source> constructor) {
        List<Source> sources = list.elements().stream().map(s -> read(s, child)).toList();
        try {
            return constructor.apply(sources);
        } catch (IllegalArgumentException refused) {
            list.problem(String.valueOf(refused.getMessage()));
            return NO_PATH;
        }
    }

    private static void onlyTrue(MappingNode value) {
        if (!value.json().isBoolean() || !value.json().booleanValue()) {
            value.problem("nothing but true has a meaning here");
        }
    }

    private static void onlyInChild(MappingNode node, String kind, boolean child) {
        if (!child) {
            node.problem("'" + kind + "' has a meaning in a child table only");
        }
    }

    static Source.Path path(MappingNode node) {
        try {
            if (node.isList()) {
                return new Source.Path(node.texts());
            }
            return new Source.Path(segments(node.text()));
        } catch (IllegalArgumentException refused) {
            node.problem(String.valueOf(refused.getMessage()));
            return NO_PATH;
        }
    }

    /// A path that is written as the name of a setting.
    ///
    /// @param node where a mistake in it is reported
    static Source.Path path(MappingNode node, String text) {
        try {
            return new Source.Path(segments(text));
        } catch (IllegalArgumentException refused) {
            node.problem(String.valueOf(refused.getMessage()));
            return NO_PATH;
        }
    }

    /// Splits `address."geo.lat".x` at the dots outside double quotes.
    static List<String> segments(String path) {
        List<String> segments = new ArrayList<>();
        StringBuilder segment = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            if (c == '"') {
                quoted = !quoted;
            } else if (c == '.' && !quoted) {
                segments.add(segment.toString());
                segment.setLength(0);
            } else {
                segment.append(c);
            }
        }
        if (quoted) {
            throw new IllegalArgumentException("a double quote is not closed in the path");
        }
        segments.add(segment.toString());
        return segments;
    }

    /// For a source that has to be there, and is not.
    static Source.Path missing(MappingNode node) {
        return missing(node, "from");
    }

    /// For a path that has to be there under some name, and is not.
    static Source.Path missing(MappingNode node, String field) {
        node.problem("'" + field + "' is missing");
        return NO_PATH;
    }
}
