package dev.sluice.service.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What the commands of one pipeline work on, each as a process of its own.
///
/// @param database in MongoDB
/// @param mapping a name in the catalog, a file or a folder
record Place(Servers servers, String database, Target target, String mapping) {

    /// The settings of a command.
    ///
    /// @param javaOptions of its JVM; those of SLUICE_JAVA_OPTS go before them
    Map<String, String> settings(List<String> javaOptions) {
        Map<String, String> settings = new TreeMap<>(Map.of(
                "MONGO_URI",
                servers.mongo().uri(),
                "MONGO_DB_NAME",
                database,
                "POSTGRES_URI",
                target.uri(),
                "SLUICE_MAPPING",
                mapping,
                "SLUICE_HTTP_PORT",
                "0",
                "SLUICE_HTTP_HOST",
                "127.0.0.1"));
        List<String> options = new ArrayList<>(ownJavaOptions());
        options.addAll(javaOptions);
        if (!options.isEmpty()) {
            settings.put("SLUICE_JAVA_OPTS", String.join(" ", options));
        }
        return settings;
    }

    /// Those that the user gives to every process of the program.
    static List<String> ownJavaOptions() {
        String given = System.getenv("SLUICE_JAVA_OPTS");
        return given == null || given.isBlank()
                ? List.of()
                : List.of(given.strip().split("\\s+"));
    }

    /// Leaves the start cache in use, which the launcher gives up for other options.
    static String logOfCollector(Path file) {
        return "-Xlog:gc:file=" + file;
    }
}
