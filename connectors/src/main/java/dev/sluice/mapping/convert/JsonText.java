package dev.sluice.mapping.convert;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import org.bson.BsonArray;
import org.bson.BsonBoolean;
import org.bson.BsonDecimal128;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonNull;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.types.Decimal128;
import org.jspecify.annotations.Nullable;

/// Reads JSON from text: one value, and nothing behind it. Numbers keep all their digits.
final class JsonText {
    private static final JsonFactory FACTORY = new JsonFactory();

    private JsonText() {}

    /// @return null when the text is no JSON, or has a number that BSON has no exact place for
    static @Nullable BsonValue parse(String text) {
        if (!canBegin(text)) {
            // Most texts that are none are seen here, without an exception.
            return null;
        }
        try (JsonParser parser = FACTORY.createParser(text)) {
            parser.nextToken();
            BsonValue value = value(parser);
            return parser.nextToken() == null ? value : null;
        } catch (IOException | NumberFormatException noJson) {
            return null;
        }
    }

    private static boolean canBegin(String text) {
        String start = text.stripLeading();
        return !start.isEmpty() && "{[\"-0123456789tfn".indexOf(start.charAt(0)) >= 0;
    }

    private static BsonValue value(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT -> {
                BsonDocument object = new BsonDocument();
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String name = parser.currentName();
                    parser.nextToken();
                    object.put(name, value(parser));
                }
                yield object;
            }
            case START_ARRAY -> {
                BsonArray array = new BsonArray();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    array.add(value(parser));
                }
                yield array;
            }
            case VALUE_STRING -> new BsonString(parser.getText());
            case VALUE_NUMBER_INT -> whole(parser.getBigIntegerValue());
            case VALUE_NUMBER_FLOAT -> decimal(parser.getDecimalValue());
            case VALUE_TRUE -> BsonBoolean.TRUE;
            case VALUE_FALSE -> BsonBoolean.FALSE;
            case VALUE_NULL -> BsonNull.VALUE;
            case NOT_AVAILABLE, END_OBJECT, END_ARRAY, FIELD_NAME, VALUE_EMBEDDED_OBJECT ->
                throw new IOException("no value begins here");
        };
    }

    private static BsonValue whole(BigInteger number) {
        if (number.bitLength() < Integer.SIZE) {
            return new BsonInt32(number.intValue());
        }
        return number.bitLength() < Long.SIZE ? new BsonInt64(number.longValue()) : decimal(new BigDecimal(number));
    }

    private static BsonValue decimal(BigDecimal number) {
        return new BsonDecimal128(new Decimal128(number));
    }
}
