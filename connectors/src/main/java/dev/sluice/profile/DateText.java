package dev.sluice.profile;

import dev.sluice.schema.Conversion;
import java.time.DateTimeException;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// How texts write dates that are not ISO 8601. `parse_timestamp` reads each of them by its pattern.
/// Where a text is of several, all of them count: 01/02/2024 is a day of January and one of February.
enum DateText {
    YEAR_FIRST("yyyy/MM/dd", Kind.DAY),
    YEAR_FIRST_TIME("yyyy/MM/dd HH:mm:ss", Kind.LOCAL),
    YEAR_FIRST_MINUTE("yyyy/MM/dd HH:mm", Kind.LOCAL),
    DAY_FIRST("dd/MM/yyyy", Kind.DAY),
    MONTH_FIRST("MM/dd/yyyy", Kind.DAY),
    SHORT_DAY_FIRST("d/M/yyyy", Kind.DAY),
    SHORT_MONTH_FIRST("M/d/yyyy", Kind.DAY),
    DAY_FIRST_TIME("dd/MM/yyyy HH:mm:ss", Kind.LOCAL),
    MONTH_FIRST_TIME("MM/dd/yyyy HH:mm:ss", Kind.LOCAL),
    DAY_FIRST_MINUTE("dd/MM/yyyy HH:mm", Kind.LOCAL),
    MONTH_FIRST_MINUTE("MM/dd/yyyy HH:mm", Kind.LOCAL),
    MONTH_FIRST_HALF_DAY("M/d/yyyy h:mm:ss a", Kind.LOCAL),
    DOTS("d.M.yyyy", Kind.DAY),
    DOTS_TIME("d.M.yyyy HH:mm:ss", Kind.LOCAL),
    DOTS_MINUTE("d.M.yyyy HH:mm", Kind.LOCAL),
    /// As HTTP and mail write it: `Tue, 03 Jun 2008 11:05:30 GMT`.
    RFC_1123("EEE, d MMM yyyy HH:mm:ss z", Kind.OFFSET),
    RFC_1123_OFFSET("EEE, d MMM yyyy HH:mm:ss Z", Kind.OFFSET),
    /// As tweets have it: `Wed Aug 27 13:08:45 +0000 2008`.
    TWEET("EEE MMM d HH:mm:ss Z yyyy", Kind.OFFSET),
    /// As `date` of Unix prints it: `Wed Aug 27 13:08:45 UTC 2008`.
    UNIX("EEE MMM d HH:mm:ss z yyyy", Kind.OFFSET),
    SPACED_OFFSET("yyyy-MM-dd HH:mm:ss Z", Kind.OFFSET),
    SPACED_ZONE("yyyy-MM-dd HH:mm:ss z", Kind.OFFSET);

    /// What a text of a form names.
    enum Kind {
        /// A day.
        DAY,
        /// A day and a time of it, and not the zone.
        LOCAL,
        /// A moment.
        OFFSET
    }

    private static final int LENGTH_MIN = "1.1.2024".length();
    private static final int LENGTH_MAX = 40;

    private final String pattern;
    private final Kind kind;
    private final DateTimeFormatter format;
    private final String shape;

    DateText(String pattern, Kind kind) {
        this.pattern = pattern;
        this.kind = kind;
        this.format = new Conversion.ParseTimestamp(ZoneOffset.UTC, List.of(pattern))
                .formatters()
                .getFirst();
        // `z` writes UTC as Z, a letter like those of other zones.
        this.shape = shape(format.format(ZonedDateTime.of(2008, 12, 24, 11, 15, 30, 0, ZoneOffset.UTC)));
    }

    /// The pattern as the mapping has it.
    String pattern() {
        return pattern;
    }

    Kind kind() {
        return kind;
    }

    /// The form with day and month the other way round; empty where there is none.
    Optional<DateText> turned() {
        return switch (this) {
            case DAY_FIRST -> Optional.of(MONTH_FIRST);
            case MONTH_FIRST -> Optional.of(DAY_FIRST);
            case SHORT_DAY_FIRST -> Optional.of(SHORT_MONTH_FIRST);
            case SHORT_MONTH_FIRST -> Optional.of(SHORT_DAY_FIRST);
            case DAY_FIRST_TIME -> Optional.of(MONTH_FIRST_TIME);
            case MONTH_FIRST_TIME -> Optional.of(DAY_FIRST_TIME);
            case DAY_FIRST_MINUTE -> Optional.of(MONTH_FIRST_MINUTE);
            case MONTH_FIRST_MINUTE -> Optional.of(DAY_FIRST_MINUTE);
            case YEAR_FIRST,
                    YEAR_FIRST_TIME,
                    YEAR_FIRST_MINUTE,
                    MONTH_FIRST_HALF_DAY,
                    DOTS,
                    DOTS_TIME,
                    DOTS_MINUTE,
                    RFC_1123,
                    RFC_1123_OFFSET,
                    TWEET,
                    UNIX,
                    SPACED_OFFSET,
                    SPACED_ZONE -> Optional.empty();
        };
    }

    /// The forms that a text is of.
    static Set<DateText> of(String text) {
        Set<DateText> forms = EnumSet.noneOf(DateText.class);
        if (text.length() < LENGTH_MIN || text.length() > LENGTH_MAX) {
            return forms;
        }
        String shape = shape(text);
        for (DateText form : values()) {
            if (form.shape.equals(shape) && form.reads(text)) {
                forms.add(form);
            }
        }
        return forms;
    }

    private boolean reads(String text) {
        try {
            format.parse(text);
            return true;
        } catch (DateTimeException no) {
            return false;
        }
    }

    /// Letters in a row as one `a`, digits as one `9`: tells apart at once what is of another form.
    private static String shape(String text) {
        StringBuilder shape = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            char kind = c >= '0' && c <= '9' ? '9' : Character.isLetter(c) ? 'a' : c;
            if (shape.isEmpty() || kind != shape.charAt(shape.length() - 1) || (kind != '9' && kind != 'a')) {
                shape.append(kind);
            }
        }
        return shape.toString();
    }
}
