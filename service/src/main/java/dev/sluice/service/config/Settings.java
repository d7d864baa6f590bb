package dev.sluice.service.config;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// What the program is told: by environment variables, or by system properties of the same name in lower
/// case with dots (`SLUICE_HTTP_PORT` is `sluice.http.port`), which win. A `SLUICE_` or `sluice.` setting
/// that is not known is refused, so that a misspelt one does not pass for its default.
///
/// @param mongoUri the source; empty when not given
/// @param mongoDatabase overrides the mapping's database
/// @param postgresUri the target; empty when not given
/// @param mapping a name in the catalog, a file or a folder; empty when not given
/// @param pipeline the pipeline's name; empty means the mapping's
/// @param httpPort port for REST and metrics; 0 takes a free one
/// @param apiToken bearer token for calls that change something; empty means loopback only
public record Settings(
        String mongoUri,
        Optional<String> mongoDatabase,
        String postgresUri,
        String mapping,
        Optional<String> pipeline,
        boolean autoMigrate,
        boolean autoCreateDatabase,
        int httpPort,
        String httpHost,
        Optional<String> apiToken,
        Transport transport) {

    /// How changes travel from MongoDB to the applier.
    public enum Transport {
        /// In one process.
        EMBEDDED
    }

    private static final Set<String> KNOWN = Set.of(
            "SLUICE_MAPPING",
            "SLUICE_PIPELINE",
            "SLUICE_HTTP_PORT",
            "SLUICE_HTTP_HOST",
            "SLUICE_API_TOKEN",
            "SLUICE_TRANSPORT");

    /// Read by the launcher, the sandbox or the failpoints, and not by this record.
    private static final Set<String> OTHERS = Set.of(
            "SLUICE_JAVA_HOME",
            "SLUICE_JAVA_OPTS",
            "SLUICE_HOME",
            "SLUICE_FAILPOINT",
            "SLUICE_TEST_MONGO_URI",
            "SLUICE_TEST_POSTGRES_URI");

    /// Reads the settings.
    ///
    /// @throws SluiceException of kind BAD_SETTING that names the setting, never its value where that may
    ///     be secret
    public static Settings read(Map<String, String> environment, Map<String, String> properties) {
        Map<String, String> all = new TreeMap<>(environment);
        properties.forEach((name, value) ->
                all.put(name.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_'), value));
        for (String name : all.keySet()) {
            if (name.startsWith("SLUICE_") && !KNOWN.contains(name) && !OTHERS.contains(name)) {
                throw bad(
                        name,
                        "is not a setting of Sluice; known are "
                                + String.join(", ", KNOWN.stream().sorted().toList()));
            }
        }
        return new Settings(
                all.getOrDefault("MONGO_URI", ""),
                optional(all, "MONGO_DB_NAME"),
                all.getOrDefault("POSTGRES_URI", ""),
                all.getOrDefault("SLUICE_MAPPING", ""),
                optional(all, "SLUICE_PIPELINE"),
                flag(all, "AUTO_MIGRATE"),
                flag(all, "AUTO_CREATE_DB"),
                port(all),
                all.getOrDefault("SLUICE_HTTP_HOST", "0.0.0.0"),
                optional(all, "SLUICE_API_TOKEN"),
                transport(all));
    }

    private static Transport transport(Map<String, String> all) {
        String text = all.getOrDefault("SLUICE_TRANSPORT", "embedded");
        if (text.equalsIgnoreCase("embedded")) {
            return Transport.EMBEDDED;
        }
        throw bad("SLUICE_TRANSPORT", "can be embedded; relay and apply are not built yet");
    }

    private static Optional<String> optional(Map<String, String> all, String name) {
        return Optional.ofNullable(all.get(name)).filter(v -> !v.isBlank());
    }

    private static boolean flag(Map<String, String> all, String name) {
        String text = all.getOrDefault(name, "true").toLowerCase(Locale.ROOT);
        return switch (text) {
            case "true", "1", "yes", "on" -> true;
            case "false", "0", "no", "off", "" -> false;
            default -> throw bad(name, "is neither true nor false");
        };
    }

    private static int port(Map<String, String> all) {
        try {
            int port = Integer.parseInt(all.getOrDefault("SLUICE_HTTP_PORT", "8080"));
            if (port >= 0 && port <= 65_535) {
                return port;
            }
        } catch (NumberFormatException e) {
            // Said below, as for a number out of range.
        }
        throw bad("SLUICE_HTTP_PORT", "is not a port from 0 to 65535");
    }

    /// The mapping's name, or an error that says how to give one.
    public String requireMapping() {
        return require("SLUICE_MAPPING", mapping, "a name in the catalog, a file or a folder");
    }

    public String requireMongoUri() {
        return require("MONGO_URI", mongoUri, "mongodb://user:password@host:port/?replicaSet=name");
    }

    public String requirePostgresUri() {
        return require("POSTGRES_URI", postgresUri, "postgresql://user:password@host:port/database");
    }

    private static String require(String name, String value, String form) {
        if (value.isBlank()) {
            throw bad(name, "is not set; it is " + form);
        }
        return value;
    }

    private static SluiceException bad(String name, String why) {
        return new SluiceException(FailureKind.BAD_SETTING, name + " " + why + ".");
    }

    /// Without secrets.
    @Override
    public String toString() {
        return "Settings[mapping=" + mapping + ", httpPort=" + httpPort + "]";
    }
}
