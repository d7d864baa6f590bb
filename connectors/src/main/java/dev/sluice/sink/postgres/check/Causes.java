package dev.sluice.sink.postgres.check;

import dev.sluice.schema.TableName;
import dev.sluice.sink.postgres.catalog.LiveTable;
import dev.sluice.sink.postgres.check.TableFault.Cause;
import dev.sluice.sink.postgres.check.TableFault.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedCollection;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Makes one fault of those of several tables that have one cause: a schema that is missing, a right
/// that the role lacks on all of them.
public final class Causes {
    private Causes() {}

    /// The faults in their order, each cause once, where it is met first.
    public static List<TableFault> once(List<TableFault> faults) {
        List<Cause.Missing> missing = causes(faults, Cause.Missing.class);
        SequencedMap<TableName, Lack> lacks = lacks(causes(faults, Cause.Rights.class));
        List<TableFault> once = new ArrayList<>();
        SequencedSet<Object> said = new LinkedHashSet<>();
        for (TableFault fault : faults) {
            switch (fault.cause()) {
                case null -> once.add(fault);
                case Cause.Missing one -> {
                    Group group = Group.of(one);
                    if (one.collection() == null) {
                        if (missing.stream()
                                .noneMatch(
                                        m -> m.collection() != null && m.table().equals(one.table()))) {
                            once.add(fault);
                        }
                    } else if (said.add(group)) {
                        once.add(missing(missing.stream()
                                .filter(m ->
                                        m.collection() != null && Group.of(m).equals(group))
                                .toList()));
                    }
                }
                case Cause.Rights one -> {
                    Lack lack = Objects.requireNonNull(lacks.get(one.table()));
                    if (said.add(lack.group())) {
                        once.addAll(rights(lacks.values().stream()
                                .filter(l -> l.group().equals(lack.group()))
                                .toList()));
                    }
                }
            }
        }
        return once;
    }

    private static <T extends Cause> List<T> causes(List<TableFault> faults, Class<T> kind) {
        return faults.stream()
                .map(TableFault::cause)
                .filter(kind::isInstance)
                .map(kind::cast)
                .toList();
    }

    /// Tables that are missing for the same reason.
    private record Group(@Nullable String schema, @Nullable TableName table) {
        static Group of(Cause.Missing missing) {
            return missing.schemaToo() ? new Group(missing.table().schema(), null) : new Group(null, missing.table());
        }
    }

    /// A table of the mapping that is missing.
    static TableFault missing(Cause.Missing one) {
        return missing(List.of(one));
    }

    /// @param all of one schema that is missing, or one
    private static TableFault missing(List<Cause.Missing> all) {
        Cause.Missing first = all.getFirst();
        SequencedSet<String> tables = distinct(all, m -> m.table().toString());
        SequencedSet<String> collections = distinct(all, m -> String.valueOf(m.collection()));
        boolean one = tables.size() == 1;
        String found = String.join(", ", tables) + (one ? " does" : " do") + " not exist"
                + (first.schemaToo() ? ", nor does the schema " + first.table().schema() : "") + ". "
                + (one ? "It is the table" : "They are tables") + " of the collection"
                + (collections.size() == 1 ? " " : "s ") + String.join(", ", collections) + " in the mapping.";
        return new TableFault(
                Kind.TABLE,
                String.join(", ", tables),
                found,
                "Create " + (one ? "it" : "them") + " (`sluice migrate`, if a migration does), or correct the mapping.",
                first);
    }

    private static <T> SequencedSet<String> distinct(List<T> all, Function<T, String> name) {
        return all.stream().map(name).collect(Collectors.toCollection(LinkedHashSet::new));
    }

    /// What the role lacks on a table, for all that needs it.
    ///
    /// @param why what needs it; empty where rows are written to the table
    private record Lack(TableName table, LiveTable.Rights rights, Set<String> needed, SequencedSet<String> why) {
        /// Those of tables that lack the same.
        Object group() {
            Set<String> lacking = rights.lacking().stream()
                    .filter(right -> needed.contains(right) && !right.equals(LiveTable.Rights.USAGE))
                    .collect(Collectors.toSet());
            Set<String> partly =
                    rights.partly().stream().filter(lacking::contains).collect(Collectors.toSet());
            return List.of(table.schema(), rights.role(), rights.seesSchema(), lacking, partly);
        }
    }

    private static SequencedMap<TableName, Lack> lacks(List<Cause.Rights> causes) {
        Map<TableName, List<Cause.Rights>> byTable = causes.stream()
                .collect(Collectors.groupingBy(Cause.Rights::table, LinkedHashMap::new, Collectors.toList()));
        SequencedMap<TableName, Lack> lacks = new LinkedHashMap<>();
        byTable.forEach((table, all) -> {
            Set<String> needed = new LinkedHashSet<>();
            SequencedSet<String> why = new LinkedHashSet<>();
            all.forEach(cause -> needed.addAll(cause.needed()));
            all.stream().map(Cause.Rights::why).filter(Objects::nonNull).forEach(why::add);
            boolean written = all.stream().anyMatch(cause -> cause.why() == null);
            lacks.put(table, new Lack(table, all.getFirst().rights(), needed, written ? new LinkedHashSet<>() : why));
        });
        return lacks;
    }

    /// @param all that lack the same
    private static List<TableFault> rights(SequencedCollection<Lack> all) {
        Lack first = all.getFirst();
        SequencedSet<String> why = new LinkedHashSet<>();
        all.forEach(lack -> why.addAll(lack.why()));
        return MissingRights.of(all.stream().map(Lack::table).toList(), first.rights(), first.needed()).stream()
                .map(fault -> new TableFault(
                        fault.kind(),
                        fault.subject(),
                        fault.found().replaceFirst("\\.$", "")
                                + (why.isEmpty() ? "" : ": " + String.join("; ", why))
                                + ".",
                        fault.remedy(),
                        fault.cause()))
                .toList();
    }
}
