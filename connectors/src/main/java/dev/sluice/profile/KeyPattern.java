package dev.sluice.profile;

import java.util.Optional;
import java.util.regex.Pattern;

/// What keys are like that say which kind of thing they are of: `user:1` and `user:27` are `user:*`, and
/// `topic:5:posts` is `topic:*:posts`.
final class KeyPattern {
    private static final int LENGTH_MAX = 128;
    private static final int PARTS_MAX = 5;

    private static final Pattern WORD = Pattern.compile("[A-Za-z_][A-Za-z_-]{0,31}");

    private KeyPattern() {}

    /// @return empty for a text that is no such key
    static Optional<String> of(String text) {
        if (text.length() > LENGTH_MAX || text.indexOf(':') <= 0) {
            return Optional.empty();
        }
        String[] parts = text.split(":", -1);
        if (parts.length > PARTS_MAX || !WORD.matcher(parts[0]).matches()) {
            return Optional.empty();
        }
        StringBuilder pattern = new StringBuilder(parts[0]);
        for (int i = 1; i < parts.length; i++) {
            // The second part is what tells one from another.
            boolean word = i > 1 && WORD.matcher(parts[i]).matches();
            pattern.append(':').append(word ? parts[i] : "*");
        }
        return Optional.of(pattern.toString());
    }
}
