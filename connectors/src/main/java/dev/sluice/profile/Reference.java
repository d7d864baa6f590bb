package dev.sluice.profile;

/// That the values of a path are the `_id` of documents of a collection, as far as could be seen.
///
/// @param collection whose documents are meant
/// @param tried different values that were looked for
/// @param found how many of them are an `_id` there
/// @param named whether the path is named like the collection
public record Reference(String collection, long tried, long found, boolean named) {}
