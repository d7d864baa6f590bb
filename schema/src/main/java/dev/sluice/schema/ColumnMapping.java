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
/// @param jsonNull whether a jsonb column gets JSON's `null` where it would get SQL NULL
/// @param reference the look-up that replaces the value when the row is written; null for none
/// @param lookup where the value comes from when there is none; null for nowhere
/// @param write when the column is written
/// @param places where in the mapping it is said
public record ColumnMapping(
        String column,
        ColumnType type,
        Source source,
        List<Conversion> conversions,
        @Nullable JsonNode missing,
        @Nullable JsonNode nulls,
        Misfit misfit,
        @Nullable JsonNode instead,
        boolean jsonNull,
        @Nullable Reference reference,
        @Nullable Lookup lookup,
        Write write,
        Places places) {
    public ColumnMapping {
        conversions = List.copyOf(conversions);
    }

    /// The place in the mapping.
    public Where where() {
        return places.column();
    }

    /// Where in the mapping a column's settings are: its own place, or that of the rule under
    /// `defaults` which gave them.
    ///
    /// @param column of the column itself
    /// @param conversions of `convert`
    /// @param missing of `missing`
    public record Places(Where column, Where conversions, Where missing) {
        /// Of a column that says all of it itself.
        public static Places of(Where column) {
            return new Places(column, column, column);
        }
    }

    /// Whether the column holds what no other one reads, so that nothing is left to look after.
    public boolean keepsRest() {
        return source.isMadeOf(part ->
                part instanceof Source.Rest || part instanceof Source.WholeDocument || part instanceof Source.Element);
    }

    /// What becomes of a value that its column can't hold.
    public enum Misfit {
        /// The row lands without it; the value is kept, losslessly, in `sluice.quarantine`.
        QUARANTINE,
        /// The document is a dead letter, and has no row.
        REJECT
    }

    /// When a column is written.
    public enum Write {
        /// Whenever the row is.
        ALWAYS,
        /// With the row's first writing; what it holds later is the target's own.
        INSERT,
        /// Whenever the row is. Where a trigger of the table sets it whatever is written (`updated_at`), a
        /// difference in it alone is no reason to write the row.
        ALONG,
        /// A jsonb object: its fields are laid over those that are there.
        MERGE
    }
}
