package dev.sluice.service.bench;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoDatabase;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.sandbox.SandboxPostgres;
import dev.sluice.sandbox.SandboxServers;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// The two servers of a bench, the same for everybody in it. On a server that was given by its URI only
/// databases of the bench's own are touched, and they are dropped at the end.
///
/// @param begun when they had started
record Servers(SandboxServers both, MongoClient client, List<String> databases, Machine.Moment begun)
        implements AutoCloseable {

    static Servers start() {
        SandboxServers both = SandboxServers.start();
        return new Servers(both, MongoClients.create(both.mongo().uri()), new ArrayList<>(), Machine.Moment.now());
    }

    SandboxPostgres postgres() {
        return both.postgres();
    }

    SandboxMongo mongo() {
        return both.mongo();
    }

    /// A new database in MongoDB, used by the caller only.
    MongoDatabase newDatabase() {
        String name = "sluice_bench_" + UUID.randomUUID().toString().substring(0, 8);
        databases.add(name);
        return client.getDatabase(name);
    }

    @Override
    public void close() {
        try (both;
                client) {
            if (!mongo().restartable()) {
                databases.forEach(name -> client.getDatabase(name).drop());
            }
        }
    }
}
