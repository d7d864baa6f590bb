package dev.sluice.mapping.convert;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.mapping.value.BsonNumbers;
import dev.sluice.mapping.value.MadeBson;
import dev.sluice.mapping.value.RawBytes;
import dev.sluice.mapping.value.Value;
import dev.sluice.schema.ColumnType;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.bson.BsonValue;

/// Values of the mapping that others are compared with. Any thread.
public final class AnyOf {
    private final List<BsonValue> values;
    private final List<byte[]> texts;

    private AnyOf(List<BsonValue> values) {
        this.values = values;
        this.texts = values.stream()
                .filter(BsonValue::isString)
                .map(value -> value.asString().getValue().getBytes(StandardCharsets.UTF_8))
                .toList();
    }

    /// @throws IllegalArgumentException when a literal is no value BSON has
    public static AnyOf of(List<JsonNode> literals) {
        return new AnyOf(literals.stream()
                .map(literal -> Literals.bson(literal, new ColumnType.Jsonb()))
                .toList());
    }

    /// Whether the value is one of them; numbers are compared by value.
    public boolean has(Value value) {
        if (value.isMissing()) {
            return false;
        }
        if (value.type() == RawBytes.STRING && value.isEncoded()) {
            return hasText(value.bytes(), value.at() + 4, RawBytes.stringLength(value.bytes(), value.at()));
        }
        return mayHave(value) && has(value.decoded());
    }

    private boolean hasText(byte[] bytes, int at, int length) {
        for (byte[] text : texts) {
            if (text.length == length && Arrays.equals(text, 0, length, bytes, at, at + length)) {
                return true;
            }
        }
        return false;
    }

    private boolean mayHave(Value value) {
        for (BsonValue candidate : values) {
            if (MadeBson.type(candidate) == value.type() || (candidate.isNumber() && value.isNumber())) {
                return true;
            }
        }
        return false;
    }

    /// The same for a value that is decoded, and there.
    public boolean has(BsonValue value) {
        for (BsonValue candidate : values) {
            if (same(candidate, value)) {
                return true;
            }
        }
        return false;
    }

    static boolean same(BsonValue left, BsonValue right) {
        return left.equals(right) || BsonNumbers.sameNumber(left, right);
    }
}
