package dev.sluice.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One column: a source, a chain of conversions, and a policy for what does not fit.
///
/// @param column its name in PostgreSQL
/// @param type the type of the values Sluice writes; PostgreSQL casts on assignment where the table's own
///     type differs
/// @param missing what is written when the document has no such field; null means SQL NULL
/// @param nulls what is written when the field is there and null; null means SQL NULL
/// @param misfit what becomes of a value that the type can't hold
/// @param instead what the row gets in place of a quarantined value; null means SQL NULL
/// @param reference the look-up that replaces the value when the row is written; null for none
/// @param where the place in the mapping
public record ColumnMapping(
        String column,
        ColumnType type,
        Source source,
        List<Conversion> conversions,
        @Nullable JsonNode missing,
        @Nullable JsonNode nulls,
        Misfit misfit,
        @Nullable JsonNode instead,
        @Nullable Reference reference,
        Where where) {
    public ColumnMapping {
        conversions = List.copyOf(conversions);
    }

    /// What becomes of a value that its column can't hold.
    public enum Misfit {
        /// The row lands without it; the value is kept, losslessly, in `sluice.quarantine`.
        QUARANTINE,
        /// The document is dead-lettered, and its row stays as it was.
        REJECT
    }
}
