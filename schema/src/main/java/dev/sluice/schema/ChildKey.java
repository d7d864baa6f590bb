package dev.sluice.schema;

/// What tells the rows of one document in a child table apart: the second column of their key, behind
/// the key of the parent's row. It says what the rows are, too: elements of an array, or entries of an
/// object.
public sealed interface ChildKey {
    /// Its name in PostgreSQL.
    String column();

    /// The type of the values Sluice writes.
    ColumnType.Key type();

    /// The index of an array's element, from 0; an element that has no row leaves a gap.
    record Ordinal(String column) implements ChildKey {
        @Override
        public ColumnType.Key type() {
            return new ColumnType.Int(4);
        }
    }

    /// A field of an array's element that has another value in each of them. An element that moves
    /// within its array keeps its row.
    ///
    /// @param from the path of the field in the element
    record ElementField(String column, Source.Path from, ColumnType.Key type) implements ChildKey {}

    /// The name of an object's entry, where names are data.
    ///
    /// @param type text, or varchar(n)
    record EntryName(String column, ColumnType.Key type) implements ChildKey {}
}
