package dev.sluice.sandbox;

import org.jspecify.annotations.Nullable;

/// A sandbox server could not be started, stopped or asked. The message is one for people: what happened
/// and what to do.
public final class SandboxException extends RuntimeException {

    SandboxException(String message) {
        super(message);
    }

    SandboxException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
