package dev.sluice.profile;

import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.IntStream;

/// Names for tables or columns in PostgreSQL, made from names in MongoDB: in snake_case, at most 63 bytes,
/// none twice. The same names asked for in the same order give the same names. For one thread.
final class SqlNames {
    /// PostgreSQL cuts longer names off, and takes what is left for the name.
    static final int BYTES_MAX = 63;

    /// Names that no column can have, in quotes or not.
    private static final Set<String> SYSTEM_COLUMNS = Set.of("tableoid", "xmin", "cmin", "xmax", "cmax", "ctid");

    private static final Comparator<Wish> BEST_FIRST = Comparator.comparingDouble(Wish::weight)
            .reversed()
            .thenComparing(wish -> !snake(wish.name()).equals(wish.name()))
            .thenComparing(Wish::name);

    private final Set<String> taken = new HashSet<>();
    private final boolean tables;

    private SqlNames(boolean tables) {
        this.tables = tables;
    }

    static SqlNames ofColumns() {
        SqlNames names = new SqlNames(false);
        names.taken.addAll(SYSTEM_COLUMNS);
        return names;
    }

    static SqlNames ofTables() {
        return new SqlNames(true);
    }

    /// Takes a name that is used otherwise out of the game.
    void reserve(String name) {
        taken.add(name);
    }

    boolean isTaken(String name) {
        return taken.contains(name);
    }

    /// A wish for a name.
    ///
    /// @param name as it is in MongoDB
    /// @param weight of several that want the same name the one with most gets it plain
    record Wish(String name, double weight) {}

    /// A name for each wish. Of several wishes for the same name, the one with most weight gets it
    /// unchanged; of equal weights, one that has this name in MongoDB already. The others get `_2`, `_3`,
    /// .. that no wish has.
    ///
    /// @return in the order of the wishes
    List<String> claim(List<Wish> wishes) {
        List<Integer> byWeight = IntStream.range(0, wishes.size())
                .boxed()
                .sorted(Comparator.comparing(wishes::get, BEST_FIRST))
                .toList();
        String[] claimed = new String[wishes.size()];
        for (boolean plain : new boolean[] {true, false}) {
            for (int i : byWeight) {
                String name = wishes.get(i).name();
                if (claimed[i] == null && (!plain || isFree(wanted(name)))) {
                    claimed[i] = claim(name);
                }
            }
        }
        return List.of(claimed);
    }

    private String wanted(String name) {
        return fit(tables ? table(snake(name)) : snake(name), "");
    }

    /// The name in snake_case, or where that is taken with `_2`, `_3`, .. behind it.
    String claim(String name) {
        String wanted = wanted(name);
        String claimed = wanted;
        for (int n = 2; !isFree(claimed); n++) {
            claimed = fit(wanted, "_" + n);
        }
        taken.add(claimed);
        if (tables) {
            // The index of the primary key has a name among the tables.
            taken.add(fit(claimed, "_pkey"));
        }
        return claimed;
    }

    private boolean isFree(String name) {
        return !taken.contains(name) && !(tables && taken.contains(fit(name, "_pkey")));
    }

    /// A table that has the name of one of PostgreSQL's own could be named only with its schema.
    private static String table(String snake) {
        return snake.startsWith("pg_") ? "t_" + snake : snake;
    }

    /// `userId` and `User ID` are `user_id`, `HTTPServer2` is `http_server2`, `$ref` is `ref`. Letters of
    /// any script stay; what is neither letter nor digit becomes one underscore.
    static String snake(String name) {
        String normal = Normalizer.normalize(name, Normalizer.Form.NFC);
        StringBuilder snake = new StringBuilder();
        int[] letters = normal.codePoints().toArray();
        for (int i = 0; i < letters.length; i++) {
            int letter = letters[i];
            if (!Character.isLetterOrDigit(letter)) {
                underscore(snake);
                continue;
            }
            boolean afterLower = i > 0 && (Character.isLowerCase(letters[i - 1]) || Character.isDigit(letters[i - 1]));
            boolean endOfAcronym = i > 0
                    && Character.isUpperCase(letters[i - 1])
                    && i + 1 < letters.length
                    && Character.isLowerCase(letters[i + 1]);
            if (Character.isUpperCase(letter) && (afterLower || endOfAcronym)) {
                underscore(snake);
            }
            snake.appendCodePoint(letter);
        }
        String lower = snake.toString().toLowerCase(Locale.ROOT);
        String trimmed = lower.endsWith("_") ? lower.substring(0, lower.length() - 1) : lower;
        if (trimmed.isEmpty()) {
            return "field";
        }
        return Character.isDigit(trimmed.codePointAt(0)) ? "_" + trimmed : trimmed;
    }

    private static void underscore(StringBuilder snake) {
        if (!snake.isEmpty() && snake.charAt(snake.length() - 1) != '_') {
            snake.append('_');
        }
    }

    /// The name cut so that it and the suffix have at most 63 bytes, never inside a character.
    static String fit(String name, String suffix) {
        int room = BYTES_MAX - suffix.getBytes(StandardCharsets.UTF_8).length;
        int end = 0;
        int bytes = 0;
        while (end < name.length()) {
            int letter = name.codePointAt(end);
            bytes += letter < 0x80 ? 1 : letter < 0x800 ? 2 : letter < 0x10000 ? 3 : 4;
            if (bytes > room) {
                break;
            }
            end += Character.charCount(letter);
        }
        return name.substring(0, end) + suffix;
    }

    /// An English plural's singular, roughly: for names of child tables and of the columns that refer to a
    /// table.
    static String singular(String plural) {
        if (plural.length() > 4 && plural.endsWith("ies")) {
            return plural.substring(0, plural.length() - 3) + "y";
        }
        for (String ending : new String[] {"sses", "shes", "ches", "xes"}) {
            if (plural.length() > ending.length() && plural.endsWith(ending)) {
                return plural.substring(0, plural.length() - 2);
            }
        }
        boolean plain = plural.length() > 3
                && plural.endsWith("s")
                && !plural.endsWith("ss")
                && !plural.endsWith("us")
                && !plural.endsWith("is");
        return plain ? plural.substring(0, plural.length() - 1) : plural;
    }
}
