package dev.sluice.mapping;

import dev.sluice.mapping.document.Findings;
import dev.sluice.mapping.document.ReadFields;
import dev.sluice.mapping.document.Scope;
import dev.sluice.mapping.document.UnmappedFields;
import dev.sluice.mapping.document.UnreadFields;
import dev.sluice.mapping.row.MappingResult;
import dev.sluice.mapping.row.Refusals;
import dev.sluice.mapping.row.RowOutput;
import dev.sluice.mapping.row.TableShape;
import dev.sluice.mapping.value.NestedMisfits;
import dev.sluice.mapping.value.Value;
import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.MappingException;
import dev.sluice.schema.TableName;
import java.util.ArrayList;
import java.util.List;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// One table, ready to run. Any thread.
///
/// @param unread watches over values that keep paths from being read; null where there is nothing to watch
/// @param unmapped names the fields that nothing reads; null where a column keeps them
@SuppressWarnings("ArrayRecordComponent") // An array for speed; two of them are never compared.
record TableMapper(
        TableShape shape,
        ColumnMapper[] columns,
        ReadFields reads,
        @Nullable UnreadFields unread,
        @Nullable UnmappedFields unmapped) {
    /// @throws MappingException with every literal that does not fit its column
    static ColumnMapper[] columns(TableName table, List<ColumnMapping> mappings, ReadFields reads, DocumentKeys keys) {
        List<MappingException.Problem> problems = new ArrayList<>();
        List<ColumnMapper> columns = new ArrayList<>();
        for (ColumnMapping mapping : mappings) {
            try {
                columns.add(ColumnMapper.of(table, mapping, reads, keys));
            } catch (MappingException wrong) {
                problems.addAll(wrong.problems());
            }
        }
        if (!problems.isEmpty()) {
            throw new MappingException(problems);
        }
        return columns.toArray(ColumnMapper[]::new);
    }

    /// What a mapper reads its rows from.
    ///
    /// @param top the document's scope, for a child table; null for the collection's own
    Scope scope(@Nullable Scope top, UnmappedFields.Found unread, Value.Scratch scratch) {
        return new Scope(reads, unmapped, top, unread, scratch);
    }

    /// Why an element has no row because of what it refers to; null where it has one.
    @Nullable
    String leftOut(Scope scope) {
        for (ColumnMapper column : columns) {
            String reason = column.leavesOut() ? column.leftOut(scope) : null;
            if (reason != null) {
                return reason;
            }
        }
        return null;
    }

    /// Writes the columns of a row, without the key.
    void write(Scope scope, RowOutput out) {
        Refusals refusals = scope.refusals();
        if (refusals == null) {
            for (ColumnMapper column : columns) {
                column.write(scope, out);
            }
        } else {
            for (ColumnMapper column : columns) {
                column.write(scope, refusals, out);
            }
        }
    }

    /// Keeps what is there twice in a document or an element, where the name is read.
    ///
    /// @param place of the value, empty for the document
    void keepTwins(BsonValue value, String place, Findings findings) {
        reads.here()
                .twins(
                        value,
                        place,
                        (path, twin) -> findings.add(
                                new MappingResult.MisfitValue(shape.table().table(), path, twin, NestedMisfits.TWIN)));
    }
}
