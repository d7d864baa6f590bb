package dev.sluice.schema;

import java.time.DateTimeException;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.ResolverStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalQueries;
import java.util.Locale;

/// A pattern for dates that are not ISO 8601, as [DateTimeFormatter] has them: `dd/MM/yyyy HH:mm:ss`.
final class TimestampFormat {
    /// Written and read back to see what a pattern is about; no two of its fields have the same value.
    private static final ZonedDateTime SAMPLE = ZonedDateTime.of(2013, 2, 3, 16, 5, 6, 789_000_000, ZoneOffset.UTC);

    private TimestampFormat() {}

    /// Strict: there is no 31st of April. English names, in any case.
    ///
    /// @throws IllegalArgumentException when it is no pattern, or one that does not give a date, or gives
    ///     only part of a time
    static DateTimeFormatter of(String pattern) {
        DateTimeFormatterBuilder builder = new DateTimeFormatterBuilder().parseCaseInsensitive();
        try {
            builder.appendPattern(pattern);
        } catch (IllegalArgumentException invalid) {
            throw new IllegalArgumentException("'" + pattern + "' is no pattern for dates: " + invalid.getMessage());
        }
        if (pattern.indexOf('y') >= 0) {
            // In strict mode a year of era is not a year; the current era is meant.
            builder.parseDefaulting(ChronoField.ERA, 1);
        }
        DateTimeFormatter format = builder.toFormatter(Locale.ENGLISH).withResolverStyle(ResolverStyle.STRICT);
        TemporalAccessor read;
        try {
            read = format.parse(format.format(SAMPLE));
        } catch (DateTimeException unreadable) {
            throw new IllegalArgumentException(
                    "'" + pattern + "' can't read what it writes: " + unreadable.getMessage(), unreadable);
        }
        LocalTime time = read.query(TemporalQueries.localTime());
        if (read.query(TemporalQueries.localDate()) == null) {
            throw new IllegalArgumentException("'" + pattern + "' does not give a year, month and day");
        }
        if (time == null && hasTime(read)) {
            throw new IllegalArgumentException("'" + pattern + "' gives only part of a time of day");
        }
        return format;
    }

    private static boolean hasTime(TemporalAccessor read) {
        for (ChronoField field : ChronoField.values()) {
            if (field.isTimeBased() && read.isSupported(field)) {
                return true;
            }
        }
        return false;
    }
}
