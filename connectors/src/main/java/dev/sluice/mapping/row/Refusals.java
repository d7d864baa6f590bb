package dev.sluice.mapping.row;

import dev.sluice.schema.TableName;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Values of one document's rows that PostgreSQL does not read as their columns' types, by their places. With
/// them the document is mapped once more, and each goes the way of a misfit. Filled by one thread.
public final class Refusals {
    /// The number of an element that stands for the value as a whole.
    public static final int WHOLE = -1;

    private final Map<Place, SortedMap<Integer, String>> reasons = new HashMap<>();

    /// @param row what tells a row of a child table from the document's others: its ordinal as a Long,
    ///     or else its key; 0L in the collection's own
    private record Place(TableName table, String column, Object row) {}

    /// @param row what tells a row of a child table from the document's others: its ordinal as a Long,
    ///     or else its key; 0L in the collection's own
    /// @param element of an array, from 0; or [#WHOLE]
    /// @param reason for people, without the value
    public void add(TableName table, String column, Object row, int element, String reason) {
        reasons.computeIfAbsent(new Place(table, column, row), p -> new TreeMap<>())
                .putIfAbsent(element, reason);
    }

    /// What is refused of a column's value in a row: reasons by element; null when nothing is.
    public @Nullable SortedMap<Integer, String> of(TableName table, String column, Object row) {
        return reasons.get(new Place(table, column, row));
    }

    /// Where the first of them is, and why, as [MappingResult.Rejected] says it.
    public MappingResult.Rejected asRejection() {
        return rejection("the mapping", "what is written in place of the value %s");
    }

    /// Where the first of them is, and that PostgreSQL refuses the row for it, and with the row the document.
    public MappingResult.Rejected ofRow() {
        return rejection("", "%s, so that PostgreSQL refuses the row");
    }

    private MappingResult.Rejected rejection(String path, String reason) {
        Map.Entry<Place, SortedMap<Integer, String>> first =
                reasons.entrySet().iterator().next();
        Place place = first.getKey();
        return new MappingResult.Rejected(
                place.table().table() + "." + place.column(),
                path,
                String.format(Locale.ROOT, reason, first.getValue().firstEntry().getValue()));
    }
}
