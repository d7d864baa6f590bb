package dev.sluice.service.ops;

import dev.sluice.change.Position;
import dev.sluice.failure.WrongUseException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.BsonTimestamp;
import org.bson.json.JsonParseException;

/// A place in the change stream as a person names it: a checkpoint, a time or a resume token.
public sealed interface ReplayPoint {
    /// In words, for the list of replays. Never the token, which may hold an `_id`.
    String forPeople();

    record Checkpoint(String name) implements ReplayPoint {
        @Override
        public String forPeople() {
            return "checkpoint " + name;
        }
    }

    record Time(Instant time) implements ReplayPoint {
        @Override
        public String forPeople() {
            return "time " + time;
        }
    }

    /// The time that a resume token carries. No more of the token is kept.
    record Token(BsonTimestamp time) implements ReplayPoint {
        @Override
        public String forPeople() {
            return "token";
        }
    }

    /// @param now what `1h` is counted back from
    /// @throws WrongUseException with what is wrong and what is understood
    static ReplayPoint parse(String text, Instant now) {
        String stripped = text.strip();
        if (stripped.startsWith("{")) {
            return token(stripped);
        }
        if (Text.HEX.matcher(stripped).matches()) {
            return token(new BsonDocument("_data", new BsonString(stripped)));
        }
        if (!stripped.isEmpty() && Character.isDigit(stripped.charAt(0))) {
            return new Time(time(stripped, now));
        }
        if (Checkpoints.NAME.matcher(stripped).matches()) {
            return new Checkpoint(stripped);
        }
        throw new WrongUseException(
                "'" + shown(stripped) + "' is no checkpoint's name, no time and no token. " + Text.UNDERSTOOD);
    }

    /// A time: ISO 8601 with an offset, or so long ago.
    ///
    /// @throws WrongUseException with what is wrong and what is understood
    static Instant time(String text, Instant now) {
        String stripped = text.strip();
        Matcher ago = Text.AGO.matcher(stripped);
        if (ago.matches()) {
            long number = Long.parseLong(ago.group(1));
            return now.minus(
                    switch (ago.group(2).toLowerCase(Locale.ROOT)) {
                        case "s" -> Duration.ofSeconds(number);
                        case "m" -> Duration.ofMinutes(number);
                        case "h" -> Duration.ofHours(number);
                        default -> Duration.ofDays(number);
                    });
        }
        Instant time;
        try {
            time = OffsetDateTime.parse(stripped.replaceFirst("^(\\d{4}-\\d\\d-\\d\\d) ", "$1T"))
                    .toInstant();
        } catch (DateTimeException notOne) {
            throw new WrongUseException(
                    isLocal(stripped)
                            ? "'" + shown(stripped)
                                    + "' does not say in which zone: write Z behind the time for UTC, or an"
                                    + " offset such as +01:00."
                            : "'" + shown(stripped) + "' is no time. " + Text.UNDERSTOOD,
                    notOne);
        }
        if (time.isAfter(now)) {
            throw new WrongUseException(stripped + " has not come yet; it is " + now + " by MongoDB's clock.");
        }
        return time;
    }

    private static boolean isLocal(String text) {
        try {
            LocalDateTime.parse(text.replaceFirst("^(\\d{4}-\\d\\d-\\d\\d) ", "$1T"));
            return true;
        } catch (DateTimeException notOne) {
            try {
                LocalDate.parse(text);
                return true;
            } catch (DateTimeException neither) {
                return false;
            }
        }
    }

    private static ReplayPoint token(String json) {
        try {
            BsonDocument token = BsonDocument.parse(json);
            if (token.containsKey("_data")) {
                return token(token);
            }
        } catch (JsonParseException notOne) {
            // Said below, without the text: a token may hold an _id.
        }
        throw new WrongUseException("The token is not of the form {\"_data\": \"..\"}, as sluice.position has it.");
    }

    private static ReplayPoint token(BsonDocument token) {
        BsonTimestamp time = Position.of(token, null).clusterTime();
        if (time == null) {
            throw new WrongUseException(
                    "That is no resume token of a change stream, or a part is missing: its _data begins with 82.");
        }
        return new Token(time);
    }

    private static String shown(String text) {
        return text.length() > 60 ? text.substring(0, 60) + ".." : text;
    }

    /// The forms of the texts.
    final class Text {
        /// From type and time on, which even a damaged token has.
        private static final Pattern HEX = Pattern.compile("[0-9][0-9a-fA-F]{17,}");

        private static final Pattern AGO = Pattern.compile("(\\d{1,9})\\s*([smhdSMHD])(?:\\s+ago)?");
        private static final String UNDERSTOOD =
                "Understood are the name of a checkpoint (`sluice checkpoint list`), a time such as 2026-11-21T21:05:00Z, 90s,"
                        + " 30m, 2h or 1d (ago), and a resume token.";

        private Text() {}
    }
}
