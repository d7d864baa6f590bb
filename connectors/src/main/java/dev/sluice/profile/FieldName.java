package dev.sluice.profile;

import java.util.List;
import java.util.Set;

/// The words of a field's name, in lower case: `unitPrice` and `unit_price` are `unit` and `price`.
record FieldName(List<String> words) {
    FieldName {
        words = List.copyOf(words);
    }

    /// @param name as it is in the document
    static FieldName of(String name) {
        return new FieldName(List.of(SqlNames.snake(name).split("_")));
    }

    /// Whether one of the words is among these.
    boolean hasAny(Set<String> some) {
        return words.stream().anyMatch(some::contains);
    }

    /// The words without anything between them.
    String joined() {
        return String.join("", words);
    }

    String last() {
        return words.isEmpty() ? "" : words.getLast();
    }
}
