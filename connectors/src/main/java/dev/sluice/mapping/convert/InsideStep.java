package dev.sluice.mapping.convert;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.bson.TwinDocument;
import dev.sluice.mapping.document.FieldTrie;
import dev.sluice.mapping.document.Findings;
import dev.sluice.mapping.document.ReadFields;
import dev.sluice.mapping.document.Scope;
import dev.sluice.mapping.value.Falsy;
import dev.sluice.mapping.value.RawBytes;
import dev.sluice.mapping.value.Value;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Conversion;
import java.util.List;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonNull;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// Conversions at a place inside an object. What is on the way there is copied, the rest is shared. Any
/// thread.
///
/// @param text the path, for people
/// @param missing what is put there when it is missing or null; null for nothing
record InsideStep(
        List<String> path,
        String text,
        ConversionChain conversions,
        @Nullable BsonValue missing) implements ConversionStep {
    static InsideStep of(Conversion.At at, ReadFields reads) {
        ColumnType json = new ColumnType.Jsonb();
        JsonNode missing = at.missing();
        return new InsideStep(
                at.path().segments(),
                at.path().toString(),
                ConversionChain.of(at.conversions(), json, reads),
                missing == null ? null : Literals.bson(missing, json));
    }

    @Override
    public boolean leaves(Value value) {
        return value.type() != RawBytes.DOCUMENT;
    }

    @Override
    public BsonValue apply(Value value, Scope scope) {
        return inside(value.decoded().asDocument(), 0, scope);
    }

    /// The value of which the path's names from `depth` on are inside; itself when nothing changes.
    private @Nullable BsonValue at(@Nullable BsonValue value, int depth, Scope scope) {
        if (depth == path.size()) {
            BsonValue converted = converted(value, scope);
            return missing != null && Falsy.isMissingOrNull(converted) ? missing : converted;
        }
        if (value instanceof BsonDocument object) {
            return inside(object, depth, scope);
        }
        if (value instanceof BsonArray array) {
            return inside(array, depth, scope);
        }
        return missing != null && Falsy.isMissingOrNull(value) ? inside(new BsonDocument(), depth, scope) : value;
    }

    /// What the conversions say is said of the place, and not of the whole object.
    private @Nullable BsonValue converted(@Nullable BsonValue value, Scope scope) {
        Findings findings = scope.findings();
        String lossBefore = findings.takeLoss();
        String refusalBefore = findings.takeRefusal();
        BsonValue converted = conversions.apply(value, scope);
        String loss = findings.takeLoss();
        String refusal = findings.takeRefusal();
        if (lossBefore != null || loss != null) {
            findings.lose(lossBefore != null ? lossBefore : text + " " + loss);
        }
        if (refusalBefore != null || refusal != null) {
            findings.refuse(refusalBefore != null ? refusalBefore : text + " " + refusal);
        }
        return converted;
    }

    private BsonValue inside(BsonDocument object, int depth, Scope scope) {
        String name = path.get(depth);
        BsonValue before = object.get(name);
        BsonValue after = at(before, depth + 1, scope);
        if (after == before) {
            return object;
        }
        BsonDocument copy = TwinDocument.copy(object);
        if (after == null) {
            copy.remove(name);
        } else {
            copy.put(name, after);
        }
        return copy;
    }

    private BsonValue inside(BsonArray array, int depth, Scope scope) {
        int index = FieldTrie.index(path.get(depth));
        if (index < 0 || index >= array.size()) {
            return array;
        }
        BsonValue before = array.get(index);
        BsonValue after = at(before, depth + 1, scope);
        if (after == before) {
            return array;
        }
        BsonArray copy = new BsonArray(array);
        copy.set(index, after == null ? BsonNull.VALUE : after);
        return copy;
    }
}
