package dev.sluice.schema;

/// A value that must not leave MongoDB: it is taken out of the document before anything else looks at it,
/// so it is neither in a row nor in the rest, nor in quarantine or a dead letter.
///
/// @param path where it is; arrays on the way are gone through
public record Redaction(Source.Path path, How how, Where where) {
    /// What is put in its place.
    public enum How {
        /// Nothing: the field is missing.
        REMOVE,
        /// The text `***`, whatever it was; null stays null.
        MASK,
        /// The SHA-256 of its canonical Extended JSON in hex, so that equal values can be told; null stays
        /// null.
        HASH
    }
}
