package dev.sluice.profile;

import java.util.List;
import java.util.stream.Collectors;

/// Names of fields and collections, which may hold anything, for comments and reports: on one line, and
/// nothing in it that a terminal, YAML or a migration takes for a command.
final class OneLine {
    private OneLine() {}

    /// A path as people write it: `address.city`, odd names in quotes.
    static String path(List<String> names) {
        return names.stream().map(OneLine::name).collect(Collectors.joining("."));
    }

    /// A name, in double quotes where it is not plain.
    static String name(String name) {
        boolean plain = !name.isEmpty()
                && name.codePoints().allMatch(c -> Character.isLetterOrDigit(c) || c == '_' || c == '$' || c == '-');
        return plain ? text(name) : '"' + text(name) + '"';
    }

    /// A text with everything that is not printed as itself as an escape.
    static String text(String text) {
        StringBuilder line = new StringBuilder(text.length() + 8);
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            if (c == '\\' || c == '"') {
                line.append('\\').appendCodePoint(c);
            } else if (isPrinted(c)) {
                line.appendCodePoint(c);
            } else {
                for (char unit : Character.toChars(c)) {
                    line.append("\\u").append(Integer.toHexString(0x10000 | unit), 1, 5);
                }
            }
        }
        return line.toString();
    }

    private static boolean isPrinted(int c) {
        if (c < 0x80) {
            return c >= ' ' && c < 0x7f;
        }
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SPACE_SEPARATOR -> false;
            // YAML as we write it keeps to the characters that one char holds.
            default -> c < 0x10000;
        };
    }
}
