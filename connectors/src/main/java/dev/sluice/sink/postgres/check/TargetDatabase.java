package dev.sluice.sink.postgres.check;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.postgres.PostgresUri;
import dev.sluice.postgres.ReadOnlySetting;
import dev.sluice.schema.Catalog;
import dev.sluice.schema.TableName;
import dev.sluice.sink.postgres.catalog.TableReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationState;
import org.flywaydb.core.api.ResourceProvider;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Brings the target to the state the program needs: the database, the control schema `sluice`, the
/// mapping's tables. Each step may be run by several processes at once and again at any time.
public final class TargetDatabase {
    private static final Logger LOG = LoggerFactory.getLogger(TargetDatabase.class);
    private static final String LOCK_NOT_AVAILABLE = "55P03";
    private static final String MISSING_DATABASE = "3D000";

    /// Another process was faster: duplicate_database, or the unique index of pg_database when both created
    /// it at the same time.
    private static final Set<String> ALREADY_THERE = Set.of("42P04", "23505");

    /// What Flyway goes on from without a word. "Future" are those of a newer release.
    private static final Set<MigrationState> IN_ORDER = Set.of(
            MigrationState.SUCCESS,
            MigrationState.OUT_OF_ORDER,
            MigrationState.FUTURE_SUCCESS,
            MigrationState.BELOW_BASELINE,
            MigrationState.BASELINE_IGNORED);

    private static final String CONTROL_HISTORY = "schema_history";
    private static final String CONTROL = "db/control";

    private final PostgresUri uri;

    public TargetDatabase(PostgresUri uri) {
        this.uri = uri;
    }

    /// Creates the database when the server has none of that name.
    ///
    /// @throws SluiceException when the server can't be reached or the role may not create databases
    public void createIfMissing() {
        try (Connection connection = PostgresConnector.connect(uri, 30)) {
            return;
        } catch (SQLException e) {
            if (!MISSING_DATABASE.equals(e.getSQLState())) {
                throw Failures.classify(e);
            }
        }
        try (Connection maintenance = PostgresConnector.connect(uri.withDatabase("postgres"), 120);
                Statement statement = maintenance.createStatement()) {
            statement.execute(
                    "CREATE DATABASE " + TableName.quote(uri.database()) + " ENCODING 'UTF8' TEMPLATE template0");
            LOG.info("Created the database {}.", uri.database());
        } catch (SQLException e) {
            if (ALREADY_THERE.contains(String.valueOf(e.getSQLState()))) {
                return;
            }
            if ("42501".equals(e.getSQLState())) {
                throw new SluiceException(
                        FailureKind.MISSING_RIGHT,
                        "The database " + uri.database()
                                + " does not exist and the role may not create it: permission denied to create database."
                                + " As a superuser: ALTER ROLE ... CREATEDB; or create the database and set AUTO_CREATE_DB=false.",
                        e);
            }
            throw Failures.classify(e);
        }
    }

    /// Applies the migrations of the control schema and of the mapping's tables that are not applied yet.
    ///
    /// @return a line for each that was applied now
    public List<String> migrate(Catalog.Entry entry) {
        List<String> applied = new ArrayList<>();
        List<Flyway> flyways = flyways(entry);
        makeSchemas(entry);
        for (Flyway flyway : flyways) {
            run(() -> flyway.migrate()
                    .migrations
                    .forEach(m -> applied.add(flyway.getConfiguration().getTable() + ": " + m.version + " "
                            + m.description + " (" + m.executionTime + " ms)")));
        }
        if (isWithoutScripts(entry)) {
            LOG.warn(withoutScripts(entry));
        }
        return applied;
    }

    /// Applies the migrations of the control schema that are not applied yet, and none of the
    /// mapping's.
    public void migrateControl(Catalog.Entry entry) {
        Flyway control = flyways(entry).getFirst();
        makeSchemas(entry);
        run(control::migrate);
    }

    /// How migrations are applied to tables that others read and write.
    ///
    /// @param lockWait how long a statement waits for a lock before it stands back, so that nobody
    ///     waits behind it
    /// @param longest how long it is tried
    /// @param waits told, for people, when a lock is not to be had for the first time
    public record Patience(Duration lockWait, Duration longest, Consumer<String> waits) {}

    /// A migration that was applied.
    ///
    /// @param name its version and description
    /// @param milliseconds that its transaction took: no table was locked for longer
    public record Applied(String name, long milliseconds) {}

