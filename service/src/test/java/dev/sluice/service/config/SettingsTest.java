package dev.sluice.service.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What the program takes from its environment, and what it refuses.
class SettingsTest {
    @Test
    void nothingSetMeansTheDefaults() {
        Settings settings = environment(Map.of());

        assertThat(settings.mongoUri()).isEmpty();
        assertThat(settings.postgresUri()).isEmpty();
        assertThat(settings.mapping()).isEmpty();
        assertThat(settings.mongoDatabase()).isEmpty();
        assertThat(settings.pipeline()).isEmpty();
        assertThat(settings.tokens().operate()).isEmpty();
        assertThat(settings.tokens().read()).isEmpty();
        assertThat(settings.autoMigrate()).isTrue();
        assertThat(settings.autoCreateDatabase()).isTrue();
        assertThat(settings.httpPort()).isEqualTo(8080);
        assertThat(settings.standby()).isTrue();
        assertThat(settings.lagLimit()).hasSeconds(60);
        assertThat(settings.httpHost()).isEqualTo("0.0.0.0");
        assertThat(settings.transport()).isEqualTo(Settings.Transport.EMBEDDED);
    }

    @Test
    @DisplayName("whatever the examples take from the environment, beside it every command of Sluice still runs")
    void environmentOfTheExamples() throws IOException {
        Pattern variable = Pattern.compile("\\bSLUICE_[A-Z_]+\\b");
        Map<String, String> found = new TreeMap<>();
        try (Stream<Path> files = Files.walk(Path.of("..", "deploy", "examples"))) {
            for (Path file : files.filter(SettingsTest::isOfAnExample).toList()) {
                Matcher names = variable.matcher(Files.readString(file));
                while (names.find()) {
                    found.put(names.group(), "1");
                }
            }
        }

        assertThat(found).containsKey("SLUICE_API_READ_TOKEN");
        assertThat(found.keySet()).allSatisfy(name -> environment(Map.of(name, "1")));
    }

    private static boolean isOfAnExample(Path file) {
        return Files.isRegularFile(file)
                && file.toString().matches(".*\\.(md|py|js|java)")
                && !file.toString().matches(".*/(node_modules|target|\\.venv)/.*");
    }

    @Test
    void standbyAndLagLimitAreReadAndRefusedWhereTheyMeanNothing() {
        Settings settings = environment(Map.of("SLUICE_STANDBY", "false", "SLUICE_LAG_LIMIT", "5m"));

        assertThat(settings.standby()).isFalse();
        assertThat(settings.lagLimit()).hasMinutes(5);
        for (String wrong : new String[] {"0", "soon", "-1s"}) {
            assertThatThrownBy(() -> environment(Map.of("SLUICE_LAG_LIMIT", wrong)))
                    .hasMessageContaining("SLUICE_LAG_LIMIT is not a time over 0");
        }
    }

    @Test
    void eachEnvironmentVariableIsRead() {
        Settings settings = environment(Map.ofEntries(
                Map.entry("MONGO_URI", "mongodb://m/"),
                Map.entry("MONGO_DB_NAME", "shop2"),
                Map.entry("POSTGRES_URI", "postgresql://p/x"),
                Map.entry("SLUICE_MAPPING", "demo"),
                Map.entry("SLUICE_PIPELINE", "second"),
                Map.entry("AUTO_MIGRATE", "false"),
                Map.entry("AUTO_CREATE_DB", "off"),
                Map.entry("SLUICE_HTTP_PORT", "9090"),
                Map.entry("SLUICE_HTTP_HOST", "127.0.0.1"),
                Map.entry("SLUICE_API_TOKEN", "t, u,"),
                Map.entry("SLUICE_API_READ_TOKEN", "r"),
                Map.entry("SLUICE_TRANSPORT", "EMBEDDED")));

        assertAllAreRead(settings);
    }

    @Test
    void eachIsASystemPropertyToo() {
        Settings settings = Settings.read(
                Map.of(),
                Map.ofEntries(
                        Map.entry("sluice.mongo.uri", "mongodb://m/"),
                        Map.entry("sluice.mongo.db-name", "shop2"),
                        Map.entry("sluice.postgres.uri", "postgresql://p/x"),
                        Map.entry("sluice.mapping", "demo"),
                        Map.entry("sluice.pipeline", "second"),
                        Map.entry("sluice.auto-migrate", "no"),
                        Map.entry("sluice.auto.create.db", "0"),
                        Map.entry("sluice.http.port", "9090"),
                        Map.entry("sluice.http-host", "127.0.0.1"),
                        Map.entry("sluice.api.token", "t,u"),
                        Map.entry("sluice.api.read.token", "r"),
                        Map.entry("sluice.transport", "embedded")));

        assertAllAreRead(settings);
    }

