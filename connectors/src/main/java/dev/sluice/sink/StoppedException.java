package dev.sluice.sink;

/// A write was cancelled because its pipeline is stopping. Nothing is lost: neither the position nor a
/// chunk's done marker was committed, so the same changes or documents are read again.
public final class StoppedException extends RuntimeException {
    public StoppedException() {
        super("The write was given up because the pipeline is stopping.");
    }
}
