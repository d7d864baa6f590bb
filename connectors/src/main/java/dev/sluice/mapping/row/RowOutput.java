package dev.sluice.mapping.row;

import dev.sluice.mapping.value.TextOutput;
import org.jspecify.annotations.Nullable;

/// Takes the rows of documents, value by value, in the order of each [TableShape]'s columns: what
/// [dev.sluice.mapping.RawMapper] writes to. A column's value is given by exactly one call, or by a [#startArray], one
/// call
/// for each element, and an [#endArray]. A text, or for jsonb its JSON, may come whole or in pieces: that is one call
/// too, see [TextOutput]. For one thread.
public interface RowOutput extends TextOutput {
    /// @param table 0 for the collection's own table, 1.. for its child tables in the mapping's order
    void startRow(int table);

    /// Any value as [MappingResult.Mapped]'s rows hold it; null is SQL NULL.
    void value(@Nullable Object value);

    /// A smallint, integer or bigint; microseconds since 1970 UTC for timestamptz; days since 1970 for
    /// date.
    void whole(long value);

    /// A double precision.
    void floating(double value);

    /// A boolean.
    void truth(boolean value);

    /// A numeric.
    ///
    /// @param scale how many of the digits stand after the point, 0 to 18; they are shown, zeros too
    void decimal(long unscaled, int scale);

    /// A uuid.
    void uuid(long mostSignificant, long leastSignificant);

    /// A bytea.
    void binary(byte[] bytes, int offset, int length);

    /// The values up to [#endArray] are the elements of an array.
    void startArray();

    void endArray();
}
