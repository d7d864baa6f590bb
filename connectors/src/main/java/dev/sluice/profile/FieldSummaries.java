package dev.sluice.profile;

import dev.sluice.profile.Proposal.Child;
import dev.sluice.profile.Proposal.Column;
import dev.sluice.profile.Proposal.RowKey;
import dev.sluice.profile.Proposal.Table;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.bson.BsonType;
import org.jspecify.annotations.Nullable;

/// Puts the lines of one collection's profile together: what was seen, and what becomes of it. For one
/// thread.
final class FieldSummaries {
    static final String REST = "(in the rest)";

    /// Objects and arrays inside one another that are shown.
    private static final int DEPTH_MAX = 4;

    /// Stands for the names of an object whose names are data.
    private static final String ENTRY = ".*";

    private final Map<String, String> becomes = new HashMap<>();
    private final List<FieldSummary> found = new ArrayList<>();

    private final SensitiveFields sensitive;

    private FieldSummaries(SensitiveFields sensitive) {
        this.sensitive = sensitive;
    }

    static List<FieldSummary> of(CollectionProfile profile, Table table) {
        FieldSummaries summaries = new FieldSummaries(profile.sensitive());
        summaries.becomes.put(
                "_id", table.key().column() + " " + table.key().type().sql());
        summaries.columns("", table.columns());
        for (Child child : table.children()) {
            String path = OneLine.path(child.path());
            summaries.becomes.put(path, "table " + child.table());
            switch (child.key()) {
                case RowKey.Ordinal o -> summaries.columns(path + "[]", child.columns());
                case RowKey.Field key -> {
                    summaries.columns(path + "[]", child.columns());
                    summaries.becomes.put(
                            path + "[]." + OneLine.path(key.path()),
                            key.column() + " " + key.type().sql());
                }
                case RowKey.EntryName e -> summaries.columns(path + ENTRY, child.columns());
            }
        }
        summaries.object("", profile.documents(), 1, REST);
        return List.copyOf(summaries.found);
    }

    private void columns(String place, List<Column> columns) {
        columns.forEach(column -> becomes.put(
                column.path().isEmpty() ? place : (place.isEmpty() ? "" : place + ".") + OneLine.path(column.path()),
                column.column() + " " + column.type().sql()
                        + column.reference()
                                .map(target -> " -> " + target.table())
                                .orElse("")));
    }

    /// @param otherwise where a field of the object is that has neither column nor table
    private void object(String place, ObjectProfile object, int depth, String otherwise) {
        object.fields().forEach((name, field) -> {
            String path = place + OneLine.name(name);
            String here = becomes.get(path);
            boolean flat = here == null && becomes.keySet().stream().anyMatch(p -> p.startsWith(path + "."));
            found.add(summary(
                    path, (double) field.count() / object.count(), field, here != null ? here : flat ? "" : otherwise));
            inside(
                    path,
                    field,
                    depth,
                    here == null || here.startsWith("table ")
                            ? otherwise
                            : "(in " + here.substring(0, here.indexOf(' ')) + ")");
        });
    }

    private void inside(String path, FieldProfile field, int depth, String otherwise) {
        if (depth == DEPTH_MAX) {
            return;
        }
        ObjectProfile object = field.object();
        if (object != null && becomes.getOrDefault(path, "").startsWith("table ")) {
            FieldProfile entries = object.entries();
            found.add(summary(path + ENTRY, 1, entries, becomes.getOrDefault(path + ENTRY, "")));
            inside(path + ENTRY, entries, depth + 1, otherwise);
        } else if (object != null && !Layout.isMap(object)) {
            object(path + ".", object, depth + 1, otherwise);
        }
        ArrayProfile array = field.array();
        if (array != null && array.elements().object() != null) {
            inside(path + "[]", array.elements(), depth, otherwise);
        }
    }

    private FieldSummary summary(String path, double there, FieldProfile field, String becomes) {
        Map<String, Long> types = new LinkedHashMap<>();
        field.types().forEach((type, count) -> types.put(BsonTypes.name(type), count));
        long nulls = field.count() - field.values();
        return new FieldSummary(
                path, there, field.count() == 0 ? 0 : (double) nulls / field.count(), types, range(field), becomes);
    }

    private String range(FieldProfile field) {
        if (sensitive.of(field).isPresent()) {
            return "(not shown)";
        }
        List<String> ranges = new ArrayList<>();
        if (field.texts().count() > 0) {
            ranges.add(
                    field.texts().charactersMax() == 0
                            ? "always empty"
                            : "up to " + BsonTypes.count(field.texts().charactersMax(), "character"));
        }
        if (field.numbers().least() != null) {
            ranges.add(between(field.numbers().least(), field.numbers().greatest()));
        }
        DateProfile dates = field.dates();
        if (dates.least() != null && dates.greatest() != null) {
            ranges.add(between(
                    dates.least().truncatedTo(ChronoUnit.SECONDS),
                    dates.greatest().truncatedTo(ChronoUnit.SECONDS)));
        }
        if (field.binaries().count() > 0) {
            ranges.add("up to " + BsonTypes.count(field.binaries().bytesMax(), "byte"));
        }
        ArrayProfile array = field.array();
        if (array != null) {
            ranges.add(array(array));
        }
        return String.join("; ", ranges);
    }

    private static String array(ArrayProfile array) {
        String elements = array.elements().types().keySet().stream()
                .filter(type -> type != BsonType.NULL)
                .map(BsonTypes::name)
                .collect(Collectors.joining(" or "));
        return array.lengthMax() == 0
                ? "always empty"
                : "up to " + BsonTypes.number(array.lengthMax()) + (elements.isEmpty() ? "" : " x " + elements);
    }

    private static String between(@Nullable Object least, @Nullable Object greatest) {
        return String.valueOf(least).equals(String.valueOf(greatest)) ? "always " + least : least + " to " + greatest;
    }
}
