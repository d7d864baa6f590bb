package dev.sluice.service.config;

import dev.sluice.schema.Catalog;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The settings that there are, in the order of the help. All that is said of settings comes from here: what is read,
/// what is refused as not known, the end of `sluice --help`, and the table that deploy/README.md has to have.
public enum Setting {
    MONGO_URI(null, "source, for example mongodb://user:password@host:port/?replicaSet=name"),
    MONGO_DB_NAME(null, "the database in MongoDB, when not the mapping's; infer has none to fall back on"),
    POSTGRES_URI(null, "target, for example postgresql://user:password@host:port/database?sslmode=require"),
    SLUICE_MAPPING(null, "a name in the catalog (" + String.join(", ", Catalog.NAMES) + "), a file or a folder"),
    SLUICE_PIPELINE(null, "the pipeline's name, when not the mapping's"),
    SLUICE_CA_FILE(null, "PEM file with the CAs that check both servers' certificates"),
    AUTO_MIGRATE("true", "apply migrations at start"),
    AUTO_CREATE_DB("true", "create the PostgreSQL database when it is missing"),
    SLUICE_HTTP_PORT("8080", "port for metrics, health and REST"),
    SLUICE_HTTP_HOST("0.0.0.0", "address to listen on"),
    SLUICE_API_TOKEN(null, "bearer tokens (one,two) of calls that change something; without, this machine only"),
    SLUICE_API_READ_TOKEN(null, "bearer tokens (one,two) of calls that look; without one, looking is open to all"),
    SLUICE_VERIFY_BUDGET("10", "percent of the time that run may spend on verification; 0: none"),
    SLUICE_STANDBY("true", "whether run waits while another process writes the pipeline; else it ends"),
    SLUICE_LAG_LIMIT("60s", "from which lag on /health/lag answers 503"),
    SLUICE_AFTER_PARALLEL("2", "how many statements of a script in migrations/after run at once"),
    SLUICE_REFUSED_SHARE("20", "percent of recent rows that PostgreSQL may refuse before Sluice stops; 100: all"),
    SLUICE_LOG_FORMAT("text", "how the log is written: text, or json with an object a line"),
    SLUICE_TRANSPORT("embedded", "how changes travel: embedded, in this process");

    /// In the name of a setting that names a file.
    static final String OF_FILE = "_FILE";

    private static final String PREFIX = "SLUICE_";
    private static final Set<Setting> SECRETS =
            EnumSet.of(MONGO_URI, POSTGRES_URI, SLUICE_API_TOKEN, SLUICE_API_READ_TOKEN);

    private final @Nullable String standard;
    private final String meaning;

    Setting(@Nullable String standard, String meaning) {
        this.standard = standard;
        this.meaning = meaning;
    }

    /// Whether it holds a secret, and so may be in a file that `NAME_FILE` names.
    public boolean isSecret() {
        return SECRETS.contains(this);
    }

    /// What counts where it is not set; empty where nothing does.
    public Optional<String> standard() {
        return Optional.ofNullable(standard);
    }

    /// What it is and looks like, in some words.
    String meaning() {
        return meaning;
    }

    /// One line for the help: the meaning, and the default.
    public String help() {
        return standard == null ? meaning : meaning + " (" + standard + ")";
    }

    /// Of a name as an environment variable.
    static Optional<Setting> named(String name) {
        return Arrays.stream(values()).filter(s -> s.name().equals(name)).findFirst();
    }

    /// By the custom of the systems that Sluice serves, some have no prefix.
    boolean hasPrefix() {
        return name().startsWith(PREFIX);
    }

    /// The setting that a name with a prefix too many means: `SLUICE_POSTGRES_URI` is `POSTGRES_URI`.
    static Optional<Setting> withPrefixTooMany(String name) {
        return name.startsWith(PREFIX)
                ? named(name.substring(PREFIX.length())).filter(s -> !s.hasPrefix())
                : Optional.empty();
    }

    static List<String> names() {
        return Arrays.stream(values()).map(Setting::name).toList();
    }
}
