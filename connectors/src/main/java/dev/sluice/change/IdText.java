package dev.sluice.change;

import dev.sluice.bson.ExactBson;
import java.io.StringWriter;
import org.bson.BsonDocument;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.bson.json.JsonMode;
import org.bson.json.JsonReader;
import org.bson.json.JsonWriter;
import org.bson.json.JsonWriterSettings;

/// An `_id`, or any single value, as Extended JSON by itself, which the driver reads and writes inside documents only.
/// As exact as [ExactBson]: a byte that is not UTF-8 is an escape (`"caf\udce9"` is the bytes `caf` and E9), and a name
/// that is there twice stays so.
public final class IdText {
    private static final JsonWriterSettings CANONICAL =
            JsonWriterSettings.builder().outputMode(JsonMode.EXTENDED).build();

    private IdText() {}

    /// @param json Extended JSON, canonical or relaxed
    /// @return a document as its bytes
    public static BsonValue parse(String json) {
        return ExactBson.get(ExactBson.document(new JsonReader("{\"v\": " + json + "}")), "v");
    }

    /// Canonical Extended JSON, which loses nothing and writes NUL as an escape, so that text can hold it.
    public static String canonical(BsonValue value) {
        if (value instanceof RawBsonDocument raw) {
            return json(raw);
        }
        String json = json(ExactBson.document(new BsonDocument("v", value)));
        return json.substring(json.indexOf(':') + 1, json.lastIndexOf('}')).strip();
    }

    private static String json(RawBsonDocument document) {
        StringWriter json = new StringWriter();
        new JsonWriter(json, CANONICAL).pipe(ExactBson.reader(document));
        return json.toString();
    }
}
