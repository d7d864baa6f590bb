package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.service.cli.Cli.Result;
import dev.sluice.service.cli.Servers.Place;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.Command;

/// What goes wrong before any work is done, as an operator meets it: one message that says what happened,
/// to what, and what to do now. No stack trace, no class of Java, no password.
///
/// Most are asked of the commands in this JVM. A process of its own is started once for each exit code, for what `run`
/// finds when it would begin, and wherever `--verbose` is on.
class CliErrorsIT {
    private static final String SECRET = "hush-hush";
    private static final int LINES_MAX = 6;

    private static Place place;

    private final Path folder;

    CliErrorsIT(@TempDir Path folder) {
        this.folder = folder;
    }

    @BeforeAll
    static void migrateOnce() {
        place = Servers.place();
        assertThat(Cli.runHere(place.settings(), "migrate").exitCode()).isZero();
    }

    // --- Use --------------------------------------------------------------------------------------------------

    @Test
    void helpSaysTheCommandsTheSettingsAndTheExitCodes() {
        Result result = Cli.run(Map.of(), "--help");

        assertThat(result.exitCode()).isZero();
        assertThat(result.err()).isEmpty();
        assertThat(result.out())
                .contains(commands().map(command -> "\n  " + command + " ").toList())
                .contains("MONGO_URI", "POSTGRES_URI", "SLUICE_MAPPING", "AUTO_MIGRATE", "AUTO_CREATE_DB")
                .contains("SLUICE_HTTP_PORT", "SLUICE_HTTP_HOST", "SLUICE_API_TOKEN", "SLUICE_TRANSPORT")
                .contains("Exit codes: 0 fine, 1 a finding");
    }

    @ParameterizedTest
    @MethodSource("commands")
    void eachCommandHasHelpAndAVersion(String command) {
        Result help = Cli.runHere(Map.of(), command, "--help");
        Result version = Cli.runHere(Map.of(), command, "--version");

        assertThat(help.exitCode()).isZero();
        assertThat(help.out()).contains("Usage: sluice " + command, "--verbose");
        assertThat(version.exitCode()).isZero();
        assertThat(version.out()).startsWith("sluice ");
    }

    static Stream<String> commands() {
        return SluiceCommand.COMMANDS.stream()
                .map(command -> command.getAnnotation(Command.class).name());
    }

    @Test
    void helpAndVersionAreCommandsToo() {
        assertThat(Cli.runHere(Map.of(), "help").out())
                .isEqualTo(Cli.runHere(Map.of(), "--help").out());
        assertThat(Cli.runHere(Map.of(), "help", "verify").out())
                .isEqualTo(Cli.runHere(Map.of(), "verify", "--help").out());
        assertThat(Cli.runHere(Map.of(), "version").out())
                .isEqualTo(Cli.runHere(Map.of(), "--version").out());
        assertWrongUse(Cli.runHere(Map.of(), "help", "verfy"), "There is no command 'verfy'.", "sluice verify");
    }

