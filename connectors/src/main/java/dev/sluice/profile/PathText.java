package dev.sluice.profile;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Paths and names as a mapping's YAML writes them, so that its reader takes them for the same names.
final class PathText {
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

    /// What YAML takes for something else than a text; `y` and `n` in some tools.
    private static final Set<String> NOT_TEXT = Set.of("null", "true", "false", "yes", "no", "on", "off", "y", "n");

    private PathText() {}

    /// Whether the mapping language can name the path: no name is empty, and a path with a double quote in
    /// one name has no other name of white space only.
    static boolean isReadable(List<String> path) {
        return path.stream().noneMatch(String::isEmpty)
                && (path.stream().noneMatch(PathText::isQuoted) || path.stream().noneMatch(String::isBlank));
    }

    private static boolean isQuoted(String name) {
        return name.indexOf('"') >= 0;
    }

    /// Whether the path can be written as a name, as under `redact`.
    static boolean isKey(List<String> path) {
        return isReadable(path) && path.stream().noneMatch(PathText::isQuoted);
    }

    /// The path as the value of `from`.
    static String yaml(List<String> path) {
        if (path.stream().anyMatch(PathText::isQuoted)) {
            return path.stream().map(PathText::scalar).collect(Collectors.joining(", ", "[", "]"));
        }
        String text = path.stream()
                .map(name -> name.indexOf('.') >= 0 || name.isBlank() ? '"' + name + '"' : name)
                .collect(Collectors.joining("."));
        return PLAIN.matcher(text.replace(".", "")).matches() && !isNotText(text) ? text : quoted(text);
    }

    /// A name as a key or a value of YAML.
    static String scalar(String name) {
        return PLAIN.matcher(name).matches() && !isNotText(name) ? name : quoted(name);
    }

    private static boolean isNotText(String text) {
        return NOT_TEXT.contains(text.toLowerCase(Locale.ROOT));
    }

    private static String quoted(String text) {
        return '"' + OneLine.text(text) + '"';
    }
}
