package dev.sluice.after;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The index that a CREATE INDEX CONCURRENTLY makes. One that was broken off is left behind, not valid: it serves no
/// query and costs every write.
///
/// @param name of the index, as it is in the catalog; empty where the statement leaves it to PostgreSQL
/// @param table as the statement names it
record ConcurrentIndex(String name, String table) {
    private static final int WORDS_MAX = 20;

    private static final String FIND = """
            SELECT i.indexrelid::bigint, i.indisvalid, i.indexrelid::regclass::text
            FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            WHERE i.indrelid = to_regclass(?) AND c.relname = ?::name
            """;

    /// An index as PostgreSQL's catalog has it.
    ///
    /// @param sql its name in a statement of the same session
    record Found(long oid, boolean valid, String sql) {}

    /// Empty for any other statement.
    static Optional<ConcurrentIndex> of(String sql) {
        List<String> words = SqlWords.of(sql, WORDS_MAX);
        int at = 0;
        if (!is(words, at++, "CREATE")) {
            return Optional.empty();
        }
        at += is(words, at, "UNIQUE") ? 1 : 0;
        if (!is(words, at++, "INDEX") || !is(words, at++, "CONCURRENTLY")) {
            return Optional.empty();
        }
        at += is(words, at, "IF") ? 3 : 0;
        String name = "";
        if (!is(words, at, "ON")) {
            name = at < words.size() ? identifier(words.get(at)) : "";
            at++;
        }
        at++;
        at += is(words, at, "ONLY") ? 1 : 0;
        StringBuilder table = new StringBuilder();
        while (at < words.size()
                && (table.isEmpty() || words.get(at).equals(".") || table.charAt(table.length() - 1) == '.')) {
            table.append(words.get(at++));
        }
        return Optional.of(new ConcurrentIndex(name, table.toString()));
    }

    private static boolean is(List<String> words, int at, String keyword) {
        return at < words.size() && words.get(at).equalsIgnoreCase(keyword);
    }

    private static String identifier(String word) {
        return word.startsWith("\"")
                ? word.substring(1, word.length() - 1).replace("\"\"", "\"")
                : word.toLowerCase(Locale.ROOT);
    }

    boolean isNamed() {
        return !name.isEmpty();
    }

    /// The index; null where there is none.
    @Nullable
    Found find(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(FIND)) {
            statement.setString(1, table);
            statement.setString(2, name);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? new Found(row.getLong(1), row.getBoolean(2), row.getString(3)) : null;
            }
        }
    }
}
