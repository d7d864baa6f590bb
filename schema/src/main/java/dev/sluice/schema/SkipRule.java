package dev.sluice.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/// A document that has no row by the rules of the system it comes from.
///
/// @param source the value that is looked at
/// @param when what it must be for the rule to apply
/// @param values for [When#EQUALS] and [When#DIFFERS]; empty for the others
/// @param then what becomes of the document
/// @param reason counted under this name; one word or a few, for people
public record SkipRule(Source source, When when, List<JsonNode> values, Then then, String reason, Where where) {
    public SkipRule {
        values = List.copyOf(values);
    }

    /// The tests.
    public enum When {
        /// Not there at all.
        MISSING,
        /// Not there, or null.
        NULL,
        /// Not there, or null, false, 0, `""`, `[]` or `{}`.
        FALSY,
        /// Equal to one of the values.
        EQUALS,
        /// There, and equal to none of the values.
        DIFFERS
    }

    /// What becomes of a document that a rule applies to.
    public enum Then {
        /// It has no row, on purpose.
        SKIP,
        /// It has no row, and is kept as a dead letter, to be looked at.
        DEAD_LETTER
    }
}
