package dev.sluice.service.evolve;

import dev.sluice.control.MappingVersions;
import dev.sluice.control.MappingVersions.Version;
import dev.sluice.cutover.Route;
import dev.sluice.cutover.RouteStore;
import dev.sluice.evolution.SchemaChangeStore;
import dev.sluice.positions.MovedWrites;
import dev.sluice.positions.PauseStore;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.schema.Catalog;
import dev.sluice.schema.CollectionMapping;
import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.Mapping;
import dev.sluice.schema.MappingDiff;
import dev.sluice.schema.MappingException;
import dev.sluice.schema.MappingReader;
import dev.sluice.schema.MigrationFolder;
import dev.sluice.schema.TableName;
import dev.sluice.service.evolve.Outlook.Fate;
import dev.sluice.service.evolve.Outlook.OfCollection;
import dev.sluice.service.evolve.Outlook.Statement;
import dev.sluice.service.pipeline.WrittenWith;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.check.TableChange;
import dev.sluice.sink.postgres.check.TableChanges;
import dev.sluice.sink.postgres.check.TableChanges.Retyped;
import dev.sluice.sink.postgres.check.TargetDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Finds out what lies between the mapping that rows are written with and that of the file. Changes
/// nothing. For one thread.
final class OutlookReader {
    private static final Pattern SCRIPT = Pattern.compile("V(\\d+)__.*\\.sql");

    private static final String CONTROL_HISTORY = "schema_history";

    private final String pipeline;
    private final Catalog.Entry entry;
    private final List<CollectionTarget> targets;
    private final TargetDatabase database;
    private final Duration lockMax;

    /// @param targets all collections of the file's mapping
    /// @param lockMax for how long a table may be locked to rewrite it
    OutlookReader(
            String pipeline,
            Catalog.Entry entry,
            List<CollectionTarget> targets,
            TargetDatabase database,
            Duration lockMax) {
        this.pipeline = pipeline;
        this.entry = entry;
        this.targets = targets;
        this.database = database;
        this.lockMax = lockMax;
    }

    /// @throws dev.sluice.failure.SluiceException when PostgreSQL can't be asked; of kind MISSING_TABLE
    ///     where a column's type can't become the other one
    Outlook read(PostgresConnector connector) throws SQLException {
        try (Connection connection = connector.open()) {
            Version now = WrittenWith.isNoted(connection)
                    ? new MappingVersions(pipeline).latest(connection).orElse(null)
                    : null;
            Mapping before = now == null ? null : mapping(now);
            if (now != null && before == null) {
                return new Outlook(
                        pipeline,
                        now.number(),
                        List.of(),
                        List.of(),
                        List.of(),
                        null,
                        List.of("version " + now.number()
                                + " of the mapping, which rows are written with, can't be read by"
                                + " this release. `sluice verify` finds what they lack by the one of now."),
                        List.of());
            }
            List<OfCollection> collections =
                    before == null ? List.of() : collections(connection, before, entry.mapping());
            List<String> scripts = pending();
            List<Statement> statements = scripts.isEmpty() ? statements(connection, before, now) : List.of();
            return new Outlook(
                    pipeline,
                    now == null ? null : now.number(),
                    collections,
                    scripts,
                    statements,
                    statements.isEmpty() ? null : scriptName(collections),
                    obstacles(connection, collections, !statements.isEmpty()),
                    unmapped(connection));
        }
    }

    /// The collections whose rows a version of the mapping has written anew.
    ///
    /// @return none where it is the first, or the one before can't be read
    List<String> writtenBy(Connection connection, Version version) throws SQLException {
        Version earlier = new MappingVersions(pipeline)
                .before(connection, version.number())
                .orElse(null);
        Mapping before = earlier == null ? null : mapping(earlier);
        return before == null
                ? List.of()
                : collections(connection, before, entry.mapping()).stream()
                        .filter(collection -> collection.fate().isWritten())
                        .map(OfCollection::collection)
                        .toList();
    }

    private static @Nullable Mapping mapping(Version version) {
        try {
            return MappingReader.read("version " + version.number() + " of the mapping", version.text());
        } catch (MappingException ofAnotherRelease) {
            return null;
        }
    }

    private List<OfCollection> collections(Connection connection, Mapping before, Mapping now) throws SQLException {
        Set<String> moved = new MovedWrites(pipeline).load(connection);
        List<OfCollection> found = new ArrayList<>();
        Map<String, CollectionMapping> old = before.byCollection();
        List<MappingDiff.OfCollection> changed = MappingDiff.of(before, now).collections();
        for (String name : now.byCollection().keySet()) {
            if (!old.containsKey(name)) {
                found.add(new OfCollection(name, moved.contains(name) ? Fate.MOVED : Fate.COPIED, List.of()));
            }
            changed.stream()
                    .filter(c -> c.collection().equals(name))
                    .forEach(c -> found.add(new OfCollection(
                            name,
                            moved.contains(name) ? Fate.MOVED : Fate.of(c.effect()),
                            c.changes().stream().map(Object::toString).toList())));
        }
        old.keySet().stream()
                .filter(name -> !now.byCollection().containsKey(name))
                .forEach(name -> found.add(new OfCollection(name, Fate.LEFT, List.of())));
        return found;
    }

    private List<String> unmapped(Connection connection) throws SQLException {
        Mapping mapping = entry.mapping();
        return new SchemaChangeStore(pipeline)
                .unmapped(connection).stream()
                        .filter(name -> !mapping.byCollection().containsKey(name)
                                && !mapping.ignored().contains(name))
                        .toList();
    }

