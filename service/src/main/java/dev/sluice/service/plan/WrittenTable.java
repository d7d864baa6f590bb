package dev.sluice.service.plan;

import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A table that a collection's rows are written to.
///
/// @param conflict the columns by which rows are recognised
/// @param parent of a child table, the table of its collection; null for that one itself
record WrittenTable(
        CollectionTarget target,
        TableShape shape,
        List<String> conflict,
        @Nullable TableName parent) {
    static List<WrittenTable> by(CollectionTarget target) {
        TableShape own = target.mapper().shape();
        List<WrittenTable> tables = new ArrayList<>();
        tables.add(new WrittenTable(target, own, target.mapping().conflict(), null));
        for (TableShape child : target.mapper().childShapes()) {
            List<String> key = child.columns().stream()
                    .limit(child.keyColumns())
                    .map(TableShape.Column::name)
                    .toList();
            tables.add(new WrittenTable(target, child, key, own.table()));
        }
        return tables;
    }

    /// The columns that the mapping writes.
    Set<String> columns() {
        return shape.columns().stream().map(TableShape.Column::name).collect(Collectors.toSet());
    }
}
