package dev.sluice.failure;

import org.jspecify.annotations.Nullable;

/// A failure with its kind. The message says what happened and to what, without any value of a document; several
/// things are a line each.
public final class SluiceException extends RuntimeException {
    private final FailureKind kind;

    public SluiceException(FailureKind kind, String message) {
        this(kind, message, null);
    }

    public SluiceException(FailureKind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public FailureKind kind() {
        return kind;
    }

    /// What happened and to what, in whole sentences: another can follow. Several things stand on indented lines.
    public String whatHappened() {
        String detail = String.valueOf(getMessage()).strip();
        String between = detail.contains("\n") ? "\n  " : " ";
        return kind.what() + between + detail.replace("\n", "\n  ") + (detail.endsWith(".") ? "" : ".");
    }

    /// The message for a person: what happened, the detail, what to do now.
    public String forPeople() {
        return whatHappened() + "\n  -> " + kind.remedy();
    }
}