    /// Applies the migrations of the mapping's tables that are not applied yet, each in a transaction
    /// that stands back when it does not get a lock at once, and is tried again. Those of the control
    /// schema have to be applied.
    ///
    /// @return what was applied now
    /// @throws SluiceException of kind MISSING_TABLE when PostgreSQL refuses one; of kind
    ///     TARGET_REFUSED when the locks were not to be had; what was applied before stays
    public List<Applied> migratePatiently(Catalog.Entry entry, Patience patience) throws InterruptedException {
        List<Applied> applied = new ArrayList<>();
        makeSchemas(entry);
        String limits = PostgresConnector.NO_LIMITS + " SET lock_timeout = "
                + patience.lockWait().toMillis() + ";";
        long until = System.nanoTime() + patience.longest().toNanos();
        for (Flyway flyway : flyways(entry, limits).stream().skip(1).toList()) {
            while (!migrate(flyway, applied)) {
                if (System.nanoTime() - until >= 0) {
                    throw new SluiceException(
                            FailureKind.TARGET_REFUSED,
                            "For " + patience.longest().toSeconds()
                                    + " s others held locks on tables that a migration changes, so that it was not applied."
                                    + " SELECT pid, xact_start, query FROM pg_stat_activity ORDER BY xact_start shows"
                                    + " whose transactions are long.");
                }
                patience.waits().accept("Others hold locks on tables that a migration changes; it is tried again.");
                // Those who waited behind the statement go on meanwhile.
                Thread.sleep(patience.lockWait().multipliedBy(4));
            }
        }
        return applied;
    }

    /// @return false where a lock was not to be had
    private boolean migrate(Flyway flyway, List<Applied> applied) {
        try {
            flyway.migrate()
                    .migrations
                    .forEach(m -> applied.add(new Applied(m.version + " " + m.description, m.executionTime)));
            return true;
        } catch (FlywayException e) {
            for (Throwable t = e; t != null; t = t.getCause()) {
                if (t instanceof SQLException sql && LOCK_NOT_AVAILABLE.equals(sql.getSQLState())) {
                    return false;
                }
            }
            run(() -> {
                throw e;
            });
            throw e;
        }
    }

    /// Before Flyway, which tries it ten times, a second apart, also where the role may not.
    private void makeSchemas(Catalog.Entry entry) {
        List<String> schemas = new ArrayList<>(List.of("sluice"));
        entry.migrations().ifPresent(folder -> schemas.add(entry.mapping().schema()));
        try (Connection connection = PostgresConnector.connect(uri, 30)) {
            for (String schema : schemas) {
                makeSchema(connection, schema);
            }
        } catch (SQLException e) {
            throw named(ReadOnlySetting.explain(new PostgresConnector(uri), Failures.classify(e)));
        }
    }

    private static void makeSchema(Connection connection, String schema) throws SQLException {
        if (isThere(connection, schema)) {
            return;
        }
        try (Statement statement = connection.createStatement()) {
            statement.execute("CREATE SCHEMA IF NOT EXISTS " + TableName.quote(schema));
        } catch (SQLException e) {
            // Another process may have made it at the same moment.
            if (!isThere(connection, schema)) {
                throw e;
            }
        }
    }

