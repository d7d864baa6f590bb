package dev.sluice.mapping.value;

import org.bson.BsonValue;

/// Is told of parts that do not fit inside a value that otherwise does: an element of an array, a string in
/// a jsonb.
@FunctionalInterface
public interface NestedMisfits {
    /// The reason of a value behind another one of its name.
    String TWIN = "comes after another value of the same name, which is the one that queries see";

    /// @param path from the value to the part: `[3]`, `.name`, `.lines[0].note`
    /// @param part as it was
    /// @param reason for people, without the value
    void misfit(String path, BsonValue part, String reason);
}
