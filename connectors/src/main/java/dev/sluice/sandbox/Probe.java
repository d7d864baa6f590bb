package dev.sluice.sandbox;

/// Asks a starting server whether it is ready.
@FunctionalInterface
interface Probe {

    /// Whether the server does its work now.
    ///
    /// @throws Exception when it doesn't answer; the one who waits takes it as "not yet" until the time is
    ///     up
    boolean ready() throws Exception;
}
