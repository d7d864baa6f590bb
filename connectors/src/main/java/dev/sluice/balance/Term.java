package dev.sluice.balance;

import java.util.Locale;

/// A number of the equation of a [Balance]: `documents` is the sum of the others with their signs.
public enum Term {
    /// Documents in MongoDB.
    DOCUMENTS('=', "documents"),
    /// Rows of the collection's own table.
    ROWS('+', "rows"),
    /// Rows that stay though their document is deleted or a dead letter.
    KEPT('-', "kept"),
    /// Rows that should go: their document is deleted or a dead letter.
    WITHOUT_DOCUMENT('-', "to be deleted"),
    /// Rows that no document ever had, where the mapping says that there may be such.
    NOT_OURS('-', "not ours"),
    /// Documents that are dead letters.
    DEAD_LETTERS('+', "dead letters"),
    /// Documents without a row until the row comes that they refer to.
    WAITING('+', "waiting"),
    /// Documents without a row by a rule of the mapping.
    SKIPPED('+', "skipped"),
    /// Documents whose row another document has.
    DEDUPLICATED('+', "deduplicated"),
    /// Documents that should have a row and have none.
    WITHOUT_ROW('+', "no row yet");

    private final char sign;
    private final String words;

    Term(char sign, String words) {
        this.sign = sign;
        this.words = words;
    }

    /// `+` or `-` before it in the equation; `=` for the sum.
    public char sign() {
        return sign;
    }

    /// As people read it.
    public String words() {
        return words;
    }

    /// As people read it behind a number of them.
    public String words(long count) {
        return this == DEAD_LETTERS && count == 1 ? "dead letter" : words;
    }

    /// As JSON, metrics and the control schema name it.
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
