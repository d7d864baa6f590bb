package dev.sluice.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The part of [MappingReader] that reads conversions.
final class ConversionParser {
    /// The conversions that are a name and nothing else.
    private static final Map<String, Supplier<Conversion>> PLAIN = Map.ofEntries(
            Map.entry("trim", Conversion.Trim::new),
            Map.entry("lower", Conversion.Lower::new),
            Map.entry("empty_to_null", Conversion.EmptyToNull::new),
            Map.entry("blank_to_null", Conversion.BlankToNull::new),
            Map.entry("falsy_to_null", Conversion.FalsyToNull::new),
            Map.entry("truthy", Conversion.Truthy::new),
            Map.entry("to_text", Conversion.ToText::new),
            Map.entry("json_text", Conversion.JsonText::new),
            Map.entry("date_only", Conversion.DateOnly::new),
            Map.entry("strip_nul", Conversion.StripNul::new),
            Map.entry("drop_empty", Conversion.DropEmpty::new),
            Map.entry("distinct", Conversion.Distinct::new),
            Map.entry("wrap_array", Conversion.WrapArray::new),
            Map.entry("only_array", () -> new Conversion.Only(Conversion.Shape.ARRAY)),
            Map.entry("only_object", () -> new Conversion.Only(Conversion.Shape.OBJECT)),
            Map.entry("parse_number", Conversion.ParseNumber::new),
            Map.entry("parse_json", Conversion.ParseJson::new),
            Map.entry("truncate", Conversion.Truncate::new),
            Map.entry("round", () -> new Conversion.Round(0)),
            Map.entry("typed_key", Conversion.TypedKey::new),
            Map.entry("redact", Conversion.Redact::new));

    /// The conversions with named settings, and the names.
    private static final Map<String, Set<String>> NAMED = Map.ofEntries(
            Map.entry("parse_timestamp", Set.of("zone", "formats")),
            Map.entry("parse_boolean", Set.of("true", "false", "otherwise")),
            Map.entry("object_id_to_uuid", Set.of("collection")),
            Map.entry("unwrap_reference", Set.of("none")),
            Map.entry("sentinel", Set.of("when", "to")),
            Map.entry("map", Set.of("values", "otherwise")),
            Map.entry("number_range", Set.of("min", "max")),
            Map.entry("part", Set.of("separator", "index")),
            Map.entry("wrap_text", Set.of("field", "with", "matching")),
            Map.entry("at", Set.of("path", "convert", "missing")));

    /// The conversions with a single setting that has no name.
    private static final Set<String> SINGLE = Set.of(
            "equals", "in_zone", "json_dates", "parse_epoch", "split", "without", "max_length", "legacy_uuid", "hash");

    /// Those of the plain ones that may have a single setting.
    private static final Set<String> OPTIONAL = Set.of("round");

    private ConversionParser() {}

    /// The list under `convert`; empty where there is none.
    ///
    /// @param child whether it is of a column of a child table
    static List<Conversion> readAll(MappingNode owner, boolean child) {
        List<Conversion> conversions = new ArrayList<>();
        if (owner.has("convert")) {
            for (MappingNode step : owner.at("convert").elements()) {
                Conversion conversion = read(step, child);
                if (conversion != null) {
                    conversions.add(conversion);
                }
            }
        }
        return conversions;
    }

