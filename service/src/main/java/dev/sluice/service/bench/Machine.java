package dev.sluice.service.bench;

import java.time.Instant;

/// What figures were shown on.
///
/// @param mongo the server, with its version
/// @param postgres the server, with its version
/// @param cores that this JVM may use; the servers share them when they run here too
/// @param heapMaxMb most memory the JVM may take for objects
/// @param measuredAt when the bench began
record Machine(
        String mongo, String postgres, int cores, long heapMaxMb, String jvm, String system, Instant measuredAt) {

    static Machine of(Servers servers) {
        Runtime runtime = Runtime.getRuntime();
        return new Machine(
                servers.mongo().description(),
                servers.postgres().description(),
                runtime.availableProcessors(),
                runtime.maxMemory() >> 20,
                System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"),
                System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"),
                Instant.now());
    }

    String forPeople() {
        return "On " + mongo + "; " + postgres + "; " + cores + (cores == 1 ? " core, " : " cores, ") + heapMaxMb
                + " MB of heap at most, " + jvm + ", " + system + ", " + measuredAt + ".";
    }
}
