package dev.sluice.service.ops;

/// How many series Prometheus stores of one collection at most: said in the page, held by a real scrape.
public final class SeriesBound {
    /// Before a document is skipped or quarantined, a collection changes, or a shadow read is reported.
    public static final int OF_COLLECTION = 44;

    /// What shadow reads add: two histograms, and a counter for each result.
    public static final int OF_SHADOW_READS = 23;

    private SeriesBound() {}
}