    private static boolean isThere(Connection connection, String schema) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = ?)")) {
            statement.setString(1, schema);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }

    /// Whether the mapping has a folder for migrations and no script in it.
    private boolean isWithoutScripts(Catalog.Entry entry) {
        return entry.migrations().isPresent()
                && scripts(entry).stream().allMatch(script -> script.history().equals(CONTROL_HISTORY));
    }

    /// What is said of a mapping that has a folder for migrations and no script in it.
    public static String withoutScripts(Catalog.Entry entry) {
        return "The folder of migrations of the mapping " + entry.mapping().name()
                + " has none: they are files named V0001__what_it_does.sql.";
    }

    /// Every migration there is, and whether it is applied.
    public List<String> info(Catalog.Entry entry) {
        List<String> lines = new ArrayList<>();
        for (Flyway flyway : flyways(entry)) {
            run(() -> Arrays.stream(flyway.info().all())
                    .filter(i -> i.getVersion() != null)
                    .forEach(i -> lines.add(line(flyway, i))));
        }
        return lines;
    }

    /// How many migrations are not applied.
    public int pending(Catalog.Entry entry) {
        int[] pending = {0};
        for (Flyway flyway : flyways(entry)) {
            run(() -> pending[0] += flyway.info().pending().length);
        }
        return pending[0];
    }

    /// A migration script, and what became of it.
    ///
    /// @param history the table that says what is applied
    /// @param sql its text where it is pending, for a look at what it will need; empty for the others
    public record Script(String history, String version, String description, Fate fate, String sql) {}

    /// What became of a migration script.
    public enum Fate {
        PENDING,
        APPLIED,
        /// Applied, and changed or removed since; or it failed half-way.
        AT_ODDS
    }

    /// Every migration there is and every one that was applied. Changes nothing, and needs no more than to
    /// read the histories, where there are any.
    public List<Script> scripts(Catalog.Entry entry) {
        List<Script> scripts = new ArrayList<>();
        for (Flyway flyway : flyways(entry)) {
            run(() -> Arrays.stream(flyway.info().all())
                    .filter(i -> i.getVersion() != null && i.getState() != MigrationState.BASELINE)
                    .forEach(i -> scripts.add(script(flyway, i))));
        }
        return scripts;
    }

    private static Script script(Flyway flyway, MigrationInfo info) {
        Fate fate = fate(info);
        return new Script(
                flyway.getConfiguration().getTable(),
                info.getVersion().toString(),
                info.getDescription(),
                fate,
                fate == Fate.PENDING ? text(flyway.getConfiguration().getResourceProvider(), info.getScript()) : "");
    }

    private static Fate fate(MigrationInfo info) {
        MigrationState state = info.getState();
        if (state == MigrationState.PENDING) {
            return Fate.PENDING;
        }
        boolean changed = state.isApplied() && state.isResolved() && !info.isChecksumMatching();
        return changed || !IN_ORDER.contains(state) ? Fate.AT_ODDS : Fate.APPLIED;
    }

    /// @param mapping the scripts of a mapping; null for those of the control schema
    private static String text(@Nullable ResourceProvider mapping, String script) {
        if (mapping != null) {
            return ((TableScripts) mapping).text(script);
        }
        String name = CONTROL + "/" + script;
        try (InputStream in = TargetDatabase.class.getClassLoader().getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("the migration " + name + " is not in the program");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String line(Flyway flyway, MigrationInfo info) {
        return String.format(
                "%-28s %-6s %-40s %s",
                flyway.getConfiguration().getTable(),
                info.getVersion(),
                info.getDescription(),
                info.getState().getDisplayName());
    }

    private List<Flyway> flyways(Catalog.Entry entry) {
        return flyways(entry, PostgresConnector.NO_LIMITS);
    }

    /// That of the control schema first.
    ///
    /// @param limits the statements that set how long a session may wait
    private List<Flyway> flyways(Catalog.Entry entry, String limits) {
        try {
            PostgresConnector.requireKeptSession(uri);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
        List<Flyway> flyways = new ArrayList<>();
        flyways.add(Flyway.configure()
                .dataSource(new MigrationSource(uri))
                .initSql(limits)
                .locations("classpath:" + CONTROL)
                .schemas("sluice")
                .defaultSchema("sluice")
                .createSchemas(true)
                .table(CONTROL_HISTORY)
                .failOnMissingLocations(true)
                .connectRetries(0)
                .load());
        entry.migrations()
                .ifPresent(folder -> flyways.add(Flyway.configure()
                        .dataSource(new MigrationSource(uri))
                        .initSql(limits)
                        // Both, so that Flyway looks at no folder by itself: it would see those that come after
                        // the copy.
                        .resourceProvider(new TableScripts(folder.scripts()))
                        .javaMigrationClassProvider(List::of)
                        .schemas(entry.mapping().schema())
                        .defaultSchema(entry.mapping().schema())
                        .createSchemas(true)
                        // One history for each mapping, so that several mappings can share a schema with
                        // each other and with the application's own migrations.
                        .table("sluice_history_" + entry.mapping().name())
                        .baselineOnMigrate(true)
                        .baselineVersion("0")
                        .connectRetries(0)
                        .load()));
        return flyways;
    }

    private void run(Runnable work) {
        try {
            work.run();
        } catch (FlywayException e) {
            SluiceException known = Failures.classify(e);
            if (isAboutTheScript(known.kind())) {
                // Flyway's first line names the script, what PostgreSQL said is in its cause.
                String script = Failures.describe(e);
                String said = String.valueOf(known.getMessage());
                throw new SluiceException(
                        FailureKind.MISSING_TABLE,
                        "A migration failed: " + script + (said.equals(script) ? "" : ": " + said),
                        e);
            }
            throw named(ReadOnlySetting.explain(new PostgresConnector(uri), known));
        }
    }

    /// A right that the role lacks on the control tables is named with its GRANT; other failures stay as
    /// they are.
    private SluiceException named(SluiceException failure) {
        if (failure.kind() != FailureKind.MISSING_RIGHT) {
            return failure;
        }
        try (Connection connection = PostgresConnector.connect(uri, 30)) {
            String missing = MissingRights.of(new TableReader(connection).rights("sluice")).stream()
                    .map(fault -> fault.found() + " " + fault.remedy())
                    .collect(Collectors.joining("\n"));
            return missing.isEmpty()
                    ? failure
                    : new SluiceException(FailureKind.MISSING_RIGHT, failure.getMessage() + "\n" + missing, failure);
        } catch (SQLException notToBeAsked) {
            return failure;
        }
    }

    /// Whether PostgreSQL refused what a script says; the others are the same for every script.
    private static boolean isAboutTheScript(FailureKind kind) {
        return kind == FailureKind.UNEXPECTED
                || kind == FailureKind.MISSING_TABLE
                || kind == FailureKind.TARGET_ALTERED;
    }
}
