package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.mongodb.client.MongoCollection;
import dev.sluice.service.cli.Cli.Result;
import dev.sluice.service.cli.DeployedFiles.Command;
import dev.sluice.service.cli.Servers.Place;
import dev.sluice.service.program.Monitoring;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bson.Document;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/// Rules, dashboards and runbooks against a real run, in a real Prometheus that tells a real Alertmanager. What takes
/// minutes, the cause of every alert, is in [AlertsIT].
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PrometheusIT {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String PIPELINE = "demo";
    private static final Pattern LABEL_VALUES = Pattern.compile("label_values\\((.*), (\\w+)\\)");
    private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|(\\S+)");

    private final List<AutoCloseable> started = new ArrayList<>();
    private @Nullable Monitoring server;
    private @Nullable Place served;
    private Map<String, String> settings = Map.of();
    private @Nullable Cli run;

    @BeforeAll
    void start() throws Exception {
        Assumptions.assumeTrue(
                Monitoring.isThere(), "there is no prometheus, promtool and prometheus-alertmanager on PATH");
        Place place = Servers.place();
        served = place;
        int port = GateCommandIT.freePort();
        settings =
                Cli.with(place.settings(), "SLUICE_HTTP_PORT", Integer.toString(port), "SLUICE_HTTP_HOST", "127.0.0.1");
        place.mongo().getCollection("users").insertOne(user("a"));
        place.mongo().getCollection("orders").insertOne(order(1, Instant.EPOCH));
        server = Monitoring.startImpatient(List.of(port));
        started.add(server);
        run = Cli.start(settings, "run");
        started.add(run);
        await().atMost(SOON).until(() -> has("sluice_pipeline_state{state=\"streaming\"} == 1"));
    }

    @AfterAll
    void end() throws Exception {
        for (AutoCloseable each : started.reversed()) {
            each.close();
        }
    }

    private Monitoring monitoring() {
        return Objects.requireNonNull(server);
    }

    private Place place() {
        return Objects.requireNonNull(served);
    }

    private static Document user(String id) {
        return new Document("_id", id).append("email", id + "@shop.example").append("name", id);
    }

    private static Document order(long id, Object placedAt) {
        return new Document("_id", id).append("placedAt", placedAt).append("status", "new");
    }

    private boolean has(String expression) throws IOException, InterruptedException {
        return !monitoring().query(expression).isEmpty();
    }

    @Test
    @Order(1)
    @DisplayName(
            "promtool and amtool take the examples, and each alert fires on its cause and not on what nearly is one")
    void unitTests() throws Exception {
        Path folder = DeployedFiles.prometheus();
        for (List<String> command : List.of(
                List.of(
                        "promtool",
                        "check",
                        "config",
                        folder.resolve("prometheus.yml").toString()),
                List.of(
                        "promtool",
                        "test",
                        "rules",
                        folder.resolve("tests/alerts.yml").toString()),
                List.of(
                        "amtool",
                        "check-config",
                        folder.resolve("alertmanager.yml").toString()))) {
            Process check =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(check.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(check.waitFor()).as(command + "\n" + said).isZero();
        }
        String tests = DeployedFiles.read(folder.resolve("tests/alerts.yml"));
        for (String alert : DeployedFiles.alerts()) {
            assertThat(tests).contains("name: '" + alert + ", near miss");
        }
    }

    @Test
    @Order(2)
    @DisplayName("every query of the dashboards answers with data")
    void dashboards() throws Exception {
        MongoCollection<Document> users = place().mongo().getCollection("users");
        Set<String> empty = new LinkedHashSet<>();
        for (JsonNode dashboard : DeployedFiles.dashboards()) {
            dashboard.findValuesAsText("expr").forEach(e -> empty.add(given(e)));
            for (JsonNode variable : dashboard.path("templating").path("list")) {
                Matcher values =
                        LABEL_VALUES.matcher(variable.path("definition").asText());
                if (values.matches()) {
                    empty.add(given("count by (" + values.group(2) + ") (" + values.group(1) + ")"));
                }
            }
        }
        assertThat(empty).hasSizeGreaterThan(30);
        int[] written = {0};
        await().atMost(SOON).pollInterval(Duration.ofMillis(500)).untilAsserted(() -> {
            users.insertOne(user("w" + written[0]++));
            for (String expression : List.copyOf(empty)) {
                if (hasValue(expression)) {
                    empty.remove(expression);
                }
            }
            assertThat(empty).isEmpty();
        });
    }

    private static String given(String expression) {
        return expression.replace("$pipeline", PIPELINE).replace("$collection", "users");
    }

    /// NaN is no value.
    private boolean hasValue(String expression) throws IOException, InterruptedException {
        for (JsonNode series : monitoring().query(expression)) {
            if (!"NaN".equals(series.path("value").path(1).asText())) {
                return true;
            }
        }
        return false;
    }

    @Test
    @Order(3)
    @DisplayName("every rule is evaluated without an error, and what is recorded has data")
    void rules() {
        await().atMost(SOON).untilAsserted(() -> {
            for (JsonNode rule : monitoring().rules()) {
                String name = rule.path("name").asText();
                assertThat(rule.path("health").asText())
                        .as(name + " " + rule.path("lastError").asText())
                        .isEqualTo("ok");
                if ("recording".equals(rule.path("type").asText())) {
                    assertThat(monitoring().query(name)).as(name).isNotEmpty();
                }
            }
        });
    }

    @Test
    @Order(4)
    @DisplayName(
            "a dead letter comes to Alertmanager with its runbook, without a value, and is resolved once it is accepted")
    void deadLetter() throws Exception {
        assertThat(monitoring().hasAlert("SluiceDeadLetters", PIPELINE)).isFalse();
        place().mongo().getCollection("orders").insertOne(order(7, "marker-of-a-value"));

        await().atMost(SOON).until(() -> monitoring().hasAlert("SluiceDeadLetters", PIPELINE));
        JsonNode alert = monitoring().alerts().stream()
                .filter(a ->
                        "SluiceDeadLetters".equals(a.at("/labels/alertname").asText()))
                .findFirst()
                .orElseThrow();
        assertThat(alert.at("/annotations/runbook_url").asText())
                .isEqualTo("https://example.com/sluice/deploy/runbooks/SluiceDeadLetters.md");
        assertThat(alert.at("/labels/collection").asText()).isEqualTo("orders");
        assertThat(alert.toString()).doesNotContain("marker-of-a-value");

        Result accepted = Cli.runHere(settings, "dead-letters", "accept", "--all", "--reason", "known");
        assertThat(accepted.exitCode()).as(accepted.out() + accepted.err()).isZero();
        await().atMost(SOON).until(() -> !monitoring().hasAlert("SluiceDeadLetters", PIPELINE));
    }

    @Test
    @Order(5)
    @DisplayName("every command of the runbooks is taken by the program and the servers")
    void runbooks() throws Exception {
        List<Command> commands = DeployedFiles.commands();
        assertThat(commands).hasSizeGreaterThan(30);
        Set<String> done = new LinkedHashSet<>();
        for (Command command : commands) {
            if (!done.add(command.text())) {
                continue;
            }
            switch (command.language()) {
                case "sh" -> {
                    String[] words = words(command.text());
                    Result result = Cli.runHere(settings, words);
                    // 1 is a finding. 2 would be a call that it does not take, 3 one that could not run.
                    assertThat(result.exitCode())
                            .as(command + "\n" + result.out() + result.err())
                            .isIn(0, 1);
                }
                case "sql" -> place().execute(command.text());
                case "promql" -> monitoring().query(command.text());
                case "js" -> {
                    Matcher call =
                            Pattern.compile("db\\.adminCommand\\((.*)\\)").matcher(command.text());
                    assertThat(call.matches()).as(command.toString()).isTrue();
                    Servers.client().getDatabase("admin").runCommand(Document.parse(call.group(1)));
                }
                default -> throw new AssertionError(command);
            }
        }
    }

    private static String[] words(String command) {
        List<String> words = new ArrayList<>();
        Matcher word = WORD.matcher(command);
        while (word.find()) {
            words.add(word.group(1) != null ? word.group(1) : word.group(2));
        }
        assertThat(words.removeFirst()).isEqualTo("sluice");
        return words.toArray(String[]::new);
    }

    @Test
    @Order(6)
    @DisplayName(
            "that nobody writes the pipeline any more comes to Alertmanager, and is resolved when a process does again")
    void pipelineDown() throws Exception {
        Objects.requireNonNull(run).killHard();

        await().atMost(SOON).until(() -> monitoring().hasAlert("SluicePipelineDown", PIPELINE));

        started.add(Cli.start(settings, "run"));
        await().atMost(SOON).until(() -> !monitoring().hasAlert("SluicePipelineDown", PIPELINE));
    }
}
