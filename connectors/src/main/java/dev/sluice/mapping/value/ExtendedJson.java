package dev.sluice.mapping.value;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamWriteConstraints;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bson.BsonBinary;
import org.bson.BsonDbPointer;
import org.bson.BsonJavaScriptWithScope;
import org.bson.BsonNumber;
import org.bson.BsonRegularExpression;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;

/// Writes canonical Extended JSON (v2), compact: every BSON type can be told from every other. Numbers are
/// written by value, not by type: equal numbers alike, whatever their types (see [BsonNumbers.Plain]).
///
/// For one text and one thread.
public final class ExtendedJson {
    /// How deep a value may be nested. MongoDB itself stops at 100 to 200 levels; this only keeps the stack
    /// bounded.
    public static final int DEPTH_MAX = 1_000;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamWriteConstraints(StreamWriteConstraints.builder()
                    // Two levels of JSON for one of BSON at worst, and our own limit is the one that is told.
                    .maxNestingDepth(2 * DEPTH_MAX + 10)
                    .build())
            .disable(JsonWriteFeature.ESCAPE_FORWARD_SLASHES)
            .build();

    private final JsonGenerator out;
    private final UnaryOperator<String> strings;

    /// @param strings applied to each string and field name before it is written
    private ExtendedJson(JsonGenerator out, UnaryOperator<String> strings) {
        this.out = out;
        this.strings = strings;
    }

    /// Nesting beyond [#DEPTH_MAX]. A control flow inside the mapping, so without a stack trace.
    public static final class TooDeep extends RuntimeException {
        /// For people, without the value.
        public static final String REASON = "is nested deeper than " + DEPTH_MAX + " levels";

        TooDeep() {
            super(REASON, null, false, false);
        }
    }

    /// The value as text. A NUL is an escape in it; what is not UTF-8 is left as it is (see [PgText#refusal]).
    ///
    /// @throws TooDeep when the value is
    public static String text(BsonValue value) {
        return text(value, UnaryOperator.identity(), 1);
    }

    /// The text of a key with `form: typed`, and of what refers to one: both are to be the same.
    ///
    /// @throws TooDeep when the value is
    public static String typedKey(BsonValue id) {
        return text(id);
    }

    /// The same with what is done to each string and field name, of a value so deep in another one.
    static String text(BsonValue value, UnaryOperator<String> strings, int depth) {
        StringWriter text = new StringWriter();
        try (JsonGenerator out = FACTORY.createGenerator(text)) {
            new ExtendedJson(out, strings).write(value, depth);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return text.toString();
    }

    private void write(BsonValue value, int depth) throws IOException {
        if (depth > DEPTH_MAX) {
            throw new TooDeep();
        }
        switch (value.getBsonType()) {
            case DOCUMENT -> {
                out.writeStartObject();
                for (Map.Entry<String, BsonValue> field : value.asDocument().entrySet()) {
                    out.writeFieldName(strings.apply(field.getKey()));
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
            case STRING -> out.writeString(strings.apply(value.asString().getValue()));
            case BOOLEAN -> out.writeBoolean(value.asBoolean().getValue());
            case NULL -> out.writeNull();
            case DOUBLE, INT32, INT64, DECIMAL128 -> number(value.asNumber());
            case OBJECT_ID -> single("$oid", value.asObjectId().getValue().toHexString());
            case DATE_TIME -> {
                out.writeStartObject();
                out.writeFieldName("$date");
                single("$numberLong", Long.toString(value.asDateTime().getValue()));
                out.writeEndObject();
            }
            case BINARY -> binary(value.asBinary());
            case UNDEFINED -> {
                out.writeStartObject();
                out.writeBooleanField("$undefined", true);
                out.writeEndObject();
            }
            case REGULAR_EXPRESSION -> regularExpression(value.asRegularExpression());
            case DB_POINTER -> dbPointer(value.asDBPointer());
            case JAVASCRIPT -> single("$code", value.asJavaScript().getCode());
            case SYMBOL -> single("$symbol", value.asSymbol().getSymbol());
            case JAVASCRIPT_WITH_SCOPE -> javaScript(value.asJavaScriptWithScope(), depth);
            case TIMESTAMP -> timestamp(value.asTimestamp());
            case MIN_KEY -> key("$minKey");
            case MAX_KEY -> key("$maxKey");
            case END_OF_DOCUMENT -> throw new IllegalArgumentException("no value has the type END_OF_DOCUMENT");
        }
    }

    private void number(BsonNumber number) throws IOException {
        switch (BsonNumbers.plain(number)) {
            case BsonNumbers.Plain.Whole(long value) -> single("$numberLong", Long.toString(value));
            case BsonNumbers.Plain.Binary(double value) -> single("$numberDouble", Double.toString(value));
            case BsonNumbers.Plain.Decimal(BigDecimal value) -> single("$numberDecimal", value.toString());
        }
    }

    private void single(String name, String text) throws IOException {
        out.writeStartObject();
        out.writeStringField(name, strings.apply(text));
        out.writeEndObject();
    }

    private void key(String name) throws IOException {
        out.writeStartObject();
        out.writeNumberField(name, 1);
        out.writeEndObject();
    }

    private void binary(BsonBinary binary) throws IOException {
        out.writeStartObject();
        out.writeObjectFieldStart("$binary");
        out.writeStringField("base64", Base64.getEncoder().encodeToString(binary.getData()));
        out.writeStringField("subType", HexFormat.of().toHexDigits(binary.getType()));
        out.writeEndObject();
        out.writeEndObject();
    }

    private void regularExpression(BsonRegularExpression regex) throws IOException {
        out.writeStartObject();
        out.writeObjectFieldStart("$regularExpression");
        out.writeStringField("pattern", strings.apply(regex.getPattern()));
        out.writeStringField("options", strings.apply(regex.getOptions()));
        out.writeEndObject();
        out.writeEndObject();
    }

    private void dbPointer(BsonDbPointer pointer) throws IOException {
        out.writeStartObject();
        out.writeObjectFieldStart("$dbPointer");
        out.writeStringField("$ref", strings.apply(pointer.getNamespace()));
        out.writeFieldName("$id");
        single("$oid", pointer.getId().toHexString());
        out.writeEndObject();
        out.writeEndObject();
    }

    private void javaScript(BsonJavaScriptWithScope code, int depth) throws IOException {
        out.writeStartObject();
        out.writeStringField("$code", strings.apply(code.getCode()));
        out.writeFieldName("$scope");
        write(code.getScope(), depth + 1);
        out.writeEndObject();
    }

    private void timestamp(BsonTimestamp timestamp) throws IOException {
        out.writeStartObject();
        out.writeObjectFieldStart("$timestamp");
        out.writeNumberField("t", Integer.toUnsignedLong(timestamp.getTime()));
        out.writeNumberField("i", Integer.toUnsignedLong(timestamp.getInc()));
        out.writeEndObject();
        out.writeEndObject();
    }
}
