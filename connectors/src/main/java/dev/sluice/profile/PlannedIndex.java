package dev.sluice.profile;

/// What a proposal makes of an index of MongoDB, or of a reference.
public sealed interface PlannedIndex {
    /// The name of the index in MongoDB; empty for one that a reference needs.
    String source();

    /// An index that the proposal makes.
    ///
    /// @param table as SQL writes it
    /// @param leads the column that comes first, as SQL writes it
    /// @param on what follows the table's name, from `USING` or the parenthesis on
    /// @param unique whether it refuses rows, so that it is there before the first of them; others are made after
    ///     the copy
    record Made(String source, String name, String table, String leads, String on, boolean unique)
            implements PlannedIndex {
        /// The statement, without its semicolon.
        ///
        /// @param concurrently whether without keeping writers waiting
        public String sql(boolean concurrently) {
            return "CREATE " + (unique ? "UNIQUE " : "") + "INDEX " + (concurrently ? "CONCURRENTLY " : "") + name
                    + " ON " + table + " " + on;
        }
    }

    /// One that PostgreSQL has no like of, or that holds for documents and not for rows.
    ///
    /// @param why for people: sentences, or a part of one
    record Noted(String source, String why) implements PlannedIndex {}
}
