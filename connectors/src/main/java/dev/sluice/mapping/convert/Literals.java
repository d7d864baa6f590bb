package dev.sluice.mapping.convert;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.mapping.row.BsonToPg;
import dev.sluice.mapping.row.Outcome;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.MappingException;
import dev.sluice.schema.Where;
import java.math.BigDecimal;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.bson.BsonArray;
import org.bson.BsonBoolean;
import org.bson.BsonDateTime;
import org.bson.BsonDecimal128;
import org.bson.BsonDocument;
import org.bson.BsonDouble;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonNull;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.types.Decimal128;
import org.jspecify.annotations.Nullable;

/// Values that are written in the mapping. They go the way of values from documents, through [BsonToPg],
/// but once, when the mapping is compiled; one that does not fit is a mistake in the mapping.
public final class Literals {
    private Literals() {}

    /// The literal as BSON. A text meant for a timestamptz or date column is read as ISO 8601, since YAML
    /// has no dates.
    ///
    /// @throws IllegalArgumentException for a number of more digits than any BSON type has
    static BsonValue bson(JsonNode literal, ColumnType type) {
        return switch (literal.getNodeType()) {
            case NULL, MISSING -> BsonNull.VALUE;
            case BOOLEAN -> BsonBoolean.valueOf(literal.booleanValue());
            case NUMBER -> number(literal);
            case STRING -> string(literal.textValue(), type);
            case ARRAY -> {
                ColumnType element = type instanceof ColumnType.Array(ColumnType of) ? of : new ColumnType.Jsonb();
                BsonArray array = new BsonArray(literal.size());
                literal.forEach(node -> array.add(bson(node, element)));
                yield array;
            }
            case OBJECT -> {
                BsonDocument document = new BsonDocument();
                ColumnType inside = new ColumnType.Jsonb();
                literal.properties().forEach(field -> document.append(field.getKey(), bson(field.getValue(), inside)));
                yield document;
            }
            case BINARY, POJO -> throw new IllegalArgumentException("no YAML value is of this kind");
        };
    }

    private static BsonValue number(JsonNode number) {
        if (number.isIntegralNumber()) {
            if (number.canConvertToInt()) {
                return new BsonInt32(number.intValue());
            }
            return number.canConvertToLong()
                    ? new BsonInt64(number.longValue())
                    : new BsonDecimal128(decimal(number.decimalValue()));
        }
        return new BsonDouble(number.doubleValue());
    }

    private static Decimal128 decimal(BigDecimal value) {
        try {
            return new Decimal128(value);
        } catch (NumberFormatException tooManyDigits) {
            throw new IllegalArgumentException("a number of more than 34 digits", tooManyDigits);
        }
    }

    private static BsonValue string(String text, ColumnType type) {
        if (type instanceof ColumnType.Timestamptz || type instanceof ColumnType.Date) {
            BsonDateTime date = IsoTimestamp.parse(text, ZoneOffset.UTC);
            if (date != null) {
                return date;
            }
        }
        return new BsonString(text);
    }

    /// The value that is written for a literal; null is SQL NULL, as is a literal that is not there.
    ///
    /// @param setting the name the mapping has for it: `missing`
    /// @throws MappingException when it does not fit the type
    public static @Nullable Object value(@Nullable JsonNode literal, ColumnType type, Where where, String setting) {
        if (literal == null) {
            return null;
        }
        BsonValue value;
        try {
            value = bson(literal, type);
        } catch (IllegalArgumentException refused) {
            throw misfit(where, setting, String.valueOf(refused.getMessage()));
        }
        return value(value, BsonToPg.to(type), where, setting);
    }

    /// The same for a literal that is BSON already.
    static @Nullable Object value(BsonValue value, BsonToPg converter, Where where, String setting) {
        List<String> parts = new ArrayList<>();
        Outcome outcome = converter.convert(value, (path, part, reason) -> parts.add(path + " " + reason));
        return switch (outcome) {
            case Outcome.Misfit(String reason) -> throw misfit(where, setting, reason);
            case Outcome.Fits(var fitting) when parts.isEmpty() -> fitting;
            case Outcome.Fits(var partly) -> throw misfit(where, setting, String.join("; ", parts));
        };
    }

    static MappingException misfit(Where where, String setting, String reason) {
        return new MappingException(
                new Where(where.file(), where.line(), where.path() + "." + setting),
                "the value does not fit the column: " + reason);
    }
}