    @Test
    void bashCompletesCommandsAndOptions() throws IOException, InterruptedException {
        Path script = folder.resolve("completion");
        Files.writeString(script, Cli.runHere(Map.of(), "completion").out());

        Process bash = new ProcessBuilder(
                        "bash",
                        "-c",
                        "source " + script + " && COMP_WORDS=(sluice ver) COMP_CWORD=1 && _complete_sluice"
                                + " && echo ${COMPREPLY[@]} && COMP_WORDS=(sluice verify --mo) COMP_CWORD=2"
                                + " && _complete_sluice && echo ${COMPREPLY[@]}")
                // It says that it is not called by a shell that completes.
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();

        assertThat(new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo("verify\n--mode\n");
        assertThat(bash.waitFor()).isZero();
    }

    @Test
    void withJsonAnErrorIsAnObjectAsWell() throws IOException {
        Result wrongUse = Cli.runHere(Map.of(), "status", "--json", "--nonsense");
        Result noSetting = Cli.runHere(Map.of(), "status", "--json");

        for (Result result : new Result[] {wrongUse, noSetting}) {
            JsonNode error = JsonMapper.builder().build().readTree(result.out());
            assertThat(error.get("exit_code").intValue()).isEqualTo(2).isEqualTo(result.exitCode());
            assertThat(result.err())
                    .contains(error.get("error").textValue().lines().findFirst().orElseThrow());
        }
        assertThat(noSetting.out()).contains("POSTGRES_URI");
        assertThat(Cli.runHere(Map.of(), "status").out()).isEmpty();
    }

    @Test
    void noCommandIsWrongUse() {
        assertWrongUse(Cli.run(Map.of()), "No command is named.", "`sluice --help`");
    }

    @Test
    void anUnknownCommandIsNamedWithTheOneThatIsMeant() {
        assertWrongUse(
                Cli.runHere(Map.of(), "backfil"), "There is no command 'backfil'.", "Did you mean: sluice backfill");
    }

    @Test
    void anUnknownOptionIsNamed() {
        assertWrongUse(Cli.runHere(Map.of(), "backfill", "--bach-size"), "'--bach-size'", "--batch-size");
    }

    @ParameterizedTest
    @CsvSource({"x,'x' is not an int", "0,--batch-size is at least 1."})
    void aBatchSizeThatIsNoneIsRefused(String size, String words) {
        assertWrongUse(
                Cli.runHere(place.settings(), "backfill", "--batch-size", size), words, "sluice backfill --help");
    }

    @ParameterizedTest
    @CsvSource({
        "cutover users --percent -1,--percent and --shadow are from 0 to 100",
        "cutover users --percent=-1 --shadow 10,--percent and --shadow are from 0 to 100",
        "cutover users --percent 101,--percent and --shadow are from 0 to 100",
        "cutover users --shadow -1,--percent and --shadow are from 0 to 100",
        "cutover users --percent 2147483647 --shadow 1,--percent and --shadow are from 0 to 100",
        "backfill --batch-size -1,--batch-size is at least 1.",
        "backfill --parallel -1,--parallel is at least 1.",
        "plan --sample -1,--sample is at least 0.",
        "plan --rate -1,--rate is at least 1.",
        "infer --sample -1,--sample is at least 1",
        "verify --sample -1,--sample is at least 1.",
        "verify --budget -1,--budget is a percentage",
        "verify --parallel -1,--parallel is a number from 1",
        "dead-letters list --limit -1,--limit is at least 1.",
        "quarantine list --limit -1,--limit is at least 1.",
        "pause --for -1,a time is a number",
        "cutover users --wait -1,a time is a number"
    })
    void aNumberBelowTheLeastIsRefusedAndStandsForNothingElse(String command, String words) {
        assertWrongUse(Cli.runHere(place.settings(), command.split(" ")), words);
    }

    // --- Settings ---------------------------------------------------------------------------------------------

    @Test
    void allSettingsThatAreMissingAreNamedAtOnce() {
        assertWrongUse(Cli.runHere(Map.of(), "run"), "Not set:", "SLUICE_MAPPING: ", "MONGO_URI: ", "POSTGRES_URI: ");
    }

    @Test
    void whatTalksToPostgresOnlyAsksForNoMongo() {
        Result result = Cli.runHere(Map.of(), "status");

        assertWrongUse(result, "SLUICE_MAPPING: ", "POSTGRES_URI: ");
        assertThat(result.err()).doesNotContain("MONGO_URI");
    }

    @ParameterizedTest
    @CsvSource({
        "SLUICE_MAPING,demo,SLUICE_MAPING is not a setting of Sluice; did you mean SLUICE_MAPPING?",
        "AUTO_MIGRATE,maybe,AUTO_MIGRATE is neither true nor false.",
        "SLUICE_HTTP_PORT,http,SLUICE_HTTP_PORT is not a port from 0 to 65535.",
        "SLUICE_TRANSPORT,pigeon,SLUICE_TRANSPORT can be embedded",
        "SLUICE_MAPPING,nowhere.yaml,There is no mapping 'nowhere.yaml'"
    })
    void aSettingThatCanNotBeUsedIsNamed(String name, String value, String words) {
        assertWrongUse(Cli.runHere(Cli.with(place.settings(), name, value), "run"), words);
    }

    @ParameterizedTest
    @CsvSource({
        "mysql://u:hush-hush@localhost/x,not of the form postgresql://",
        "postgresql://u:hush%zz-hush@localhost/x,write % itself as %25",
        "postgresql://u:hush-hush@localhost:99999/x,a port is not a number from 1 to 65535",
        "postgresql://u:hush-hush@localhost:http/x,a port is not a number from 1 to 65535",
        "postgresql://u:x/hush-hush@localhost/x,write / as %2F and @ as %40",
        "postgresql://u:hush-hush@localhost/x?sslmode=maybe,its sslmode is none of disable",
        "postgresql://u:hush-hush@localhost/x?frob=1,its parameter 'frob' is not known"
    })
    void aMalformedPostgresUriIsRefusedWithoutBeingShown(String uri, String words) {
        assertWrongUse(Cli.runHere(Cli.with(place.settings(), "POSTGRES_URI", uri), "status"), "POSTGRES_URI", words);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"mongo://u:hush-hush@h/", "mongodb://u:x/hush-hush@h/", "mongodb://u:hush-hush@:1/", "here"})
    void aMalformedMongoUriIsRefusedWithoutBeingShownEvenWhenVerbose(String uri) {
        Map<String, String> settings = Cli.with(place.settings(), "MONGO_URI", uri);

        assertWrongUse(Cli.runHere(settings, "backfill"), "MONGO_URI is not of the form mongodb://");
        assertThat(Cli.run(settings, "backfill", "--verbose").err()).doesNotContain(SECRET);
    }

