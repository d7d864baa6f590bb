package dev.sluice.source;

/// Which fields of a collection's documents matter to whoever takes its changes. Any thread.
public interface RelevantFields {
    /// Whether a field may matter, or one inside it, or what it lies in.
    ///
    /// @param name as MongoDB's event of an update has it: `address.city`, `lines.3.quantity`
    boolean areTouchedBy(String name);

    /// Of a field that does not matter, the outermost one that it lies in and that does not matter either.
    ///
    /// @param name one for which [#areTouchedBy] says no
    String outermostIrrelevant(String name);
}
