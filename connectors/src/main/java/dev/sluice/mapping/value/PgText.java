package dev.sluice.mapping.value;

import org.jspecify.annotations.Nullable;

/// What PostgreSQL's text can't hold in a database with encoding UTF-8: the character NUL, and what is not UTF-8: a
/// text
/// with half of a surrogate pair was made of such bytes (see [dev.sluice.bson.Utf8]).
public final class PgText {
    private static final String NUL = "holds NUL, which PostgreSQL text can't";
    private static final String NOT_UTF8 = "holds bytes that are not UTF-8";

    private PgText() {}

    /// Why the text can't be stored; null when it can.
    public static @Nullable String refusal(String text) {
        int bad = firstBad(text);
        return bad < 0 ? null : text.charAt(bad) == 0 ? NUL : NOT_UTF8;
    }

    /// The text with U+FFFD in place of each character that can't be stored; the same instance when there
    /// is none.
    public static String clean(String text) {
        int bad = firstBad(text);
        if (bad < 0) {
            return text;
        }
        StringBuilder clean = new StringBuilder(text);
        for (int i = bad; i < clean.length(); i++) {
            if (isBad(text, i)) {
                clean.setCharAt(i, '\uFFFD');
            }
        }
        return clean.toString();
    }

    /// The text with each character that can't be stored as a `\\uXXXX` escape of JSON, so that different texts stay
    /// different; the same instance when there is none.
    public static String escaped(String json) {
        if (firstBad(json) < 0) {
            return json;
        }
        StringBuilder escaped = new StringBuilder(json.length() + 16);
        for (int i = 0; i < json.length(); i++) {
            char c = json.charAt(i);
            if (isBad(json, i)) {
                escaped.append("\\u").append(Integer.toHexString(0x10000 | c), 1, 5);
            } else {
                escaped.append(c);
            }
        }
        return escaped.toString();
    }

    private static int firstBad(String text) {
        int length = text.length();
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            if ((c == 0 || Character.isSurrogate(c)) && isBad(text, i)) {
                return i;
            }
        }
        return -1;
    }

    private static boolean isBad(String text, int i) {
        char c = text.charAt(i);
        if (Character.isHighSurrogate(c)) {
            return i + 1 == text.length() || !Character.isLowSurrogate(text.charAt(i + 1));
        }
        if (Character.isLowSurrogate(c)) {
            return i == 0 || !Character.isHighSurrogate(text.charAt(i - 1));
        }
        return c == 0;
    }
}
