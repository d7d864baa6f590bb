package dev.sluice.profile;

import dev.sluice.schema.TableName;
import java.util.Set;
import java.util.regex.Pattern;

/// Identifiers in SQL: in double quotes where they have to be.
final class SqlKeywords {
    private static final Pattern PLAIN = Pattern.compile("[a-z_][a-z0-9_]*");

    /// What can't be the name of a table or column without quotes: PostgreSQL's keywords that are reserved,
    /// for functions and types too.
    private static final Set<String> RESERVED = Set.of(
            ("all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate"
                            + " collation column concurrently constraint create cross current_catalog current_date"
                            + " current_role current_schema current_time current_timestamp current_user default deferrable"
                            + " desc distinct do else end except false fetch for foreign freeze from full grant group"
                            + " having ilike in initially inner intersect into is isnull join lateral leading left like"
                            + " limit localtime localtimestamp natural not notnull null offset on only or order outer"
                            + " overlaps placing primary references returning right select session_user similar some"
                            + " symmetric system_user table tablesample then to trailing true union unique user using"
                            + " variadic verbose when where window with")
                    .split(" "));

    private SqlKeywords() {}

    static boolean isReserved(String word) {
        return RESERVED.contains(word);
    }

    /// The name as SQL writes it.
    static String identifier(String name) {
        return PLAIN.matcher(name).matches() && !isReserved(name) ? name : TableName.quote(name);
    }
}
