package dev.sluice.mapping.row;

import java.util.List;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// What one document becomes.
public sealed interface MappingResult {

    /// The document's rows.
    ///
    /// A row's values are in the order of its [TableShape]'s columns, SQL NULL as null, and each is of the
    /// Java type that belongs to its column type: String (text, varchar, citext, and jsonb as JSON text),
    /// Boolean, Long (smallint, integer, bigint; microseconds since 1970 UTC for timestamptz; days since
    /// 1970 for date), Double (double precision, and NaN or an infinity in numeric), BigDecimal (numeric),
    /// UUID, byte\[\] (bytea), List (arrays).
    ///
    /// @param row the row of the collection's own table
    /// @param children the rows of each child table, in the order of the mapping's children
    /// @param misfits values that the rows land without, or in part without
    /// @param unmapped fields of the document that nothing reads by name and that no column keeps with the
    ///     rest: `address.zip`, `lines[].note`; `(other)` for those beyond the first 1,000 of a collection.
    ///     The shared empty list when there are none
    @SuppressWarnings("ArrayRecordComponent") // Rows are arrays for speed; two results are never compared as values.
    record Mapped(
            @Nullable Object[] row,
            List<List<@Nullable Object[]>> children,
            List<MisfitValue> misfits,
            List<String> unmapped)
            implements MappingResult {
        /// The key of the document's row.
        public Object key() {
            Object key = row[0];
            if (key == null) {
                throw new IllegalStateException("a mapped row has a key");
            }
            return key;
        }
    }

    /// The document has no row, by a rule of the mapping.
    record Skipped(String reason) implements MappingResult {}

    /// The document can't become a row: its key does not fit, or a column with `misfit: reject` met a value
    /// that does not.
    ///
    /// @param column `table.column`
    /// @param path where in the document
    /// @param reason for people, without the value
    record Rejected(String column, String path, String reason) implements MappingResult {}

    /// A value that its column can't hold.
    ///
    /// @param column `table.column`
    /// @param path where in the document, with array indexes: `lines[3].quantity`
    /// @param value the value as it was
    /// @param reason for people, without the value
    record MisfitValue(String column, String path, BsonValue value, String reason) {}
}
