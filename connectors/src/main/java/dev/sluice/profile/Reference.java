package dev.sluice.profile;

import java.util.Optional;

/// That the values of a path are the `_id` of documents of a collection, as far as could be seen.
///
/// @param collection whose documents are meant
/// @param join how a column of them joins the collection's rows; empty where no type holds both
/// @param share of the values that join, or that mean a document where none joins, 0 to 1
/// @param named whether the path is named like the collection
/// @param byValues whether only the values say so, which would be somewhere by chance one by one
public record Reference(
        String collection, Optional<JoinTrial.Join> join, double share, boolean named, boolean byValues) {}
