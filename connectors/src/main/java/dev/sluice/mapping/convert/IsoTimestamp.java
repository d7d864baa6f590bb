package dev.sluice.mapping.convert;

import dev.sluice.mapping.value.PreciseDateTime;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.bson.BsonDateTime;
import org.jspecify.annotations.Nullable;

/// Reads ISO 8601 as programs write it: `2024-05-01`, `2024-05-01T10:20`, `2024-05-01
/// 10:20:30.123456+02:00`, `..Z`, years with a sign. Digits beyond microseconds are cut, as PostgreSQL has
/// no place for them. Calendar dates in the extended format only: no weeks, no ordinal days, no `20240501`.
///
/// For one text and one thread.
final class IsoTimestamp {
    private final String text;
    private int at;

    private IsoTimestamp(String text) {
        this.text = text;
    }

    /// @param zone of texts that name no offset; where clocks were turned back the earlier moment is meant,
    ///     where they were turned forward the time moves on by the gap
    /// @return null when the text is no such timestamp, or names a day or time that there is not
    static @Nullable BsonDateTime parse(String text, ZoneId zone) {
        try {
            return new IsoTimestamp(text).parse(zone);
        } catch (DateTimeException | ArithmeticException noSuchMoment) {
            return null;
        }
    }

    private @Nullable BsonDateTime parse(ZoneId zone) {
        LocalDate date = date();
        if (date == null) {
            return null;
        }
        if (at == text.length()) {
            return bson(date.atStartOfDay(zone).toEpochSecond(), 0);
        }
        char separator = text.charAt(at++);
        if (separator != 'T' && separator != 't' && separator != ' ') {
            return null;
        }
        int hour = digits(2);
        if (hour < 0 || !take(':')) {
            return null;
        }
        int minute = digits(2);
        int second = take(':') ? digits(2) : 0;
        if (minute < 0 || second < 0) {
            return null;
        }
        int micros = 0;
        if (take('.') || take(',')) {
            micros = fraction();
            if (micros < 0) {
                return null;
            }
        }
        LocalDateTime local = LocalDateTime.of(date, LocalTime.of(hour, minute, second));
        if (at == text.length()) {
            return bson(local.atZone(zone).toEpochSecond(), micros);
        }
        ZoneOffset offset = offset();
        return offset == null || at != text.length() ? null : bson(local.toEpochSecond(offset), micros);
    }

    private static BsonDateTime bson(long seconds, int micros) {
        long millis = Math.addExact(Math.multiplyExact(seconds, 1_000L), micros / 1_000);
        return micros % 1_000 == 0 ? new BsonDateTime(millis) : new PreciseDateTime(millis, micros % 1_000);
    }

    private @Nullable LocalDate date() {
        int sign = take('+') ? 1 : take('-') ? -1 : 0;
        int start = at;
        int year = 0;
        while (at < text.length() && at - start < 9 && isDigit(text.charAt(at))) {
            year = year * 10 + (text.charAt(at++) - '0');
        }
        int length = at - start;
        if (length < 4 || (sign == 0 && length > 4) || !take('-')) {
            return null;
        }
        int month = digits(2);
        if (month < 0 || !take('-')) {
            return null;
        }
        int day = digits(2);
        return day < 0 ? null : LocalDate.of(sign < 0 ? -year : year, month, day);
    }

    /// Microseconds from one to nine digits; -1 where there is no digit, or more than nine.
    private int fraction() {
        int start = at;
        int micros = 0;
        while (at < text.length() && isDigit(text.charAt(at))) {
            if (at - start < 6) {
                micros = micros * 10 + (text.charAt(at) - '0');
            }
            at++;
        }
        int length = at - start;
        if (length == 0 || length > 9) {
            return -1;
        }
        for (int i = length; i < 6; i++) {
            micros *= 10;
        }
        return micros;
    }

    /// `Z`, `+02`, `+0200`, `+02:00`; after one blank too.
    private @Nullable ZoneOffset offset() {
        take(' ');
        if (take('Z') || take('z')) {
            return ZoneOffset.UTC;
        }
        int sign = take('+') ? 1 : take('-') ? -1 : 0;
        int hours = digits(2);
        if (sign == 0 || hours < 0) {
            return null;
        }
        int minutes = 0;
        int seconds = 0;
        if (at < text.length()) {
            take(':');
            minutes = digits(2);
            if (at < text.length() && take(':')) {
                seconds = digits(2);
            }
        }
        return minutes < 0 || seconds < 0
                ? null
                : ZoneOffset.ofHoursMinutesSeconds(sign * hours, sign * minutes, sign * seconds);
    }

    /// Exactly so many digits as a number; -1 where there are fewer.
    private int digits(int count) {
        int number = 0;
        for (int i = 0; i < count; i++) {
            if (at == text.length() || !isDigit(text.charAt(at))) {
                return -1;
            }
            number = number * 10 + (text.charAt(at++) - '0');
        }
        return number;
    }

    private boolean take(char c) {
        if (at < text.length() && text.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
