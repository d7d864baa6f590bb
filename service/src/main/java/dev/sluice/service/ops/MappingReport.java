package dev.sluice.service.ops;

import dev.sluice.schema.ChildKey;
import dev.sluice.schema.ChildMapping;
import dev.sluice.schema.CollectionMapping;
import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Source;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Which field of a document becomes which column, in words: the mapping for people. The mapping
/// file has all of it.
///
/// @param collection in MongoDB
/// @param onDelete what becomes of the row when its document is deleted: delete or keep
/// @param tables the collection's own table, then its child tables
public record MappingReport(String collection, String onDelete, List<Table> tables) {
    public MappingReport {
        tables = List.copyOf(tables);
    }

    /// @param array the array whose elements, or the object whose entries, are its rows; null for the
    ///     collection's own table
    public record Table(String table, @Nullable String array, List<Column> columns) {
        public Table {
            columns = List.copyOf(columns);
        }
    }

    /// @param from where the value comes from
    /// @param type of the column, as the mapping has it
    /// @param misfit what becomes of a value that does not fit: quarantine or reject
    public record Column(String column, String from, String type, String misfit) {}

    public static MappingReport of(CollectionMapping mapping) {
        List<Table> tables = new ArrayList<>();
        List<Column> own = new ArrayList<>();
        own.add(new Column(mapping.key().column(), "_id", mapping.key().type().sql(), "reject"));
        mapping.columns().forEach(column -> own.add(of(column)));
        tables.add(new Table(mapping.table().toString(), null, own));
        for (ChildMapping child : mapping.children()) {
            List<Column> columns = new ArrayList<>();
            columns.add(new Column(
                    child.parentColumn(),
                    "key of the document's row",
                    mapping.key().type().sql(),
                    "reject"));
            columns.add(
                    switch (child.key()) {
                        case ChildKey.Ordinal(String column) ->
                            new Column(column, "index in the array", "int", "reject");
                        case ChildKey.ElementField(String column, Source.Path from, ColumnType.Key type) ->
                            new Column(column, from.toString(), type.sql(), "quarantine");
                        case ChildKey.EntryName(String column, ColumnType.Key type) ->
                            new Column(column, "name of the entry", type.sql(), "quarantine");
                    });
            child.columns().forEach(column -> columns.add(of(column)));
            tables.add(new Table(child.table().toString(), child.path().toString(), columns));
        }
        return new MappingReport(mapping.collection(), lower(mapping.onDelete()), tables);
    }

    private static Column of(ColumnMapping column) {
        String from = SourceText.of(column.source());
        if (column.reference() != null) {
            from += ", as the key of the row that it refers to";
        }
        return new Column(column.column(), from, column.type().sql(), lower(column.misfit()));
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
