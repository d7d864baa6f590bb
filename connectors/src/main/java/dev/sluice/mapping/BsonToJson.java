package dev.sluice.mapping;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.sluice.bson.TwinDocument;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.util.Map;
import java.util.UUID;
import org.bson.BsonDocument;
import org.bson.BsonJavaScriptWithScope;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// BSON as the JSON that people and SQL expect in a jsonb column: numbers are JSON numbers with all their
/// digits (-0.0 is 0, a whole double has no `.0`), an ObjectId is its 24 hex digits, a date is ISO 8601 in
/// UTC, a UUID is its canonical text. What JSON has no word for is canonical Extended JSON, an object whose
/// only field starts with `$`.
///
/// Everything lands. A string or field name that PostgreSQL can't hold is written with U+FFFD in place of
/// the bad characters, and reported as it was. For one text and one thread.
final class BsonToJson {
    private final JsonGenerator out;
    private final ExtendedJson extended;
    private boolean cleaned;

    private BsonToJson(JsonGenerator out) {
        this.out = out;
        this.extended = new ExtendedJson(out, this::clean);
    }

    /// @return JSON text; a misfit only beyond [ExtendedJson#DEPTH_MAX] levels
    static Outcome convert(BsonValue value, NestedMisfits nested) {
        StringWriter text = new StringWriter();
        boolean cleaned;
        try (JsonGenerator out = ExtendedJson.FACTORY.createGenerator(text)) {
            BsonToJson json = new BsonToJson(out);
            json.write(value, 1);
            cleaned = json.cleaned;
        } catch (ExtendedJson.TooDeep tooDeep) {
            return new Outcome.Misfit(ExtendedJson.TooDeep.REASON);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        if (cleaned) {
            // Seldom, so paths are worked out by a second walk instead of being carried along by the first.
            report(value, "", nested);
        }
        return new Outcome.Fits(text.toString());
    }

    private String clean(String text) {
        String clean = PgText.clean(text);
        cleaned |= !clean.equals(text);
        return clean;
    }

    private void write(BsonValue value, int depth) throws IOException {
        if (depth > ExtendedJson.DEPTH_MAX) {
            throw new ExtendedJson.TooDeep();
        }
        switch (value.getBsonType()) {
            case DOCUMENT -> {
                cleaned |= value instanceof TwinDocument;
                out.writeStartObject();
                for (Map.Entry<String, BsonValue> field : value.asDocument().entrySet()) {
                    out.writeFieldName(clean(field.getKey()));
                    write(field.getValue(), depth + 1);
                }
                out.writeEndObject();
            }
            case ARRAY -> {
                out.writeStartArray();
                for (BsonValue element : value.asArray()) {
                    write(element, depth + 1);
                }
                out.writeEndArray();
            }
            case STRING -> out.writeString(clean(value.asString().getValue()));
            case BOOLEAN -> out.writeBoolean(value.asBoolean().getValue());
            case NULL -> out.writeNull();
            case INT32 -> out.writeNumber(value.asInt32().getValue());
            case INT64 -> out.writeNumber(value.asInt64().getValue());
            case DOUBLE -> {
                double number = value.asDouble().getValue();
                if (Double.isFinite(number)) {
                    out.writeNumber(BsonNumbers.text(number));
                } else {
                    extended.write(value, depth);
                }
            }
            case DECIMAL128 -> {
                BigDecimal number = BsonNumbers.finite(value.asDecimal128().getValue());
                if (number == null) {
                    out.writeStartObject();
                    out.writeStringField(
                            "$numberDecimal", value.asDecimal128().getValue().toString());
                    out.writeEndObject();
                } else {
                    out.writeNumber(number.toString());
                }
            }
            case OBJECT_ID -> out.writeString(value.asObjectId().getValue().toHexString());
            case DATE_TIME -> out.writeString(PreciseDateTime.text(value.asDateTime()));
            case BINARY -> {
                UUID uuid = Uuids.of(value.asBinary());
                if (uuid != null) {
                    out.writeString(uuid.toString());
                } else {
                    extended.write(value, depth);
                }
            }
            case JAVASCRIPT_WITH_SCOPE -> {
                cleaned |= TwinDocument.isIn(value);
                extended.write(value, depth);
            }
            case UNDEFINED, REGULAR_EXPRESSION, DB_POINTER, JAVASCRIPT, SYMBOL, TIMESTAMP, MIN_KEY, MAX_KEY ->
                extended.write(value, depth);
            case END_OF_DOCUMENT -> throw new IllegalArgumentException("no value has the type END_OF_DOCUMENT");
        }
    }

    private static void report(BsonValue value, String path, NestedMisfits nested) {
        switch (value.getBsonType()) {
            case DOCUMENT -> {
                if (value instanceof TwinDocument twins) {
                    twins.twins()
                            .forEach(twin -> nested.misfit(
                                    path + "." + SourceReader.segment(twin), twin.value(), Findings.TWIN));
                }
                value.asDocument().forEach((name, field) -> {
                    String refusal = PgText.refusal(name);
                    String fieldPath = path + "." + SourceReader.segment(PgText.escaped(name));
                    if (refusal != null) {
                        // With its name, and whole: the cleaned name may be another field's, which then hides
                        // this one.
                        nested.misfit(fieldPath, new BsonDocument(name, field), "the name of the field " + refusal);
                    } else {
                        report(field, fieldPath, nested);
                    }
                });
            }
            case ARRAY -> {
                int i = 0;
                for (BsonValue element : value.asArray()) {
                    report(element, path + "[" + i++ + "]", nested);
                }
            }
            case STRING -> report(value, path, PgText.refusal(value.asString().getValue()), nested);
            case SYMBOL -> report(value, path, PgText.refusal(value.asSymbol().getSymbol()), nested);
            case JAVASCRIPT ->
                report(value, path, PgText.refusal(value.asJavaScript().getCode()), nested);
            case JAVASCRIPT_WITH_SCOPE -> {
                BsonJavaScriptWithScope code = value.asJavaScriptWithScope();
                report(value, path, PgText.refusal(code.getCode()), nested);
                report(code.getScope(), path + ".$scope", nested);
            }
            case REGULAR_EXPRESSION -> {
                String pattern = PgText.refusal(value.asRegularExpression().getPattern());
                report(value, path, pattern, nested);
            }
            case DB_POINTER ->
                report(value, path, PgText.refusal(value.asDBPointer().getNamespace()), nested);
            case BOOLEAN,
                    NULL,
                    INT32,
                    INT64,
                    DOUBLE,
                    DECIMAL128,
                    OBJECT_ID,
                    DATE_TIME,
                    BINARY,
                    UNDEFINED,
                    TIMESTAMP,
                    MIN_KEY,
                    MAX_KEY,
                    END_OF_DOCUMENT -> {}
        }
    }

    private static void report(BsonValue value, String path, @Nullable String refusal, NestedMisfits nested) {
        if (refusal != null) {
            nested.misfit(path, value, refusal);
        }
    }
}
