package dev.sluice.service.plan;

import dev.sluice.backfill.Backfill;
import dev.sluice.control.BackfillStore;
import dev.sluice.cutover.Route;
import dev.sluice.cutover.RouteStore;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.mapping.row.TableShape;
import dev.sluice.postgres.ConnectRight;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.postgres.ReadOnlySetting;
import dev.sluice.schema.Catalog;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.MappingDiff.Change.Effect;
import dev.sluice.schema.MappingDiff.OfCollection;
import dev.sluice.schema.TableName;
import dev.sluice.service.pipeline.WrittenWith;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.catalog.TableReader;
import dev.sluice.sink.postgres.check.MissingRights;
import dev.sluice.sink.postgres.check.TableFault;
import dev.sluice.sink.postgres.check.TargetDatabase;
import dev.sluice.sink.postgres.check.TargetDatabase.Fate;
import dev.sluice.sink.postgres.check.TargetDatabase.Script;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// PostgreSQL's side of the preflight: the server, the rights, the migrations, and with [TableChecks] the
/// tables.
final class TargetChecks {
    private static final int VERSION_MIN = 13;

    /// The lock, the bookkeeping, the stream, the resync (two), the collections' watch, metrics and
    /// status, a command that runs at the same time; and, one after the other, one for each worker of the
    /// copy, and those of the verification.
    private static final int CONNECTIONS_WANTED =
            8 + Math.max(Backfill.Limits.adaptive().workersMax(), 5);

    /// Free disk for each byte of documents: rows, indexes and the log together.
    private static final int DISK_FACTOR = 2;

    private static final String MISSING_DATABASE = "3D000";

    private static final Pattern SQL_COMMENT = Pattern.compile("--[^\\n]*|/\\*.*?\\*/", Pattern.DOTALL);
    private static final Pattern EXTENSION = Pattern.compile(
            "\\bcreate\\s+extension\\s+(?:if\\s+not\\s+exists\\s+)?\"?([a-z0-9_-]+)", Pattern.CASE_INSENSITIVE);

    private static final Pattern SCHEMA = Pattern.compile(
            "\\bcreate\\s+schema\\s+(?:if\\s+not\\s+exists\\s+)?\"?([a-z0-9_-]+)", Pattern.CASE_INSENSITIVE);

    private static final String SERVER = """
            SELECT current_setting('server_version'), current_setting('server_version_num')::int,
                   pg_encoding_to_char(d.encoding), pg_is_in_recovery(),
                   current_setting('transaction_read_only')::boolean OR current_setting('default_transaction_read_only')::boolean,
                   d.datname, pg_database_size(d.oid),
                   has_database_privilege(d.oid, 'TEMPORARY'), has_database_privilege(d.oid, 'CREATE'),
                   r.rolname, r.rolsuper, r.rolcreatedb, r.rolconnlimit, d.datconnlimit,
                   current_setting('max_connections')::int
                     - current_setting('superuser_reserved_connections')::int
                     - coalesce(current_setting('reserved_connections', true)::int, 0),
                   (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
                   (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND usename = r.rolname),
                   (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND datname = d.datname)
            FROM pg_database d, pg_roles r WHERE d.datname = current_database() AND r.rolname = current_user
            """;

    private static final String EXTENSION_STATE = """
            SELECT EXISTS (SELECT FROM pg_extension WHERE extname = ?),
                   EXISTS (SELECT FROM pg_available_extensions WHERE name = ?),
                   coalesce((SELECT bool_or(v.trusted) FROM pg_available_extension_versions v WHERE v.name = ?), false)
            """;

    private final PostgresConnector connector;
    private final TargetDatabase database;
    private final Catalog.Entry entry;
    private final List<CollectionTarget> all;
    private final List<CollectionTarget> targets;
    private final Settings settings;
    private final Checklist list;
    private Map<TableName, Set<String>> notNull = new HashMap<>();
    private @Nullable Double measuredRate;
    private boolean reached;

    /// @param pipeline its name
    /// @param createDatabase whether a missing database is made at start
    /// @param migrate whether pending migrations are applied at start
    record Settings(String pipeline, boolean createDatabase, boolean migrate) {}

    /// The database that rows are to be written to, and its migrations.
    record Target(PostgresConnector connector, TargetDatabase database) {}

    TargetChecks(
            Target target, Catalog.Entry entry, List<CollectionTarget> targets, Settings settings, Checklist list) {
        this.connector = target.connector();
        this.database = target.database();
        this.entry = entry;
        this.all = CollectionTarget.of(entry.mapping());
        this.targets = targets;
        this.settings = settings;
        this.list = list;
    }

