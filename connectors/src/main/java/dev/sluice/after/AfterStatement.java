package dev.sluice.after;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/// A statement of a script that comes after the copy.
///
/// @param script name of the file
/// @param number in the script, from 1
/// @param sql without what stands before its first word
public record AfterStatement(String script, int number, String sql) {
    private static final int SHOWN_MAX = 80;

    /// Of the words in upper case with a blank around each.
    private static final Pattern PLAIN_INDEX = Pattern.compile("^ CREATE (UNIQUE )?INDEX (?!CONCURRENTLY )");

    private static final Pattern UNNAMED_INDEX =
            Pattern.compile("^ CREATE (UNIQUE )?INDEX CONCURRENTLY (IF NOT EXISTS )?ON ");
    private static final Pattern CHECKED_CONSTRAINT = Pattern.compile("^ ALTER TABLE .* ADD .*(FOREIGN KEY|CHECK) ");

    /// SHA-256 of the statement, hex.
    String checksum() {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(sql.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /// What speaks against a statement.
    ///
    /// @param what it does, a sentence that follows its name
    public record Hazard(String what, String remedy) {}

    /// What would hold up the stream while the statement runs; empty where nothing is known.
    public Optional<Hazard> hazard() {
        List<String> words = SqlWords.of(sql, Integer.MAX_VALUE).stream()
                .map(word -> word.toUpperCase(Locale.ROOT))
                .toList();
        String text = " " + String.join(" ", words) + " ";
        if (PLAIN_INDEX.matcher(text).find()) {
            return Optional.of(new Hazard(
                    "holds up the stream until the index is made.", "Make the index CONCURRENTLY, with a name."));
        }
        if (UNNAMED_INDEX.matcher(text).find()) {
            return Optional.of(new Hazard(
                    "is not applied: it gives the index no name, so that one that is broken off could not be told from"
                            + " others.",
                    "Name the index."));
        }
        return CHECKED_CONSTRAINT.matcher(text).find() && !text.contains(" NOT VALID ")
                ? Optional.of(new Hazard(
                        "holds up the stream until every row is checked.",
                        "Add the constraint NOT VALID, and VALIDATE CONSTRAINT it in the next script."))
                : Optional.empty();
    }

    /// Which one it is, for people.
    public String name() {
        return script + ", statement " + number;
    }

    /// How it begins, in one line.
    public String beginning() {
        return beginning(sql);
    }

    static String beginning(String sql) {
        String line = sql.replaceAll("\\s+", " ").strip();
        return line.length() <= SHOWN_MAX ? line : line.substring(0, SHOWN_MAX - 2) + "..";
    }
}
