package dev.sluice.profile;

/// Something about the documents that a person should know before they are migrated.
///
/// @param kind which hazard it is
/// @param path where, as people write it; `(documents)` for the documents themselves
/// @param text what was seen and what becomes of it, without values of documents
public record Hazard(Kind kind, String path, String text) {
    /// The hazards there are.
    public enum Kind {
        /// Values of one field have different types.
        MIXED_TYPES,
        /// `_id` has different types.
        MIXED_IDS,
        /// Texts with NUL, which PostgreSQL's text can't hold.
        NUL,
        /// Texts whose bytes are not UTF-8, which PostgreSQL's text can't hold.
        NOT_UTF8,
        /// NaN or an infinity.
        NOT_FINITE,
        /// Dates that timestamptz can't hold.
        DATE_OUT_OF_RANGE,
        /// UUIDs of subtype 3, whose byte order is not known.
        LEGACY_UUID,
        /// Whole numbers beyond 2^53, which JavaScript and doubles can't tell apart.
        LARGE_WHOLE_NUMBER,
        /// Decimals with more digits than most programs keep.
        MANY_DIGITS,
        /// Names that are data: an object that is used as a map.
        UNBOUNDED_NAMES,
        /// Names that are data, of an object whose entries have a table.
        ENTRIES,
        /// An array of objects inside elements or entries, which have a table already.
        NESTED_ARRAY,
        /// Documents of several kinds in one collection.
        SEVERAL_KINDS,
        /// Objects in which a name is there more than once.
        TWIN_NAMES,
        /// A name that is empty, or that a path can't say plainly.
        ODD_NAME,
        /// Two fields whose names are the same in snake_case.
        NAME_COLLISION,
        /// A name that PostgreSQL would cut.
        NAME_CUT,
        /// More fields than a table should have columns.
        MANY_FIELDS,
        /// A document of some megabytes.
        LARGE_DOCUMENT,
        /// Passwords, tokens, keys and their like.
        SECRET,
        /// E-mail addresses, telephone numbers and their like.
        PERSONAL,
        /// Nothing was there to look at.
        EMPTY
    }
}