    private List<String> pending() {
        return database.scripts(entry).stream()
                .filter(script -> script.fate() == TargetDatabase.Fate.PENDING
                        && !script.history().equals(CONTROL_HISTORY))
                .map(script -> script.version() + " " + script.description())
                .toList();
    }

    private List<Statement> statements(Connection connection, @Nullable Mapping before, @Nullable Version now)
            throws SQLException {
        List<Statement> statements = new ArrayList<>();
        TableChanges.Wish wish = new TableChanges.Wish(
                entry.mapping().schema(),
                before == null ? Set.of() : retyped(before, entry.mapping()),
                lockMax,
                "before_v" + (now == null ? 1 : now.number() + 1));
        for (TableChange change : TableChanges.of(connection, targets, wish)) {
            for (String sql : change.statements()) {
                statements.add(new Statement(sql, change.forPeople()));
            }
        }
        return statements;
    }

    private static Set<Retyped> retyped(Mapping before, Mapping now) {
        Set<Retyped> retyped = new HashSet<>();
        for (CollectionMapping mapping : now.collections()) {
            CollectionMapping earlier = before.byCollection().get(mapping.collection());
            if (earlier != null) {
                columns(mapping)
                        .forEach(column -> columns(earlier)
                                .filter(old -> old.is(column)
                                        && !old.mapped()
                                                .type()
                                                .equals(column.mapped().type()))
                                .forEach(old -> retyped.add(new Retyped(
                                        column.table(), column.mapped().column()))));
            }
        }
        return retyped;
    }

    private record OfTable(TableName table, ColumnMapping mapped) {
        boolean is(OfTable other) {
            return table.equals(other.table) && mapped.column().equals(other.mapped.column());
        }
    }

    private static Stream<OfTable> columns(CollectionMapping mapping) {
        return Stream.concat(
                mapping.columns().stream().map(column -> new OfTable(mapping.table(), column)),
                mapping.children().stream()
                        .flatMap(child -> child.columns().stream().map(column -> new OfTable(child.table(), column))));
    }

    /// The next number, written as long as the others are.
    private String scriptName(List<OfCollection> collections) {
        long greatest = 0;
        int width = 4;
        for (MigrationFolder.Script script :
                entry.migrations().map(MigrationFolder::scripts).orElse(List.of())) {
            Matcher matcher = SCRIPT.matcher(script.fileName());
            if (matcher.matches() && Long.parseLong(matcher.group(1)) >= greatest) {
                greatest = Long.parseLong(matcher.group(1));
                width = matcher.group(1).length();
            }
        }
        String about = collections.stream()
                .filter(collection -> collection.fate().isWritten())
                .map(collection -> collection.collection().replaceAll("[^A-Za-z0-9]+", "_"))
                .findFirst()
                .orElse("tables");
        return String.format("V%0" + width + "d__evolve_%s.sql", greatest + 1, about);
    }

    private List<String> obstacles(Connection connection, List<OfCollection> collections, boolean writes)
            throws SQLException {
        List<String> obstacles = new ArrayList<>();
        List<String> read = readFromPostgres(connection, collections);
        if (!read.isEmpty()) {
            obstacles.add("readers of " + String.join(", ", read)
                    + " are on PostgreSQL, and would see rows of both mappings. --rollback-reads moves them back to MongoDB"
                    + " first, or `sluice rollback " + String.join(" ", read) + "`.");
        }
        collections.stream()
                .filter(collection -> collection.changes().contains("key: changed"))
                .forEach(collection -> obstacles.add("the key of " + collection.collection()
                        + " changes, so that rows of both mappings could not be told apart in one table. Give it another"
                        + " table in the mapping; the old one stays as it is."));
        if (writes && entry.migrations().isEmpty()) {
            obstacles.add(
                    "the tables lack what is above, and the mapping has no folder `migrations` beside it. Change the"
                            + " tables by your own means, then run this again.");
        }
        if (writes && entry.migrations().filter(MigrationFolder::isInProgram).isPresent()) {
            obstacles.add(
                    "the tables lack what is above, and the migrations of a ready-made mapping come with the program."
                            + " Run `sluice migrate`; where it changes nothing, copy the mapping into a folder of your own.");
        }
        new PauseStore(pipeline)
                .load(connection)
                .filter(pause -> !pause.reason().equals(Hold.REASON))
                .ifPresent(pause -> obstacles.add(pause.forPeople() + " `sluice resume` first."));
        return obstacles;
    }

    /// Those that are touched and that somebody reads from PostgreSQL, also beside MongoDB.
    List<String> readFromPostgres(Connection connection, List<OfCollection> collections) throws SQLException {
        if (!WrittenWith.isNoted(connection)) {
            return List.of();
        }
        Map<String, Route> routes = new RouteStore(pipeline).routes(connection);
        return collections.stream()
                .filter(collection -> collection.fate().isWritten() || collection.fate() == Fate.LEFT)
                .map(collection -> routes.get(collection.collection()))
                .filter(Objects::nonNull)
                .filter(route -> !route.writesMoved()
                        && (route.share().percent() > 0 || route.share().shadowPercent() > 0))
                .map(Route::collection)
                .toList();
    }

    /// The file with the statements of an outlook; empty where it has none, or they can't be written.
    Optional<Written> write(Outlook outlook) {
        String script = outlook.script();
        return script == null
                ? Optional.empty()
                : outlook.sql()
                        .flatMap(sql -> entry.migrations()
                                .map(folder ->
                                        new Written(folder.add(script, sql).toString())));
    }

    /// @param file its path
    record Written(String file) {}
}
