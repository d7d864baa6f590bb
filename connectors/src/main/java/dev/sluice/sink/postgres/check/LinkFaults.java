package dev.sluice.sink.postgres.check;

import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Reference;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.catalog.LiveTable;
import dev.sluice.sink.postgres.catalog.TableReader;
import dev.sluice.sink.postgres.check.TableFault.Kind;
import dev.sluice.sink.postgres.table.Link;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// What keeps a table's references and look-ups from finding other rows.
final class LinkFaults {
    private final TableReader reader;
    private final LiveTable table;
    private final List<TableFault> faults = new ArrayList<>();

    private LinkFaults(TableReader reader, LiveTable table) {
        this.reader = reader;
        this.table = table;
    }

    /// @param shape of the table
    static List<TableFault> of(TableReader reader, CollectionTarget target, TableShape shape, LiveTable table)
            throws SQLException {
        LinkFaults links = new LinkFaults(reader, table);
        for (Link link : new Link.Links(List.of(target)).all()) {
            if (link.shape().equals(shape)) {
                links.add(link);
            }
        }
        return links.faults;
    }

    private void add(Link link) throws SQLException {
        String name = table.name() + "." + link.column().name();
        String refers = name + (link.policy() == null ? " is looked up in " : " refers to ") + link.to();
        Optional<LiveTable> found = reader.find(link.to());
        if (found.isEmpty()) {
            faults.add(new TableFault(
                    Kind.LINKED_TABLE,
                    name,
                    refers + ", which does not exist.",
                    "Create it (`sluice migrate`, if a migration does), or correct the mapping.",
                    new TableFault.Cause.Missing(link.to(), null, false)));
            return;
        }
        Set<String> needed = new LinkedHashSet<>(link.and().keySet());
        needed.add(link.match());
        needed.add(link.take());
        List<String> missing = needed.stream()
                .filter(c -> found.get().column(c).isEmpty())
                .sorted()
                .toList();
        if (missing.isEmpty()) {
            compared(link, name);
        } else {
            problem(
                    name,
                    refers + ", which has no column " + String.join(", ", missing) + ".",
                    "Correct `match`, `take` or `and` in the mapping.");
        }
        rights(link, name, found.get());
        if (link.policy() == Reference.Orphan.CREATE) {
            created(link, name, found.get());
        }
        link.and().values().stream()
                .filter(own -> table.column(own).isEmpty())
                .forEach(own -> problem(
                        name,
                        refers + " and compares the column " + own + " of its own table, which has none of that name.",
                        "Correct `and` in the mapping."));
    }

    private void problem(String name, String found, String remedy) {
        faults.add(new TableFault(Kind.REFERENCE, name, found, remedy));
    }

    private void compared(Link link, String name) throws SQLException {
        ColumnType type = link.matchType();
        if (!reader.comparable(link.to(), link.match(), type.sql())) {
            problem(
                    name,
                    name + " is looked up as " + type.sql() + " in " + link.to() + "." + link.match()
                            + ", and PostgreSQL can't compare the two.",
                    "Give `match_type` the type of that column.");
        }
    }

    /// A row that is referred to must not go meanwhile: a foreign key holds it, else Sluice locks it.
    private void rights(Link link, String name, LiveTable other) {
        boolean held = link.policy() != null
                && table.foreignKeys().stream()
                        .anyMatch(k -> k.target().equals(link.to())
                                && k.columns().contains(link.column().name()));
        LiveTable.Rights rights = other.rights();
        boolean locks = !held && !rights.lock() && !rights.partly().contains("UPDATE");
        boolean makes = link.policy() == Reference.Orphan.CREATE && !rights.has("INSERT");
        Set<String> needed = new LinkedHashSet<>(List.of("SELECT"));
        List<String> why = new ArrayList<>();
        if (!rights.has("SELECT")) {
            why.add(name + " is looked up there");
        }
        if (locks) {
            needed.add("UPDATE");
            why.add("rows that " + name + " gets its value from are locked, which takes UPDATE on one column");
        }
        if (makes) {
            needed.add("INSERT");
            why.add("the reference of " + name + " is to make rows there that are missing");
        }
        MissingRights.of(other, needed, String.join("; ", why)).ifPresent(faults::add);
    }

    /// A row that is made for an orphan has a value in one column, and in the others their defaults.
    private void created(Link link, String name, LiveTable other) {
        List<String> lacking = other.unfilled(Set.of(link.match())).stream()
                .map(LiveTable.Column::name)
                .filter(column -> !other.maybeFilledByTrigger(column))
                .toList();
        if (!lacking.isEmpty()) {
            problem(
                    name,
                    name + " is to make rows of " + link.to()
                            + " where they are missing, and these columns of it are NOT NULL without a default: "
                            + String.join(", ", lacking) + ".",
                    "Give them defaults, or choose another `orphan`.");
        }
    }
}
