package dev.sluice.service.text;

import dev.sluice.source.mongo.ReadLimit.Rate;
import java.util.Locale;

/// A limit of reads for people.
public final class ReadLimitText {
    private static final double MEGABYTE = 1_000_000;

    private ReadLimitText() {}

    /// `5,000 documents/s and 2.5 MB/s`.
    ///
    /// @param rate with at least one limit
    public static String of(Rate rate) {
        Long documents = rate.documents();
        Long bytes = rate.bytes();
        String ofDocuments = documents == null ? "" : String.format(Locale.ROOT, "%,d documents/s", documents);
        String ofBytes = bytes == null ? "" : String.format(Locale.ROOT, "%,.1f MB/s", bytes / MEGABYTE);
        return ofDocuments + (documents == null || bytes == null ? "" : " and ") + ofBytes;
    }
}
