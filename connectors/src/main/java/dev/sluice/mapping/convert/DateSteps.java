package dev.sluice.mapping.convert;

import dev.sluice.bson.TwinDocument;
import dev.sluice.mapping.document.Scope;
import dev.sluice.mapping.value.BsonNumbers;
import dev.sluice.mapping.value.ExtendedJson;
import dev.sluice.mapping.value.PreciseDateTime;
import dev.sluice.schema.Conversion;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.text.ParsePosition;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalQueries;
import java.util.List;
import java.util.Map;
import org.bson.BsonArray;
import org.bson.BsonDateTime;
import org.bson.BsonDocument;
import org.bson.BsonNumber;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// The conversions of dates, and of what is meant to be one.
final class DateSteps {
    /// A little more than PostgreSQL goes on for, in seconds; the column's type has the last word.
    private static final BigDecimal SECONDS_MAX = BigDecimal.valueOf(10_000_000_000_000L);

    private static final int MICROS_OF_SECOND = 6;
    private static final long MILLIS_OF_DAY = 86_400_000;

    private DateSteps() {}

    /// @param zone of texts that name no offset
    /// @param formats tried when the text is not ISO 8601
    /// @return null when the text is no date
    static @Nullable BsonDateTime parse(String text, ZoneId zone, List<DateTimeFormatter> formats) {
        BsonDateTime iso = IsoTimestamp.parse(text, zone);
        if (iso != null) {
            return iso;
        }
        for (DateTimeFormatter format : formats) {
            // First without exceptions, which a text of another format would cost each time.
            ParsePosition end = new ParsePosition(0);
            if (format.parseUnresolved(text, end) == null || end.getIndex() < text.length()) {
                continue;
            }
            try {
                return moment(format.parse(text), zone);
            } catch (DateTimeException | ArithmeticException noSuchDay) {
                // Another format may read it as a day there is.
            }
        }
        return null;
    }

    private static BsonDateTime moment(TemporalAccessor parsed, ZoneId zone) {
        LocalDate date = LocalDate.from(parsed);
        LocalTime time = parsed.query(TemporalQueries.localTime());
        ZoneId own = parsed.query(TemporalQueries.zone());
        ZoneId in = own == null ? zone : own;
        ZonedDateTime moment =
                time == null ? date.atStartOfDay(in) : date.atTime(time).atZone(in);
        return date(moment.toEpochSecond(), moment.getNano() / 1_000);
    }

    /// @param micros of the second
    static BsonDateTime date(long seconds, int micros) {
        long millis = Math.addExact(Math.multiplyExact(seconds, 1_000L), micros / 1_000);
        return micros % 1_000 == 0 ? new BsonDateTime(millis) : new PreciseDateTime(millis, micros % 1_000);
    }

    /// The moment that a number counts; the number where that is none that could be stored.
    static BsonValue epoch(BsonNumber number, Conversion.EpochUnit unit) {
        BigDecimal value = BsonNumbers.shortest(number);
        if (value == null) {
            return number;
        }
        BigDecimal seconds = switch (unit) {
            case SECONDS -> value;
            case MILLISECONDS -> value.scaleByPowerOfTen(-3);
        };
        if (seconds.abs().compareTo(SECONDS_MAX) > 0) {
            return number;
        }
        BigInteger micros =
                seconds.setScale(MICROS_OF_SECOND, RoundingMode.FLOOR).unscaledValue();
        if (micros.bitLength() >= Long.SIZE) {
            // No long counts so many microseconds, and no column holds the moment.
            return number;
        }
        long total = micros.longValueExact();
        return date(Math.floorDiv(total, 1_000_000L), (int) Math.floorMod(total, 1_000_000L));
    }

    /// The moment at which clocks of the zone showed what the date shows in UTC. Where they were turned
    /// back the earlier one is meant, where they were turned forward the time moves on by the gap.
    static BsonDateTime inZone(BsonDateTime date, ZoneId zone) {
        try {
            LocalDateTime local = LocalDateTime.ofInstant(Instant.ofEpochMilli(date.getValue()), ZoneOffset.UTC);
            Instant moment = local.atZone(zone).toInstant();
            int micros = moment.getNano() / 1_000 + PreciseDateTime.microsOfMilli(date);
            return date(moment.getEpochSecond(), micros);
        } catch (DateTimeException | ArithmeticException endOfTime) {
            return date;
        }
    }

    /// Midnight of the date's day in UTC.
    static BsonDateTime day(BsonDateTime date, Scope scope) {
        long millis = Math.floorDiv(date.getValue(), MILLIS_OF_DAY) * MILLIS_OF_DAY;
        if (millis == date.getValue() && PreciseDateTime.microsOfMilli(date) == 0) {
            return date;
        }
        scope.findings().lose("has a time of day, which was cut");
        return new BsonDateTime(millis);
    }

    /// The value with each date in it as text; the same instance when there is none.
    ///
    /// @param depth of the value, from 1
    static BsonValue written(BsonValue value, Conversion.DateStyle style, int depth) {
        if (depth > ExtendedJson.DEPTH_MAX) {
            // No column takes it, so it need not be right.
            return value;
        }
        return switch (value) {
            case BsonDateTime date -> new BsonString(text(date, style));
            case BsonDocument object -> {
                BsonDocument copy = null;
                for (Map.Entry<String, BsonValue> field : object.entrySet()) {
                    BsonValue written = written(field.getValue(), style, depth + 1);
                    if (written != field.getValue()) {
                        copy = copy == null ? TwinDocument.copy(object) : copy;
                        copy.put(field.getKey(), written);
                    }
                }
                yield copy == null ? object : copy;
            }
            case BsonArray array -> {
                BsonArray copy = null;
                for (int i = 0; i < array.size(); i++) {
                    BsonValue written = written(array.get(i), style, depth + 1);
                    if (written != array.get(i)) {
                        copy = copy == null ? new BsonArray(array) : copy;
                        copy.set(i, written);
                    }
                }
                yield copy == null ? array : copy;
            }
            default -> value;
        };
    }

    private static String text(BsonDateTime date, Conversion.DateStyle style) {
        return switch (style) {
            case ISO_UTC -> PreciseDateTime.text(date);
            case ISO_LOCAL -> PreciseDateTime.localText(date, 'T');
            case SPACE_LOCAL -> PreciseDateTime.localText(date, ' ');
        };
    }
}
