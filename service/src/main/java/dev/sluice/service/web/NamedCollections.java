package dev.sluice.service.web;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.function.Predicate;

/// The collections that a call names.
final class NamedCollections {
    private NamedCollections() {}

    /// @return the same name
    /// @throws Refusal as not found when the mapping has none of that name
    static String require(String collection, Predicate<String> isMapped) {
        if (!isMapped.test(collection)) {
            throw Refusal.notFound("The mapping has no collection " + collection + ".");
        }
        return collection;
    }

    /// @return each once
    /// @throws Refusal when there is none, or the mapping does not have one of them
    static List<String> require(List<String> collections, Predicate<String> isMapped) {
        if (collections.isEmpty()) {
            throw Refusal.badRequest("collections is missing or empty.");
        }
        collections.forEach(collection -> require(collection, isMapped));
        return List.copyOf(new LinkedHashSet<>(collections));
    }
}
