package dev.sluice.schema;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// A whole mapping: what of one MongoDB database becomes which tables.
///
/// @param name names the pipeline too, unless that is given one of its own
/// @param database the source database when MONGO_DB_NAME does not say otherwise
/// @param schema the PostgreSQL schema of tables that name none
/// @param collections in the order they are written, which is the order of the file: referenced tables
///     first
/// @param ignored collections that are left alone on purpose
/// @param groups collections whose reads and writes move together, by the group's name; each is in one of them at most
public record Mapping(
        String name,
        String database,
        String schema,
        List<CollectionMapping> collections,
        List<String> ignored,
        SequencedMap<String, List<String>> groups) {
    public Mapping {
        collections = List.copyOf(collections);
        ignored = List.copyOf(ignored);
        groups = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(groups));
    }

    /// The collections by name, in the order of the file.
    public SequencedMap<String, CollectionMapping> byCollection() {
        Map<String, CollectionMapping> map = LinkedHashMap.newLinkedHashMap(collections.size());
        collections.forEach(c -> map.put(c.collection(), c));
        return (LinkedHashMap<String, CollectionMapping>) map;
    }
}
