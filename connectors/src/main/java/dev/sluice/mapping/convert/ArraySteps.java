package dev.sluice.mapping.convert;

import dev.sluice.mapping.document.Scope;
import dev.sluice.mapping.value.BsonNumbers;
import dev.sluice.mapping.value.Falsy;
import dev.sluice.mapping.value.Value;
import java.util.HashSet;
import java.util.Set;
import org.bson.BsonArray;
import org.bson.BsonNumber;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// The conversions of arrays. Each yields the same instance when nothing goes.
final class ArraySteps {
    private ArraySteps() {}

    /// @param step that yields a value for every value
    static BsonArray each(BsonArray array, ConversionStep step, Scope scope) {
        BsonArray changed = null;
        Value value = Value.of(null);
        for (int i = 0; i < array.size(); i++) {
            BsonValue element = array.get(i);
            value.set(element);
            BsonValue converted = step.leaves(value) ? element : step.apply(value, scope);
            if (converted != null && converted != element) {
                changed = changed == null ? new BsonArray(array) : changed;
                changed.set(i, converted);
            }
        }
        return changed == null ? array : changed;
    }

    static BsonArray dropEmpty(BsonArray array) {
        BsonArray kept = new BsonArray(array.size());
        for (BsonValue element : array) {
            boolean empty = Falsy.isNull(element)
                    || (element instanceof BsonString s && s.getValue().isBlank());
            if (!empty) {
                kept.add(element);
            }
        }
        return kept.size() == array.size() ? array : kept;
    }

    static BsonArray distinct(BsonArray array) {
        Set<Object> seen = new HashSet<>();
        BsonArray kept = new BsonArray(array.size());
        for (BsonValue element : array) {
            // Numbers are the same by value, whatever their types.
            if (seen.add(element instanceof BsonNumber number ? BsonNumbers.plain(number) : element)) {
                kept.add(element);
            }
        }
        return kept.size() == array.size() ? array : kept;
    }

    static BsonArray without(BsonArray array, @Nullable BsonValue other) {
        if (Falsy.isMissingOrNull(other)) {
            return array;
        }
        BsonArray kept = new BsonArray(array.size());
        for (BsonValue element : array) {
            if (other == null || !AnyOf.same(element, other)) {
                kept.add(element);
            }
        }
        return kept.size() == array.size() ? array : kept;
    }
}
