package dev.sluice.sandbox;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/// A PostgreSQL and a MongoDB, started at the same time. One that was given from outside is left running by
/// [#close()].
public record SandboxServers(SandboxPostgres postgres, SandboxMongo mongo) implements AutoCloseable {
    /// Where the servers of a sandbox come from: the libraries that an image of the program alone leaves out.
    private static final List<String> LIBRARIES = List.of(
            "io.zonky.test.db.postgres.embedded.DefaultPostgresBinaryResolver",
            "org.testcontainers.DockerClientFactory",
            "com.github.dockerjava.api.model.HostConfig");

    /// Whether the libraries are there that [#start()] needs.
    public static boolean areIncluded() {
        return LIBRARIES.stream().allMatch(SandboxServers::isThere);
    }

    private static boolean isThere(String name) {
        try {
            Class.forName(name, false, SandboxServers.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException | LinkageError missing) {
            return false;
        }
    }

    /// Starts both, or neither. Before it is called, [#areIncluded()] has to be true.
    ///
    /// @throws SandboxException when one can't be had; the message says what to do
    public static SandboxServers start() {
        // A mistake in a setting is said before anything is started.
        MongodVersion.asked();
        CompletableFuture<SandboxMongo> mongo = CompletableFuture.supplyAsync(SandboxMongo::start);
        SandboxPostgres postgres;
        try {
            postgres = SandboxPostgres.start();
        } catch (RuntimeException e) {
            closeWhenStarted(mongo);
            throw e;
        }
        try {
            return new SandboxServers(postgres, mongo.join());
        } catch (CompletionException e) {
            postgres.close();
            throw e.getCause() instanceof RuntimeException known ? known : e;
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // a server that did not start need not be stopped
    private static void closeWhenStarted(CompletableFuture<SandboxMongo> starting) {
        starting.whenComplete((server, e) -> {
            if (server != null) {
                server.close();
            }
        });
    }

    @Override
    public void close() {
        try (postgres) {
            mongo.close();
        }
    }
}
