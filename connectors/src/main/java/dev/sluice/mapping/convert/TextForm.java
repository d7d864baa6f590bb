package dev.sluice.mapping.convert;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.mapping.row.ExactFit;
import dev.sluice.mapping.value.Uuids;
import dev.sluice.schema.ColumnType;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.ZoneOffset;
import org.bson.BsonDateTime;
import org.bson.BsonDouble;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// What a text may be besides a text, by the same rules as the conversions that would read it. A text can
/// be of several forms.
public enum TextForm {
    /// ISO 8601 with a time of day and an offset, in the range and the precision of timestamptz:
    /// `parse_timestamp` reads the same moment from it in every zone, and loses no digit.
    TIMESTAMP {
        @Override
        public boolean fits(String text) {
            return mayBeTime(text)
                    && text.length() > DATE_LENGTH
                    && !isFinerThanMicroseconds(text)
                    && isHeld(atOffset(text), new ColumnType.Timestamptz());
        }
    },

    /// ISO 8601 with a time of day and no offset: which moment it is depends on a zone that it does not
    /// name.
    LOCAL_TIMESTAMP {
        @Override
        public boolean fits(String text) {
            return mayBeTime(text)
                    && text.length() > DATE_LENGTH
                    && !isFinerThanMicroseconds(text)
                    && atOffset(text) == null
                    && isHeld(IsoTimestamp.parse(text, ZoneOffset.UTC), new ColumnType.Timestamptz());
        }
    },

    /// ISO 8601 with a time of day that is finer than microseconds: `parse_timestamp` reads it and cuts the
    /// digits.
    FINE_TIMESTAMP {
        @Override
        public boolean fits(String text) {
            return mayBeTime(text)
                    && text.length() > DATE_LENGTH
                    && isFinerThanMicroseconds(text)
                    && isHeld(IsoTimestamp.parse(text, ZoneOffset.UTC), new ColumnType.Timestamptz());
        }
    },

    /// A calendar date, `2024-05-01`.
    DATE {
        @Override
        public boolean fits(String text) {
            return mayBeTime(text)
                    && text.length() == DATE_LENGTH
                    && isHeld(IsoTimestamp.parse(text, ZoneOffset.UTC), new ColumnType.Date());
        }
    },

    /// A whole number of 64 bits as programs write it: no plus, no leading zero, so that the number can be
    /// written back as the same text.
    WHOLE_NUMBER {
        @Override
        public boolean fits(String text) {
            BsonValue number = NumberText.parse(text, false);
            return (number instanceof BsonInt32 || number instanceof BsonInt64)
                    && String.valueOf(number.asNumber().longValue()).equals(text);
        }
    },

    /// A number that `parse_number` reads without losing a digit; without leading zeros, which a code may
    /// have and an amount has not.
    NUMBER {
        @Override
        public boolean fits(String text) {
            return !isPadded(text) && NumberText.parse(text, false) != null;
        }
    },

    /// A number that `parse_number` reads, written with leading zeros or a plus: a code, a telephone number,
    /// which would not be the same as a number.
    PADDED_NUMBER {
        @Override
        public boolean fits(String text) {
            return isPadded(text) && NumberText.parse(text, false) != null;
        }
    },

    /// A [#NUMBER] with more digits than the nearest double has.
    LONG_NUMBER {
        @Override
        public boolean fits(String text) {
            return NUMBER.fits(text)
                    && !(NumberText.parse(text, true) instanceof BsonDouble nearest
                            && BigDecimal.valueOf(nearest.getValue()).compareTo(new BigDecimal(text)) == 0);
        }
    },

    /// `true` or `false`, `yes` or `no`, in any case.
    BOOLEAN {
        @Override
        public boolean fits(String text) {
            return text.length() <= BOOLEAN_LENGTH_MAX
                    && (text.equalsIgnoreCase("true")
                            || text.equalsIgnoreCase("false")
                            || text.equalsIgnoreCase("yes")
                            || text.equalsIgnoreCase("no"));
        }
    },

    /// A UUID in its canonical form of 36 characters.
    UUID {
        @Override
        public boolean fits(String text) {
            return Uuids.parse(text) != null;
        }
    },

    /// The 24 hex digits of an ObjectId.
    OBJECT_ID {
        @Override
        public boolean fits(String text) {
            return Uuids.isObjectId(text);
        }
    },

    /// A JSON object or array as text.
    JSON {
        @Override
        public boolean fits(String text) {
            String trimmed = text.strip();
            return (trimmed.startsWith("{") || trimmed.startsWith("[")) && isJson(trimmed);
        }
    };

    private static final int BOOLEAN_LENGTH_MAX = "false".length();
    private static final int DATE_LENGTH = "2024-05-01".length();
    private static final int TIME_LENGTH_MAX = 48;
    private static final int MICROSECOND_DIGITS = 6;

    /// Two offsets that no text means both of.
    private static final ZoneOffset ONE_ZONE = ZoneOffset.ofHours(5);

    private static final JsonMapper JSON_READER = JsonMapper.builder()
            .disable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();

    /// Whether the text is of this form as a whole.
    public abstract boolean fits(String text);

    private static boolean isPadded(String text) {
        int digits = text.startsWith("-") || text.startsWith("+") ? 1 : 0;
        return text.startsWith("+")
                || (text.length() > digits + 1
                        && text.charAt(digits) == '0'
                        && text.charAt(digits + 1) >= '0'
                        && text.charAt(digits + 1) <= '9');
    }

    private static boolean mayBeTime(String text) {
        return text.length() >= DATE_LENGTH && text.length() <= TIME_LENGTH_MAX && text.indexOf('-', 1) >= 4;
    }

    private static boolean isFinerThanMicroseconds(String text) {
        int point = Math.max(text.indexOf('.'), text.indexOf(','));
        int end = point + 1;
        while (point >= 0 && end < text.length() && Character.isDigit(text.charAt(end))) {
            end++;
        }
        return end - point - 1 > MICROSECOND_DIGITS;
    }

    /// The moment a text means whatever the zone; null when it is no timestamp or its moment depends on
    /// one.
    private static @Nullable BsonDateTime atOffset(String text) {
        BsonDateTime there = IsoTimestamp.parse(text, ONE_ZONE);
        return there != null && there.equals(IsoTimestamp.parse(text, ZoneOffset.UTC)) ? there : null;
    }

    private static boolean isHeld(@Nullable BsonDateTime moment, ColumnType type) {
        return moment != null && ExactFit.of(moment, type);
    }

    private static boolean isJson(String text) {
        try (JsonParser parser = JSON_READER.createParser(text)) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                if (token.isStructEnd() && parser.getParsingContext().inRoot()) {
                    return parser.nextToken() == null;
                }
            }
            return false;
        } catch (IOException no) {
            return false;
        }
    }
}
