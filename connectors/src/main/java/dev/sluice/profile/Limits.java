package dev.sluice.profile;

/// What a profile of one collection may remember: it grows with the variety of the documents, and variety
/// has no bound. For one thread.
final class Limits {
    /// Paths looked at one by one. Beyond, an object counts as one with unbounded names.
    static final int PATHS_MAX = 5_000;

    /// Different names remembered of one object, the document itself included.
    static final int NAMES_MAX = 1_000;

    /// Objects and arrays inside one another that are looked into.
    static final int DEPTH_MAX = 6;

    /// Different values of one path that are remembered (as hashes) to see whether they are unique.
    static final int DISTINCT_MAX = 20_000;

    /// The same over all paths of a collection.
    static final int DISTINCT_TOTAL_MAX = 500_000;

    /// Values of one path that are tried as references.
    static final int REFERENCES_TRIED = 64;

    /// Values of one path that are looked up to see how many join, once they are known to be references.
    static final int REFERENCES_MAX = 1_000;

    /// The same over all paths of a collection, those that are tried left out.
    static final int REFERENCES_TOTAL_MAX = 100_000;

    /// Different texts of one path that are remembered to see whether it has a few words only.
    static final int WORDS_MAX = 16;

    /// Characters of a text that is remembered.
    static final int WORD_LENGTH_MAX = 64;

    /// The same over all collections, in equal shares.
    private static final int REFERENCES_OF_ALL_MAX = 500_000;

    private int paths = PATHS_MAX;
    private int hashes = DISTINCT_TOTAL_MAX;
    private int references;

    /// @param collections that are profiled in all, whose profiles are there together
    Limits(int collections) {
        references = Math.min(REFERENCES_TOTAL_MAX, REFERENCES_OF_ALL_MAX / Math.max(1, collections));
    }

    /// Whether one more path may be looked at.
    boolean takePath() {
        return paths-- > 0;
    }

    /// Whether one more value may be remembered.
    boolean takeHash() {
        if (hashes <= 0) {
            return false;
        }
        hashes--;
        return true;
    }

    /// Whether one value more may be remembered that may be a reference.
    boolean takeReference() {
        return references-- > 0;
    }

    void giveBackHashes(int count) {
        hashes += count;
    }
}
