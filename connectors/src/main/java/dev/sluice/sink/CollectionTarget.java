package dev.sluice.sink;

import dev.sluice.failure.WrongUseException;
import dev.sluice.mapping.DocumentKeys;
import dev.sluice.mapping.DocumentMapper;
import dev.sluice.schema.CollectionMapping;
import dev.sluice.schema.Mapping;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/// A mapped collection: its mapping, the compiled mapper, and its number in the mapping, from 0.
public record CollectionTarget(int index, CollectionMapping mapping, DocumentMapper mapper) {
    /// The collections of a mapping with their compiled mappers.
    ///
    /// @throws dev.sluice.schema.MappingException when a literal in it does not fit its column
    public static List<CollectionTarget> of(Mapping mapping) {
        List<CollectionTarget> targets = new ArrayList<>();
        DocumentKeys keys = DocumentKeys.of(mapping.collections());
        for (CollectionMapping collection : mapping.collections()) {
            targets.add(new CollectionTarget(targets.size(), collection, DocumentMapper.of(collection, keys)));
        }
        return List.copyOf(targets);
    }

    /// The collections of these names, in the mapping's order; all where no name is given.
    ///
    /// @throws WrongUseException when a name is none of them; it says which there are
    public static List<CollectionTarget> chosen(List<CollectionTarget> all, Collection<String> names) {
        List<String> known = all.stream().map(CollectionTarget::collection).toList();
        for (String name : names) {
            if (!known.contains(name)) {
                throw new WrongUseException(
                        "The mapping has no collection '" + name + "'; it has " + String.join(", ", known) + ".");
            }
        }
        return all.stream()
                .filter(target -> names.isEmpty() || names.contains(target.collection()))
                .toList();
    }

    /// How many numbers there are up to the highest of some collections: those between may be of others.
    public static int numbers(List<CollectionTarget> targets) {
        return targets.stream().mapToInt(CollectionTarget::index).max().orElse(-1) + 1;
    }

    /// The collection's name.
    public String collection() {
        return mapping.collection();
    }
}
