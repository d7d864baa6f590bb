package dev.sluice.bson;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Text from UTF-8 and back without loss, whatever the bytes are. MongoDB does not check them: old drivers stored Latin
/// 1, and others halves of characters.
///
/// A byte that belongs to no character becomes the low surrogate U+DC00 + byte, as Python's `surrogateescape` (PEP 383)
/// has it. No valid UTF-8 gives a surrogate without its other half, so different bytes give different texts, and a text
/// with such a half is one whose bytes are not UTF-8.
public final class Utf8 {
    private static final char REPLACEMENT = '\uFFFD';
    private static final int ESCAPED = 0xDC00;

    private Utf8() {}

    /// @param from the first of the bytes
    /// @param length of the text, bytes
    public static String decode(byte[] bytes, int from, int length) {
        String text = new String(bytes, from, length, StandardCharsets.UTF_8);
        // The decoder's mark, or a character that is there.
        return text.indexOf(REPLACEMENT) < 0 ? text : exactly(bytes, from, from + length);
    }

    private static String exactly(byte[] bytes, int from, int to) {
        StringBuilder text = new StringBuilder(to - from);
        int at = from;
        while (at < to) {
            int valid = at;
            for (int size = characterSize(bytes, valid, to); size > 0; size = characterSize(bytes, valid, to)) {
                valid += size;
            }
            text.append(new String(bytes, at, valid - at, StandardCharsets.UTF_8));
            at = valid;
            if (at < to) {
                text.append((char) (ESCAPED + (bytes[at] & 0xFF)));
                at++;
            }
        }
        return text.toString();
    }

    /// The bytes that [#decode] made the text of.
    public static byte[] encode(String text) {
        if (!hasEscape(text)) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
        byte[] bytes = new byte[text.length() * 3];
        int size = 0;
        int at = 0;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (isEscape(text, at)) {
                bytes[size++] = (byte) (c - ESCAPED);
                at++;
                continue;
            }
            int end = at;
            while (end < text.length() && !isEscape(text, end)) {
                end++;
            }
            byte[] valid = text.substring(at, end).getBytes(StandardCharsets.UTF_8);
            System.arraycopy(valid, 0, bytes, size, valid.length);
            size += valid.length;
            at = end;
        }
        return Arrays.copyOf(bytes, size);
    }

    private static boolean hasEscape(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= ESCAPED && isEscape(text, i)) {
                return true;
            }
        }
        return false;
    }

    /// Whether the character here stands for a byte that belongs to none: its lower eight bits.
    public static boolean isEscape(String text, int at) {
        char c = text.charAt(at);
        return c >= ESCAPED + 0x80
                && c <= ESCAPED + 0xFF
                && (at == 0 || !Character.isHighSurrogate(text.charAt(at - 1)));
    }

    /// Whether the text's bytes are UTF-8, all of them.
    public static boolean isUtf8(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else if (Character.isSurrogate(c)) {
                return false;
            }
        }
        return true;
    }

    /// The size of the character that begins here, bytes; 0 when none does.
    ///
    /// @param to behind the last byte of the text
    public static int characterSize(byte[] bytes, int at, int to) {
        int left = to - at;
        if (left <= 0) {
            return 0;
        }
        int first = bytes[at] & 0xFF;
        if (first < 0x80) {
            return 1;
        }
        if (first < 0xC2) {
            return 0;
        }
        if (first < 0xE0) {
            return left >= 2 && isInside(bytes[at + 1]) ? 2 : 0;
        }
        if (first < 0xF0) {
            if (left < 3 || !isInside(bytes[at + 1]) || !isInside(bytes[at + 2])) {
                return 0;
            }
            int second = bytes[at + 1] & 0xFF;
            boolean wrong = (first == 0xE0 && second < 0xA0) || (first == 0xED && second >= 0xA0);
            return wrong ? 0 : 3;
        }
        if (first < 0xF5) {
            if (left < 4 || !isInside(bytes[at + 1]) || !isInside(bytes[at + 2]) || !isInside(bytes[at + 3])) {
                return 0;
            }
            int second = bytes[at + 1] & 0xFF;
            boolean wrong = (first == 0xF0 && second < 0x90) || (first == 0xF4 && second >= 0x90);
            return wrong ? 0 : 4;
        }
        return 0;
    }

    /// Whether a byte is one of a character's that is not its first.
    public static boolean isInside(byte b) {
        return (b & 0xC0) == 0x80;
    }
}