    private static void assertAllAreRead(Settings settings) {
        assertThat(settings.mongoUri()).isEqualTo("mongodb://m/");
        assertThat(settings.mongoDatabase()).contains("shop2");
        assertThat(settings.postgresUri()).isEqualTo("postgresql://p/x");
        assertThat(settings.mapping()).isEqualTo("demo");
        assertThat(settings.pipeline()).contains("second");
        assertThat(settings.autoMigrate()).isFalse();
        assertThat(settings.autoCreateDatabase()).isFalse();
        assertThat(settings.httpPort()).isEqualTo(9090);
        assertThat(settings.httpHost()).isEqualTo("127.0.0.1");
        assertThat(settings.tokens().operate()).containsExactly("t", "u");
        assertThat(settings.tokens().read()).containsExactly("r");
        assertThat(settings.transport()).isEqualTo(Settings.Transport.EMBEDDED);
    }

    @Test
    @DisplayName(
            "a secret may be in a file, without the end of its line; one that can't be read is named, and not its contents")
    void secretsInFiles(@TempDir Path folder) throws IOException {
        Path uri = Files.writeString(folder.resolve("uri"), "postgresql://u:hush@h/d\n");
        Path empty = Files.writeString(folder.resolve("empty"), "\n");

        assertThat(environment(Map.of("POSTGRES_URI_FILE", uri.toString())).postgresUri())
                .isEqualTo("postgresql://u:hush@h/d");
        assertThat(Settings.read(Map.of(), Map.of("sluice.api.token.file", uri.toString()))
                        .tokens()
                        .operate())
                .hasSize(1);
        assertThatThrownBy(() -> environment(Map.of("POSTGRES_URI_FILE", uri.toString(), "POSTGRES_URI", "x")))
                .hasMessage("POSTGRES_URI and POSTGRES_URI_FILE are both set.")
                .hasMessageNotContaining("hush");
        assertThatThrownBy(() -> environment(Map.of("MONGO_URI_FILE", empty.toString())))
                .hasMessageContaining("MONGO_URI_FILE names an empty file");
        assertThatThrownBy(() -> environment(
                        Map.of("SLUICE_API_TOKEN_FILE", folder.resolve("none").toString())))
                .hasMessageContaining("SLUICE_API_TOKEN_FILE names a file that can't be read")
                .hasMessageContaining("NoSuchFileException");
        assertThatThrownBy(() -> environment(Map.of("SLUICE_PIPELINE_FILE", uri.toString())))
                .as("no secret")
                .hasMessageContaining("SLUICE_PIPELINE_FILE is not a setting");
    }

    /// With `-Dsluice.write.docs=true` it writes the table.
    @Test
    @DisplayName("the table in deploy/README.md is what the list of settings says")
    void theyAreDocumented() throws IOException {
        Path page = Path.of("..", "deploy", "README.md");
        String before = Files.readString(page);
        String rows = Stream.of(Setting.values()).map(Setting::row).collect(Collectors.joining("\n", "", "\n"));
        String after = Pattern.compile("(?s)(\\| name \\| default \\| meaning \\|\n\\|[ -|]+\n)(?:\\|[^\n]*\n)*")
                .matcher(before)
                .replaceFirst(found -> Matcher.quoteReplacement(found.group(1) + rows));
        if (Boolean.getBoolean("sluice.write.docs")) {
            Files.writeString(page, after);
        }

        assertThat(Files.readString(page))
                .as("write it anew with -Dtest=SettingsTest -Dsluice.write.docs=true")
                .contains(rows)
                .isEqualTo(after);
    }

    @ParameterizedTest
    @EnumSource(Setting.class)
    @DisplayName("each has one line in the help")
    void theirHelp(Setting setting) {
        assertThat(setting.name() + "  ").hasSizeLessThan(22 + 2);
        assertThat(setting.help()).hasSizeLessThan(110 - 24);
    }

    @Test
    void aPropertyWinsOverTheVariable() {
        Settings settings = Settings.read(Map.of("SLUICE_MAPPING", "a"), Map.of("sluice.mapping", "b"));

        assertThat(settings.mapping()).isEqualTo("b");
    }

