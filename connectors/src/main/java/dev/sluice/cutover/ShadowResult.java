package dev.sluice.cutover;

import java.util.Locale;

/// What became of a shadow read, which is one of both sides.
public enum ShadowResult {
    /// The application found both sides equal.
    EQUAL,
    /// The application found a difference, and the document's rows do differ: drift.
    DIFFERENT,
    /// The application found a difference, and the document's rows are as they should be, now that
    /// everything is applied that was committed before: it was lag, or the application queries or
    /// compares something else.
    UNCONFIRMED,
    /// The application found a difference in a list, whose query Sluice does not know.
    REPORTED,
    /// The application found a difference, and Sluice has not compared the document, or not yet.
    UNCHECKED;

    /// As it is named in SQL, REST and metrics.
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// Whether it ends the equal ones in a row.
    boolean isDifference() {
        return switch (this) {
            case DIFFERENT, REPORTED -> true;
            case EQUAL, UNCONFIRMED, UNCHECKED -> false;
        };
    }
}
