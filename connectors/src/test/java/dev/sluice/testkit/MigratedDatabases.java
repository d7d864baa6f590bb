package dev.sluice.testkit;

import dev.sluice.postgres.PostgresUri;
import dev.sluice.sandbox.SandboxPostgres;
import dev.sluice.schema.Catalog;
import dev.sluice.sink.postgres.check.TargetDatabase;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// Databases of one server that have the control schema already. It is migrated once, and that database is
/// copied for each test: migrations take longer than many a test, a copy a tenth of that. Any thread.
public final class MigratedDatabases {
    private static final String NO_TABLES = "";

    private final SandboxPostgres server;
    private final Map<String, String> originals = new ConcurrentHashMap<>();

    public MigratedDatabases(SandboxPostgres server) {
        this.server = server;
    }

    /// With a mapping's tables.
    ///
    /// @param mapping a name of the catalog; or a file, whose own migrations run each time: the next file of
    ///     that name may have others
    /// @return the URI of a database that no other test has
    public String create(String mapping) {
        if (Catalog.NAMES.contains(mapping)) {
            return server.copyDatabase(
                    originals.computeIfAbsent(mapping, name -> migrate(server.createDatabase(), Catalog.load(name))));
        }
        return migrate(withoutTables(), Catalog.load(mapping));
    }

    /// With the control schema alone.
    ///
    /// @return the URI of a database that no other test has
    public String withoutTables() {
        return server.copyDatabase(originals.computeIfAbsent(
                NO_TABLES,
                none -> migrate(
                        server.createDatabase(),
                        new Catalog.Entry(Catalog.load("demo").mapping(), Optional.empty(), ""))));
    }

    private static String migrate(String uri, Catalog.Entry entry) {
        new TargetDatabase(PostgresUri.parse(uri)).migrate(entry);
        return uri;
    }
}
