package dev.sluice.mapping;

import java.util.Optional;

/// Whether the `_id`s of a collection are usually strings, which decides who has a key that ids of different types
/// could have, see [dev.sluice.schema.KeyMapping.Of]. The answer never changes: rows were made by it.
@FunctionalInterface
public interface UsualIds {
    /// Asked once, when the first document is mapped. Any thread.
    ///
    /// @param first whether that document's `_id` is a string, which decides where no other document is there
    /// @throws dev.sluice.failure.SluiceException when a server could not be asked; it is asked again then
    boolean areStrings(boolean first);

    /// The same without deciding anything: asked for references to the collection, which may be mapped
    /// while it has no document yet. Any thread, and again and again until it is known.
    ///
    /// @return empty while nothing decides: no row has a key then that it matters for
    /// @throws dev.sluice.failure.SluiceException when a server could not be asked
    default Optional<Boolean> known() {
        return Optional.empty();
    }
}
