package dev.sluice.sink;

/// A write was given up because its pipeline is stopping. Nothing is lost: neither the position nor a
/// chunk's done marker has moved, so what was not written is read again.
public final class StoppedException extends RuntimeException {
    public StoppedException() {
        super("The write was given up because the pipeline is stopping.");
    }
}