    // --- Mapping ----------------------------------------------------------------------------------------------

    @Test
    void everyMistakeOfAMappingIsSaidWithItsLine() throws IOException {
        assertWrongUse(
                withMapping("""
                        mapping: x
                        database: d
                        collections:
                          users:
                            key: {column: id, type: text}
                            columns:
                              a: strnig
                              b: {type: text, form: x}
                        """),
                "m.yaml:7: collections.users.columns.a: 'strnig' is not a column type",
                "m.yaml:8: collections.users.columns.b.form: 'form' is not known here");
    }

    @Test
    void brokenYamlIsSaidInOneLine() throws IOException {
        assertWrongUse(withMapping("mapping: x\n  database: [d\n"), "m.yaml:2: (YAML): mapping values are not allowed");
    }

    @Test
    void anEmptyMappingSaysWhatIsMissing() throws IOException {
        assertWrongUse(withMapping(""), "'mapping' is missing", "'database' is missing", "'collections' is missing");
    }

    @Test
    void aLiteralThatDoesNotFitItsColumnIsAMistake() throws IOException {
        assertWrongUse(withMapping("""
                        mapping: x
                        database: d
                        collections:
                          users:
                            key: {column: id, type: text}
                            columns:
                              age: {type: integer, missing: abc}
                        """), "m.yaml:7: collections.users.columns.age.missing");
    }

    private Result withMapping(String yaml) throws IOException {
        Path file = Files.writeString(folder.resolve("m.yaml"), yaml);
        return Cli.runHere(Cli.with(place.settings(), "SLUICE_MAPPING", file.toString()), "backfill");
    }

    @Test
    void aTableAndAColumnThatAreNotThereAreNamedTogether() throws IOException {
        Result result = withMapping("""
                mapping: x
                database: d
                collections:
                  users:
                    table: people
                    key: {column: id, type: text}
                  orders:
                    key: {column: id, type: bigint}
                    columns: {nope: text}
                """);

        assertCouldNotRun(
                result,
                "\n  public.people does not exist. It is the table of the collection users in the mapping.",
                "\n  public.orders.nope does not exist, and the mapping writes it (collection orders).",
                "sluice migrate");
    }

    @Test
    void aCollectionOrTableTheMappingHasNotIsWrongUse() {
        assertWrongUse(
                Cli.runHere(place.settings(), "backfill", "--collection", "nope"),
                "The mapping has no collection 'nope'; it has users, orders.");
        assertWrongUse(
                Cli.runHere(place.settings(), "backfill", "--tables", "users,nope"),
                "The mapping has no table 'nope'; it has users, orders, order_lines.");
    }

