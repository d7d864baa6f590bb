package dev.sluice.mapping;

import org.bson.BsonValue;

/// Is told of parts that do not fit inside a value that otherwise does: an element of an array, a string in
/// a jsonb.
@FunctionalInterface
interface NestedMisfits {
    /// @param path from the value to the part: `[3]`, `.name`, `.lines[0].note`
    /// @param part as it was
    /// @param reason for people, without the value
    void misfit(String path, BsonValue part, String reason);
}
