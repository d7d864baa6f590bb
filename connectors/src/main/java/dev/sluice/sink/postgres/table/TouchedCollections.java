package dev.sluice.sink.postgres.table;

import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.table.Link.Links;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The collections whose rows may be written when some collections are copied: those collections; those
/// that write the same tables; and those whose references or look-ups lead there, since a row that comes
/// or goes changes what refers to it, and so on. What is only referred to is read, and is not among
/// them.
public final class TouchedCollections {
    private TouchedCollections() {}

    /// @param all all collections of the mapping
    /// @param chosen those that are copied
    /// @return in the mapping's order
    public static List<CollectionTarget> by(List<CollectionTarget> all, List<CollectionTarget> chosen) {
        Links links = new Links(all);
        Set<Integer> touched =
                chosen.stream().map(CollectionTarget::index).collect(Collectors.toCollection(HashSet::new));
        boolean more = true;
        while (more) {
            Set<TableName> tables = all.stream()
                    .filter(target -> touched.contains(target.index()))
                    .flatMap(TouchedCollections::tables)
                    .collect(Collectors.toSet());
            more = all.stream()
                    .filter(target -> tables(target).anyMatch(tables::contains)
                            || links.of(target).stream().anyMatch(link -> tables.contains(link.to())))
                    .map(target -> touched.add(target.index()))
                    .reduce(false, Boolean::logicalOr);
        }
        return all.stream().filter(target -> touched.contains(target.index())).toList();
    }

    /// The tables that a collection's documents become rows of.
    public static Stream<TableName> tables(CollectionTarget target) {
        return Stream.concat(
                Stream.of(target.mapping().table()),
                target.mapper().childShapes().stream().map(TableShape::table));
    }
}
