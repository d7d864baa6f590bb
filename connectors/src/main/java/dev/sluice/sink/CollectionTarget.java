package dev.sluice.sink;

import dev.sluice.mapping.DocumentMapper;
import dev.sluice.schema.CollectionMapping;
import dev.sluice.schema.Mapping;
import java.util.ArrayList;
import java.util.List;

/// A mapped collection: its mapping, the compiled mapper, and its number in the mapping, from 0.
public record CollectionTarget(int index, CollectionMapping mapping, DocumentMapper mapper) {
    /// The collections of a mapping with their compiled mappers.
    ///
    /// @throws dev.sluice.schema.MappingException when a literal in it does not fit its column
    public static List<CollectionTarget> of(Mapping mapping) {
        List<CollectionTarget> targets = new ArrayList<>();
        for (CollectionMapping collection : mapping.collections()) {
            targets.add(new CollectionTarget(targets.size(), collection, DocumentMapper.of(collection)));
        }
        return List.copyOf(targets);
    }

    /// The collection's name.
    public String collection() {
        return mapping.collection();
    }
}