    @Test
    void aBlankVariableCountsAsNotSet() {
        Settings settings = environment(Map.of("SLUICE_HTTP_PORT", "", "AUTO_MIGRATE", " ", "SLUICE_PIPELINE", ""));

        assertThat(settings.httpPort()).isEqualTo(8080);
        assertThat(settings.autoMigrate()).isTrue();
        assertThat(settings.pipeline()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "true,true",
        "TRUE,true",
        "1,true",
        "yes,true",
        "on,true",
        "false,false",
        "False,false",
        "0,false",
        "off,false"
    })
    void aFlagHasManySpellings(String text, boolean value) {
        assertThat(environment(Map.of("AUTO_MIGRATE", text)).autoMigrate()).isEqualTo(value);
    }

    @Test
    void aFlagThatIsNeitherTrueNorFalseIsRefused() {
        assertRefused(Map.of("AUTO_MIGRATE", "maybe"), "AUTO_MIGRATE is neither true nor false.");
        assertRefused(Map.of("AUTO_CREATE_DB", "2"), "AUTO_CREATE_DB is neither true nor false.");
    }

    @ParameterizedTest
    @ValueSource(strings = {"http", "-1", "65536", "80 80", "99999999999"})
    void aPortThatIsNoneIsRefused(String port) {
        assertRefused(Map.of("SLUICE_HTTP_PORT", port), "SLUICE_HTTP_PORT is not a port from 0 to 65535.");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "101", "-1", "half", "20%"})
    void aShareThatIsNoPercentageIsRefused(String share) {
        assertRefused(
                Map.of("SLUICE_REFUSED_SHARE", share), "SLUICE_REFUSED_SHARE is not a percentage from 1 to 100 (off).");
        assertThat(environment(Map.of()).refusedShare()).isEqualTo(20);
    }

    @Test
    void aTransportThatIsNotBuiltIsRefused() {
        assertRefused(Map.of("SLUICE_TRANSPORT", "relay"), "SLUICE_TRANSPORT can be embedded");
    }

    @Test
    void aMisspeltSettingIsRefusedWithTheOneThatIsMeant() {
        assertRefused(Map.of("SLUICE_MAPING", "demo"), "did you mean SLUICE_MAPPING?");
        assertRefused(Map.of("SLUICE_POSTGRES_URI", "x"), "it is POSTGRES_URI, without the prefix");
        assertRefused(Map.of("SLUICE_NONSENSE", "x"), "known are AUTO_CREATE_DB, AUTO_MIGRATE, MONGO_DB_NAME");
    }

    @Test
    void whatOthersReadUnderThePrefixIsLeftToThem() {
        Settings settings = environment(Map.of(
                "SLUICE_HOME",
                "/x",
                "SLUICE_JAVA_OPTS",
                "-Xmx1g",
                "SLUICE_START_CACHE",
                "no",
                "SLUICE_TEST_MONGO_URI",
                "mongodb://t/",
                "SLUICE_TEST_MONGO_VERSION",
                "5.0.4",
                "SLUICE_TEST_POSTGRES_URI",
                "postgresql://t/t"));

        assertThat(settings.mapping()).isEmpty();
    }

    @Test
    void allThatIsMissingIsSaidAtOnce() {
        Settings settings = environment(Map.of("MONGO_URI", "mongodb://m/"));

        assertThatThrownBy(() -> settings.require(Setting.SLUICE_MAPPING, Setting.MONGO_URI, Setting.POSTGRES_URI))
                .isInstanceOfSatisfying(
                        SluiceException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.BAD_SETTING))
                .hasMessageContaining("SLUICE_MAPPING: a name in the catalog (demo, devmentor, docsgpt, tbd-agents")
                .hasMessageContaining("POSTGRES_URI: target, for example postgresql://")
                .hasMessageNotContaining("MONGO_URI");
    }

    @Test
    void itsTextHoldsNoSecret() {
        Settings settings = environment(Map.of(
                "MONGO_URI", "mongodb://u:secret@m/",
                "POSTGRES_URI", "postgresql://u:secret@p/x",
                "SLUICE_API_TOKEN", "secret"));

        assertThat(settings.toString()).doesNotContain("secret");
    }

    private static Settings environment(Map<String, String> environment) {
        return Settings.read(environment, Map.of());
    }

    private static void assertRefused(Map<String, String> environment, String words) {
        assertThatThrownBy(() -> environment(environment))
                .isInstanceOfSatisfying(
                        SluiceException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.BAD_SETTING))
                .hasMessageContaining(words);
    }
}
