package dev.sluice.mapping.row;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.sluice.schema.ColumnType;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import org.bson.BsonDocument;
import org.bson.BsonValue;
import org.bson.json.JsonMode;
import org.bson.json.JsonWriterSettings;
import org.jspecify.annotations.Nullable;

/// Row values as golden files write them. Casts to the Java type that a column type promises, so a value of
/// another type fails the test.
public final class RowText {
    private RowText() {}

    /// @param value null is SQL NULL
    public static String of(@Nullable Object value, ColumnType type) {
        if (value == null) {
            return "NULL";
        }
        return switch (type) {
            case ColumnType.Text t -> quoted((String) value);
            case ColumnType.Varchar v -> quoted((String) value);
            case ColumnType.Citext c -> quoted((String) value);
            case ColumnType.Inet i -> quoted((String) value);
            case ColumnType.Postgres p -> quoted((String) value);
            case ColumnType.Bool b -> Boolean.toString((Boolean) value);
            case ColumnType.Int i -> Long.toString((Long) value);
            case ColumnType.DoublePrecision d -> Double.toString((Double) value);
            case ColumnType.Numeric n ->
                value instanceof Double special ? special(special) : ((BigDecimal) value).toString();
            case ColumnType.Timestamptz t ->
                Instant.EPOCH.plus((Long) value, ChronoUnit.MICROS).toString();
            case ColumnType.Date d -> LocalDate.ofEpochDay((Long) value).toString();
            case ColumnType.Uuid u -> ((UUID) value).toString();
            case ColumnType.Bytea b -> "\\x" + HexFormat.of().formatHex((byte[]) value);
            case ColumnType.Jsonb j -> (String) value;
            case ColumnType.Array(ColumnType element) ->
                ((List<?>) value).stream().map(e -> of(e, element)).collect(Collectors.joining(", ", "[", "]"));
        };
    }

    private static String special(Double value) {
        if (Double.isFinite(value)) {
            throw new AssertionError("a finite numeric is a BigDecimal");
        }
        return value.toString();
    }

    private static String quoted(String text) {
        return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
    }

    /// Canonical Extended JSON as the driver writes it, which is not our code.
    public static String extendedJson(BsonValue value) {
        String json = new BsonDocument("v", value)
                .toJson(JsonWriterSettings.builder()
                        .outputMode(JsonMode.EXTENDED)
                        .build());
        return json.substring("{\"v\": ".length(), json.length() - 1);
    }
}