    /// Null where the conversion has a mistake, which is noted.
    private static @Nullable Conversion read(MappingNode node, boolean child) {
        if (!node.isText() && (!node.isObject() || node.fields().size() != 1)) {
            node.problem("a conversion is a name, or one name with its settings");
            return null;
        }
        String name =
                node.isText() ? node.text() : node.fields().keySet().iterator().next();
        MappingNode settings = node.at(name);
        Supplier<Conversion> plain = PLAIN.get(name);
        if (plain != null && (node.isText() || !OPTIONAL.contains(name))) {
            if (!node.isText()) {
                settings.problem("'" + name + "' has no settings; write the name alone");
            }
            return plain.get();
        }
        Set<String> allowed = NAMED.get(name);
        if (allowed != null && !node.isText()) {
            if (!settings.isObject()) {
                settings.problem("the settings of '" + name + "' are named entries: "
                        + String.join(", ", allowed.stream().sorted().toList()));
                return null;
            }
            settings.allow(allowed);
        }
        if (SINGLE.contains(name) && node.isText()) {
            node.problem("'" + name + "' needs a setting: {" + name + ": ..}");
            return null;
        }
        return switch (name) {
            case "parse_timestamp" -> {
                ZoneId zone = settings.has("zone") ? zone(settings.at("zone")) : ZoneOffset.UTC;
                List<String> formats =
                        settings.has("formats") ? settings.at("formats").texts() : List.of();
                yield build(settings.at("formats"), () -> new Conversion.ParseTimestamp(zone, formats));
            }
            case "parse_boolean" -> parseBoolean(settings);
            case "parse_epoch" -> named(settings, Conversion.EpochUnit.class, Conversion.ParseEpoch::new);
            case "in_zone" -> new Conversion.InZone(zone(settings));
            case "json_dates" -> named(settings, Conversion.DateStyle.class, Conversion.JsonDates::new);
            case "legacy_uuid" -> named(settings, Conversion.LegacyOrder.class, Conversion.LegacyUuid::new);
            case "hash" -> named(settings, Algorithm.class, algorithm -> new Conversion.Hash());
            case "object_id_to_uuid" -> new Conversion.ObjectIdToUuid(settings.text("collection"));
            case "unwrap_reference" ->
                new Conversion.UnwrapReference(settings.has("none") ? literals(settings.at("none")) : List.of());
            case "sentinel" -> {
                List<JsonNode> when = literals(settings.at("when"));
                JsonNode to = settings.literal("to");
                if (to == null) {
                    settings.problem("'to' is missing");
                    yield null;
                }
                yield new Conversion.Sentinel(when, to);
            }
            case "equals" -> {
                List<JsonNode> values = literals(settings);
                if (values.stream().anyMatch(JsonNode::isNull)) {
                    settings.problem("null stays null, and equals nothing");
                }
                yield new Conversion.EqualTo(values);
            }
            case "map" -> {
                Map<String, JsonNode> values = new LinkedHashMap<>();
                settings.at("values").fields().forEach((from, to) -> values.put(from, to.json()));
                yield new Conversion.MapValues(values, settings.literal("otherwise"));
            }
            case "number_range" -> {
                BigDecimal min = number(settings, "min");
                BigDecimal max = number(settings, "max");
                yield build(settings, () -> new Conversion.NumberRange(min, max));
            }
            case "max_length" -> {
                int length = settings.integer(1);
                yield build(settings, () -> new Conversion.MaxLength(length));
            }
            case "round" -> {
                int digits = settings.integer(0);
                yield build(settings, () -> new Conversion.Round(digits));
            }
            case "split" -> {
                String separator = settings.string();
                yield build(settings, () -> new Conversion.Split(separator));
            }
            case "part" -> {
                String separator = settings.string("separator");
                int index = settings.integer("index", 0);
                yield build(settings.at("separator"), () -> new Conversion.Part(separator, index));
            }
            case "wrap_text" -> {
                String field = settings.text("field");
                Map<String, JsonNode> with = new LinkedHashMap<>();
                if (settings.has("with")) {
                    settings.at("with").fields().forEach((other, value) -> with.put(other, value.json()));
                }
                String matching =
                        settings.has("matching") ? settings.at("matching").string() : null;
                yield build(settings, () -> new Conversion.WrapText(field, with, matching));
            }
            case "without" -> new Conversion.Without(SourceParser.read(settings, child));
            case "at" ->
                new Conversion.At(
                        settings.has("path")
                                ? SourceParser.path(settings.at("path"))
                                : SourceParser.missing(settings, "path"),
                        readAll(settings, child),
                        settings.literal("missing"));
            default -> {
                node.problem("'" + name + "' is no conversion; "
                        + Nearest.toWord(name, List.of(NAMES.split(", ")))
                                .map(meant -> "did you mean '" + meant + "'? There are: ")
                                .orElse("there are: ")
                        + NAMES);
                yield null;
            }
        };
    }

    /// For an error message that has to say what is allowed, in the order of the README's table.
    private static final String NAMES =
            "trim, lower, empty_to_null, blank_to_null, strip_nul, max_length, to_text, json_text,"
                    + " split, part, parse_json, wrap_text, falsy_to_null, truthy, parse_boolean, equals, sentinel, map,"
                    + " parse_number, truncate, round, number_range, parse_timestamp, parse_epoch, in_zone, date_only, json_dates,"
                    + " object_id_to_uuid, unwrap_reference, typed_key, legacy_uuid, only_array, only_object, drop_empty, distinct,"
                    + " without, wrap_array, at, hash, redact";

    /// What `hash` can be done by.
    private enum Algorithm {
        SHA256
    }

    private static @Nullable Conversion parseBoolean(MappingNode settings) {
        Set<String> yes = texts(settings, "true");
        Set<String> no = texts(settings, "false");
        if (yes.isEmpty() && no.isEmpty()) {
            settings.problem("'true' or 'false' is missing: a list of texts");
        }
        Boolean otherwise = settings.has("otherwise") ? (Boolean) settings.flag("otherwise") : null;
        return build(settings, () -> new Conversion.ParseBoolean(yes, no, otherwise));
    }

    /// Texts in lower case. A number stands for its text, but not true or false: to YAML, yes, no, on and
    /// off are one of them, and which was written can't be told.
    private static Set<String> texts(MappingNode settings, String field) {
        Set<String> texts = new HashSet<>();
        if (settings.has(field)) {
            for (MappingNode element : settings.at(field).elements()) {
                JsonNode json = element.json();
                String text = json.isNumber() ? json.asText() : element.string();
                texts.add(text.strip().toLowerCase(Locale.ROOT));
            }
        }
        return texts;
    }

    private static List<JsonNode> literals(MappingNode list) {
        return list.elements().stream().map(MappingNode::json).toList();
    }

    private static @Nullable BigDecimal number(MappingNode settings, String field) {
        JsonNode number = settings.literal(field);
        if (number == null) {
            return null;
        }
        if (!number.isNumber()) {
            settings.at(field).problem("a number is expected here");
            return BigDecimal.ZERO;
        }
        return number.decimalValue();
    }

    private static <E extends Enum<E>> @Nullable Conversion named(
            MappingNode settings, Class<E> type, Function<E, Conversion> constructor) {
        E constant = settings.oneOf(type);
        return constant == null ? null : constructor.apply(constant);
    }

    private static ZoneId zone(MappingNode node) {
        String name = node.text();
        try {
            return name.equals("?") ? ZoneOffset.UTC : ZoneId.of(name);
        } catch (DateTimeException unknown) {
            node.problem("no such time zone");
            return ZoneOffset.UTC;
        }
    }

    /// A conversion that may refuse; the refusal becomes a problem.
    private static @Nullable Conversion build(MappingNode place, Supplier<Conversion> constructor) {
        try {
            return constructor.get();
        } catch (IllegalArgumentException refused) {
            place.problem(String.valueOf(refused.getMessage()));
            return null;
        }
    }
}
