package dev.sluice.sink;

import dev.sluice.mapping.DocumentMapper;
import dev.sluice.schema.CollectionMapping;

/// A mapped collection: its mapping, the compiled mapper, and its number in the mapping, from 0.
public record CollectionTarget(int index, CollectionMapping mapping, DocumentMapper mapper) {
    /// The collection's name.
    public String collection() {
        return mapping.collection();
    }
}
