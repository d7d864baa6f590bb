package dev.sluice.schema;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import dev.sluice.schema.MappingException.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Reads a mapping from YAML. Reports every problem with file, line and path; what it returns is whole and
/// consistent in itself, though not yet checked against a live database.
///
/// The language is described for people in `schema/README.md` and for editors in `mapping.schema.json`.
public final class MappingReader {
    private static final YAMLFactory YAML = YAMLFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();
    private static final YAMLMapper MAPPER = new YAMLMapper(YAML);
    private static final ColumnType TEXT = new ColumnType.Text();

    private MappingReader() {}

    /// @param file the name that errors show
    /// @param yaml the text of the file
    /// @throws MappingException with everything that is wrong
    public static Mapping read(String file, String yaml) {
        List<Problem> problems = new ArrayList<>();
        JsonNode tree;
        Map<JsonPointer, Integer> lines;
        try {
            tree = MAPPER.readTree(yaml);
            lines = linesOf(yaml);
        } catch (JsonProcessingException invalid) {
            int line = invalid.getLocation() == null ? 1 : invalid.getLocation().getLineNr();
            throw new MappingException(
                    new Where(file, Math.max(line, 1), "(YAML)"),
                    String.valueOf(invalid.getOriginalMessage()).strip());
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        MappingNode root = MappingNode.root(tree, new MappingNode.Document(file, lines, problems));
        Mapping mapping = mapping(root);
        if (!problems.isEmpty()) {
            throw new MappingException(problems);
        }
        return mapping;
    }

    private static Map<JsonPointer, Integer> linesOf(String yaml) throws IOException {
        Map<JsonPointer, Integer> lines = new HashMap<>();
        try (YAMLParser parser = YAML.createParser(yaml)) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                if (token != JsonToken.END_OBJECT && token != JsonToken.END_ARRAY) {
                    lines.putIfAbsent(
                            parser.getParsingContext().pathAsPointer(),
                            parser.currentTokenLocation().getLineNr());
                }
            }
        }
        return lines;
    }

    private static Mapping mapping(MappingNode root) {
        root.allow(Set.of("mapping", "database", "schema", "collections", "ignore"));
        String schema = root.text("schema", "public");
        List<CollectionMapping> collections = new ArrayList<>();
        if (!root.has("collections")) {
            root.problem("'collections' is missing");
        } else {
            root.at("collections").fields().forEach((name, node) -> collections.add(collection(name, node, schema)));
        }
        Map<TableName, Where> tables = new HashMap<>();
        for (CollectionMapping collection : collections) {
            claim(tables, collection.table(), collection.where(), root);
            collection.children().forEach(child -> claim(tables, child.table(), child.where(), root));
        }
        return new Mapping(
                root.text("mapping"),
                root.text("database"),
                schema,
                collections,
                root.has("ignore") ? root.at("ignore").texts() : List.of());
    }

    private static void claim(Map<TableName, Where> tables, TableName table, Where where, MappingNode root) {
        Where other = tables.putIfAbsent(table, where);
        if (other != null) {
            root.problem(
                    "the table " + table + " is written by two mappings: " + other.path() + " and " + where.path());
        }
    }

    private static CollectionMapping collection(String name, MappingNode node, String schema) {
        node.allow(Set.of("table", "key", "conflict", "columns", "children", "skip", "on_delete"));
        KeyMapping key = key(node);
        List<ColumnMapping> columns = columns(node, schema, false, key.column());
        List<ChildMapping> children = new ArrayList<>();
        if (node.has("children")) {
            node.at("children").fields().forEach((table, child) -> children.add(child(table, child, schema)));
        }
        List<SkipRule> skips = new ArrayList<>();
        if (node.has("skip")) {
            node.at("skip").elements().forEach(rule -> skips.add(skip(rule)));
        }
        Set<String> known = new HashSet<>(Set.of(key.column()));
        columns.forEach(c -> known.add(c.column()));
        List<String> conflict = node.has("conflict") ? node.at("conflict").texts() : List.of(key.column());
        for (String column : conflict) {
            if (!known.contains(column)) {
                node.at("conflict").problem("'" + column + "' is no column of this mapping");
            }
        }
        return new CollectionMapping(
                name,
                TableName.parse(node.text("table", name), schema),
                key,
                conflict,
                columns,
                children,
                skips,
                node.oneOf("on_delete", CollectionMapping.OnDelete.class, CollectionMapping.OnDelete.DELETE),
                node.where());
    }

    private static KeyMapping key(MappingNode collection) {
        if (!collection.has("key")) {
            collection.problem(
                    "'key' is missing: say which column holds _id, for example key: {column: id, type: text}");
            return new KeyMapping("?", TEXT, KeyMapping.Form.PLAIN, collection.where());
        }
        MappingNode node = collection.at("key");
        node.allow(Set.of("column", "type", "form"));
        ColumnType type = type(node, "type");
        switch (type) {
            case ColumnType.Text t -> {}
            case ColumnType.Varchar v -> {}
            case ColumnType.Uuid u -> {}
            case ColumnType.Int i when i.bytes() == 8 -> {}
            case ColumnType.Int i -> badKey(node);
            case ColumnType.Citext c -> badKey(node);
            case ColumnType.Bool b -> badKey(node);
            case ColumnType.DoublePrecision d -> badKey(node);
            case ColumnType.Numeric n -> badKey(node);
            case ColumnType.Timestamptz t -> badKey(node);
            case ColumnType.Date d -> badKey(node);
            case ColumnType.Bytea b -> badKey(node);
            case ColumnType.Jsonb j -> badKey(node);
            case ColumnType.Array a -> badKey(node);
        }
        return new KeyMapping(
                node.text("column"),
                type,
                node.oneOf("form", KeyMapping.Form.class, KeyMapping.Form.PLAIN),
                node.where());
    }

    private static void badKey(MappingNode node) {
        node.at("type").problem("a key is text, varchar(n), uuid or bigint");
    }

    private static ChildMapping child(String table, MappingNode node, String schema) {
        node.allow(Set.of("from", "parent", "ordinal", "columns"));
        String parent = node.text("parent");
        String ordinal = node.text("ordinal", "ordinal");
        return new ChildMapping(
                TableName.parse(table, schema),
                path(node.at("from")),
                parent,
                ordinal,
                columns(node, schema, true, parent, ordinal),
                node.where());
    }

    private static List<ColumnMapping> columns(MappingNode owner, String schema, boolean child, String... taken) {
        List<ColumnMapping> columns = new ArrayList<>();
        if (!owner.has("columns")) {
            return columns;
        }
        Set<String> names = new HashSet<>(List.of(taken));
        owner.at("columns").fields().forEach((name, node) -> {
            if (!names.add(name)) {
                node.problem("the column '" + name + "' is written already, as the key, the parent or the ordinal");
            }
            columns.add(column(name, node, schema, child));
        });
        return columns;
    }

    private static ColumnMapping column(String name, MappingNode node, String schema, boolean child) {
        Source byName = new Source.Path(List.of(name));
        if (node.isText()) {
            // The short form, `age: integer`: the field of the same name, and nothing else to say.
            return new ColumnMapping(
                    name,
                    parseType(node, node.text()),
                    byName,
                    List.of(),
                    null,
                    null,
                    ColumnMapping.Misfit.QUARANTINE,
                    null,
                    null,
                    node.where());
        }
        node.allow(Set.of("type", "from", "convert", "missing", "null", "misfit", "instead", "reference"));
        List<Conversion> conversions = new ArrayList<>();
        if (node.has("convert")) {
            node.at("convert").elements().forEach(step -> {
                Conversion conversion = conversion(step);
                if (conversion != null) {
                    conversions.add(conversion);
                }
            });
        }
        ColumnMapping.Misfit misfit = node.oneOf("misfit", ColumnMapping.Misfit.class, ColumnMapping.Misfit.QUARANTINE);
        if (misfit == ColumnMapping.Misfit.REJECT && node.has("instead")) {
            node.at("instead").problem("'instead' has no meaning beside misfit: reject");
        }
        return new ColumnMapping(
                name,
                type(node, "type"),
                node.has("from") ? source(node.at("from"), child) : byName,
                conversions,
                node.literal("missing"),
                node.literal("null"),
                misfit,
                node.literal("instead"),
                node.has("reference") ? reference(node.at("reference"), schema) : null,
                node.where());
    }

    private static Reference reference(MappingNode node, String schema) {
        node.allow(Set.of("table", "match", "match_type", "take"));
        return new Reference(
                TableName.parse(node.text("table"), schema),
                node.text("match"),
                node.has("match_type") ? type(node, "match_type") : TEXT,
                node.text("take"));
    }

    private static ColumnType type(MappingNode node, String field) {
        String text = node.text(field);
        return text.equals("?") ? TEXT : parseType(node.at(field), text);
    }

    private static ColumnType parseType(MappingNode node, String text) {
        try {
            return ColumnType.parse(text).orElseGet(() -> {
                node.problem("'" + text + "' is not a column type; there are: " + ColumnType.NAMES);
                return TEXT;
            });
        } catch (IllegalArgumentException refused) {
            node.problem(String.valueOf(refused.getMessage()));
            return TEXT;
        }
    }

    private static Source source(MappingNode node, boolean child) {
        if (node.isText() || node.isList()) {
            return path(node);
        }
        Map<String, MappingNode> fields = node.fields();
        if (fields.size() != 1 && !fields.containsKey("build")) {
            node.problem("a source is a path, or one of: path, first, constant, parent, element, id_time, rest,"
                    + " document, build");
            return new Source.IdTime();
        }
        String kind = fields.containsKey("build")
                ? "build"
                : fields.keySet().iterator().next();
        MappingNode value = node.at(kind);
        switch (kind) {
            case "path" -> {
                return path(value);
            }
            case "first" -> {
                List<Source> sources =
                        value.elements().stream().map(s -> source(s, child)).toList();
                if (sources.isEmpty()) {
                    value.problem("first: needs at least one source");
                    return new Source.IdTime();
                }
                return new Source.FirstOf(sources);
            }
            case "constant" -> {
                return new Source.Constant(value.json());
            }
            case "parent" -> {
                onlyInChild(node, kind, child);
                return new Source.Parent(source(value, false));
            }
            case "element" -> {
                onlyInChild(node, kind, child);
                return new Source.Element();
            }
            case "id_time" -> {
                return new Source.IdTime();
            }
            case "rest" -> {
                return new Source.Rest();
            }
            case "document" -> {
                return new Source.WholeDocument();
            }
            case "build" -> {
                node.allow(Set.of("build", "required"));
                Map<String, Source> parts = new LinkedHashMap<>();
                value.fields().forEach((name, part) -> parts.put(name, source(part, child)));
                return node.build(Source.Build::new, parts, node.text("required"), new Source.IdTime());
            }
            default -> {
                node.problem("'" + kind + "' is no source; there are: path, first, constant, parent, element, id_time,"
                        + " rest, document, build");
                return new Source.IdTime();
            }
        }
    }

    private static void onlyInChild(MappingNode node, String kind, boolean child) {
        if (!child) {
            node.problem("'" + kind + "' has a meaning in a child table only");
        }
    }

    private static Source.Path path(MappingNode node) {
        try {
            if (node.isList()) {
                return new Source.Path(node.texts());
            }
            return new Source.Path(segments(node.text()));
        } catch (IllegalArgumentException refused) {
            node.problem(String.valueOf(refused.getMessage()));
            return new Source.Path(List.of("?"));
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

    private static SkipRule skip(MappingNode node) {
        node.allow(Set.of("from", "when", "reason"));
        return new SkipRule(
                source(node.at("from"), false),
                node.oneOf("when", SkipRule.When.class, SkipRule.When.FALSY),
                node.text("reason"),
                node.where());
    }

    private static @Nullable Conversion conversion(MappingNode node) {
        if (!node.isText() && (!node.isObject() || node.fields().size() != 1)) {
            node.problem("a conversion is a name, or one name with its settings");
            return null;
        }
        String name =
                node.isText() ? node.text() : node.fields().keySet().iterator().next();
        MappingNode settings = node.at(name);
        return switch (name) {
            case "trim" -> new Conversion.Trim();
            case "lower" -> new Conversion.Lower();
            case "empty_to_null" -> new Conversion.EmptyToNull();
            case "falsy_to_null" -> new Conversion.FalsyToNull();
            case "truthy" -> new Conversion.Truthy();
            case "drop_empty" -> new Conversion.DropEmpty();
            case "parse_number" -> new Conversion.ParseNumber();
            case "only_array" -> new Conversion.Only(Conversion.Shape.ARRAY);
            case "only_object" -> new Conversion.Only(Conversion.Shape.OBJECT);
            case "parse_timestamp" -> new Conversion.ParseTimestamp(zone(settings));
            case "object_id_to_uuid" -> new Conversion.ObjectIdToUuid(settings.text("collection"));
            case "sentinel" -> {
                settings.allow(Set.of("when", "to"));
                List<JsonNode> when = settings.at("when").elements().stream()
                        .map(MappingNode::json)
                        .toList();
                JsonNode to = settings.literal("to");
                if (to == null) {
                    settings.problem("'to' is missing");
                    yield null;
                }
                yield new Conversion.Sentinel(when, to);
            }
            default -> {
                node.problem("'" + name + "' is no conversion; there are: trim, lower, empty_to_null, falsy_to_null,"
                        + " truthy, drop_empty, parse_number, parse_timestamp, only_array, only_object,"
                        + " object_id_to_uuid, sentinel");
                yield null;
            }
        };
    }

    private static ZoneId zone(MappingNode settings) {
        if (!settings.has("zone")) {
            return ZoneOffset.UTC;
        }
        try {
            return ZoneId.of(settings.text("zone"));
        } catch (DateTimeException unknown) {
            settings.at("zone").problem("no such time zone");
            return ZoneOffset.UTC;
        }
    }
}
