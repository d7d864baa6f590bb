package dev.sluice.sink.postgres.check;

import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.TableName;
import dev.sluice.sink.postgres.catalog.LiveTable;
import dev.sluice.sink.postgres.catalog.TableReader;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/// What makes of a key column one that the mapping's keys can be written to: the statements for the
/// table, and where the mapping can have the table's type, that.
final class KeyRemedy {
    private final TableReader reader;
    private final LiveTable table;
    private final TableShape.Column key;

    KeyRemedy(TableReader reader, LiveTable table, TableShape.Column key) {
        this.reader = reader;
        this.table = table;
        this.key = key;
    }

    /// For a column of a type that the mapping's keys are not assigned to.
    ///
    /// @param place the column's place in the key, from 0
    String forAnotherType(LiveTable.Column live, int place) throws SQLException {
        return alter(live)
                + (place > 0
                        ? ""
                        : keyType(live)
                                .map(type -> " Or give the key the type " + type
                                        + " in the mapping: a document whose _id is no "
                                        + (type.equals("uuid") ? "UUID" : "whole number") + " is a dead letter then.")
                                .orElse(" Or map the key to another column."));
    }

    /// The statements that give the column the mapping's type, as sentences.
    String alter(LiveTable.Column live) throws SQLException {
        String alter = "ALTER TABLE " + table.name().sql() + " ";
        String column = TableName.quote(key.name());
        SequencedMap<String, String> foreignKeys = foreignKeys();
        List<String> statements = new ArrayList<>(foreignKeys.keySet());
        boolean converted = !isAssigned(live);
        if (isIdentity(live) && !(key.type() instanceof ColumnType.Int)) {
            statements.add(alter + "ALTER COLUMN " + column + " DROP IDENTITY");
        } else if (live.filled() && converted) {
            statements.add(alter + "ALTER COLUMN " + column + " DROP DEFAULT");
        }
        statements.add(alter + "ALTER COLUMN " + column + " TYPE " + key.type().sql()
                + (converted ? " USING " + column + "::text::" + key.type().sql() : ""));
        return String.join("; ", statements) + "."
                + (foreignKeys.isEmpty()
                        ? ""
                        : " When both sides have the type, again: " + String.join("; ", foreignKeys.values()) + ".");
    }

    private static boolean isIdentity(LiveTable.Column live) {
        return switch (live.made()) {
            case IDENTITY, IDENTITY_BY_DEFAULT -> true;
            case NO, EXPRESSION -> false;
        };
    }

    private boolean isAssigned(LiveTable.Column live) throws SQLException {
        Optional<Long> to = reader.type(key.type().sql().replace("citext", "text"));
        return to.isPresent() && reader.assignable(live.oid(), to.get());
    }

    /// The foreign keys that hold the column's type: what drops each, with what makes it again.
    private SequencedMap<String, String> foreignKeys() throws SQLException {
        SequencedMap<String, String> statements = new LinkedHashMap<>();
        for (LiveTable.ForeignKey own : table.foreignKeys()) {
            if (own.columns().contains(key.name())) {
                add(statements, table.name(), own.name(), own.definition());
            }
        }
        for (LiveTable.Referring other : reader.referring(List.of(table.name()))) {
            if (other.targets().contains(key.name())) {
                add(statements, other.from(), other.name(), other.definition());
            }
        }
        return statements;
    }

    private static void add(Map<String, String> statements, TableName table, String name, String definition) {
        String alter = "ALTER TABLE " + table.sql() + " ";
        statements.put(
                alter + "DROP CONSTRAINT IF EXISTS " + TableName.quote(name),
                alter + "ADD CONSTRAINT " + TableName.quote(name) + " " + definition);
    }

    /// The type that a mapping's keys can have for such a column.
    private static Optional<String> keyType(LiveTable.Column live) {
        if (KeyFit.WHOLE.matcher(live.baseType()).matches()) {
            return Optional.of("bigint");
        }
        return live.baseType().equals("uuid") ? Optional.of("uuid") : Optional.empty();
    }
}
