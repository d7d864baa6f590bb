package dev.sluice.mapping;

import dev.sluice.bson.TwinDocument;
import dev.sluice.bson.Utf8;
import dev.sluice.mapping.document.FieldTrie;
import dev.sluice.mapping.document.Findings;
import dev.sluice.mapping.document.ReadFields;
import dev.sluice.mapping.document.Scope;
import dev.sluice.mapping.document.UnmappedFields;
import dev.sluice.mapping.document.UnreadFields;
import dev.sluice.mapping.row.BsonToPg;
import dev.sluice.mapping.row.MappingResult.MisfitValue;
import dev.sluice.mapping.row.Outcome;
import dev.sluice.mapping.row.RowOutput;
import dev.sluice.mapping.row.TableShape;
import dev.sluice.mapping.value.BsonKind;
import dev.sluice.mapping.value.DocumentPath;
import dev.sluice.mapping.value.NestedMisfits;
import dev.sluice.mapping.value.PgText;
import dev.sluice.mapping.value.RawBytes;
import dev.sluice.mapping.value.Value;
import dev.sluice.schema.ChildKey;
import dev.sluice.schema.ChildMapping;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Source;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// One child table, ready to run: each element of an array, or each entry of an object, becomes a row.
/// Any thread.
///
/// @param slot of the array or the object in the document
/// @param key what tells the rows of one document apart
/// @param keyLabel the column that misfits of elements as a whole are said of
/// @param takesScalars whether an element that is no object becomes a row too
/// @param field where the key is, if it is a field of the element; null if it is not
record ChildMapper(
        TableMapper table,
        int slot,
        ChildKey key,
        String keyLabel,
        boolean takesScalars,
        @Nullable Field field) {
    /// The field of an element that its row's key is made of.
    ///
    /// @param slot of the field in the element
    private record Field(String path, int slot, BsonToPg converter) {
        static @Nullable Field of(ChildKey key, FieldTrie element) {
            return switch (key) {
                case ChildKey.ElementField(String _, Source.Path from, ColumnType.Key type) ->
                    new Field(from.toString(), element.slot(from), BsonToPg.to(type));
                case ChildKey.Ordinal _, ChildKey.EntryName _ -> null;
            };
        }

        /// The key, or why there is none.
        Outcome read(Scope scope, byte type) {
            if (type != RawBytes.DOCUMENT) {
                return new Outcome.Misfit("is " + BsonKind.of(type) + ", not an object");
            }
            Value value = scope.another();
            value.set(scope.bytes(), scope.found(slot));
            if (value.isMissingOrNull()) {
                return new Outcome.Misfit("has no " + path + ", which is to be the key of its row");
            }
            return switch (converter.convert(value.decoded(), (place, part, reason) -> {})) {
                case Outcome.Fits fits -> fits;
                case Outcome.Misfit(String reason) ->
                    new Outcome.Misfit("has a " + path + ", which is to be the key of its row, that " + reason);
            };
        }
    }

    /// @param keyType the type of the parent's key
    /// @param document the fields that the collection reads in the document
    /// @param paths of unmapped fields
    /// @param keys of the collections that elements refer to
    static ChildMapper of(
            ChildMapping child, ColumnType keyType, FieldTrie document, UnmappedFields.Paths paths, DocumentKeys keys) {
        List<TableShape.Column> columns = new ArrayList<>();
        columns.add(TableShape.Column.plain(child.parentColumn(), keyType));
        columns.add(TableShape.Column.plain(child.key().column(), child.key().type()));
        child.columns().forEach(c -> columns.add(TableShape.Column.of(c)));
        boolean takesScalars =
                child.columns().stream().anyMatch(c -> c.source().isMadeOf(source -> source instanceof Source.Element));
        FieldTrie element = FieldTrie.of(child.readPaths());
        String path = child.path().toString();
        ReadFields reads = new ReadFields(document, element, path);
        String inside = switch (child.key()) {
            case ChildKey.Ordinal _, ChildKey.ElementField _ -> path + "[]";
            case ChildKey.EntryName _ -> path + ".*";
        };
        TableMapper table = new TableMapper(
                new TableShape(child.table(), 2, columns),
                TableMapper.columns(child.table(), child.columns(), reads, keys),
                reads,
                takesScalars ? null : UnreadFields.of(child.table(), child.columns(), List.of(), element),
                UnmappedFields.of(child.columns(), inside, paths));
        return new ChildMapper(
                table,
                document.slot(child.path()),
                child.key(),
                child.table().table() + "." + child.key().column(),
                takesScalars,
                Field.of(child.key(), element));
    }

    /// The rows of one document, in the order of the array or the object. An element that is no object
    /// has none, and leaves a gap in the ordinals, as does one that refers to what can't have a row,
    /// where the mapping skips it then.
    ///
    /// @param number the table's, for the output
    /// @param mapper writes the document's key
    /// @param scope of this table, whose document was scanned
    void write(int number, RawMapper mapper, Scope scope, RowOutput out) {
        Scope document = scope.top();
        Value all = scope.value();
        all.set(document.bytes(), document.found(slot));
        if (all.isMissingOrNull()) {
            return;
        }
        switch (key) {
            case ChildKey.Ordinal _ -> {
                if (is(RawBytes.ARRAY, "an array", all, scope)) {
                    writeElements(number, mapper, scope, out);
                }
            }
            case ChildKey.ElementField _ -> {
                if (field != null && is(RawBytes.ARRAY, "an array", all, scope)) {
                    writeKeyed(field, number, mapper, scope, out);
                }
            }
            case ChildKey.EntryName name -> {
                if (is(RawBytes.DOCUMENT, "an object", all, scope)) {
                    writeEntries(name, number, mapper, scope, out);
                }
            }
        }
    }

    private boolean is(byte type, String wanted, Value all, Scope scope) {
        if (all.type() == type) {
            return true;
        }
        String reason = "is " + all.kind() + ", not " + wanted;
        scope.findings().add(new MisfitValue(keyLabel, table.reads().array(), all.decoded(), reason));
        return false;
    }

    private void writeElements(int number, RawMapper mapper, Scope scope, RowOutput out) {
        Value array = scope.value();
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
            if (isRow(type, scope)) {
                out.startRow(number);
                mapper.writeKey(out);
                out.whole(index);
                hasTwins |= writeColumns(scope, out);
            }
        }
        if (hasTwins) {
            keepTwins(decoded(scope).asArray(), scope.findings());
        }
    }

    /// Of two elements with one key the first has the row.
    private void writeKeyed(Field field, int number, RawMapper mapper, Scope scope, RowOutput out) {
        Value array = scope.value();
        byte[] bytes = array.bytes();
        int at = array.at() + 4;
        int last = array.end() - 1;
        Set<@Nullable Object> keys = new HashSet<>();
        boolean hasTwins = false;
        for (int index = 0; at < last; index++) {
            byte type = bytes[at];
            int start = RawBytes.nameEnd(bytes, at + 1, last);
            at = RawBytes.end(bytes, type, start, last);
            scope.moveTo(index);
            scope.scan(bytes, type, start, at);
            String refusal = null;
            Object key = null;
            switch (field.read(scope, type)) {
                case Outcome.Misfit(String reason) -> refusal = reason;
                case Outcome.Fits(Object fitting) -> {
                    key = fitting;
                    refusal = keys.contains(key)
                            ? "comes after another element with the same " + field.path()
                            : table.leftOut(scope);
                }
            }
            if (refusal != null || key == null) {
                scope.findings()
                        .add(new MisfitValue(keyLabel, scope.place(), scope.decoded(), String.valueOf(refusal)));
            } else {
                keys.add(key);
                scope.knowRowKey(key);
                out.startRow(number);
                mapper.writeKey(out);
                out.value(key);
                hasTwins |= writeColumns(scope, out);
            }
        }
        if (hasTwins) {
            keepTwins(decoded(scope).asArray(), scope.findings());
        }
    }

    /// Of two entries with one name the first has the row, as it is the one that queries see.
    private void writeEntries(ChildKey.EntryName key, int number, RawMapper mapper, Scope scope, RowOutput out) {
        Value object = scope.value();
        byte[] bytes = object.bytes();
        int at = object.at() + 4;
        int last = object.end() - 1;
        Set<String> names = new HashSet<>();
        boolean hasTwins = false;
        for (int index = 0; at < last; index++) {
            byte type = bytes[at];
            int name = at + 1;
            int start = RawBytes.nameEnd(bytes, name, last);
            int length = start - 1 - name;
            at = RawBytes.end(bytes, type, start, last);
            if (!names.add(Utf8.decode(bytes, name, length))) {
                hasTwins = true;
                continue;
            }
            scope.moveToEntry(index, name, length);
            scope.scan(bytes, type, start, at);
            String refusal = refusal(key.type(), bytes, name, length);
            if (refusal != null) {
                scope.findings().add(new MisfitValue(keyLabel, scope.place(), scope.decoded(), refusal));
            } else if (isRow(type, scope)) {
                out.startRow(number);
                mapper.writeKey(out);
                out.text(bytes, name, length);
                hasTwins |= writeColumns(scope, out);
            }
        }
        if (hasTwins) {
            keepTwins(decoded(scope).asDocument(), scope.findings());
        }
    }

    /// Why an entry's name can't be its row's key; null where it can. No name in BSON has NUL.
    private static @Nullable String refusal(ColumnType.Key type, byte[] bytes, int name, int length) {
        if (!RawBytes.isText(bytes, name, length)) {
            return "has a name with bytes that are not UTF-8, which is to be the key of its row";
        }
        return type instanceof ColumnType.Varchar(int most) && RawBytes.characters(bytes, name, length) > most
                ? "has a name of more than " + most + " characters, which is to be the key of its row"
                : null;
    }

    /// Whether the element that was scanned has a row. One that has none is kept.
    private boolean isRow(byte type, Scope scope) {
        boolean isRow = takesScalars || type == RawBytes.DOCUMENT;
        String leftOut = isRow ? table.leftOut(scope) : "is " + BsonKind.of(type) + ", not an object";
        if (leftOut != null) {
            scope.findings().add(new MisfitValue(keyLabel, scope.place(), scope.decoded(), leftOut));
        }
        return leftOut == null;
    }

    /// @return whether a name that is read is there twice
    private boolean writeColumns(Scope scope, RowOutput out) {
        table.write(scope, out);
        if (table.unread() != null && scope.isBlocked()) {
            table.unread().report(scope);
        }
        return scope.hasTwins();
    }

    private BsonValue decoded(Scope scope) {
        Scope document = scope.top();
        Value all = scope.value();
        all.set(document.bytes(), document.found(slot));
        return all.decoded();
    }

    private void keepTwins(BsonArray elements, Findings findings) {
        int index = 0;
        for (BsonValue element : elements) {
            table.keepTwins(element, table.reads().array() + "[" + index++ + "]", findings);
        }
    }

    private void keepTwins(BsonDocument entries, Findings findings) {
        String path = table.reads().array();
        entries.forEach((name, value) ->
                table.keepTwins(value, DocumentPath.join(path, DocumentPath.segment(PgText.escaped(name))), findings));
        if (entries instanceof TwinDocument several) {
            several.twins()
                    .forEach(twin -> findings.add(new MisfitValue(
                            keyLabel,
                            DocumentPath.join(path, DocumentPath.segment(twin)),
                            twin.value(),
                            NestedMisfits.TWIN)));
        }
    }
}
