package dev.sluice.profile;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// One line of a profile: what the values of a path were like, and what becomes of them.
///
/// @param path as people write it; `[]` for the elements of an array
/// @param there share of the objects around it that have the field, 0 to 1
/// @param nulls share of the values that are null, 0 to 1
/// @param types how many values had each BSON type
/// @param range lengths of texts and arrays, least and greatest number and date
/// @param becomes the column with its type, the table, `(in column)` inside a jsonb column, or `(in rest)`;
///     empty for an object that is laid flat
public record FieldSummary(
        String path, double there, double nulls, Map<String, Long> types, String range, String becomes) {
    public FieldSummary {
        types = new LinkedHashMap<>(types);
    }

    /// @return the paths of a collection in the order in which they turned up, each before those inside it
    public static List<FieldSummary> of(CollectionProfile profile, Proposal.Table table) {
        return FieldSummaries.of(profile, table);
    }

    /// Whether the path lies inside a jsonb column, whose own line says what it is.
    public boolean isInside() {
        return becomes.startsWith("(in ") && !becomes.equals(FieldSummaries.REST);
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
