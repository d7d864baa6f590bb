package dev.sluice.source.mongo;

import java.util.Collection;
import java.util.List;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonString;
import org.bson.BsonValue;

/// Has MongoDB say with an update the names of the fields that it was of, and not their values, which may be as large
/// as
/// the document.
public final class UpdatedNames {
    /// Of an update of more fields nothing is said: one of them is read, most likely.
    static final int MOST = 100;

    /// What the description of the update is in an event, before and after.
    public static final String FIELD = "updateDescription";

    private UpdatedNames() {}

    /// A stage that puts the names in the place of the description of the update, and takes that out of all other
    /// events.
    ///
    /// @param collections of whose updates the names are wanted, without the database's name; may be none
    public static BsonDocument stage(Collection<String> collections) {
        if (collections.isEmpty()) {
            return new BsonDocument("$unset", new BsonString(FIELD));
        }
        BsonDocument these = new BsonDocument(
                "$literal",
                new BsonArray(collections.stream().map(BsonString::new).toList()));
        BsonValue wanted = expression(
                "$and",
                expression("$eq", new BsonString("$operationType"), new BsonString("update")),
                expression("$in", new BsonString("$ns.coll"), these));
        return new BsonDocument(
                "$set", new BsonDocument(FIELD, expression("$cond", wanted, upToMost(), new BsonString("$$REMOVE"))));
    }

    private static BsonDocument upToMost() {
        BsonString names = new BsonString("$$names");
        BsonDocument few =
                expression("$lte", new BsonDocument("$size", names), new BsonDocument("$literal", new BsonInt32(MOST)));
        return let("names", all(), expression("$cond", few, names, new BsonString("$$REMOVE")));
    }

    private static BsonDocument all() {
        BsonDocument updated = let(
                "fields",
                new BsonDocument("$objectToArray", new BsonString("$" + FIELD + ".updatedFields")),
                new BsonString("$$fields.k"));
        return expression(
                "$concatArrays",
                orNone(updated),
                orNone(new BsonString("$" + FIELD + ".removedFields")),
                orNone(new BsonString("$" + FIELD + ".truncatedArrays.field")));
    }

    private static BsonDocument orNone(BsonValue names) {
        return expression("$ifNull", names, new BsonArray());
    }

    private static BsonDocument let(String name, BsonValue value, BsonValue in) {
        return new BsonDocument("$let", new BsonDocument("vars", new BsonDocument(name, value)).append("in", in));
    }

    private static BsonDocument expression(String operator, BsonValue... operands) {
        return new BsonDocument(operator, new BsonArray(List.of(operands)));
    }
}
