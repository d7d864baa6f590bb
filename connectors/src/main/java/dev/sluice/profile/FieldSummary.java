package dev.sluice.profile;

import dev.sluice.profile.Proposal.Child;
import dev.sluice.profile.Proposal.Column;
import dev.sluice.profile.Proposal.Table;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.bson.BsonType;
import org.jspecify.annotations.Nullable;

/// One line of a profile: what the values of a path were like, and what becomes of them.
///
/// @param path as people write it; `[]` for the elements of an array
/// @param there share of the objects around it that have the field, 0 to 1
/// @param nulls share of the values that are null, 0 to 1
/// @param types how many values had each BSON type
/// @param range lengths of texts and arrays, least and greatest number and date
/// @param becomes the column or table; empty inside a jsonb column
public record FieldSummary(
        String path, double there, double nulls, Map<String, Long> types, String range, String becomes) {
    /// Objects and arrays inside one another that are shown.
    private static final int DEPTH_MAX = 4;

    public FieldSummary {
        types = new LinkedHashMap<>(types);
    }

    /// @return the paths of a collection in the order in which they turned up, each before those inside it
    public static List<FieldSummary> of(CollectionProfile profile, Table table) {
        Map<String, String> becomes = new HashMap<>();
        becomes.put("_id", table.key().column() + " " + table.key().type().sql());
        columns("", table.columns(), becomes);
        for (Child child : table.children()) {
            String path = OneLine.path(child.path());
            becomes.put(path, "table " + child.table());
            columns(path + "[].", child.columns(), becomes);
        }
        List<FieldSummary> summaries = new ArrayList<>();
        object("", profile.documents(), 1, becomes, summaries);
        return summaries;
    }

    private static void columns(String place, List<Column> columns, Map<String, String> becomes) {
        columns.forEach(column -> becomes.put(
                place + OneLine.path(column.path()),
                column.column() + " " + column.type().sql()
                        + column.reference()
                                .map(target -> " -> " + target.table())
                                .orElse("")));
    }

    private static void object(
            String place, ObjectProfile object, int depth, Map<String, String> becomes, List<FieldSummary> summaries) {
        object.fields().forEach((name, field) -> {
            String path = place + OneLine.name(name);
            summaries.add(summary(path, (double) field.count() / object.count(), field, becomes));
            inside(path, field, depth, becomes, summaries);
        });
    }

    private static void inside(
            String path, FieldProfile field, int depth, Map<String, String> becomes, List<FieldSummary> summaries) {
        if (depth == DEPTH_MAX) {
            return;
        }
        ObjectProfile object = field.object();
        if (object != null && !Layout.isMap(object)) {
            object(path + ".", object, depth + 1, becomes, summaries);
        }
        ArrayProfile array = field.array();
        if (array != null && array.elements().object() != null) {
            inside(path + "[]", array.elements(), depth, becomes, summaries);
        }
    }

    private static FieldSummary summary(String path, double there, FieldProfile field, Map<String, String> becomes) {
        Map<String, Long> types = new LinkedHashMap<>();
        field.types().forEach((type, count) -> types.put(BsonTypes.name(type), count));
        long nulls = field.count() - field.values();
        return new FieldSummary(
                path,
                there,
                field.count() == 0 ? 0 : (double) nulls / field.count(),
                types,
                range(field),
                becomes.getOrDefault(path, ""));
    }

    private static String range(FieldProfile field) {
        List<String> ranges = new ArrayList<>();
        if (field.texts().count() > 0) {
            ranges.add("up to " + BsonTypes.number(field.texts().charactersMax()) + " characters");
        }
        if (field.numbers().least() != null) {
            ranges.add(between(field.numbers().least(), field.numbers().greatest()));
        }
        if (field.dates().count() > 0) {
            ranges.add(between(field.dates().least(), field.dates().greatest()));
        }
        if (field.binaries().count() > 0) {
            ranges.add("up to " + BsonTypes.number(field.binaries().bytesMax()) + " bytes");
        }
        ArrayProfile array = field.array();
        if (array != null) {
            String elements = array.elements().types().keySet().stream()
                    .filter(type -> type != BsonType.NULL)
                    .map(BsonTypes::name)
                    .collect(Collectors.joining(" or "));
            ranges.add("up to " + BsonTypes.number(array.lengthMax()) + (elements.isEmpty() ? "" : " x " + elements));
        }
        return String.join("; ", ranges);
    }

    private static String between(@Nullable Object least, @Nullable Object greatest) {
        return least + " to " + greatest;
    }

    /// The types as people read them: `string`, or `int32 90 %, double 10 %`.
    public String typesForPeople() {
        long all = types.values().stream().mapToLong(Long::longValue).sum();
        if (types.size() == 1) {
            return types.keySet().iterator().next();
        }
        List<Map.Entry<String, Long>> sorted = new ArrayList<>(types.entrySet());
        sorted.sort(Map.Entry.<String, Long>comparingByValue().reversed());
        return sorted.stream()
                .map(t -> t.getKey() + " " + BsonTypes.percent(t.getValue(), all))
                .collect(Collectors.joining(", "));
    }
}
