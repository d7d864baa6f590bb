package dev.sluice.service.chaos;

import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.sandbox.SandboxPostgres;
import dev.sluice.testkit.MigratedDatabases;
import java.util.UUID;

/// A MongoDB and a PostgreSQL for all tests of a class, which start and stop in seconds; a database of one's
/// own on both takes none.
///
/// For tests that leave the servers alone: what they change or ask of a server as a whole (a restart, a block
/// of writes, a parameter, the length of the oplog, a session of any database) the other tests of the class
/// see too. Such a test starts a [LiveSystem] with servers of its own.
public final class LiveServers implements AutoCloseable {
    private final SandboxPostgres postgres = SandboxPostgres.start();
    private final SandboxMongo mongo = SandboxMongo.start();

    private final MigratedDatabases migrated = new MigratedDatabases(postgres);

    private LiveServers() {}

    public static LiveServers start() {
        return new LiveServers();
    }

    SandboxPostgres postgres() {
        return postgres;
    }

    MigratedDatabases migrated() {
        return migrated;
    }

    SandboxMongo mongo() {
        return mongo;
    }

    /// A database on each side that no other test sees. The servers go on when the system is closed.
    ///
    /// @param mapping a catalog name or a file
    public LiveSystem system(String mapping) {
        return LiveSystem.on(this, mapping, "it_" + UUID.randomUUID().toString().substring(0, 8));
    }

    @Override
    public void close() {
        mongo.close();
        postgres.close();
    }
}