    /// The columns that take no NULL, of each table that is there.
    Map<TableName, Set<String>> notNull() {
        return notNull;
    }

    /// Documents a second of earlier copies into this database; null where there were none worth counting.
    @Nullable
    Double measuredRate() {
        return measuredRate;
    }

    /// @param sourceBytes about how much is to be copied
    void run(long sourceBytes) {
        try (Connection connection = connector.open()) {
            // Nothing here writes, and the server enforces that, except the trial of triggers, which is
            // rolled back.
            reached = true;
            connection.setReadOnly(true);
            list.ok(Check.POSTGRES_REACHABLE, "PostgreSQL answers at " + connector.uri() + ".");
            onDatabase(connection, sourceBytes);
        } catch (SQLException e) {
            if (MISSING_DATABASE.equals(e.getSQLState())) {
                missingDatabase(e);
            } else {
                unreachable(Failures.classify(e));
            }
        } catch (SluiceException e) {
            unreachable(e);
        }
    }

    private void unreachable(SluiceException e) {
        Optional<ConnectRight> refused = !reached && e.getCause() instanceof SQLException cause
                ? ConnectRight.missing(connector.uri(), cause)
                : Optional.empty();
        if (refused.isPresent()) {
            list.problem(
                    Check.POSTGRES_RIGHTS,
                    connector.uri().database(),
                    refused.get().found(),
                    refused.get().remedy());
            list.notLookedAt();
            return;
        }
        list.problem(Check.POSTGRES_REACHABLE, null, e.whatHappened(), e.kind().remedy());
        list.notLookedAt();
    }

    /// What can be said of the server without the database.
    private void missingDatabase(SQLException missing) {
        String name = connector.uri().database();
        try (Connection connection = new PostgresConnector(connector.uri().withDatabase("postgres")).open();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(SERVER)) {
            row.next();
            list.ok(
                    Check.POSTGRES_REACHABLE,
                    "PostgreSQL answers at " + connector.uri().hosts() + ".");
            version(row.getString(1), row.getInt(2));
            if (!settings.createDatabase()) {
                list.problem(
                        Check.POSTGRES_DATABASE,
                        name,
                        "The database " + name + " does not exist, and AUTO_CREATE_DB is false.",
                        "Create it, with ENCODING 'UTF8'.");
            } else if (!row.getBoolean(11) && !row.getBoolean(12)) {
                list.problem(
                        Check.POSTGRES_DATABASE,
                        name,
                        "The database " + name + " does not exist, and the role " + row.getString(10)
                                + " may not create it.",
                        "Create it, or ALTER ROLE " + row.getString(10) + " CREATEDB.");
            } else {
                list.info(
                        Check.POSTGRES_DATABASE,
                        name,
                        "The database " + name
                                + " does not exist; `sluice run` and `sluice migrate` create it. Its contents"
                                + " could not be checked.");
            }
        } catch (SQLException e) {
            unreachable(Failures.classify(missing));
        }
    }

