package dev.sluice.change;

import dev.sluice.bson.ExactBson;
import java.io.StringWriter;
import java.util.Optional;
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

    /// Reads what Sluice, or Debezium, has written. For text that another client may have written: [#find].
    ///
    /// @param json Extended JSON, canonical or relaxed
    /// @return a document as its bytes
    public static BsonValue parse(String json) {
        return ExactBson.get(ExactBson.document(new JsonReader("{\"v\": " + json + "}")), "v");
    }

    /// The same for text that may be anything.
    ///
    /// @return empty where the text is no value as Extended JSON
    public static Optional<BsonValue> find(String text) {
        try {
            return Optional.of(parse(text));
        } catch (RuntimeException noValue) {
            // The driver has no one type for it: what is no JSON, no date, no ObjectId and no number is refused by
            // four, some of the JDK's.
            return Optional.empty();
        }
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
