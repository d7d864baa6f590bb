package dev.sluice.failure;

/// What was asked for can't be done as it was asked. The message says why, for who asked. Any other
/// [IllegalArgumentException] is a bug, or a driver's about its own data.
public final class WrongUseException extends IllegalArgumentException {
    /// @param message one or more whole sentences
    public WrongUseException(String message) {
        super(message);
    }

    /// @param message one or more whole sentences
    public WrongUseException(String message, Throwable cause) {
        super(message, cause);
    }
}
