package dev.sluice.testkit;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoDatabase;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.sandbox.SandboxPostgres;
import java.util.UUID;

/// The servers of this test JVM: started when the first test asks, shared by all, closed when the JVM ends.
/// What a test does in them it does in databases of its own.
public final class TestingServers {
    private TestingServers() {}

    /// Holds the server, so that it starts when it is first asked for.
    private static final class Postgres {
        private static final SandboxPostgres SERVER = SandboxPostgres.start();
        private static final MigratedDatabases MIGRATED = new MigratedDatabases(SERVER);

        static {
            Runtime.getRuntime().addShutdownHook(new Thread(SERVER::close));
        }
    }

    /// As [Postgres].
    private static final class Mongo {
        private static final SandboxMongo SERVER = SandboxMongo.start();
        private static final MongoClient CLIENT = MongoClients.create(SERVER.uri());

        static {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                CLIENT.close();
                SERVER.close();
            }));
        }
    }

    public static SandboxPostgres postgres() {
        return Postgres.SERVER;
    }

    /// Databases of [#postgres] with the control schema.
    public static MigratedDatabases migrated() {
        return Postgres.MIGRATED;
    }

    public static SandboxMongo mongo() {
        return Mongo.SERVER;
    }

    /// A database in MongoDB that no other test has. It exists once something is written to it.
    public static MongoDatabase mongoDatabase() {
        return Mongo.CLIENT.getDatabase(
                "test_" + UUID.randomUUID().toString().replace("-", "").substring(0, 12));
    }
}
