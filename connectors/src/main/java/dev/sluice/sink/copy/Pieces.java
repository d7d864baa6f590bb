package dev.sluice.sink.copy;

/// Takes bytes, one piece after the other.
///
/// @param <E> what it may fail with
@FunctionalInterface
public interface Pieces<E extends Exception> {
    /// @param bytes not to be kept: they are written over
    void take(byte[] bytes, int from, int length) throws E;
}
