package dev.sluice.verify;

import java.util.Locale;

/// How thoroughly two sides are compared.
public enum Mode {
    /// The numbers of documents and of rows.
    COUNTS,
    /// Some documents and some rows, picked at random.
    SAMPLE,
    /// Every document and every row.
    FULL;

    /// As tables and options name it.
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
