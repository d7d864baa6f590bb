package dev.sluice.sink.postgres.check;

import dev.sluice.schema.TableName;
import dev.sluice.sink.postgres.catalog.LiveTable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What the role may not do, each with the GRANT that lets it.
public final class MissingRights {
    private static final Set<String> ALL = Set.of(LiveTable.Rights.USAGE, "SELECT", "INSERT", "UPDATE", "DELETE");

    private MissingRights() {}

    /// What keeps the role from writing a table: rights on it, on its schema, and on sequences that columns take
    /// their defaults from.
    ///
    /// @param written the columns that need no default
    static List<TableFault> of(LiveTable table, Set<String> written) {
        List<TableFault> faults = new ArrayList<>();
        of(table, ALL, null).ifPresent(faults::add);
        for (LiveTable.ClosedSequence closed : table.rights().sequences()) {
            if (written.contains(closed.column())) {
                continue;
            }
            TableName sequence = closed.sequence();
            String role = table.rights().role();
            String name = table.name() + "." + closed.column();
            faults.add(new TableFault(
                    TableFault.Kind.RIGHTS,
                    name,
                    name + " takes its default from the sequence " + sequence + ", which the role " + role
                            + " may not use: no row could be inserted.",
                    "GRANT USAGE ON SEQUENCE " + sequence.sql() + " TO " + TableName.quote(role)
                            + " (and USAGE on its schema)."));
        }
        return faults;
    }

    /// What the role may not do with tables that it has to write: one fault for tables on which it lacks the same.
    ///
    /// @param tables in one schema
    public static List<TableFault> of(Map<TableName, LiveTable.Rights> tables) {
        Map<LiveTable.Rights, List<TableName>> lacking = new LinkedHashMap<>();
        tables.forEach((table, rights) ->
                lacking.computeIfAbsent(rights, r -> new ArrayList<>()).add(table));
        return lacking.entrySet().stream()
                .flatMap(e -> of(e.getValue(), e.getKey(), ALL).stream())
                .toList();
    }

    /// Rows are staged in temporary tables.
    public static TableFault temporary(String database, String role) {
        return new TableFault(
                TableFault.Kind.RIGHTS,
                database,
                "The role " + role + " may not create temporary tables in the database " + database
                        + ", and rows are staged in those.",
                "GRANT TEMPORARY ON DATABASE " + TableName.quote(database) + " TO " + TableName.quote(role) + ".");
    }

    /// @param needed of which rights it is asked
    /// @param why what needs them; null where rows are written to the table
    static Optional<TableFault> of(LiveTable table, Set<String> needed, @Nullable String why) {
        return of(List.of(table.name()), table.rights(), needed)
                .map(fault -> new TableFault(
                        fault.kind(),
                        fault.subject(),
                        why == null ? fault.found() : fault.found().replaceFirst("\\.$", "") + ": " + why + ".",
                        fault.remedy(),
                        new TableFault.Cause.Rights(table.name(), table.rights(), needed, why)));
    }

    /// @param tables in one schema, with the same rights
    /// @param needed of which rights it is asked
    static Optional<TableFault> of(List<TableName> tables, LiveTable.Rights rights, Collection<String> needed) {
        List<String> onTables = rights.lacking().stream()
                .filter(right -> needed.contains(right) && !right.equals(LiveTable.Rights.USAGE))
                .toList();
        boolean usage = !rights.seesSchema();
        if (onTables.isEmpty() && !usage) {
            return Optional.empty();
        }
        String schema = tables.getFirst().schema();
        String names = tables.stream().map(TableName::toString).collect(Collectors.joining(", "));
        String to = " TO " + TableName.quote(rights.role());
        List<String> lacks = new ArrayList<>();
        List<String> grants = new ArrayList<>();
        if (usage) {
            lacks.add("USAGE on the schema " + schema);
            grants.add("GRANT USAGE ON SCHEMA " + TableName.quote(schema) + to);
        }
        if (!onTables.isEmpty()) {
            lacks.add(String.join(", ", onTables) + (tables.size() == 1 ? " on it" : " on them"));
            grants.add("GRANT " + String.join(", ", onTables) + " ON "
                    + tables.stream().map(TableName::sql).collect(Collectors.joining(", ")) + to);
        }
        List<String> partly =
                onTables.stream().filter(rights.partly()::contains).toList();
        return Optional.of(new TableFault(
                TableFault.Kind.RIGHTS,
                names,
                names + ": the role " + rights.role() + " lacks " + String.join(" and ", lacks)
                        + (partly.isEmpty()
                                ? ""
                                : ", where it has " + String.join(", ", partly) + " on single columns only")
                        + ".",
                String.join("; ", grants) + "."));
    }
}
