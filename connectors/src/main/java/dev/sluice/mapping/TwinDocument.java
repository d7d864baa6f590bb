package dev.sluice.mapping;

import java.util.ArrayList;
import java.util.List;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonValue;

/// A document in which names are there twice. As a map it has the first value of each, which is the one that
/// MongoDB's queries see.
final class TwinDocument extends BsonDocument {
    private static final long serialVersionUID = 1;

    /// Why such a value is kept beside the row.
    static final String REASON = "comes after another value of the same name, which is the one that queries see";

    private final transient List<Twin> twins = new ArrayList<>();

    /// A value behind another one of its name.
    ///
    /// @param number 2 for the second of its name
    record Twin(String name, int number, BsonValue value) {
        /// What tells it from the others of its name in a path: `sku#2`.
        String segment() {
            return SourceReader.segment(PgText.clean(name)) + "#" + number;
        }
    }

    /// @param fields the first of each name
    TwinDocument(BsonDocument fields) {
        putAll(fields);
    }

    void addTwin(String name, BsonValue value) {
        int before =
                (int) twins.stream().filter(twin -> twin.name().equals(name)).count();
        twins.add(new Twin(name, before + 2, value));
    }

    List<Twin> twins() {
        return twins;
    }

    boolean hasTwin(String name) {
        return twins.stream().anyMatch(twin -> twin.name().equals(name));
    }

    /// Whether a name is there twice anywhere in a value.
    static boolean isIn(BsonValue value) {
        return switch (value) {
            case TwinDocument twins -> true;
            case BsonDocument object -> object.values().stream().anyMatch(TwinDocument::isIn);
            case BsonArray array -> array.stream().anyMatch(TwinDocument::isIn);
            default -> false;
        };
    }

    // Equal by its fields, as any document.
    @Override
    public boolean equals(Object other) {
        return super.equals(other);
    }

    @Override
    public int hashCode() {
        return super.hashCode();
    }
}