    // --- PostgreSQL -------------------------------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(strings = {"status", "migrate", "backfill", "run"})
    void aPostgresThatIsNotThereIsNamed(String command) throws IOException {
        String uri = "postgresql://u:" + SECRET + "@127.0.0.1:" + freePort() + "/x";

        assertCouldNotRun(
                Cli.runHere(Cli.with(place.settings(), "POSTGRES_URI", uri), command),
                "PostgreSQL at postgresql://u@127.0.0.1:",
                "refused",
                "POSTGRES_URI");
    }

    @Test
    void aHostThatDoesNotExistIsNamed() {
        String uri = "postgresql://u:" + SECRET + "@nowhere.invalid/x";

        assertCouldNotRun(
                Cli.run(Cli.with(place.settings(), "POSTGRES_URI", uri), "status"),
                "there is no host 'nowhere.invalid'",
                "Correct the host in POSTGRES_URI");
    }

    @Test
    void aWrongPasswordIsSaidWithoutIt() {
        String role = roleWithPassword();

        assertCouldNotRun(
                Cli.runHere(as(role + ":" + SECRET, database()), "migrate"),
                "PostgreSQL refused the credentials.",
                "password authentication failed for user \"" + role + "\"",
                "Check user and password in POSTGRES_URI");
        assertCouldNotRun(
                Cli.runHere(as(role, database()), "migrate"), "asks for a password and POSTGRES_URI has none");
    }

    @Test
    void aRoleThatDoesNotExistIsNamed() {
        assertCouldNotRun(
                Cli.runHere(as("nobody_at_all", database()), "status"), "role \"nobody_at_all\" does not exist");
    }

    @Test
    void aServerWithoutSslIsSaid() {
        Map<String, String> settings =
                Cli.with(place.settings(), "POSTGRES_URI", place.postgresUri() + "?sslmode=require");
        assumeThat(Servers.query(place.postgresUri(), "SHOW ssl")).isEqualTo("off");

        assertCouldNotRun(Cli.runHere(settings, "status"), "does not speak SSL", "sslmode=prefer");
    }

    @Test
    void aMissingDatabaseThatTheRoleMayNotCreateIsSaidWithTheRight() {
        String role = poorRole();

        assertCouldNotRun(
                Cli.runHere(as(role, "missing_db"), "migrate"),
                "The database missing_db does not exist and the role may not create it",
                "CREATEDB");
    }

    @Test
    void aMissingDatabaseThatIsNotToBeCreatedIsSaid() {
        Map<String, String> settings = Cli.with(
                place.settings(), "POSTGRES_URI", Servers.postgres().uri("missing_db"), "AUTO_CREATE_DB", "false");

        assertCouldNotRun(
                Cli.runHere(settings, "backfill"), "database \"missing_db\" does not exist", "AUTO_CREATE_DB");
        assertCouldNotRun(Cli.runHere(settings, "status"), "database \"missing_db\" does not exist");
    }

    @Test
    void aDatabaseThatWasNeverMigratedIsSaid() {
        Place bare = Servers.place();

        assertCouldNotRun(Cli.runHere(bare.settings(), "status"), "control schema is missing", "Run `sluice migrate`");
        assertCouldNotRun(
                Cli.runHere(Cli.with(bare.settings(), "AUTO_MIGRATE", "false"), "run"),
                Servers.MIGRATIONS + " migrations are not applied",
                "AUTO_MIGRATE");
        assertThat(bare.count("pg_tables WHERE schemaname IN ('public', 'sluice')"))
                .isZero();
    }

    @Test
    void aRoleThatMayNotCreateTablesIsSaid() {
        Place bare = Servers.place();
        String name = bare.postgresUri().substring(bare.postgresUri().lastIndexOf('/') + 1);

        assertCouldNotRun(Cli.runHere(as(poorRole(), name), "migrate"), "permission denied for database", "Grant it");
    }

    @Test
    void everyTableTheRoleMayNotWriteIsNamed() {
        String role = poorRole();
        place.execute("GRANT USAGE ON SCHEMA sluice TO " + role
                + "; GRANT ALL ON ALL TABLES IN SCHEMA sluice TO " + role
                + "; GRANT SELECT ON users, sluice_history_demo TO " + role);

        assertCouldNotRun(
                Cli.runHere(Cli.with(as(role, database()), "AUTO_MIGRATE", "false"), "backfill"),
                "PostgreSQL refused a statement because the role lacks a right.",
                "public.users",
                "public.orders",
                "public.order_lines");
    }

