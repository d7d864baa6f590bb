package dev.sluice.schema;

import java.util.List;

/// Several documents that are one row to the target: the one that is preferred has the row, the others wait
/// until it goes. Where the preferences say nothing, the least key decides, so that the outcome does not
/// depend on the order of arrival.
///
/// @param by the columns whose equality means "the same row"; NULL equals NULL
/// @param prefer compared in this order
public record Dedupe(List<String> by, List<Preference> prefer, Where where) {
    public Dedupe {
        by = List.copyOf(by);
        prefer = List.copyOf(prefer);
    }

    /// One comparison of two rows.
    public record Preference(String column, Order order) {}

    /// Which of two values is preferred; NULL is always behind.
    public enum Order {
        /// Any value before NULL.
        PRESENT,
        HIGHEST,
        LOWEST
    }
}
