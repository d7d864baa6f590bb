package dev.sluice.source.mongo;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;

/// What a mapping may name as a collection although MongoDB has no change stream of it. A copy of it would be
/// out of date with the next write, so it is neither copied nor compared.
public enum WithoutChanges {
    VIEW(
            "is a view: it is computed from other collections, and MongoDB has no change stream of it.",
            "Map the collections that it is computed from, and make it a view in PostgreSQL."),
    TIME_SERIES(
            "is a time series, and MongoDB has no change stream of those.",
            "Take it out of the mapping, and write to PostgreSQL where it is written.");

    private final String what;
    private final String remedy;

    WithoutChanges(String what, String remedy) {
        this.what = what;
        this.remedy = remedy;
    }

    /// What is wrong with it, in a sentence.
    public String what(String name) {
        return name + " " + what;
    }

    /// What to do about it.
    public String remedy() {
        return remedy;
    }

    /// Checks that MongoDB has changes of a collection; also of one that is not there yet.
    ///
    /// @throws SluiceException of kind MAPPING when it is a view or a time series
    public static void refuse(DocumentSource source, String collection) {
        source.kind(collection).ifPresent(kind -> {
            switch (kind) {
                case COLLECTION -> {}
                case VIEW -> throw VIEW.failure(collection);
                case TIME_SERIES -> throw TIME_SERIES.failure(collection);
            }
        });
    }

    private SluiceException failure(String name) {
        return new SluiceException(FailureKind.MAPPING, what(name) + " Nothing of it is copied. " + remedy);
    }
}
