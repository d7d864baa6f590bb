package dev.sluice.profile;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// How deep objects are laid flat, so that their fields are columns.
///
/// @param levels of objects inside one another; 0 for none
/// @param paths objects that are laid flat whatever they are like, by collection
public record Flattening(int levels, Map<String, Set<List<String>>> paths) {
    /// What holds where nobody says otherwise.
    public static final Flattening STANDARD = new Flattening(2, Map.of());

    public Flattening {
        Map<String, Set<List<String>>> copy = new HashMap<>();
        paths.forEach((collection, of) -> copy.put(collection, Set.copyOf(of)));
        paths = Map.copyOf(copy);
    }

    /// Whether somebody wants this object flat.
    boolean wants(String collection, List<String> path) {
        return paths.getOrDefault(collection, Set.of()).contains(path);
    }
}
