package dev.sluice.cutover;

import java.util.Locale;

/// Where a reader reads from.
public enum ReadFrom {
    MONGODB,
    POSTGRES,
    /// Both sides are read, MongoDB's answer is used, and the two are compared.
    BOTH;

    /// As it is named in SQL, REST, OFREP and on the command line.
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
