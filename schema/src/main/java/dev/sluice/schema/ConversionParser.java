package dev.sluice.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The part of [MappingReader] that reads conversions.
final class ConversionParser {
    /// The conversions, and what can be set for each.
    private static final Map<String, Set<String>> CONVERSION_SETTINGS = Map.ofEntries(
            Map.entry("trim", Set.of()),
            Map.entry("lower", Set.of()),
            Map.entry("empty_to_null", Set.of()),
            Map.entry("falsy_to_null", Set.of()),
            Map.entry("truthy", Set.of()),
            Map.entry("drop_empty", Set.of()),
            Map.entry("parse_number", Set.of()),
            Map.entry("only_array", Set.of()),
            Map.entry("only_object", Set.of()),
            Map.entry("parse_timestamp", Set.of("zone")),
            Map.entry("object_id_to_uuid", Set.of("collection")),
            Map.entry("sentinel", Set.of("when", "to")));

    private ConversionParser() {}

    /// Null where the conversion has a mistake, which is noted.
    static @Nullable Conversion read(MappingNode node) {
        if (!node.isText() && (!node.isObject() || node.fields().size() != 1)) {
            node.problem("a conversion is a name, or one name with its settings");
            return null;
        }
        String name =
                node.isText() ? node.text() : node.fields().keySet().iterator().next();
        MappingNode settings = node.at(name);
        Set<String> allowed = CONVERSION_SETTINGS.get(name);
        if (allowed != null && !node.isText()) {
            if (allowed.isEmpty()) {
                settings.problem("'" + name + "' has no settings; write the name alone");
            } else if (!settings.isObject()) {
                settings.problem("the settings of '" + name + "' are named entries: "
                        + String.join(", ", allowed.stream().sorted().toList()));
                return null;
            }
            settings.allow(allowed);
        }
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
