package dev.sluice.sink.postgres.table;

import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.table.Link.Links;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
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

    /// The collections in groups: those of one group write the same tables, or are linked by references
    /// and look-ups, in whatever direction and over whatever others.
    public static List<Set<CollectionTarget>> together(List<CollectionTarget> all) {
        Links links = new Links(all);
        List<Set<CollectionTarget>> groups = new ArrayList<>();
        Map<TableName, Set<CollectionTarget>> of = new HashMap<>();
        for (CollectionTarget target : all) {
            Set<CollectionTarget> group = new LinkedHashSet<>(List.of(target));
            Set<TableName> tables = Stream.concat(
                            tables(target), links.of(target).stream().map(Link::to))
                    .collect(Collectors.toSet());
            groups.add(group);
            for (TableName table : tables) {
                Set<CollectionTarget> other = of.get(table);
                if (other != null && other != group) {
                    group.addAll(other);
                    groups.remove(other);
                    of.replaceAll((name, one) -> one == other ? group : one);
                }
                of.put(table, group);
            }
        }
        return groups;
    }

    /// The tables that a collection's documents become rows of.
    public static Stream<TableName> tables(CollectionTarget target) {
        return Stream.concat(
                Stream.of(target.mapping().table()),
                target.mapper().childShapes().stream().map(TableShape::table));
    }
}
