package dev.sluice.service.config;

import dev.sluice.schema.Catalog;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The settings that there are, in the order of the help. All that is said of settings comes from here: what is read,
/// what is refused as not known, the end of `sluice --help`, and the table in deploy/README.md.
public enum Setting {
    MONGO_URI(
            Absent.NEEDED,
            "source, for example mongodb://user:password@host:port/?replicaSet=name",
            "where to read: any URI of the MongoDB driver; a replica set or a sharded cluster, since change "
                    + "streams need one"),
    MONGO_DB_NAME(
            Absent.OF_MAPPING,
            "the database in MongoDB, when not the mapping's; infer has none to fall back on",
            "which database of it"),
    POSTGRES_URI(
            Absent.NEEDED,
            "target, for example postgresql://user:password@host:port/database?sslmode=require",
            "where to write: `postgres://`, `postgresql://`, `postgresql+asyncpg://`, `postgresql+psycopg://` "
                    + "or `jdbc:postgresql://`, with user, password, `sslmode` and libpq's other parameters"),
    SLUICE_MAPPING(
            Absent.NEEDED,
            "a name in the catalog (" + String.join(", ", Catalog.NAMES) + "), a file or a folder",
            "what to migrate: a name in the catalog (`" + String.join("`, `", Catalog.NAMES)
                    + "`), a file or a folder"),
    SLUICE_PIPELINE(
            Absent.OF_MAPPING,
            "the pipeline's name, when not the mapping's",
            "the pipeline's name, where one database has several"),
    SLUICE_CA_FILE(
            Absent.NONE,
            "PEM file with the CAs that check both servers' certificates",
            "a PEM file with the CAs that the certificates of both servers are checked by; see TLS"),
    AUTO_MIGRATE(
            "true",
            "apply migrations at start",
            "make and update the control schema (`sluice`) and the mapping's tables at start, before the "
                    + "tables are checked: they stay where the start is then refused. Safe with several processes "
                    + "starting at once. `false` in production: run `sluice migrate` as a step of its own, and `sluice "
                    + "migrate --after` after the copy"),
    AUTO_CREATE_DB(
            "true",
            "create the PostgreSQL database when it is missing",
            "make the PostgreSQL database if it is not there. `false` in production"),
    SLUICE_HTTP_PORT("8080", "port for metrics, health and REST", "status, health and metrics"),
    SLUICE_HTTP_HOST("0.0.0.0", "address to listen on", "address to listen on"),
    SLUICE_API_TOKEN(
            Absent.NONE,
            "bearer tokens (one,two) of calls that change something; without, this machine only",
            "bearer tokens, separated by commas, of the HTTP calls that change something; without one they "
                    + "are accepted from the machine itself only (in a container: from inside it). Several at once let "
                    + "you replace one without a gap"),
    SLUICE_API_READ_TOKEN(
            Absent.NONE,
            "bearer tokens (one,two) of calls that look; without one, looking is open to all",
            "bearer tokens, separated by commas, of the HTTP calls that look, of OFREP, and of reports of "
                    + "shadow reads; without one these are open to all who reach the port. Metrics and health are "
                    + "always open"),
    SLUICE_VERIFY_BUDGET(
            "10",
            "percent of the time that run may spend on verification; 0: none",
            "percent of its time that `run` spends comparing rows with their documents; 0 turns it off"),
    SLUICE_STANDBY(
            "true",
            "whether run waits while another process writes the pipeline; else it ends",
            "`run` waits while another process writes the pipeline, and takes over when that one ends; "
                    + "`false`: it exits at once with 3 and names the other"),
    SLUICE_LAG_LIMIT(
            "60s",
            "from which lag on /health/lag answers 503",
            "from which lag on `/health/lag` answers 503 (which it does too while a collection is not copied)"),
    SLUICE_AFTER_PARALLEL(
            "2",
            "how many statements of a script in migrations/after run at once",
            "how many statements of a script in `migrations/after` run at once, 1 to 16 "
                    + "([details](../service/docs/operations.md#after-the-copy-indexes-and-foreign-keys))"),
    SLUICE_REFUSED_SHARE(
            "20",
            "percent of recent rows that PostgreSQL may refuse before Sluice stops; 100: all",
            "percent of a collection's recent rows: when PostgreSQL refuses more than that for one reason, "
                    + "Sluice stops instead of writing dead letters; 100: never "
                    + "([details](../service/docs/operations.md#refused-rows-and-a-table-that-takes-none))"),
    SLUICE_LOG_FORMAT(
            "text",
            "how the log is written: text, or json with an object a line",
            "how the log is written, to standard error: `text`, a line with date, zone, level and message; "
                    + "`json`, an object a line with `timestamp` (milliseconds since 1970), `level`, `loggerName` and "
                    + "`formattedMessage`"),
    SLUICE_TRANSPORT(
            "embedded",
            "how changes travel: embedded, in this process",
            "one process from MongoDB to PostgreSQL; there is no other yet");

    /// In the name of a setting that names a file.
    static final String OF_FILE = "_FILE";

    private static final String PREFIX = "SLUICE_";
    private static final Set<Setting> SECRETS =
            EnumSet.of(MONGO_URI, POSTGRES_URI, SLUICE_API_TOKEN, SLUICE_API_READ_TOKEN);

    private final @Nullable String standard;
    private final String standardForPeople;
    private final String meaning;
    private final String explanation;

    Setting(String standard, String meaning, String explanation) {
        this.standard = standard;
        this.standardForPeople = "`" + standard + "`";
        this.meaning = meaning;
        this.explanation = explanation;
    }

    Setting(Absent absent, String meaning, String explanation) {
        this.standard = null;
        this.standardForPeople = absent.forPeople;
        this.meaning = meaning;
        this.explanation = explanation;
    }

    /// What counts where a setting is not set and has no value that it could be set to all the same.
    private enum Absent {
        NEEDED("none, needed"),
        NONE("none"),
        OF_MAPPING("the mapping's");

        private final String forPeople;

        Absent(String forPeople) {
            this.forPeople = forPeople;
        }
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
        return standard().map(value -> meaning + " (" + value + ")").orElse(meaning);
    }

    /// A row of the table of all settings, in Markdown.
    String row() {
        return "| `" + name() + "` | " + standardForPeople + " | " + explanation + " |";
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
