package dev.sluice.sink.postgres;

import java.util.Collection;
import org.jspecify.annotations.Nullable;

/// A user's word that something which could not be written is known and stays as it is: the gate of its
/// collection no longer counts it. A newer state that can't be written either is counted again.
///
/// @param ids null for all that nobody has accepted yet
/// @param collection of this alone; null for any
/// @param actor who accepts
/// @param why may be empty
public record Acceptance(
        @Nullable Collection<Long> ids, @Nullable String collection, String actor, String why) {}
