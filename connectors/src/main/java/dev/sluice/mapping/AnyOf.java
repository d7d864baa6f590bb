package dev.sluice.mapping;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.schema.ColumnType;
import java.util.List;
import org.bson.BsonValue;

/// Values of the mapping that others are compared with. Any thread.
record AnyOf(List<BsonValue> values) {
    /// @throws IllegalArgumentException when a literal is no value BSON has
    static AnyOf of(List<JsonNode> literals) {
        return new AnyOf(literals.stream()
                .map(literal -> Literals.bson(literal, new ColumnType.Jsonb()))
                .toList());
    }

    /// Whether the value is one of them; numbers are compared by value.
    boolean has(BsonValue value) {
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
