package dev.sluice.schema;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import dev.sluice.schema.MappingException.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Reads a mapping from YAML. Reports every problem with file, line and path; what it returns is whole and
/// consistent in itself, though not yet checked against a live database.
///
/// The language is described for people in `schema/README.md` and for editors in `mapping.schema.json`.
public final class MappingReader {
    private static final YAMLFactory YAML = YAMLFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();
    private static final YAMLMapper MAPPER = YAMLMapper.builder(YAML)
            // A second document in the file would be left out without a word.
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
    private static final ColumnType.Text TEXT = new ColumnType.Text();

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
            lines = linesOf(file, yaml, problems);
        } catch (MismatchedInputException second) {
            throw new MappingException(
                    new Where(file, Math.max(second.getLocation().getLineNr(), 1), "(YAML)"),
                    "a second document begins here (---); a mapping is one document");
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
            // In the order of the file, in which they will be fixed.
            problems.sort(Comparator.comparingInt(problem -> problem.where().line()));
            throw new MappingException(problems);
        }
        return mapping;
    }

    private static Map<JsonPointer, Integer> linesOf(String file, String yaml, List<Problem> problems)
            throws IOException {
        Map<JsonPointer, Integer> lines = new HashMap<>();
        try (YAMLParser parser = YAML.createParser(yaml)) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                if (parser.isCurrentAlias()) {
                    // Jackson reads an alias as the text of its name, which would be taken for a value.
                    problems.add(new Problem(
                            new Where(file, parser.currentTokenLocation().getLineNr(), "(YAML)"),
                            "aliases (*" + parser.getText() + ") are not read; write it out"));
                }
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
        root.allow(Set.of("mapping", "database", "schema", "defaults", "collections", "ignore", "groups"));
        String schema = root.text("schema", "public");
        TableContext context = new TableContext(
                schema, root.has("defaults") ? ColumnDefaults.read(root.at("defaults")) : ColumnDefaults.NONE, null);
        List<CollectionMapping> collections = new ArrayList<>();
        if (!root.has("collections")) {
            root.problem("'collections' is missing");
        } else {
            if (root.at("collections").isObject()
                    && root.at("collections").json().isEmpty()) {
                root.at("collections").problem("there is no collection in it");
            }
            root.at("collections").fields().forEach((name, node) -> collections.add(collection(name, node, context)));
        }
        Map<TableName, Where> tables = new HashMap<>();
        for (CollectionMapping collection : collections) {
            claim(tables, collection.table(), collection.where(), root);
            collection.children().forEach(child -> claim(tables, child.table(), child.where(), root));
        }
        List<String> ignored = root.has("ignore") ? root.at("ignore").texts() : List.of();
        for (CollectionMapping collection : collections) {
            if (ignored.contains(collection.collection())) {
                root.problem(collection.where(), "the collection is mapped, and under 'ignore' too");
            }
        }
        return new Mapping(
                root.text("mapping"), root.text("database"), schema, collections, ignored, groups(root, collections));
    }

    private static SequencedMap<String, List<String>> groups(MappingNode root, List<CollectionMapping> collections) {
        SequencedMap<String, List<String>> groups = new LinkedHashMap<>();
        if (!root.has("groups")) {
            return groups;
        }
        List<String> mapped =
                collections.stream().map(CollectionMapping::collection).toList();
        Set<String> taken = new HashSet<>();
        root.at("groups").fields().forEach((name, node) -> {
            List<String> members = node.texts();
            if (mapped.contains(name) && !members.contains(name)) {
                node.problem("a collection has this name and is not in the group");
            }
            for (String member : members) {
                if (!mapped.contains(member)) {
                    node.problem("there is no collection '" + member + "'");
                } else if (!taken.add(member)) {
                    node.problem("'" + member + "' is in a group already");
                }
            }
            groups.put(name, List.copyOf(members));
        });
        return groups;
    }

    private static void claim(Map<TableName, Where> tables, TableName table, Where where, MappingNode root) {
        if (table.table().equals("?")) {
            // Its name has a mistake that is noted already.
            return;
        }
        Where other = tables.putIfAbsent(table, where);
        if (other != null) {
            root.problem(
                    where,
                    "the table " + table + " is written by two mappings: " + other.path() + " and " + where.path());
        }
    }

    /// What tables are read with.
    ///
    /// @param schema of tables that name none
    /// @param array the path of the array or object whose elements or entries are the rows of a child
    ///     table; null for a collection's own table
    private record TableContext(String schema, ColumnDefaults defaults, Source.@Nullable Path array) {
        TableContext ofChild(Source.Path of) {
            return new TableContext(schema, defaults, of);
        }

        boolean isChild() {
            return array != null;
        }
    }

    private static CollectionMapping collection(String name, MappingNode node, TableContext context) {
        node.allow(Set.of(
                "table", "key", "conflict", "columns", "children", "skip", "dedupe", "redact", "on_delete", "on_drop"));
        KeyMapping key = key(node);
        List<ColumnMapping> columns = columns(node, context, key.column());
        List<ChildMapping> children = new ArrayList<>();
        if (node.has("children")) {
            node.at("children").fields().forEach((table, child) -> children.add(child(table, child, context)));
        }
        List<SkipRule> skips = new ArrayList<>();
        if (node.has("skip")) {
            node.at("skip").elements().forEach(rule -> skips.add(skip(rule)));
        }
        Set<String> known = new HashSet<>(Set.of(key.column()));
        columns.forEach(c -> known.add(c.column()));
        checkOwnColumns(columns, known, node);
        List<String> conflict = node.has("conflict") ? node.at("conflict").texts() : List.of(key.column());
        if (conflict.isEmpty()) {
            node.at("conflict").problem("a list of at least one column is expected here");
        }
        for (String column : conflict) {
            if (!known.contains(column)) {
                node.at("conflict").problem("'" + column + "' is no column of this mapping");
            }
        }
        Dedupe dedupe = node.has("dedupe") ? dedupe(node.at("dedupe"), known) : null;
        if (!conflict.contains(key.column())) {
            // Several documents can name one row.
            if (dedupe == null) {
                dedupe = new Dedupe(conflict, List.of(), node.where());
            } else if (!Set.copyOf(dedupe.by()).equals(Set.copyOf(conflict))) {
                node.at("dedupe")
                        .problem("'by' has to name the columns of 'conflict', by which several documents are one row");
            }
        }
        return new CollectionMapping(
                name,
                table(node, node.text("table", name), context.schema()),
                key,
                conflict,
                columns,
                children,
                skips,
                dedupe,
                node.has("redact") ? redactions(node.at("redact")) : List.of(),
                node.oneOf("on_delete", CollectionMapping.OnDelete.class, CollectionMapping.OnDelete.DELETE),
                node.oneOf("on_drop", CollectionMapping.OnDrop.class, CollectionMapping.OnDrop.STOP),
                node.where());
    }

    /// References and look-ups name columns of their own table.
    private static void checkOwnColumns(List<ColumnMapping> columns, Set<String> known, MappingNode node) {
        for (ColumnMapping column : columns) {
            List<String> named = new ArrayList<>();
            Reference reference = column.reference();
            if (reference != null) {
                named.addAll(reference.and().values());
            }
            Lookup lookup = column.lookup();
            if (lookup != null) {
                named.add(lookup.by());
            }
            for (String name : named) {
                if (!known.contains(name) && !name.equals("?")) {
                    node.problem(column.where(), "'" + name + "' is no column of this table");
                }
            }
        }
    }

    private static Dedupe dedupe(MappingNode node, Set<String> known) {
        node.allow(Set.of("by", "prefer"));
        List<String> by = node.has("by") ? node.at("by").texts() : List.of();
        if (by.isEmpty()) {
            node.problem("'by' is missing: a list of the columns whose equality means the same row");
        }
        List<Dedupe.Preference> prefer = new ArrayList<>();
        if (node.has("prefer")) {
            for (MappingNode preference : node.at("prefer").elements()) {
                preference.allow(Set.of("column", "order"));
                prefer.add(new Dedupe.Preference(
                        preference.text("column"),
                        preference.oneOf("order", Dedupe.Order.class, Dedupe.Order.HIGHEST)));
            }
        }
        Stream.concat(by.stream(), prefer.stream().map(Dedupe.Preference::column))
                .filter(column -> !known.contains(column) && !column.equals("?"))
                .forEach(column -> node.problem("'" + column + "' is no column of this mapping"));
        return new Dedupe(by, prefer, node.where());
    }

    private static List<Redaction> redactions(MappingNode node) {
        List<Redaction> redactions = new ArrayList<>();
        node.fields().forEach((path, how) -> {
            Source.Path where = SourceParser.path(how, path);
            if (where.segments().getFirst().equals("_id")) {
                how.problem("an _id can't be redacted: it is what a document is known by");
            }
            redactions.add(
                    new Redaction(where, node.oneOf(path, Redaction.How.class, Redaction.How.REMOVE), how.where()));
        });
        return redactions;
    }

    private static KeyMapping key(MappingNode collection) {
        if (!collection.has("key")) {
            collection.problem(
                    "'key' is missing: say which column holds _id, for example key: {column: id, type: text}");
            return new KeyMapping("?", TEXT, KeyMapping.Form.PLAIN, null, collection.where());
        }
        MappingNode node = collection.at("key");
        node.allow(Set.of("column", "type", "form", "of"));
        ColumnType.Key type = keyType(node);
        KeyMapping key = new KeyMapping(
                node.text("column"),
                type,
                node.oneOf("form", KeyMapping.Form.class, KeyMapping.Form.PLAIN),
                node.has("of") ? node.at("of").oneOf(KeyMapping.Of.class) : null,
                node.where());
        if (key.of() != null && !key.canBeShared()) {
            node.at("of").problem("'of' is for keys that ids of different types could share: plain text and uuid");
        }
        return key;
    }

    private static ColumnType.Key keyType(MappingNode node) {
        if (type(node, "type") instanceof ColumnType.Key type
                && (!(type instanceof ColumnType.Int(int bytes)) || bytes == 8)) {
            return type;
        }
        node.at("type").problem("a key is text, varchar(n), uuid or bigint");
        return TEXT;
    }

    private static ChildMapping child(String table, MappingNode node, TableContext context) {
        node.allow(Set.of("from", "parent", "ordinal", "key", "columns"));
        String parent = node.text("parent");
        boolean ofEntries = node.at("from").isObject();
        ChildKey key = ofEntries ? entryName(node) : node.has("key") ? elementField(node) : ordinal(node);
        if (key.column().equals(parent)) {
            node.problem("'parent' and '" + (key instanceof ChildKey.Ordinal ? "ordinal" : "key")
                    + "' name the same column");
        }
        Source.Path path = !node.has("from")
                ? SourceParser.missing(node)
                : ofEntries ? entries(node.at("from")) : SourceParser.path(node.at("from"));
        List<ColumnMapping> columns = columns(node, context.ofChild(path), parent, key.column());
        Set<String> known = new HashSet<>(Set.of(parent));
        known.add(key.column());
        columns.forEach(c -> known.add(c.column()));
        checkOwnColumns(columns, known, node);
        return new ChildMapping(table(node, table, context.schema()), path, parent, key, columns, node.where());
    }

    /// The object whose entries are the rows.
    private static Source.Path entries(MappingNode from) {
        from.allow(Set.of("entries"));
        return from.has("entries") ? SourceParser.path(from.at("entries")) : SourceParser.missing(from, "entries");
    }

    private static ChildKey ordinal(MappingNode child) {
        return new ChildKey.Ordinal(child.text("ordinal", "ordinal"));
    }

    private static ChildKey elementField(MappingNode child) {
        if (child.has("ordinal")) {
            child.at("ordinal").problem("rows have an 'ordinal' or a 'key', not both");
        }
        MappingNode key = child.at("key");
        key.allow(Set.of("column", "from", "type"));
        String column = key.text("column");
        return new ChildKey.ElementField(
                column,
                key.has("from") ? SourceParser.path(key.at("from")) : new Source.Path(List.of(column)),
                keyType(key));
    }

    private static ChildKey entryName(MappingNode child) {
        if (child.has("ordinal")) {
            child.at("ordinal").problem("rows of entries have a 'key', the entry's name, and no 'ordinal'");
        }
        if (!child.has("key")) {
            return new ChildKey.EntryName("key", TEXT);
        }
        MappingNode key = child.at("key");
        key.allow(Set.of("column", "type"));
        ColumnType type = key.has("type") ? type(key, "type") : TEXT;
        if (!(type instanceof ColumnType.Text || type instanceof ColumnType.Varchar)) {
            key.at("type").problem("an entry's name is text or varchar(n)");
        }
        return new ChildKey.EntryName(key.text("column"), type instanceof ColumnType.Key text ? text : TEXT);
    }

    private static TableName table(MappingNode node, String text, String schema) {
        return node.build(TableName::parse, text, schema, new TableName("?", "?"));
    }

    private static List<ColumnMapping> columns(MappingNode owner, TableContext context, String... taken) {
        List<ColumnMapping> columns = new ArrayList<>();
        if (!owner.has("columns")) {
            return columns;
        }
        Set<String> names = new HashSet<>(List.of(taken));
        owner.at("columns").fields().forEach((name, node) -> {
            if (!names.add(name)) {
                node.problem("the column '" + name + "' is written already, as the key, the parent or the ordinal");
            }
            columns.add(context.defaults().apply(column(name, node, context), node, context.array()));
        });
        return columns;
    }

    private static ColumnMapping column(String name, MappingNode node, TableContext context) {
        Source byName = new Source.Path(List.of(name));
        if (node.isText() || node.has("postgres")) {
            // The short form, `age: integer`: the field of the same name, and nothing else to say.
            return new ColumnMapping(
                    name,
                    type(node),
                    byName,
                    List.of(),
                    null,
                    null,
                    ColumnMapping.Misfit.QUARANTINE,
                    null,
                    false,
                    null,
                    null,
                    ColumnMapping.Write.ALWAYS,
                    ColumnMapping.Places.of(node.where()));
        }
        node.allow(Set.of(
                "type",
                "from",
                "convert",
                "missing",
                "null",
                "misfit",
                "instead",
                "json_null",
                "reference",
                "lookup",
                "write"));
        List<Conversion> conversions = ConversionParser.readAll(node, context.isChild());
        ColumnMapping.Misfit misfit = node.oneOf("misfit", ColumnMapping.Misfit.class, ColumnMapping.Misfit.QUARANTINE);
        if (misfit == ColumnMapping.Misfit.REJECT && node.has("instead")) {
            node.at("instead").problem("'instead' has no meaning with misfit: reject");
        }
        ColumnType type = type(node, "type");
        ColumnMapping.Write write = node.oneOf("write", ColumnMapping.Write.class, ColumnMapping.Write.ALWAYS);
        if (write == ColumnMapping.Write.MERGE && !(type instanceof ColumnType.Jsonb)) {
            node.at("write").problem("only a jsonb column can be merged");
        }
        boolean jsonNull = node.flag("json_null");
        if (jsonNull && !(type instanceof ColumnType.Jsonb)) {
            node.at("json_null").problem("only a jsonb column holds JSON's null");
        }
        return new ColumnMapping(
                name,
                type,
                node.has("from") ? SourceParser.read(node.at("from"), context.isChild()) : byName,
                conversions,
                node.literal("missing"),
                node.literal("null"),
                misfit,
                node.literal("instead"),
                jsonNull,
                node.has("reference") ? reference(node.at("reference"), context.schema(), type) : null,
                node.has("lookup") ? lookup(node.at("lookup"), context.schema()) : null,
                write,
                ColumnMapping.Places.of(node.where()));
    }

    private static Reference reference(MappingNode node, String schema, ColumnType type) {
        node.allow(Set.of("table", "match", "match_type", "take", "and", "orphan"));
        boolean array = type instanceof ColumnType.Array;
        Map<String, String> and = new LinkedHashMap<>();
        if (node.has("and")) {
            node.at("and").fields().forEach((column, own) -> and.put(column, own.text()));
            if (array) {
                node.at("and").problem("'and' has no meaning for an array");
            }
        }
        Reference.Orphan orphan =
                node.oneOf("orphan", Reference.Orphan.class, array ? Reference.Orphan.DROP : Reference.Orphan.EMPTY);
        if (array && (orphan == Reference.Orphan.SKIP || orphan == Reference.Orphan.CREATE)) {
            node.at("orphan").problem("for an array it is drop or empty");
        }
        String take = node.text("take");
        return new Reference(
                table(node, node.text("table"), schema),
                node.text("match", take),
                node.has("match_type") ? type(node, "match_type") : type instanceof ColumnType.Array(var e) ? e : type,
                take,
                and,
                orphan);
    }

    private static Lookup lookup(MappingNode node, String schema) {
        node.allow(Set.of("table", "match", "match_type", "by", "take"));
        return new Lookup(
                table(node, node.text("table"), schema),
                node.text("match"),
                node.has("match_type") ? type(node, "match_type") : TEXT,
                node.text("by"),
                node.text("take"));
    }

    static ColumnType type(MappingNode node, String field) {
        if (!node.has(field)) {
            node.text(field);
            return TEXT;
        }
        return type(node.at(field));
    }

    /// A type by its name, or `{postgres: name}`.
    private static ColumnType type(MappingNode node) {
        if (!node.isObject()) {
            String text = node.text();
            return text.equals("?") ? TEXT : parseType(node, text);
        }
        node.allow(Set.of("postgres"));
        String name = node.text("postgres");
        try {
            return name.equals("?") ? TEXT : ColumnType.named(name);
        } catch (IllegalArgumentException refused) {
            node.at("postgres").problem(String.valueOf(refused.getMessage()));
            return TEXT;
        }
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

    private static SkipRule skip(MappingNode node) {
        node.allow(Set.of("from", "when", "values", "then", "reason"));
        SkipRule.When when = node.oneOf("when", SkipRule.When.class, SkipRule.When.FALSY);
        boolean compares = when == SkipRule.When.EQUALS || when == SkipRule.When.DIFFERS;
        if (compares != node.has("values")) {
            node.problem("'values' is a list to compare with, for when: equals and when: differs only");
        }
        return new SkipRule(
                node.has("from") ? SourceParser.read(node.at("from"), false) : SourceParser.missing(node),
                when,
                compares && node.has("values")
                        ? node.at("values").elements().stream()
                                .map(MappingNode::json)
                                .toList()
                        : List.of(),
                node.oneOf("then", SkipRule.Then.class, SkipRule.Then.SKIP),
                node.text("reason"),
                node.where());
    }
}
