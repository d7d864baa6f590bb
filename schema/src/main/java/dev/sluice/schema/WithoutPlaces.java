package dev.sluice.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A part of a mapping without the places in the file that it was read from, to be compared: two parts say the same
/// where these are equal. It reads records by their components, so that none can be forgotten when one comes.
final class WithoutPlaces {
    private WithoutPlaces() {}

    /// @param part a record of a mapping, or what is in one
    static @Nullable Object of(@Nullable Object part) {
        return switch (part) {
            case null -> null;
            case Where place -> "";
            case BigDecimal number -> number.stripTrailingZeros();
            case JsonNode json -> json;
            case Record made -> components(made);
            case Map<?, ?> map -> {
                Map<Object, @Nullable Object> values = new HashMap<>();
                map.forEach((key, value) -> values.put(key, of(value)));
                yield values;
            }
            case Set<?> set -> {
                Set<@Nullable Object> values = new HashSet<>();
                set.forEach(value -> values.add(of(value)));
                yield values;
            }
            case Collection<?> list -> {
                List<@Nullable Object> values = new ArrayList<>();
                list.forEach(value -> values.add(of(value)));
                yield values;
            }
            default -> part;
        };
    }

    private static List<@Nullable Object> components(Record made) {
        List<@Nullable Object> values = new ArrayList<>();
        values.add(made.getClass());
        for (RecordComponent component : made.getClass().getRecordComponents()) {
            try {
                values.add(of(component.getAccessor().invoke(made)));
            } catch (IllegalAccessException | InvocationTargetException e) {
                throw new IllegalStateException("a record of the mapping can't be read: " + made.getClass(), e);
            }
        }
        return values;
    }
}
