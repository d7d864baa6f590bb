package dev.sluice.mapping;

import dev.sluice.mapping.MappingResult.MisfitValue;
import dev.sluice.schema.ChildMapping;
import dev.sluice.schema.ColumnMapping;
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

/// One child table, ready to run: each element of an array becomes a row. Any thread.
final class ChildMapper {
    private final TableShape shape;
    private final SourceReader.PathReader array;
    private final String ordinalLabel;
    private final ColumnMapper[] columns;
    private final boolean takesScalars;
    private final FieldTrie read;
    private final @Nullable UnreadFields unread;
    private final @Nullable UnmappedFields unmapped;

    private ChildMapper(
            TableShape shape,
            SourceReader.PathReader array,
            String ordinalLabel,
            ColumnMapper[] columns,
            boolean takesScalars,
            FieldTrie read,
            @Nullable UnreadFields unread,
            @Nullable UnmappedFields unmapped) {
        this.shape = shape;
        this.array = array;
        this.ordinalLabel = ordinalLabel;
        this.columns = columns;
        this.takesScalars = takesScalars;
        this.read = read;
        this.unread = unread;
        this.unmapped = unmapped;
    }

    /// @param keyType the type of the parent's key
    /// @param document the fields that the collection reads in the document
    /// @param paths of unmapped fields
    static ChildMapper of(ChildMapping child, ColumnType keyType, FieldTrie document, UnmappedFields.Paths paths) {
        FieldTrie element = FieldTrie.of(child.readPaths());
        SourceReader.Rests rests = new SourceReader.Rests(document, element);
        List<TableShape.Column> shape = new ArrayList<>();
        shape.add(TableShape.Column.plain(child.parentColumn(), keyType));
        shape.add(TableShape.Column.plain(child.ordinalColumn(), new ColumnType.Int(4)));
        child.columns().forEach(c -> shape.add(TableShape.Column.of(c)));
        Set<String> counted = new HashSet<>();
        boolean takesScalars = child.columns().stream().anyMatch(c -> readsElement(c.source()));
        return new ChildMapper(
                new TableShape(child.table(), 2, shape),
                SourceReader.PathReader.of(child.array()),
                child.table().table() + "." + child.ordinalColumn(),
                child.columns().stream()
                        .map(c -> ColumnMapper.of(child.table(), c, rests, UnmappedFields.isCounter(c, counted)))
                        .toArray(ColumnMapper[]::new),
                takesScalars,
                element,
                takesScalars ? null : UnreadFields.of(child.table(), child.columns(), List.of(), element),
                UnmappedFields.of(child.columns(), element, child.array().toString(), paths));
    }

    private static boolean readsElement(Source source) {
        return switch (source) {
            case Source.Element e -> true;
            case Source.FirstOf(List<Source> sources) -> sources.stream().anyMatch(ChildMapper::readsElement);
            case Source.FirstTruthy(List<Source> sources) -> sources.stream().anyMatch(ChildMapper::readsElement);
            case Source.Merge(List<Source> sources) -> sources.stream().anyMatch(ChildMapper::readsElement);
            case Source.Join join -> join.sources().stream().anyMatch(ChildMapper::readsElement);
            case Source.Converted converted -> readsElement(converted.source());
            case Source.Build build -> build.fields().values().stream().anyMatch(ChildMapper::readsElement);
            case Source.Path p -> false;
            case Source.Parent p -> false;
            case Source.Constant c -> false;
            case Source.IdTime i -> false;
            case Source.Rest r -> false;
            case Source.WholeDocument w -> false;
        };
    }

    ColumnMapper[] columns() {
        return columns;
    }

    boolean takesScalars() {
        return takesScalars;
    }

    @Nullable
    UnmappedFields unmapped() {
        return unmapped;
    }

    TableShape shape() {
        return shape;
    }

    /// The rows of one document, in the order of the array; an element that is no object leaves a gap in
    /// the ordinals.
    List<@Nullable Object[]> rows(Scope document, Object key) {
        BsonValue value = array.read(document);
        if (value == null || Falsy.isNull(value)) {
            return List.of();
        }
        if (!(value instanceof BsonArray elements)) {
            String reason = "is " + BsonKind.of(value) + ", not an array";
            document.findings().add(new MisfitValue(ordinalLabel, array.text(), value, reason));
            return List.of();
        }
        List<@Nullable Object[]> rows = new ArrayList<>(elements.size());
        Scope scope = document.elements(array.text());
        int index = 0;
        for (BsonValue element : elements) {
            scope.moveTo(index, element);
            if (takesScalars || element instanceof BsonDocument) {
                rows.add(row(scope, key, index));
            } else {
                String reason = "is " + BsonKind.of(element) + ", not an object";
                scope.findings().add(new MisfitValue(ordinalLabel, scope.place(), element, reason));
            }
            index++;
        }
        return rows;
    }

    /// Keeps what is there twice in elements, where the name is read.
    void twins(Scope document) {
        if (array.read(document.aside()) instanceof BsonArray elements) {
            int index = 0;
            for (BsonValue element : elements) {
                document.keepTwins(
                        read,
                        element,
                        array.text() + "[" + index++ + "]",
                        shape.table().table());
            }
        }
    }

    private @Nullable Object[] row(Scope scope, Object key, int index) {
        @Nullable Object[] row = new @Nullable Object[2 + columns.length];
        row[0] = key;
        row[1] = (long) index;
        for (int i = 0; i < columns.length; i++) {
            row[2 + i] = columns[i].value(scope);
        }
        if (unread != null) {
            unread.report(scope);
        }
        if (unmapped != null) {
            unmapped.report(scope);
        }
        return row;
    }

    /// Whether a column holds what no other one reads, so that nothing is left to look after.
    static boolean keepsRest(List<ColumnMapping> columns) {
        return columns.stream().anyMatch(c -> keepsRest(c.source()));
    }

    private static boolean keepsRest(Source source) {
        return switch (source) {
            case Source.Rest r -> true;
            case Source.WholeDocument w -> true;
            case Source.Element e -> true;
            case Source.FirstOf(List<Source> sources) -> sources.stream().anyMatch(ChildMapper::keepsRest);
            case Source.FirstTruthy(List<Source> sources) -> sources.stream().anyMatch(ChildMapper::keepsRest);
            case Source.Merge(List<Source> sources) -> sources.stream().anyMatch(ChildMapper::keepsRest);
            case Source.Join join -> join.sources().stream().anyMatch(ChildMapper::keepsRest);
            case Source.Converted converted -> keepsRest(converted.source());
            case Source.Build build -> build.fields().values().stream().anyMatch(ChildMapper::keepsRest);
            case Source.Path p -> false;
            case Source.Parent p -> false;
            case Source.Constant c -> false;
            case Source.IdTime i -> false;
        };
    }
}
