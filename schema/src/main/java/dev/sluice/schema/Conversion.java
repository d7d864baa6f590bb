package dev.sluice.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.ZoneId;
import java.util.List;

/// One step between the source of a column and its type. Steps run in the order the mapping lists them; a
/// step passes on what it has no opinion about. Steps see null only where they say so.
public sealed interface Conversion {

    /// White space at both ends of a string goes.
    record Trim() implements Conversion {}

    /// A string in lower case, by the rules of no particular language.
    record Lower() implements Conversion {}

    /// `""` becomes null.
    record EmptyToNull() implements Conversion {}

    /// What JavaScript and Python call falsy (null, false, 0, `""`, `[]`, `{}`) becomes null.
    record FalsyToNull() implements Conversion {}

    /// Anything becomes a boolean: false for what is falsy (see [FalsyToNull]), true for the rest. Null
    /// stays null.
    record Truthy() implements Conversion {}

    /// Values that stand for another: when the value equals one of `when` (a JSON null among them means
    /// null or missing), it becomes `to`.
    record Sentinel(List<JsonNode> when, JsonNode to) implements Conversion {
        public Sentinel {
            when = List.copyOf(when);
        }
    }

    /// Anything but an array (or, per [Shape], an object) becomes missing.
    record Only(Shape shape) implements Conversion {}

    /// The shape [Only] lets pass.
    enum Shape {
        ARRAY,
        OBJECT
    }

    /// An ObjectId, or a string of 24 hex digits, becomes the UUID that Sluice derives for that document of
    /// that collection (see `IdUuid`); a UUID, or a string that is one, stays. Works inside arrays.
    record ObjectIdToUuid(String collection) implements Conversion {}

    /// Array elements that are null, or have no text, go.
    record DropEmpty() implements Conversion {}

    /// Strings in ISO 8601 become dates: with an offset as it says, without one in `zone`, a bare date at
    /// its midnight.
    record ParseTimestamp(ZoneId zone) implements Conversion {}

    /// Strings that are numbers become numbers.
    record ParseNumber() implements Conversion {}
}
