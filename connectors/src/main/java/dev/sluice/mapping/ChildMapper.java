package dev.sluice.mapping;

import dev.sluice.mapping.document.FieldTrie;
import dev.sluice.mapping.document.Findings;
import dev.sluice.mapping.document.ReadFields;
import dev.sluice.mapping.document.Scope;
import dev.sluice.mapping.document.UnmappedFields;
import dev.sluice.mapping.document.UnreadFields;
import dev.sluice.mapping.row.MappingResult.MisfitValue;
import dev.sluice.mapping.row.RowOutput;
import dev.sluice.mapping.row.TableShape;
import dev.sluice.mapping.value.BsonKind;
import dev.sluice.mapping.value.RawBytes;
import dev.sluice.mapping.value.Value;
import dev.sluice.schema.ChildMapping;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Source;
import java.util.ArrayList;
import java.util.List;
import org.bson.BsonArray;
import org.bson.BsonValue;

/// One child table, ready to run: each element of an array becomes a row. Any thread.
///
/// @param slot of the array in the document
/// @param ordinalLabel the column that misfits of elements as a whole are said of
/// @param takesScalars whether an element that is no object becomes a row too
record ChildMapper(TableMapper table, int slot, String ordinalLabel, boolean takesScalars) {
    /// @param keyType the type of the parent's key
    /// @param document the fields that the collection reads in the document
    /// @param paths of unmapped fields
    /// @param keys of the collections that elements refer to
    static ChildMapper of(
            ChildMapping child, ColumnType keyType, FieldTrie document, UnmappedFields.Paths paths, DocumentKeys keys) {
        List<TableShape.Column> columns = new ArrayList<>();
        columns.add(TableShape.Column.plain(child.parentColumn(), keyType));
        columns.add(TableShape.Column.plain(child.ordinalColumn(), new ColumnType.Int(4)));
        child.columns().forEach(c -> columns.add(TableShape.Column.of(c)));
        boolean takesScalars =
                child.columns().stream().anyMatch(c -> c.source().isMadeOf(source -> source instanceof Source.Element));
        FieldTrie element = FieldTrie.of(child.readPaths());
        String array = child.array().toString();
        ReadFields reads = new ReadFields(document, element, array);
        TableMapper table = new TableMapper(
                new TableShape(child.table(), 2, columns),
                TableMapper.columns(child.table(), child.columns(), reads, keys),
                reads,
                takesScalars ? null : UnreadFields.of(child.table(), child.columns(), List.of(), element),
                UnmappedFields.of(child.columns(), array, paths));
        return new ChildMapper(
                table, document.slot(child.array()), child.table().table() + "." + child.ordinalColumn(), takesScalars);
    }

    /// The rows of one document, in the order of the array; an element that is no object leaves a gap in
    /// the ordinals, as does one that refers to what can't have a row, where the mapping skips it then.
    ///
    /// @param number the table's, for the output
    /// @param mapper writes the document's key
    /// @param scope of this table, whose document was scanned
    void write(int number, RawMapper mapper, Scope scope, RowOutput out) {
        Scope document = scope.top();
        Value array = scope.value();
        array.set(document.bytes(), document.found(slot));
        if (array.isMissingOrNull()) {
            return;
        }
        String path = table.reads().array();
        if (array.type() != RawBytes.ARRAY) {
            String reason = "is " + array.kind() + ", not an array";
            scope.findings().add(new MisfitValue(ordinalLabel, path, array.decoded(), reason));
            return;
        }
        byte[] bytes = array.bytes();
        int at = array.at() + 4;
        int last = array.end() - 1;
        boolean hasTwins = false;
        for (int index = 0; at < last; index++) {
            byte type = bytes[at];
            int start = RawBytes.nameEnd(bytes, at + 1, last);
            at = RawBytes.end(bytes, type, start, last);
            scope.moveTo(index);
            scope.scan(bytes, type, start, at);
            boolean isRow = takesScalars || type == RawBytes.DOCUMENT;
            String leftOut = isRow ? table.leftOut(scope) : null;
            if (leftOut != null) {
                scope.findings().add(new MisfitValue(ordinalLabel, scope.place(), scope.decoded(), leftOut));
            } else if (isRow) {
                out.startRow(number);
                mapper.writeKey(out);
                out.whole(index);
                table.write(scope, out);
                hasTwins |= scope.hasTwins();
                if (table.unread() != null && scope.isBlocked()) {
                    table.unread().report(scope);
                }
            } else {
                String reason = "is " + BsonKind.of(type) + ", not an object";
                scope.findings().add(new MisfitValue(ordinalLabel, scope.place(), scope.decoded(), reason));
            }
        }
        if (hasTwins) {
            array.set(document.bytes(), document.found(slot));
            keepTwins(array.decoded().asArray(), path, scope.findings());
        }
    }

    private void keepTwins(BsonArray elements, String path, Findings findings) {
        int index = 0;
        for (BsonValue element : elements) {
            table.keepTwins(element, path + "[" + index++ + "]", findings);
        }
    }
}
