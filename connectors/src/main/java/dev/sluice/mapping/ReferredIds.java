package dev.sluice.mapping;

import dev.sluice.mapping.convert.ConversionTrait;
import dev.sluice.mapping.document.Findings;
import dev.sluice.mapping.document.Scope;
import dev.sluice.mapping.value.Value;
import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.Conversion;
import dev.sluice.schema.Reference.Orphan;
import dev.sluice.schema.Source;
import java.util.ArrayList;
import java.util.List;
import org.bson.BsonArray;
import org.bson.BsonNull;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// Which documents the values of a column mean that refers to a collection. Values of several types are
/// written alike, and a row with that text is the row of one of them: a value refers to it only where
/// the `_id` like the value has that key. So no reference reaches the row of another document. Any
/// thread.
///
/// @param key of the documents that are referred to
/// @param isByKey whether the column is compared with the key; else with a column that has the `_id` as
///     text
/// @param orphan what becomes of a value that means no document with a row
/// @param child whether the column is a child table's
record ReferredIds(DocumentKey key, boolean isByKey, Orphan orphan, boolean child) {
    /// Whether the mapping says that the text of a value counts, of whatever type the `_id` is.
    static boolean isByText(ColumnMapping column) {
        return isByText(column.conversions())
                || column.source()
                        .isMadeOf(source ->
                                source instanceof Source.Converted converted && isByText(converted.conversions()));
    }

    private static boolean isByText(List<Conversion> conversions) {
        return ConversionTrait.Kind.MAKES_TEXT.isAmong(conversions);
    }

    /// Whether the document, or of a child table the element, has no row where a value means no document
    /// with one.
    boolean skips() {
        return orphan == Orphan.SKIP;
    }

    /// Why the value means no document with a row; null where it may mean one.
    ///
    /// @param scope that the value was read and converted in
    @Nullable
    String refusal(Value value, Scope scope) {
        return value.isMissingOrNull() ? null : key.refusal(value, isByKey, scope.isReadAsId(value.orNull()));
    }

    /// Puts in a value's place what the key of the document is that it means, where the column would be
    /// written otherwise: a key has a number by value.
    void write(Value value) {
        BsonValue written = isByKey ? key.written(value) : null;
        if (written != null) {
            value.change(written);
        }
    }

    /// The elements of an array that may mean documents with rows, each written as the key.
    ///
    /// @param parts is told of the others
    /// @return null where nothing changes
    @Nullable
    BsonArray elements(BsonArray array, List<Findings.Part> parts, Scope scope) {
        BsonArray left = null;
        Value element = scope.another();
        for (int i = 0; i < array.size(); i++) {
            BsonValue one = array.get(i);
            element.set(one);
            String refusal = refusal(element, scope);
            if (refusal == null) {
                write(element);
            } else {
                parts.add(new Findings.Part("[" + i + "]", one, refusal));
            }
            boolean isSame = refusal == null && !element.isChanged();
            if (left == null && !isSame) {
                left = new BsonArray(new ArrayList<>(array.subList(0, i)));
            }
            if (left != null && (refusal == null || orphan != Orphan.DROP)) {
                left.add(refusal == null ? element.decoded() : BsonNull.VALUE);
            }
        }
        return left;
    }
}
