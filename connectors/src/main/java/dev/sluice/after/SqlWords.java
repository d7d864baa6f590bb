package dev.sluice.after;

import java.util.ArrayList;
import java.util.List;
import org.postgresql.core.Parser;

/// The first words of a statement. Comments and quotes are read by the driver's parser.
final class SqlWords {
    private SqlWords() {}

    /// The statement from its first word on, without the blanks at its end; empty where it has none.
    static String fromFirst(String sql) {
        return sql.substring(skip(sql.toCharArray(), 0)).strip();
    }

    /// The first words, each a name in quotes, a name or keyword, or one other character.
    static List<String> of(String sql, int most) {
        char[] chars = sql.toCharArray();
        List<String> words = new ArrayList<>();
        int at = skip(chars, 0);
        while (at < chars.length && words.size() < most) {
            int end = at + 1;
            if (chars[at] == '"') {
                end = at;
                // A quote that is doubled is in the name.
                while (end < chars.length && chars[end] == '"') {
                    end = Math.min(Parser.parseDoubleQuotes(chars, end) + 1, chars.length);
                }
            } else if (Parser.isIdentifierStartChar(chars[at])) {
                while (end < chars.length && Parser.isIdentifierContChar(chars[end])) {
                    end++;
                }
            }
            words.add(sql.substring(at, end));
            at = skip(chars, end);
        }
        return words;
    }

    /// The first place from `at` on that is neither blank nor in a comment.
    private static int skip(char[] chars, int at) {
        int next = at;
        while (next < chars.length) {
            int end = chars[next] == '-'
                    ? Parser.parseLineComment(chars, next)
                    : chars[next] == '/' ? Parser.parseBlockComment(chars, next) : next;
            if (end > next) {
                next = end + 1;
            } else if (Character.isWhitespace(chars[next])) {
                next++;
            } else {
                return next;
            }
        }
        return chars.length;
    }
}
