package dev.sluice.schema;

/// A document that has no row by the rules of the system it comes from.
///
/// @param source the value that is looked at
/// @param when what it must be for the document to be skipped
/// @param reason counted under this name; one word or a few, for people
public record SkipRule(Source source, When when, String reason, Where where) {
    /// The tests.
    public enum When {
        /// Not there at all.
        MISSING,
        /// Not there, or null.
        NULL,
        /// Not there, or null, false, 0, `""`, `[]` or `{}`.
        FALSY
    }
}