    @Test
    void aMigrationThatFailsIsSaidWithItsScriptAndLine() throws IOException {
        Path migrations = Files.createDirectories(folder.resolve("migrations"));
        Files.writeString(migrations.resolve("V0001__first.sql"), "CREATE TABLE a (x int);\nCREATE TABEL b (y int);\n");
        Files.writeString(folder.resolve("mapping.yaml"), """
                mapping: broken
                database: d
                collections:
                  a:
                    key: {column: x, type: text}
                """);
        Place bare = Servers.place();

        assertCouldNotRun(
                Cli.runHere(Cli.with(bare.settings(), "SLUICE_MAPPING", folder.toString()), "migrate"),
                "The migration V0001__first.sql failed at line 2",
                "syntax error at or near \"TABEL\"",
                "nothing of it is applied");
        assertThat(bare.count("pg_tables WHERE tablename = 'a'")).isZero();
    }

    @Test
    void aMigrationThatWasChangedAfterwardsIsSaid() throws IOException {
        Path script = Files.createDirectories(folder.resolve("migrations")).resolve("V0001__first.sql");
        Files.writeString(script, "CREATE TABLE a (x text PRIMARY KEY);\n");
        Files.writeString(folder.resolve("mapping.yaml"), """
                mapping: changed
                database: d
                collections:
                  a:
                    key: {column: x, type: text}
                """);
        Map<String, String> settings = Cli.with(Servers.place().settings(), "SLUICE_MAPPING", folder.toString());
        assertThat(Cli.runHere(settings, "migrate").exitCode()).isZero();
        Files.writeString(script, "CREATE TABLE a (x text PRIMARY KEY, y int);\n");

        assertCouldNotRun(
                Cli.runHere(settings, "migrate"),
                "do not agree",
                "Migration checksum mismatch for migration version 0001",
                "in a new one");
    }

    // --- MongoDB ----------------------------------------------------------------------------------------------

    @Test
    void aMongoThatIsNotThereIsNamed() throws IOException {
        String uri = "mongodb://u:" + SECRET + "@127.0.0.1:" + freePort() + "/";

        assertCouldNotRun(
                Cli.runHere(Cli.with(place.settings(), "MONGO_URI", uri), "backfill"),
                "MongoDB can't be reached. 127.0.0.1:",
                "Connection refused",
                "MONGO_URI");
    }

    @Test
    void aMongoHostThatDoesNotExistIsNamed() {
        String uri = "mongodb://u:" + SECRET + "@nowhere.invalid/?serverSelectionTimeoutMS=3000";

        assertCouldNotRun(
                Cli.runHere(Cli.with(place.settings(), "MONGO_URI", uri), "backfill"),
                "There is no host 'nowhere.invalid'");
    }

    @Test
    void credentialsThatMongoRefusesAreSaidWithoutThePassword() {
        String uri = place.settings().getOrDefault("MONGO_URI", "").replace("://", "://someone:" + SECRET + "@");

        assertCouldNotRun(
                Cli.runHere(Cli.with(place.settings(), "MONGO_URI", uri), "backfill"),
                "MongoDB refused the user 'someone' of the database 'admin' or the password.",
                "authSource");
    }

    @Test
    void aMongoThatAsksForAUserIsSaid() {
        try (SandboxMongo mongo = SandboxMongo.start(SandboxMongo.Options.DEFAULTS.withPassword("hush-hush"))) {
            String nobody = mongo.uri().replace("root:hush-hush@", "");
            assertCouldNotRun(
                    Cli.runHere(Cli.with(place.settings(), "MONGO_URI", nobody), "backfill"),
                    "MongoDB refused a command: ",
                    "requires authentication",
                    "Name a user in MONGO_URI");
        }
    }

    @Test
    void aMongoThatIsNoReplicaSetIsSaid() {
        try (SandboxMongo mongo = SandboxMongo.start(SandboxMongo.Options.DEFAULTS.standalone())) {
            assertCouldNotRun(
                    Cli.run(Cli.with(place.settings(), "MONGO_URI", mongo.uri()), "run"),
                    "MongoDB is not a replica set",
                    "rs.initiate()");
        }
    }

