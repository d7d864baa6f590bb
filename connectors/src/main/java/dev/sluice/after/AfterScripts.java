package dev.sluice.after;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.schema.Catalog;
import dev.sluice.schema.MigrationFolder;
import dev.sluice.schema.MigrationFolder.Script;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.flywaydb.core.api.MigrationVersion;
import org.postgresql.core.NativeQuery;
import org.postgresql.core.Parser;

/// The scripts in the folder `migrations/after` of a mapping, cut into statements.
///
/// @param schema where names without a schema are looked for first
/// @param scripts in the order of their versions; the statements of one may be applied at once
public record AfterScripts(String schema, List<List<AfterStatement>> scripts) {
    private static final Pattern NAME = Pattern.compile("V(\\d+(?:[._]\\d+)*)__.+\\.sql");

    public AfterScripts {
        scripts = scripts.stream().map(List::copyOf).toList();
    }

    /// @throws SluiceException of kind MAPPING when a file has a name that says no order
    public static AfterScripts of(Catalog.Entry entry) {
        SequencedMap<MigrationVersion, Script> byVersion = new TreeMap<>();
        List<Script> files = entry.migrations().map(MigrationFolder::after).orElse(List.of());
        for (Script script : files) {
            Matcher name = NAME.matcher(script.name());
            if (!name.matches()) {
                throw wrong(
                        script, "is not named V0001__what_it_does.sql, so its place among the others is not known.");
            }
            Script other = byVersion.put(MigrationVersion.fromVersion(name.group(1)), script);
            if (other != null) {
                throw wrong(script, "has the same version as " + other.name() + ".");
            }
        }
        return new AfterScripts(
                entry.mapping().schema(),
                byVersion.values().stream().map(AfterScripts::statements).toList());
    }

    /// Of a mapping without scripts.
    public static AfterScripts none(String schema) {
        return new AfterScripts(schema, List.of());
    }

    /// Of all scripts, in order.
    public List<AfterStatement> statements() {
        return scripts.stream().flatMap(List::stream).toList();
    }

    private static List<AfterStatement> statements(Script script) {
        List<AfterStatement> statements = new ArrayList<>();
        try {
            for (NativeQuery query : Parser.parseJdbcSql(script.sql(), true, false, true, false, false)) {
                String sql = SqlWords.fromFirst(query.nativeSql);
                if (!sql.isEmpty()) {
                    statements.add(new AfterStatement(script.name(), statements.size() + 1, sql));
                }
            }
        } catch (SQLException e) {
            throw wrong(script, "can't be cut into statements: " + e.getMessage());
        }
        return statements;
    }

    private static SluiceException wrong(Script script, String what) {
        return new SluiceException(
                FailureKind.MAPPING, "migrations/" + MigrationFolder.AFTER + "/" + script.name() + " " + what);
    }
}
