package dev.sluice.cutover;

import dev.sluice.schema.Mapping;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.table.TouchedCollections;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/// Which collections belong together, so that an application which joins them moves with all of them: as the mapping
/// declares it, else as their references say. Immutable.
public final class Groups {
    private final SequencedMap<String, List<String>> declared;
    private final List<String> order;
    private final SequencedMap<String, Set<String>> found = new LinkedHashMap<>();

    private Groups(Mapping mapping) {
        this.declared = mapping.groups();
        this.order = List.copyOf(mapping.byCollection().sequencedKeySet());
    }

    /// @throws dev.sluice.schema.MappingException when a literal in the mapping does not fit its column
    public static Groups of(Mapping mapping) {
        Groups groups = new Groups(mapping);
        List<CollectionTarget> targets = CollectionTarget.of(mapping);
        for (CollectionTarget target : targets) {
            groups.found.put(target.collection(), new LinkedHashSet<>(Set.of(target.collection())));
        }
        for (CollectionTarget target : targets) {
            for (CollectionTarget touched : TouchedCollections.by(targets, List.of(target))) {
                groups.join(target.collection(), touched.collection());
            }
        }
        return groups;
    }

    private void join(String one, String other) {
        Set<String> joined = new LinkedHashSet<>(found.getOrDefault(one, Set.of()));
        joined.addAll(found.getOrDefault(other, Set.of()));
        joined.forEach(member -> found.put(member, joined));
    }

    /// The collections of a group, in the mapping's order.
    ///
    /// @param name of a declared group, or of a collection: then all of its declared group, or else all that are
    ///     linked with it by references
    /// @return empty where there is neither
    public Optional<List<String>> members(String name) {
        List<String> byName = declared.get(name);
        if (byName != null) {
            return Optional.of(inOrder(byName));
        }
        Set<String> linked = found.get(name);
        if (linked == null) {
            return Optional.empty();
        }
        return Optional.of(inOrder(declared.values().stream()
                .filter(members -> members.contains(name))
                .findFirst()
                .orElseGet(() -> List.copyOf(linked))));
    }

    /// The names of the declared groups.
    public List<String> names() {
        return new ArrayList<>(declared.sequencedKeySet());
    }

    private List<String> inOrder(List<String> members) {
        return order.stream().filter(members::contains).toList();
    }
}
