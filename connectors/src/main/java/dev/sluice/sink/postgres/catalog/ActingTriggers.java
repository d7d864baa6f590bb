package dev.sluice.sink.postgres.catalog;

import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;

/// The triggers of a table that may undo without an error what is written there: they can keep a row
/// out, leave it as it was, delete it again, or let one stay that is deleted. Each by its name with its
/// function's in parentheses.
///
/// @param onWrite those of inserts and updates: before a row, where they can leave it out, and
///     afterwards
/// @param afterWrite whether some of these act afterwards, so that a number of rows that PostgreSQL
///     gives back proves nothing
/// @param beforeInsert whether some act before a row is inserted: they may change what it is compared
///     with
/// @param beforeUpdate whether some act before a row is updated: they may leave it as it was
/// @param onDelete those of deletes
public record ActingTriggers(
        SequencedSet<String> onWrite,
        boolean afterWrite,
        boolean beforeInsert,
        boolean beforeUpdate,
        SequencedSet<String> onDelete) {
    /// Those of the table and of its partitions, where partitions may have their own. tgtype: 1 row, 2
    /// before, 4 insert, 8 delete, 16 update.
    private static final String TRIGGERS = """
            SELECT DISTINCT g.tgname, p.proname, g.tgtype & 20 <> 0, g.tgtype & 2 = 0, g.tgtype & 4 <> 0,
              g.tgtype & 16 <> 0, g.tgtype & 8 <> 0
            FROM pg_trigger g JOIN pg_proc p ON p.oid = g.tgfoid
            WHERE g.tgrelid IN %s AND g.tgtype & 3 <> 2 AND g.tgtype & 28 <> 0 AND %s
            ORDER BY g.tgname
            """.formatted(Acting.relations("to_regclass(?)"), Acting.TRIGGER);

    /// Those of a table without any.
    public static final ActingTriggers NONE =
            new ActingTriggers(new LinkedHashSet<>(), false, false, false, new LinkedHashSet<>());

    /// Those of the tables of a collection that may be why rows are not as the mapping says.
    ///
    /// @return part of a sentence, `the trigger a (f) of public.t`, several with `and` between them; empty
    ///     where the tables have none
    public static Optional<String> ofWrites(Connection connection, CollectionTarget target) throws SQLException {
        List<TableName> tables = new ArrayList<>();
        tables.add(target.mapping().table());
        target.mapping().children().forEach(child -> tables.add(child.table()));
        List<String> found = new ArrayList<>();
        for (TableName table : tables) {
            ActingTriggers triggers = of(connection, table);
            SequencedSet<String> names = new LinkedHashSet<>(triggers.onWrite());
            names.addAll(triggers.onDelete());
            if (!names.isEmpty()) {
                found.add(name(names) + " of " + table);
            }
        }
        return found.isEmpty() ? Optional.empty() : Optional.of(String.join(" and ", found));
    }

    /// Those of a collection's own table that may let a row stay that is deleted.
    ///
    /// @return part of a sentence, `the trigger a (f)`; empty where there are none
    public static Optional<String> ofDeletes(Connection connection, CollectionTarget target) throws SQLException {
        ActingTriggers triggers = of(connection, target.mapping().table());
        return triggers.onDelete().isEmpty() ? Optional.empty() : Optional.of(name(triggers.onDelete()));
    }

    /// Those of one table, as they are now for this session; [#NONE] where there is no such table.
    public static ActingTriggers of(Connection connection, TableName table) throws SQLException {
        SequencedSet<String> onWrite = new LinkedHashSet<>();
        SequencedSet<String> onDelete = new LinkedHashSet<>();
        boolean afterWrite = false;
        boolean beforeInsert = false;
        boolean beforeUpdate = false;
        try (PreparedStatement statement = connection.prepareStatement(TRIGGERS)) {
            statement.setString(1, table.sql());
            statement.setString(2, table.sql());
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    String name = row.getString(1) + " (" + row.getString(2) + ")";
                    if (row.getBoolean(3)) {
                        onWrite.add(name);
                        boolean after = row.getBoolean(4);
                        afterWrite |= after;
                        beforeInsert |= !after && row.getBoolean(5);
                        beforeUpdate |= !after && row.getBoolean(6);
                    }
                    if (row.getBoolean(7)) {
                        onDelete.add(name);
                    }
                }
            }
        }
        return new ActingTriggers(onWrite, afterWrite, beforeInsert, beforeUpdate, onDelete);
    }

    /// Part of a sentence: `the trigger a (f)`, `one of the triggers a (f), b (g)`.
    public static String name(SequencedSet<String> triggers) {
        return switch (triggers.size()) {
            case 0 -> "a trigger";
            case 1 -> "the trigger " + triggers.getFirst();
            default -> "one of the triggers " + String.join(", ", triggers);
        };
    }
}
