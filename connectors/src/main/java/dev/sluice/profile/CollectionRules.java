package dev.sluice.profile;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// What MongoDB itself asks of the documents of a collection: its validator and its collation.
///
/// @param required the paths that each document has to have, and whether they may be null all the same
/// @param enforced whether MongoDB refuses every write of a document that breaks the validator: action
///     `error` and level `strict`. It never looks at documents that were there before
/// @param validated whether there is a validator at all
/// @param locale of the collation; null where texts are compared by their bytes
public record CollectionRules(
        SequencedMap<List<String>, Nullness> required,
        boolean enforced,
        boolean validated,
        @Nullable String locale) {
    /// Nothing is asked.
    public static final CollectionRules NONE = new CollectionRules(new LinkedHashMap<>(), false, false, null);

    /// Whether a required field may be null.
    public enum Nullness {
        /// Its type is given, and is not null.
        NEVER,
        /// No type is given, or null is one of them.
        MAYBE
    }

    public CollectionRules {
        required = new LinkedHashMap<>(required);
    }

    /// @param options as the command `listCollections` has them
    public static CollectionRules of(BsonDocument options) {
        BsonDocument validator = document(options.get("validator"));
        SequencedMap<List<String>, Nullness> required = new LinkedHashMap<>();
        collect(document(validator.get("$jsonSchema")), List.of(), required);
        // Both are in the options only where they are not the standard.
        boolean enforced = !validator.isEmpty()
                && text(options.get("validationAction"), "error").equals("error")
                && text(options.get("validationLevel"), "strict").equals("strict");
        BsonValue locale = document(options.get("collation")).get("locale");
        return new CollectionRules(
                required,
                enforced,
                !validator.isEmpty(),
                locale instanceof BsonString text && !text.getValue().equals("simple") ? text.getValue() : null);
    }

    /// Those of an object that is required itself.
    private static void collect(
            BsonDocument schema, List<String> outer, SequencedMap<List<String>, Nullness> required) {
        if (!(schema.get("required") instanceof BsonArray names)) {
            return;
        }
        BsonDocument properties = document(schema.get("properties"));
        for (BsonValue name : names) {
            if (name instanceof BsonString text) {
                List<String> path = new ArrayList<>(outer);
                path.add(text.getValue());
                BsonDocument property = document(properties.get(text.getValue()));
                boolean never = isNeverNull(property);
                required.put(List.copyOf(path), never ? Nullness.NEVER : Nullness.MAYBE);
                if (never) {
                    collect(property, path, required);
                }
            }
        }
    }

    private static boolean isNeverNull(BsonDocument property) {
        BsonValue type = property.containsKey("bsonType") ? property.get("bsonType") : property.get("type");
        return switch (type) {
            case BsonString one -> !one.getValue().equals("null");
            case BsonArray several -> !several.isEmpty() && !several.contains(new BsonString("null"));
            case null, default -> false;
        };
    }

    private static BsonDocument document(@Nullable BsonValue value) {
        return value instanceof BsonDocument document ? document : new BsonDocument();
    }

    private static String text(@Nullable BsonValue value, String otherwise) {
        return value instanceof BsonString text ? text.getValue() : otherwise;
    }
}
