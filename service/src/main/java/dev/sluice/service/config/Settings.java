package dev.sluice.service.config;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.schema.Catalog;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The settings: from environment variables, or from system properties of the same name in lower
/// case with dots (`SLUICE_HTTP_PORT` is `sluice.http.port`, `MONGO_URI` is `sluice.mongo.uri`), which win.
/// A `SLUICE_` or `sluice.` setting that is not known is refused, so that a misspelt one does not pass for
/// its default. A blank one counts as not set.
///
/// @param mongoUri the source; empty when not given
/// @param mongoDatabase overrides the mapping's database
/// @param postgresUri the target; empty when not given
/// @param mapping a name in the catalog, a file or a folder; empty when not given
/// @param pipeline the pipeline's name; empty means the mapping's
/// @param httpPort port for REST and metrics; 0 takes a free one
/// @param verifyBudget percent of the time that `run` may spend on continuous verification, 0 to 100; 0 turns
///     it off
/// @param standby whether `run` waits while another process writes the pipeline; else it ends
/// @param lagLimit from which lag on `/health/lag` is 503
/// @param refusedShare percent of a collection's recent rows, 1 to 100: when PostgreSQL refuses more than
///     that for one reason, the pipeline stops; 100: never
/// @param caFile a PEM file with the CAs that both servers' certificates are checked by; empty: Java's own
///     for MongoDB, what POSTGRES_URI says for PostgreSQL
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
        Transport transport,
        int verifyBudget,
        boolean standby,
        Duration lagLimit,
        int refusedShare,
        Optional<String> caFile) {

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
            "SLUICE_CA_FILE",
            "SLUICE_TRANSPORT",
            "SLUICE_VERIFY_BUDGET",
            "SLUICE_STANDBY",
            "SLUICE_LAG_LIMIT",
            "SLUICE_REFUSED_SHARE");

    /// As environment variables without the prefix, by the custom of the systems that Sluice serves.
    private static final Set<String> WITHOUT_PREFIX =
            Set.of("MONGO_URI", "MONGO_DB_NAME", "POSTGRES_URI", "AUTO_MIGRATE", "AUTO_CREATE_DB");

    private static final Map<String, String> FORMS = Map.of(
            "SLUICE_MAPPING",
            "a name in the catalog (" + String.join(", ", Catalog.NAMES) + "), a file or a folder",
            "MONGO_URI",
            "mongodb://user:password@host:port/?replicaSet=name",
            "MONGO_DB_NAME",
            "the database in MongoDB",
            "POSTGRES_URI",
            "postgresql://user:password@host:port/database");

    /// A name that differs by more is another name, and not misspelt.
    private static final int MISSPELT_MAX = 3;

    /// Read by the launcher, the sandbox or the failpoints, and not by this record.
    private static final Set<String> OTHERS = Set.of(
            "SLUICE_JAVA_HOME",
            "SLUICE_JAVA_OPTS",
            "SLUICE_HOME",
            "SLUICE_FAILPOINT",
            "SLUICE_TEST_MONGO_URI",
            "SLUICE_TEST_MONGO_VERSION",
            "SLUICE_TEST_POSTGRES_URI");

    /// Reads the settings.
    ///
    /// @throws SluiceException of kind BAD_SETTING that names the setting, never its value where that may
    ///     be secret
    public static Settings read(Map<String, String> environment, Map<String, String> properties) {
        Map<String, String> all = new TreeMap<>(environment);
        properties.forEach((name, value) -> all.put(variable(name), value));
        all.values().removeIf(String::isBlank);
        for (String name : all.keySet()) {
            if (name.startsWith("SLUICE_") && !KNOWN.contains(name) && !OTHERS.contains(name)) {
                throw bad(name, "is not a setting of Sluice; " + known(name));
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
                transport(all),
                percent(all, "SLUICE_VERIFY_BUDGET", 10, 0)
                        .orElseThrow(() -> bad("SLUICE_VERIFY_BUDGET", "is not a percentage from 0 (off) to 100")),
                flag(all, "SLUICE_STANDBY"),
                lagLimit(all),
                percent(all, "SLUICE_REFUSED_SHARE", 20, 1)
                        .orElseThrow(() -> bad("SLUICE_REFUSED_SHARE", "is not a percentage from 1 to 100 (off)")),
                optional(all, "SLUICE_CA_FILE"));
    }

    /// @return empty when it is not a whole number from `least` to 100
    private static Optional<Integer> percent(Map<String, String> all, String name, int unset, int least) {
        try {
            int percent = Integer.parseInt(all.getOrDefault(name, String.valueOf(unset)));
            return percent >= least && percent <= 100 ? Optional.of(percent) : Optional.empty();
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static Duration lagLimit(Map<String, String> all) {
        try {
            Duration limit = Length.parse(all.getOrDefault("SLUICE_LAG_LIMIT", "60s"));
            if (limit.isPositive()) {
                return limit;
            }
        } catch (IllegalArgumentException unreadable) {
            // Said below, as for none at all.
        }
        throw bad("SLUICE_LAG_LIMIT", "is not a time over 0, such as 60s or 5m");
    }

    private static String variable(String property) {
        String name = property.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
        String bare = name.startsWith("SLUICE_") ? name.substring("SLUICE_".length()) : name;
        return WITHOUT_PREFIX.contains(bare) ? bare : name;
    }

    private static String known(String misspelt) {
        List<String> names = Stream.concat(KNOWN.stream(), WITHOUT_PREFIX.stream())
                .sorted(Comparator.comparingInt((String name) -> edits(misspelt, name))
                        .thenComparing(Comparator.naturalOrder()))
                .toList();
        if (WITHOUT_PREFIX.contains(misspelt.substring("SLUICE_".length()))) {
            return "it is " + misspelt.substring("SLUICE_".length()) + ", without the prefix";
        }
        if (edits(misspelt, names.getFirst()) <= MISSPELT_MAX) {
            return "did you mean " + names.getFirst() + "?";
        }
        return "known are " + String.join(", ", names.stream().sorted().toList());
    }

    /// The Levenshtein distance: how many letters to add, drop or change.
    private static int edits(String from, String to) {
        int[] row = IntStream.rangeClosed(0, to.length()).toArray();
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int change = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(change, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[to.length()];
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
            case "false", "0", "no", "off" -> false;
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

    /// Says which of these settings a command needs and has not got, all of them at once.
    ///
    /// @param names among SLUICE_MAPPING, MONGO_URI, MONGO_DB_NAME and POSTGRES_URI
    public void require(String... names) {
        List<String> missing = Arrays.stream(names)
                .filter(name -> required(name).isBlank())
                .map(name -> "\n  " + name + ": " + FORMS.get(name))
                .toList();
        if (!missing.isEmpty()) {
            throw new SluiceException(FailureKind.BAD_SETTING, "Not set:" + String.join("", missing));
        }
    }

    private String required(String name) {
        return switch (name) {
            case "SLUICE_MAPPING" -> mapping;
            case "MONGO_URI" -> mongoUri;
            case "MONGO_DB_NAME" -> mongoDatabase.orElse("");
            case "POSTGRES_URI" -> postgresUri;
            default -> throw new IllegalStateException(name + " is a setting that is never required");
        };
    }

    /// The mapping's name, or an error that says how to give one.
    public String requireMapping() {
        require("SLUICE_MAPPING");
        return mapping;
    }

    public String requireMongoUri() {
        require("MONGO_URI");
        return mongoUri;
    }

    /// The source database, where no mapping says which.
    public String requireMongoDatabase() {
        require("MONGO_DB_NAME");
        return mongoDatabase.orElse("");
    }

    public String requirePostgresUri() {
        require("POSTGRES_URI");
        return postgresUri;
    }

    private static SluiceException bad(String name, String why) {
        return new SluiceException(FailureKind.BAD_SETTING, name + " " + why + (why.endsWith("?") ? "" : "."));
    }

    /// Without secrets.
    @Override
    public String toString() {
        return "Settings[mapping=" + mapping + ", httpPort=" + httpPort + "]";
    }
}
