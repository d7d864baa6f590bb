package dev.sluice.mapping.document;

import dev.sluice.mapping.row.MappingResult.MisfitValue;
import dev.sluice.mapping.value.BsonKind;
import dev.sluice.mapping.value.DocumentPath;
import dev.sluice.schema.ChildMapping;
import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.Source;
import dev.sluice.schema.TableName;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Watches over values that a mapping means to read but can't: `address.city` is mapped, and `address`
/// turns out to be a string. Where the table has a column for the rest they are in there; where it has
/// none, they are quarantined. (A field that the mapping does not name at all is another matter: it is left
/// behind on purpose.) Any thread.
public final class UnreadFields {
    private final FieldTrie read;
    /// By the first name of its path, the column that a value there is missing from.
    private final Map<String, String> labels;

    private UnreadFields(FieldTrie read, Map<String, String> labels) {
        this.read = read;
        this.labels = labels;
    }

    /// @return null when there is nothing to watch: no nested path, or a column for the rest
    public static @Nullable UnreadFields of(
            TableName table, List<ColumnMapping> columns, List<ChildMapping> children, FieldTrie read) {
        if (!read.isNested() || columns.stream().anyMatch(ColumnMapping::keepsRest)) {
            return null;
        }
        Map<String, String> labels = new LinkedHashMap<>();
        for (ColumnMapping column : columns) {
            for (Source.Path path : column.source().ownPaths()) {
                labels.putIfAbsent(path.segments().getFirst(), table.table() + "." + column.column());
            }
        }
        for (ChildMapping child : children) {
            String label = child.table().table() + "." + child.key().column();
            labels.putIfAbsent(child.path().segments().getFirst(), label);
        }
        return new UnreadFields(read, labels);
    }

    /// Says to the scope's findings which values keep paths from being read. It decodes the document, so it is to be
    /// called only where [Scope#isBlocked].
    public void report(Scope scope) {
        read.blocked(scope.decoded(), "", (path, value) -> {
            String first = firstName(path);
            String label = labels.get(first);
            if (label != null) {
                String reason =
                        "is " + BsonKind.of(value) + ", not an object, so what is mapped inside it is not there";
                scope.findings().add(new MisfitValue(label, DocumentPath.join(scope.place(), path), value, reason));
            }
        });
    }

    private static String firstName(String path) {
        if (path.startsWith("\"")) {
            return path.substring(1, path.indexOf('"', 1));
        }
        for (int i = 0; i < path.length(); i++) {
            if (path.charAt(i) == '.' || path.charAt(i) == '[') {
                return path.substring(0, i);
            }
        }
        return path;
    }
}
