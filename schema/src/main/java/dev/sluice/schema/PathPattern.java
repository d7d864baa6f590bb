package dev.sluice.schema;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// A pattern of paths: in a name, `*` stands for any characters; `**` in the place of a name stands for
/// any number of names, none too. Immutable.
///
/// @param names those of the path, outermost first
record PathPattern(List<Pattern> names) {
    private static final Pattern ANY_NUMBER = Pattern.compile("**", Pattern.LITERAL);

    static PathPattern of(Source.Path path) {
        return new PathPattern(path.segments().stream()
                .map(name -> name.equals("**") ? ANY_NUMBER : name(name))
                .toList());
    }

    private static Pattern name(String name) {
        return Pattern.compile(
                List.of(name.split("\\*", -1)).stream().map(Pattern::quote).collect(Collectors.joining(".*")),
                Pattern.DOTALL);
    }

    boolean matches(Source.Path path) {
        return matches(0, path.segments());
    }

    @SuppressWarnings("ReferenceEquality") // The pattern that stands for no name of its own is one instance.
    private boolean matches(int from, List<String> segments) {
        if (from == names.size()) {
            return segments.isEmpty();
        }
        if (names.get(from) == ANY_NUMBER) {
            return matches(from + 1, segments)
                    || (!segments.isEmpty() && matches(from, segments.subList(1, segments.size())));
        }
        return !segments.isEmpty()
                && names.get(from).matcher(segments.getFirst()).matches()
                && matches(from + 1, segments.subList(1, segments.size()));
    }
}
