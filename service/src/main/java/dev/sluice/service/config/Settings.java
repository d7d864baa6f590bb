package dev.sluice.service.config;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.schema.Nearest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

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
/// @param afterParallel how many statements of a script in `migrations/after` run at once, 1 to 16
/// @param caFile a PEM file with the CAs that both servers' certificates are checked by; empty: Java's own
///     for MongoDB, what POSTGRES_URI says for PostgreSQL
/// @param tokens of HTTP calls
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
        Tokens tokens,
        Transport transport,
        int verifyBudget,
        boolean standby,
        Duration lagLimit,
        int refusedShare,
        int afterParallel,
        Optional<String> caFile) {

    /// The same with another port.
    public Settings onPort(int port) {
        return new Settings(
                mongoUri,
                mongoDatabase,
                postgresUri,
                mapping,
                pipeline,
                autoMigrate,
                autoCreateDatabase,
                port,
                httpHost,
                tokens,
                transport,
                verifyBudget,
                standby,
                lagLimit,
                refusedShare,
                afterParallel,
                caFile);
    }

    /// How changes travel from MongoDB to the applier.
    public enum Transport {
        /// In one process.
        EMBEDDED
    }

    /// A name that differs by more is another name, and not misspelt.
    private static final int MISSPELT_MAX = 3;

    /// Read by the launcher, the sandbox or the failpoints, and not by this record.
    private static final Set<String> OTHERS = Set.of(
            "SLUICE_JAVA_HOME",
            "SLUICE_JAVA_OPTS",
            "SLUICE_HOME",
            "SLUICE_START_CACHE",
            "SLUICE_FAILPOINT",
            "SLUICE_TEST_MONGO_URI",
            "SLUICE_TEST_MONGO_VERSION",
            "SLUICE_TEST_POSTGRES_URI");

    /// The settings that are given and hold no secret, as `NAME=value`, in the order of the help.
    public static List<String> given(Map<String, String> environment, Map<String, String> properties) {
        Map<String, String> all = new TreeMap<>(environment);
        properties.forEach((name, value) -> all.put(variable(name), value));
        return Arrays.stream(Setting.values())
                .filter(setting -> !setting.isSecret())
                .filter(setting -> !all.getOrDefault(setting.name(), "").isBlank())
                .map(setting -> setting + "=" + all.get(setting.name()))
                .toList();
    }

    /// Reads the settings.
    ///
    /// @throws SluiceException of kind BAD_SETTING that names the setting, never its value where that may
    ///     be secret
    public static Settings read(Map<String, String> environment, Map<String, String> properties) {
        Map<String, String> all = new TreeMap<>(environment);
        properties.forEach((name, value) -> all.put(variable(name), value));
        all.values().removeIf(String::isBlank);
        Path operateFile = file(all, Setting.SLUICE_API_TOKEN);
        Path readFile = file(all, Setting.SLUICE_API_READ_TOKEN);
        for (Setting setting : Setting.values()) {
            String file = setting.isSecret() ? all.remove(setting + Setting.OF_FILE) : null;
            if (file != null && all.put(setting.name(), contents(setting, file)) != null) {
                throw bad(setting, "and " + setting + Setting.OF_FILE + " are both set");
            }
        }
        for (String name : all.keySet()) {
            if (name.startsWith("SLUICE_") && Setting.named(name).isEmpty() && !OTHERS.contains(name)) {
                throw new SluiceException(
                        FailureKind.BAD_SETTING, name + " is not a setting of Sluice; " + known(name));
            }
        }
        Given given = new Given(all);
        given.requireLogFormat();
        return new Settings(
                given.text(Setting.MONGO_URI).orElse(""),
                given.text(Setting.MONGO_DB_NAME),
                given.text(Setting.POSTGRES_URI).orElse(""),
                given.text(Setting.SLUICE_MAPPING).orElse(""),
                given.text(Setting.SLUICE_PIPELINE),
                given.flag(Setting.AUTO_MIGRATE),
                given.flag(Setting.AUTO_CREATE_DB),
                given.number(Setting.SLUICE_HTTP_PORT, 0, 65_535, "a port from 0 to 65535"),
                given.text(Setting.SLUICE_HTTP_HOST).orElseThrow(),
                new Tokens(
                        Tokens.split(given.text(Setting.SLUICE_API_TOKEN).orElse("")),
                        Tokens.split(given.text(Setting.SLUICE_API_READ_TOKEN).orElse("")),
                        operateFile,
                        readFile),
                given.transport(),
                given.number(Setting.SLUICE_VERIFY_BUDGET, 0, 100, "a percentage from 0 (off) to 100"),
                given.flag(Setting.SLUICE_STANDBY),
                given.lagLimit(),
                given.number(Setting.SLUICE_REFUSED_SHARE, 1, 100, "a percentage from 1 to 100 (off)"),
                given.number(Setting.SLUICE_AFTER_PARALLEL, 1, 16, "a number from 1 to 16"),
                given.text(Setting.SLUICE_CA_FILE));
    }

    /// The file that a setting is from; null where it is from none.
    private static @Nullable Path file(Map<String, String> all, Setting setting) {
        String file = all.get(setting + Setting.OF_FILE);
        try {
            return file == null ? null : Path.of(file);
        } catch (InvalidPathException e) {
            // Reading it says so.
            return null;
        }
    }

    /// The contents of a file, without the blanks and the line's end around them.
    static String contents(Setting setting, String file) {
        try {
            String contents = Files.readString(Path.of(file)).strip();
            if (contents.isEmpty()) {
                throw new SluiceException(
                        FailureKind.BAD_SETTING, setting + Setting.OF_FILE + " names an empty file: " + file + ".");
            }
            return contents;
        } catch (IOException | InvalidPathException e) {
            throw new SluiceException(
                    FailureKind.BAD_SETTING,
                    setting + Setting.OF_FILE + " names a file that can't be read: " + file + " ("
                            + e.getClass().getSimpleName() + ").",
                    e);
        }
    }

    /// What is set, with the defaults of what is not.
    private record Given(Map<String, String> values) {
        Optional<String> text(Setting setting) {
            return Optional.ofNullable(values.get(setting.name())).or(setting::standard);
        }

        private String required(Setting setting) {
            return text(setting).orElseThrow();
        }

        boolean flag(Setting setting) {
            return switch (required(setting).toLowerCase(Locale.ROOT)) {
                case "true", "1", "yes", "on" -> true;
                case "false", "0", "no", "off" -> false;
                default -> throw bad(setting, "is neither true nor false");
            };
        }

        /// @param what a number from `least` to `most` is, for people
        int number(Setting setting, int least, int most, String what) {
            try {
                int number = Integer.parseInt(required(setting));
                if (number >= least && number <= most) {
                    return number;
                }
            } catch (NumberFormatException e) {
                // Said below, as for a number out of range.
            }
            throw bad(setting, "is not " + what);
        }

        Duration lagLimit() {
            try {
                Duration limit = Length.parse(required(Setting.SLUICE_LAG_LIMIT));
                if (limit.isPositive()) {
                    return limit;
                }
            } catch (IllegalArgumentException unreadable) {
                // Said below, as for none at all.
            }
            throw bad(Setting.SLUICE_LAG_LIMIT, "is not a time over 0, such as 60s or 5m");
        }

        /// The log reads it by itself, before the first line.
        void requireLogFormat() {
            String format = required(Setting.SLUICE_LOG_FORMAT);
            if (!format.equalsIgnoreCase("text") && !format.equalsIgnoreCase("json")) {
                throw bad(Setting.SLUICE_LOG_FORMAT, "is neither text nor json");
            }
        }

        Transport transport() {
            if (required(Setting.SLUICE_TRANSPORT).equalsIgnoreCase("embedded")) {
                return Transport.EMBEDDED;
            }
            throw bad(Setting.SLUICE_TRANSPORT, "can be embedded; relay and apply are not built yet");
        }
    }

    private static String variable(String property) {
        String name = property.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
        return Setting.withPrefixTooMany(name).map(Setting::name).orElse(name);
    }

    /// What a name that is not known may mean.
    private static String known(String misspelt) {
        Optional<Setting> bare = Setting.withPrefixTooMany(misspelt);
        if (bare.isPresent()) {
            return "it is " + bare.get() + ", without the prefix.";
        }
        return Nearest.to(misspelt, Setting.names(), MISSPELT_MAX)
                .map(nearest -> "did you mean " + nearest + "?")
                .orElseGet(() -> "known are "
                        + String.join(", ", Setting.names().stream().sorted().toList()) + ".");
    }

    /// Says which of these settings a command needs and has not got, all of them at once.
    ///
    /// @param needed among MONGO_URI, MONGO_DB_NAME, POSTGRES_URI and SLUICE_MAPPING
    public void require(Setting... needed) {
        List<String> missing = Arrays.stream(needed)
                .filter(setting -> needed(setting).isBlank())
                .map(setting -> "\n  " + setting + ": " + setting.meaning())
                .toList();
        if (!missing.isEmpty()) {
            throw new SluiceException(FailureKind.BAD_SETTING, "Not set:" + String.join("", missing));
        }
    }

    private String needed(Setting setting) {
        return switch (setting) {
            case MONGO_URI -> mongoUri;
            case MONGO_DB_NAME -> mongoDatabase.orElse("");
            case POSTGRES_URI -> postgresUri;
            case SLUICE_MAPPING -> mapping;
            case SLUICE_PIPELINE,
                    SLUICE_CA_FILE,
                    AUTO_MIGRATE,
                    AUTO_CREATE_DB,
                    SLUICE_HTTP_PORT,
                    SLUICE_HTTP_HOST,
                    SLUICE_API_TOKEN,
                    SLUICE_API_READ_TOKEN,
                    SLUICE_VERIFY_BUDGET,
                    SLUICE_STANDBY,
                    SLUICE_LAG_LIMIT,
                    SLUICE_AFTER_PARALLEL,
                    SLUICE_REFUSED_SHARE,
                    SLUICE_LOG_FORMAT,
                    SLUICE_TRANSPORT ->
                throw new IllegalStateException(setting + " is a setting that is never required");
        };
    }

    /// The mapping's name, or an error that says how to give one.
    public String requireMapping() {
        require(Setting.SLUICE_MAPPING);
        return mapping;
    }

    public String requireMongoUri() {
        require(Setting.MONGO_URI);
        return mongoUri;
    }

    /// The source database, where no mapping says which.
    public String requireMongoDatabase() {
        require(Setting.MONGO_DB_NAME);
        return mongoDatabase.orElse("");
    }

    public String requirePostgresUri() {
        require(Setting.POSTGRES_URI);
        return postgresUri;
    }

    private static SluiceException bad(Setting setting, String why) {
        return new SluiceException(FailureKind.BAD_SETTING, setting + " " + why + ".");
    }

    /// Without secrets.
    @Override
    public String toString() {
        return "Settings[mapping=" + mapping + ", httpPort=" + httpPort + "]";
    }
}
