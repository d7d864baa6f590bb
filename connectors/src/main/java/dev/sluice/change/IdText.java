package dev.sluice.change;

import org.bson.BsonDocument;
import org.bson.BsonNull;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.bson.json.JsonMode;
import org.bson.json.JsonWriterSettings;

/// An `_id`, or any single value, as Extended JSON by itself, which the driver reads and writes inside
/// documents only.
public final class IdText {
    private static final JsonWriterSettings CANONICAL =
            JsonWriterSettings.builder().outputMode(JsonMode.EXTENDED).build();

    private IdText() {}

    /// @param json Extended JSON, canonical or relaxed
    public static BsonValue parse(String json) {
        return BsonDocument.parse("{\"v\": " + json + "}").get("v", BsonNull.VALUE);
    }

    /// Canonical Extended JSON, which loses nothing and writes NUL as an escape, so that text can hold it.
    public static String canonical(BsonValue value) {
        if (value instanceof RawBsonDocument raw) {
            // As its bytes have it: inside another one the driver would leave out a name that is there twice.
            return raw.toJson(CANONICAL);
        }
        String json = new BsonDocument("v", value).toJson(CANONICAL);
        return json.substring(json.indexOf(':') + 1, json.lastIndexOf('}')).strip();
    }
}