    private void onDatabase(Connection connection, long sourceBytes) throws SQLException {
        boolean createOnDatabase;
        boolean superuser;
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(SERVER)) {
            row.next();
            version(row.getString(1), row.getInt(2));
            encoding(row.getString(6), row.getString(3));
            writable(connection, row.getBoolean(4));
            temporary(row.getString(10), row.getString(6), row.getBoolean(8));
            connections(row);
            list.info(
                    Check.POSTGRES_SIZE,
                    row.getString(6),
                    "The database " + row.getString(6) + " takes " + Quantity.bytes(row.getLong(7)) + " now.");
            createOnDatabase = row.getBoolean(9);
            superuser = row.getBoolean(11);
        }
        disk(connection, sourceBytes);
        List<Script> pending = migrations(connection, createOnDatabase);
        extensions(connection, pending, superuser, createOnDatabase);
        if (controlTables(connection)) {
            changedMapping(connection);
        }
        notNull = new TableChecks(connection, list, ofMapping(pending)).run(all, targets);
        measuredRate = measured(connection);
    }

    private void changedMapping(Connection connection) throws SQLException {
        WrittenWith.Changed changed = WrittenWith.mapping(entry)
                .changedIfNoted(connection, settings.pipeline())
                .orElse(null);
        if (changed == null) {
            return;
        }
        Map<String, Route> routes = new RouteStore(settings.pipeline()).routes(connection);
        for (OfCollection collection : changed.diff().collections()) {
            String name = collection.collection();
            Route route = routes.get(name);
            String found = "The mapping of " + name + " is another one than version "
                    + changed.before().number() + ", which its rows were written with: " + WrittenWith.text(collection)
                    + ".";
            if (collection.effect() == Effect.NONE) {
                list.info(Check.MAPPING_CHANGED, name, found + " Its rows stay as they are.");
            } else if (route != null && route.share().percent() > 0) {
                list.problem(
                        Check.MAPPING_CHANGED,
                        name,
                        found + " Readers of it are on PostgreSQL, and would see rows of both.",
                        "Move them back first: `sluice rollback " + name + "`.");
            } else {
                list.info(
                        Check.MAPPING_CHANGED,
                        name,
                        found
                                + " `sluice run` and `sluice backfill` read all of its documents again; until that is done"
                                + " its gate is shut.");
            }
        }
    }

    /// Without those of the control schema.
    private static List<Script> ofMapping(List<Script> pending) {
        return pending.stream()
                .filter(s -> !s.history().equals("schema_history"))
                .toList();
    }

    private void version(String version, int number) {
        if (number / 10_000 >= VERSION_MIN) {
            list.ok(Check.POSTGRES_VERSION, "PostgreSQL " + version + ".");
        } else {
            list.problem(
                    Check.POSTGRES_VERSION,
                    null,
                    "PostgreSQL " + version + " is older than " + VERSION_MIN + ".",
                    "Upgrade it; what Sluice's own tables need is not in it.");
        }
    }

    private void encoding(String name, String encoding) {
        if (encoding.equals("UTF8")) {
            list.ok(Check.POSTGRES_ENCODING, "The database's encoding is UTF8.");
        } else {
            list.problem(
                    Check.POSTGRES_ENCODING,
                    name,
                    "The encoding of the database " + name + " is " + encoding
                            + ", which does not hold every character that MongoDB does.",
                    "Make another database with ENCODING 'UTF8' TEMPLATE template0; an encoding can't be changed.");
        }
    }

    private static boolean readOnlyByDefault(Connection connection) throws SQLException {
        String sql = "SELECT reset_val::boolean FROM pg_settings WHERE name = 'default_transaction_read_only'";
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            return row.next() && row.getBoolean(1);
        }
    }

    private void writable(Connection connection, boolean standby) throws SQLException {
        Optional<ReadOnlySetting> set = ReadOnlySetting.find(connection);
        if (standby) {
            list.problem(
                    Check.POSTGRES_WRITABLE,
                    null,
                    "This server is a standby and takes no writes: `sluice run` would wait until it does.",
                    "Name the primary in POSTGRES_URI (target_session_attrs=read-write picks it among several hosts).");
        } else if (set.isPresent()) {
            list.problem(
                    Check.POSTGRES_WRITABLE, null, set.get().found(), set.get().remedy());
        } else if (readOnlyByDefault(connection)) {
            // Read only by our own asking, which the session's default does not show.
            list.problem(
                    Check.POSTGRES_WRITABLE,
                    null,
                    "This server is set to read only, as by a switch-over: `sluice run` would wait until it takes writes.",
                    "Name the server that takes writes in POSTGRES_URI, or set default_transaction_read_only to off.");
        } else {
            list.ok(Check.POSTGRES_WRITABLE, "The server takes writes.");
        }
    }

    private void temporary(String role, String name, boolean mayMakeTemporary) {
        if (mayMakeTemporary) {
            list.ok(Check.POSTGRES_RIGHTS, "The role " + role + " may connect and create temporary tables.");
        } else {
            TableFault fault = MissingRights.temporary(name, role);
            list.problem(Check.POSTGRES_RIGHTS, fault.subject(), fault.found(), fault.remedy());
        }
    }

    private void connections(ResultSet row) throws SQLException {
        long left = row.getLong(15) - row.getLong(16);
        boolean limited = !row.getBoolean(11);
        if (limited && row.getInt(13) >= 0) {
            left = Math.min(left, row.getLong(13) - row.getLong(17));
        }
        if (limited && row.getInt(14) >= 0) {
            left = Math.min(left, row.getLong(14) - row.getLong(18));
        }
        String found = left + " of " + row.getInt(15) + " connections are free for the role " + row.getString(10) + ".";
        if (left >= CONNECTIONS_WANTED) {
            list.ok(Check.POSTGRES_CONNECTIONS, found);
        } else {
            list.warning(
                    Check.POSTGRES_CONNECTIONS,
                    null,
                    found + " Sluice holds up to " + CONNECTIONS_WANTED + ".",
                    "Raise max_connections, or the limit of the role or the database.");
        }
    }

    /// SQL has no word for free disk. It is seen where the server runs on this machine and says where its
    /// data is.
    private void disk(Connection connection, long sourceBytes) throws SQLException {
        OptionalLong free = freeOnThisMachine(connection);
        if (free.isEmpty()) {
            list.info(
                    Check.POSTGRES_DISK,
                    null,
                    "Free disk is not visible from here. The copy may take "
                            + Quantity.bytes(DISK_FACTOR * sourceBytes)
                            + " and more, with indexes and the write-ahead log.");
            return;
        }
        String found = Quantity.bytes(free.getAsLong())
                + " are free where PostgreSQL keeps its data; the documents are " + Quantity.bytes(sourceBytes) + ".";
        if (free.getAsLong() >= DISK_FACTOR * sourceBytes) {
            list.ok(Check.POSTGRES_DISK, found);
        } else {
            list.warning(
                    Check.POSTGRES_DISK,
                    null,
                    found + " With indexes and the write-ahead log they may take twice that.",
                    "Add space first: a full disk stops PostgreSQL.");
        }
    }

    private OptionalLong freeOnThisMachine(Connection connection) throws SQLException {
        String host = connector.uri().hosts().replaceFirst(":\\d+$", "");
        if (host.contains(",") || !isLoopback(host)) {
            return OptionalLong.empty();
        }
        String sql = "SELECT setting, current_setting('server_version_num')::int / 10000 FROM pg_settings"
                + " WHERE name = 'data_directory'";
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            if (!row.next() || row.getString(1) == null) {
                return OptionalLong.empty();
            }
            Path data = Path.of(row.getString(1));
            // A container's directory may have a namesake here: then the version is another, or there is none.
            Path version = data.resolve("PG_VERSION");
            return Files.isReadable(version)
                            && Files.readString(version).strip().equals(row.getString(2))
                    ? OptionalLong.of(Files.getFileStore(data).getUsableSpace())
                    : OptionalLong.empty();
        } catch (IOException | RuntimeException notVisible) {
            return OptionalLong.empty();
        }
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }

    /// @return the pending ones
    private List<Script> migrations(Connection connection, boolean createOnDatabase) throws SQLException {
        List<Script> scripts;
        try {
            scripts = database.scripts(entry);
        } catch (SluiceException e) {
            if (e.kind() == FailureKind.MISSING_RIGHT
                    && !controlRights(connection).isEmpty()) {
                list.info(
                        Check.POSTGRES_MIGRATIONS,
                        null,
                        "Which migrations are applied can't be read without the rights on the schema sluice that are"
                                + " named below.");
                return List.of();
            }
            list.problem(
                    Check.POSTGRES_MIGRATIONS,
                    null,
                    "Which migrations are applied can't be read: " + e.whatHappened(),
                    "Grant USAGE on the schemas and SELECT on sluice.schema_history and sluice_history_"
                            + entry.mapping().name() + ".");
            return List.of();
        }
        for (Script script : scripts) {
            if (script.fate() == Fate.AT_ODDS) {
                list.problem(
                        Check.POSTGRES_MIGRATIONS,
                        script.history() + " " + script.version(),
                        "The migration " + script.version() + " " + script.description() + " (" + script.history()
                                + ") is not as it was applied, or failed half-way.",
                        "Put the scripts back as they were applied, and make changes in a new one.");
            }
        }
        if (entry.migrations().isPresent()
                && scripts.stream().allMatch(s -> s.history().equals("schema_history"))) {
            list.warning(
                    Check.POSTGRES_MIGRATIONS,
                    null,
                    TargetDatabase.withoutScripts(entry),
                    "Put its scripts there, or delete the folder where the tables are made by other means.");
        }
        List<Script> pending =
                scripts.stream().filter(s -> s.fate() == Fate.PENDING).toList();
        if (pending.isEmpty()) {
            list.ok(Check.POSTGRES_MIGRATIONS, "Every migration is applied (" + scripts.size() + ").");
            return pending;
        }
        String which = pending.size() + " of " + scripts.size() + " migrations are not applied";
        if (settings.migrate()) {
            list.info(
                    Check.POSTGRES_MIGRATIONS,
                    null,
                    which + "; `sluice run` and `sluice backfill` apply them when they start (AUTO_MIGRATE).");
        } else {
            list.problem(
                    Check.POSTGRES_MIGRATIONS, null, which + ", and AUTO_MIGRATE is false.", "Run `sluice migrate`.");
        }
        mayMigrate(connection, pending, createOnDatabase);
        return pending;
    }

    private void mayMigrate(Connection connection, List<Script> pending, boolean createOnDatabase) throws SQLException {
        Set<String> schemas = new LinkedHashSet<>();
        for (Script script : pending) {
            schemas.add(
                    script.history().equals("schema_history")
                            ? "sluice"
                            : entry.mapping().schema());
            schemas.addAll(named(SCHEMA, script));
        }
        String sql = "SELECT has_schema_privilege(n.oid, 'CREATE') AND has_schema_privilege(n.oid, 'USAGE')"
                + " FROM pg_namespace n WHERE n.nspname = ?";
        for (String schema : schemas) {
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                statement.setString(1, schema);
                try (ResultSet row = statement.executeQuery()) {
                    if (!row.next()) {
                        if (!createOnDatabase) {
                            list.problem(
                                    Check.POSTGRES_RIGHTS,
                                    schema,
                                    "The schema " + schema + " does not exist, and the role may not create it.",
                                    "GRANT CREATE ON DATABASE "
                                            + TableName.quote(connector.uri().database())
                                            + " to the role, or run `sluice migrate` with one that has it.");
                        }
                    } else if (!row.getBoolean(1)) {
                        list.problem(
                                Check.POSTGRES_RIGHTS,
                                schema,
                                "Migrations are to be applied, and the role may not create tables in the schema "
                                        + schema + ".",
                                "GRANT USAGE, CREATE ON SCHEMA " + TableName.quote(schema)
                                        + " to the role, or run `sluice migrate` with one that has it.");
                    }
                }
            }
        }
    }

    private void extensions(Connection connection, List<Script> pending, boolean superuser, boolean createOnDatabase)
            throws SQLException {
        Set<String> needed = new LinkedHashSet<>();
        for (Script script : pending) {
            needed.addAll(named(EXTENSION, script));
        }
        if (usesCitext()) {
            needed.add("citext");
        }
        for (String extension : needed) {
            try (PreparedStatement statement = connection.prepareStatement(EXTENSION_STATE)) {
                for (int i = 1; i <= 3; i++) {
                    statement.setString(i, extension);
                }
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    boolean mayCreate = superuser || (row.getBoolean(3) && createOnDatabase);
                    extension(extension, row.getBoolean(1), row.getBoolean(2), mayCreate);
                }
            }
        }
    }

    /// What a script names by the pattern, outside of its comments.
    private static List<String> named(Pattern pattern, Script script) {
        List<String> names = new ArrayList<>();
        Matcher matcher = pattern.matcher(SQL_COMMENT.matcher(script.sql()).replaceAll(" "));
        while (matcher.find()) {
            names.add(matcher.group(1).toLowerCase(Locale.ROOT));
        }
        return names;
    }

    private void extension(String name, boolean installed, boolean available, boolean mayCreate) {
        if (installed) {
            list.ok(Check.POSTGRES_EXTENSION, "The extension " + name + " is installed.");
        } else if (!available) {
            list.problem(
                    Check.POSTGRES_EXTENSION,
                    name,
                    "The extension " + name + " is needed, and the server does not have it.",
                    "Install the package that has it (postgresql-contrib or the like) on the server.");
        } else if (!mayCreate) {
            list.problem(
                    Check.POSTGRES_EXTENSION,
                    name,
                    "The extension " + name + " is needed and not installed, and the role may not install it.",
                    "As a superuser in this database: CREATE EXTENSION " + TableName.quote(name) + ".");
        } else {
            list.ok(Check.POSTGRES_EXTENSION, "The extension " + name + " is there to be installed, and the role may.");
        }
    }

    private boolean usesCitext() {
        return targets.stream()
                .flatMap(t -> Stream.concat(Stream.of(t.mapper().shape()), t.mapper().childShapes().stream()))
                .flatMap(shape -> shape.columns().stream())
                .map(TableShape.Column::type)
                .anyMatch(type -> type instanceof ColumnType.Citext
                        || (type instanceof ColumnType.Array array && array.element() instanceof ColumnType.Citext));
    }

    /// @return whether the role may read them
    private boolean controlTables(Connection connection) throws SQLException {
        List<TableFault> faults = controlRights(connection);
        for (TableFault fault : faults) {
            list.problem(Check.TABLE_RIGHTS, fault.subject(), fault.found(), fault.remedy());
        }
        return faults.isEmpty();
    }

    private static List<TableFault> controlRights(Connection connection) throws SQLException {
        return MissingRights.of(new TableReader(connection).rights("sluice"));
    }

    private static @Nullable Double measured(Connection connection) {
        try {
            return BackfillStore.documentsPerSecond(connection);
        } catch (SQLException noControlSchemaOrNoRight) {
            return null;
        }
    }
}