    // --- HTTP and the rest ------------------------------------------------------------------------------------

    @Test
    void aPortThatIsTakenIsNamed() throws IOException {
        try (ServerSocket taken = new ServerSocket(0)) {
            String port = Integer.toString(taken.getLocalPort());

            assertCouldNotRun(
                    Cli.run(Cli.with(place.settings(), "SLUICE_HTTP_PORT", port), "run"),
                    "Another process listens on port " + port,
                    "SLUICE_HTTP_PORT");
        }
    }

    @Test
    void anAddressThatIsNotThisMachinesIsNamed() {
        assertWrongUse(
                Cli.run(Cli.with(place.settings(), "SLUICE_HTTP_HOST", "nowhere.invalid"), "run"),
                "Can't listen on SLUICE_HTTP_HOST nowhere.invalid");
    }

    @Test
    void verboseShowsTheStackTraceAndStillNoPassword() throws IOException {
        String uri = "postgresql://u:" + SECRET + "@127.0.0.1:" + freePort() + "/x";

        Result result = Cli.run(Cli.with(place.settings(), "POSTGRES_URI", uri), "status", "--verbose");

        assertThat(result.exitCode()).isEqualTo(3);
        assertThat(result.err()).contains("can't be reached", "\tat dev.sluice.", "PSQLException");
        assertThat(result.err()).doesNotContain(SECRET);
    }

    @Test
    void aVersionOfMongoThatCannotBeHadIsSaidBeforeTheDemoStartsAnything() {
        Result result = Cli.run(Cli.settings("SLUICE_TEST_MONGO_VERSION", "7.0"), "demo", "--for", "1s");

        assertWrongUse(result, "SLUICE_TEST_MONGO_VERSION", "7.0", "6.0.5");
        assertThat(result.out()).doesNotContain("PostgreSQL 1");
    }

    // --- Helpers ----------------------------------------------------------------------------------------------

    private static void assertWrongUse(Result result, String... words) {
        assertMessage(result, 2, words);
    }

    private static void assertCouldNotRun(Result result, String... words) {
        assertMessage(result, 3, words);
    }

    private static void assertMessage(Result result, int exitCode, String... words) {
        assertThat(result.err()).contains(words);
        assertThat(result.err()).doesNotContain("Exception", "\tat ", SECRET);
        assertThat(result.out()).doesNotContain("Exception", SECRET);
        assertThat(result.err().lines()).as(result.err()).hasSizeBetween(1, LINES_MAX);
        assertThat(result.exitCode()).as(result.err()).isEqualTo(exitCode);
    }

    private static String database() {
        return place.postgresUri().substring(place.postgresUri().lastIndexOf('/') + 1);
    }

    private static Map<String, String> as(String credentials, String database) {
        String server = Servers.postgres().uri(database).replaceFirst("^.*@", "");
        return Cli.with(place.settings(), "POSTGRES_URI", "postgresql://" + credentials + "@" + server);
    }

    /// A role that may log in and nothing else, without a password.
    private static String poorRole() {
        assumeThat(Servers.postgres().restartable()).as("a server of our own").isTrue();
        String role = "poor_" + Long.toString(System.nanoTime(), 36);
        Servers.execute(Servers.postgres().uri(), "CREATE ROLE " + role + " LOGIN");
        return role;
    }

    /// A role whom the server asks for its password.
    private static String roleWithPassword() {
        String role = poorRole();
        String server = Servers.postgres().uri();
        Servers.execute(server, "ALTER ROLE " + role + " PASSWORD 'the-right-one'");
        String file = Servers.query(server, "SHOW hba_file");
        // The server writes the file itself, so it may be anywhere and anybody's. The first line that fits decides.
        Servers.execute(
                server,
                "CREATE TEMP TABLE hba AS SELECT 0 AS n, 'host all " + role + " all scram-sha-256' AS line UNION ALL"
                        + " SELECT ordinality, translate(line, chr(9), ' ') FROM regexp_split_to_table(pg_read_file('"
                        + file + "'), '\\n') WITH ORDINALITY AS t(line, ordinality);"
                        + " COPY (SELECT line FROM hba ORDER BY n) TO '" + file + "'; SELECT pg_reload_conf()");
        return role;
    }

    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
