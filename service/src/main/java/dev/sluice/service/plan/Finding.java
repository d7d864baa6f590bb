package dev.sluice.service.plan;

import org.jspecify.annotations.Nullable;

/// What a check has found.
///
/// @param subject the collection, table, column, index or constraint it is about, for programs; null where
///     it is about the whole side
/// @param found one or a few sentences, without values of documents
/// @param remedy what to do; null where there is nothing to do
public record Finding(
        Check check,
        Status status,
        @Nullable String subject,
        String found,
        @Nullable String remedy) {}
