package dev.sluice.service.ops;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import java.time.Instant;

/// Records as JSON, with names in snake case and times in ISO 8601; what is null is there as null.
public final class SnakeCaseJson {
    private static final ObjectMapper MAPPER = configure(new JsonMapper());

    private SnakeCaseJson() {}

    /// Has a mapper write as this class does.
    ///
    /// @return the same mapper
    public static ObjectMapper configure(ObjectMapper mapper) {
        return mapper.setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
                .registerModule(new SimpleModule("sluice").addSerializer(Instant.class, ToStringSerializer.instance))
                .enable(SerializationFeature.WRITE_ENUMS_USING_TO_STRING)
                .setDefaultPropertyInclusion(
                        JsonInclude.Value.construct(JsonInclude.Include.ALWAYS, JsonInclude.Include.ALWAYS));
    }

    public static String write(Object value) {
        try {
            return MAPPER.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a record of ours can't be written as JSON", e);
        }
    }

    /// What this class wrote, as a tree.
    public static JsonNode read(String json) {
        try {
            return MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("what we wrote as JSON can't be read", e);
        }
    }
}
