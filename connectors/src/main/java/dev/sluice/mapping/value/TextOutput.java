package dev.sluice.mapping.value;

/// Takes text as UTF-8: whole by [#text], or of any length in pieces, [#startText], any number of [#piece] and
/// [#endText]. Bytes are valid UTF-8 without NUL, and are not kept: the caller uses its array again. For one thread.
public interface TextOutput {
    /// A text of `length` bytes from `offset` on.
    void text(byte[] utf8, int offset, int length);

    /// Begins a text as with [#text], of any length: its bytes are given by [#piece] up to [#endText].
    void startText();

    /// The next bytes of a text; a character may lie across two pieces.
    void piece(byte[] utf8, int offset, int length);

    /// Ends the text that was begun by [#startText].
    void endText();

    /// Forgets the text in pieces that was started; another call gives the value. What keeps nothing need not know.
    default void takeBackText() {}
}
