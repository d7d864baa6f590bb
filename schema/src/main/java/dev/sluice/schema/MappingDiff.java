package dev.sluice.schema;

import dev.sluice.schema.MappingDiff.Change.Effect;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What changed between two mappings, as far as rows are concerned that were written with the first. The order of
/// columns, comments and the like make no difference.
///
/// Collections that only one of them has are not in it.
///
/// @param collections those that differ, in the order of the second mapping
public record MappingDiff(List<OfCollection> collections) {
    public MappingDiff {
        collections = List.copyOf(collections);
    }

    /// @param changes at least one
    public record OfCollection(String collection, List<Change> changes) {
        public OfCollection {
            changes = List.copyOf(changes);
        }

        /// What has to be done with the rows that are there: what the change that needs most of it needs.
        public Effect effect() {
            return changes.stream().map(Change::effect).max(Effect::compareTo).orElse(Effect.NONE);
        }
    }

    /// One difference.
    ///
    /// @param place what differs, for people: a column with its table, or a rule of the collection
    /// @param what how, for people
    public record Change(String place, String what, Effect effect) {
        /// What a change means for rows that are there, the least first.
        public enum Effect {
            /// They are right as they are.
            NONE,
            /// Their documents have to be read again.
            FILL,
            /// The same, and some of the rows may not be there any more.
            FILL_AND_PRUNE
        }

        @Override
        public String toString() {
            return place + ": " + what;
        }
    }

    /// @param before the mapping that rows were written with
    /// @param now the mapping that they shall be written with
    public static MappingDiff of(Mapping before, Mapping now) {
        Map<String, CollectionMapping> old = before.byCollection();
        List<OfCollection> collections = new ArrayList<>();
        for (CollectionMapping mapping : now.collections()) {
            CollectionMapping earlier = old.get(mapping.collection());
            if (earlier != null) {
                List<Change> changes = new Comparison(earlier, mapping).changes();
                if (!changes.isEmpty()) {
                    collections.add(new OfCollection(mapping.collection(), changes));
                }
            }
        }
        return new MappingDiff(collections);
    }

    /// The collections whose rows have to be written again.
    public List<OfCollection> filled() {
        return collections.stream()
                .filter(collection -> collection.effect() != Effect.NONE)
                .toList();
    }

    /// Compares two mappings of one collection.
    private record Comparison(CollectionMapping before, CollectionMapping now) {
        List<Change> changes() {
            List<Change> changes = new ArrayList<>();
            rule(changes, "table", before.table(), now.table(), Effect.FILL);
            rule(changes, "key", before.key(), now.key(), Effect.FILL_AND_PRUNE);
            rule(changes, "conflict", before.conflict(), now.conflict(), Effect.FILL_AND_PRUNE);
            rule(changes, "dedupe", before.dedupe(), now.dedupe(), Effect.FILL_AND_PRUNE);
            rule(changes, "skip", before.skips(), now.skips(), Effect.FILL_AND_PRUNE);
            rule(changes, "redact", before.redactions(), now.redactions(), Effect.FILL);
            rule(changes, "on_delete", before.onDelete(), now.onDelete(), Effect.NONE);
            rule(changes, "on_drop", before.onDrop(), now.onDrop(), Effect.NONE);
            columns(changes, now.table().table(), before.columns(), now.columns());
            rest(changes, now.table().table(), now.columns(), paths(before.readPaths()), paths(now.readPaths()));
            children(changes);
            return changes;
        }

        private static void rule(
                List<Change> changes, String place, @Nullable Object before, @Nullable Object now, Effect effect) {
            if (!alike(before, now)) {
                changes.add(new Change(place, "changed", effect));
            }
        }

        private static void columns(
                List<Change> changes, String table, List<ColumnMapping> before, List<ColumnMapping> now) {
            Map<String, ColumnMapping> old = byName(before);
            for (ColumnMapping column : now) {
                ColumnMapping earlier = old.remove(column.column());
                String place = table + "." + column.column();
                if (earlier == null) {
                    changes.add(new Change(place, "new", Effect.FILL));
                } else if (!earlier.type().equals(column.type())) {
                    changes.add(new Change(
                            place,
                            earlier.type().sql() + " becomes " + column.type().sql(),
                            Effect.FILL));
                } else if (!alike(earlier, column)) {
                    changes.add(new Change(place, "has its values from elsewhere, or by other rules", Effect.FILL));
                }
            }
            old.keySet()
                    .forEach(gone -> changes.add(
                            new Change(table + "." + gone, "no longer written; its values stay", Effect.NONE)));
        }

        private static Map<String, ColumnMapping> byName(List<ColumnMapping> columns) {
            return columns.stream()
                    .collect(
                            Collectors.toMap(ColumnMapping::column, column -> column, (a, b) -> a, LinkedHashMap::new));
        }

        private static Set<String> paths(Collection<Source.Path> paths) {
            return paths.stream().map(Source.Path::toString).collect(Collectors.toCollection(HashSet::new));
        }

        /// A column with what no other one reads has other fields when others read other ones.
        private static void rest(
                List<Change> changes, String table, List<ColumnMapping> now, Set<String> before, Set<String> read) {
            if (before.equals(read)) {
                return;
            }
            for (ColumnMapping column : now) {
                String place = table + "." + column.column();
                if (column.keepsRest()
                        && changes.stream().noneMatch(change -> change.place().equals(place))) {
                    changes.add(new Change(place, "other fields are left for it", Effect.FILL));
                }
            }
        }

        private void children(List<Change> changes) {
            Map<TableName, ChildMapping> old = new LinkedHashMap<>();
            before.children().forEach(child -> old.put(child.table(), child));
            for (ChildMapping child : now.children()) {
                ChildMapping earlier = old.remove(child.table());
                String table = child.table().table();
                if (earlier == null) {
                    changes.add(new Change(table, "new table", Effect.FILL));
                    continue;
                }
                if (!earlier.path().equals(child.path())
                        || !earlier.parentColumn().equals(child.parentColumn())
                        || !earlier.key().equals(child.key())) {
                    String other = switch (child.key()) {
                        case ChildKey.Ordinal _, ChildKey.ElementField _ -> "another array, or another key";
                        case ChildKey.EntryName _ -> "entries of another object, or another key";
                    };
                    changes.add(new Change(table, other, Effect.FILL_AND_PRUNE));
                }
                columns(changes, table, earlier.columns(), child.columns());
                rest(changes, table, child.columns(), paths(earlier.readPaths()), paths(child.readPaths()));
            }
            old.keySet()
                    .forEach(gone ->
                            changes.add(new Change(gone.table(), "no longer written; its rows stay", Effect.NONE)));
        }

        private static boolean alike(@Nullable Object before, @Nullable Object now) {
            return Objects.equals(WithoutPlaces.of(before), WithoutPlaces.of(now));
        }
    }
}
