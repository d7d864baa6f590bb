package dev.sluice.mapping.value;

/// Where values are read from, told of a [Value] so that it can be named for people. Any thread.
///
/// @param <P> a place where it is read: a document, or an element of an array
public interface Origin<P> {
    /// Where the value comes from that it yields, for people: `lines[3].quantity`. Worked out only when the value
    /// turns out not to fit.
    ///
    /// @param place that it was read in
    /// @return several places, joined by commas, where the value is made of several; empty where it has none
    String path(P place);
}
