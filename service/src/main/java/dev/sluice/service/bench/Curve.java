package dev.sluice.service.bench;

import java.util.List;

/// How something changes as something else grows.
public enum Curve {
    /// Copying more and more documents.
    DOCUMENTS("documents", 1_000, 100_000_000),
    /// As many documents and changes in more and more collections.
    COLLECTIONS("collections", 1, 1_000),
    /// An element appended to a longer and longer array with a child table.
    CHILDREN("elements", 1, 200_000),
    /// Copying to and draining into a table with more and more secondary indexes.
    INDEXES("secondary indexes", 0, 8),
    /// Draining more and more changes.
    BACKLOG("changes", 1_000, 100_000_000),
    /// Copying on after a kill at 90 %.
    RESUME("documents", 1_000, 100_000_000),
    /// Comparing while nobody and while somebody writes.
    VERIFY("documents", 1_000, 100_000_000);

    private final String what;
    private final long least;
    private final long most;

    Curve(String what, long least, long most) {
        this.what = what;
        this.least = least;
        this.most = most;
    }

    /// What grows, in the plural.
    String what() {
        return what;
    }

    /// The smallest size at which it can be measured.
    public long least() {
        return least;
    }

    /// The largest.
    public long most() {
        return most;
    }

    /// Where it is measured when nobody says where.
    List<Long> usual() {
        return switch (this) {
            case DOCUMENTS -> List.of(1_000_000L, 10_000_000L, 30_000_000L);
            case COLLECTIONS -> List.of(1L, 10L, 100L, 400L);
            case CHILDREN -> List.of(1L, 10L, 1_000L, 100_000L);
            case INDEXES -> List.of(0L, 5L);
            case BACKLOG -> List.of(100_000L, 1_000_000L);
            case RESUME, VERIFY -> List.of(10_000_000L);
        };
    }
}
