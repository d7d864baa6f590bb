package dev.sluice.service.program;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A real Prometheus with the rules of `deploy/prometheus`, and a real Alertmanager that it tells of alerts: both of
/// this machine, on loopback, with the example's files but for addresses and intervals.
public final class Monitoring implements AutoCloseable {
    private static final Path EXAMPLE =
            Path.of("..", "deploy", "prometheus").toAbsolutePath().normalize();
    private static final Duration START = Duration.ofSeconds(30);

    private final HttpClient web = HttpClient.newHttpClient();
    private final JsonMapper json = new JsonMapper();
    private final Path folder;
    private final List<Process> processes = new ArrayList<>();
    private final int prometheus;
    private final int alertmanager;

    private Monitoring(Path folder, int prometheus, int alertmanager) {
        this.folder = folder;
        this.prometheus = prometheus;
        this.alertmanager = alertmanager;
    }

    /// Whether this machine has what it takes.
    public static boolean isThere() {
        return OnPath.has("prometheus") && OnPath.has("promtool") && OnPath.has("prometheus-alertmanager");
    }

    /// With the rules and intervals as they are committed.
    ///
    /// @param ports where processes of Sluice serve, or will
    public static Monitoring start(List<Integer> ports) throws IOException, InterruptedException {
        return start(ports, "15s", Pattern.compile("$^"));
    }

    /// With a scrape and an evaluation each second, and rules that wait for two seconds only before they fire.
    ///
    /// @param ports where processes of Sluice serve, or will
    public static Monitoring startImpatient(List<Integer> ports) throws IOException, InterruptedException {
        return start(ports, "1s", Pattern.compile("for: [0-9]+m"));
    }

    /// @param waits what becomes two seconds
    private static Monitoring start(List<Integer> ports, String interval, Pattern waits)
            throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("sluice-monitoring-");
        Monitoring started = new Monitoring(folder, freePort(), freePort());
        try {
            for (String rules : List.of("recording.yml", "alerts.yml")) {
                Files.writeString(
                        folder.resolve(rules),
                        waits.matcher(Files.readString(EXAMPLE.resolve("rules").resolve(rules)))
                                .replaceAll("for: 2s"));
            }
            String targets = ports.stream().map(p -> "\"127.0.0.1:" + p + "\"").collect(Collectors.joining(", "));
            String config = Files.readString(EXAMPLE.resolve("prometheus.yml"))
                    .replace("interval: 15s", "interval: " + interval)
                    .replace("\"127.0.0.1:8080\"", targets)
                    .replace("127.0.0.1:9093", "127.0.0.1:" + started.alertmanager)
                    .replace("- rules/", "- " + folder + "/");
            Files.writeString(folder.resolve("prometheus.yml"), config);
            started.run(
                    "prometheus-alertmanager",
                    List.of(
                            "--config.file=" + EXAMPLE.resolve("alertmanager.yml"),
                            "--web.listen-address=127.0.0.1:" + started.alertmanager,
                            "--cluster.listen-address=",
                            // A test asks from many threads; the default is the number of processors.
                            "--web.get-concurrency=100",
                            "--storage.path=" + folder.resolve("alertmanager")));
            started.run(
                    "prometheus",
                    List.of(
                            "--config.file=" + folder.resolve("prometheus.yml"),
                            "--web.listen-address=127.0.0.1:" + started.prometheus,
                            "--storage.tsdb.path=" + folder.resolve("prometheus")));
            started.awaitReady("http://127.0.0.1:" + started.alertmanager + "/-/ready");
            started.awaitReady("http://127.0.0.1:" + started.prometheus + "/-/ready");
            return started;
        } catch (IOException | RuntimeException | InterruptedException e) {
            started.close();
            throw e;
        }
    }

    private void run(String program, List<String> options) throws IOException {
        List<String> command = new ArrayList<>(List.of(program));
        command.addAll(options);
        processes.add(new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve(program + ".log").toFile())
                .start());
    }

    private void awaitReady(String address) throws InterruptedException, IOException {
        long until = System.nanoTime() + START.toNanos();
        while (true) {
            try {
                if (get(address).statusCode() == 200) {
                    return;
                }
            } catch (IOException notYet) {
                if (System.nanoTime() > until) {
                    throw notYet;
                }
            }
            if (System.nanoTime() > until) {
                throw new IllegalStateException(address + " is not ready after " + START);
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    /// What an expression is now: the list of its series; a scalar is a list of one.
    ///
    /// @throws IllegalArgumentException when Prometheus refuses it, with what it says
    public JsonNode query(String expression) throws IOException, InterruptedException {
        JsonNode answer = json.readTree(get("http://127.0.0.1:" + prometheus + "/api/v1/query?query="
                        + URLEncoder.encode(expression, StandardCharsets.UTF_8))
                .body());
        if (!"success".equals(answer.path("status").asText())) {
            throw new IllegalArgumentException(
                    expression + ": " + answer.path("error").asText());
        }
        return answer.path("data").path("result");
    }

    /// All rules, as Prometheus has them: `name`, `type`, `health`, `lastError`, `state` of alerts.
    public List<JsonNode> rules() throws IOException, InterruptedException {
        List<JsonNode> rules = new ArrayList<>();
        json.readTree(body("http://127.0.0.1:" + prometheus + "/api/v1/rules"))
                .path("data")
                .path("groups")
                .forEach(group -> group.path("rules").forEach(rules::add));
        return rules;
    }

    /// The alerts that Alertmanager has now, with their `labels` and `annotations`.
    public List<JsonNode> alerts() throws IOException, InterruptedException {
        List<JsonNode> alerts = new ArrayList<>();
        json.readTree(body("http://127.0.0.1:" + alertmanager + "/api/v2/alerts"))
                .forEach(alerts::add);
        return alerts;
    }

    /// Whether Alertmanager has an alert of a pipeline now.
    public boolean hasAlert(String name, String pipeline) {
        try {
            return alerts().stream()
                    .map(a -> a.path("labels"))
                    .anyMatch(l -> name.equals(l.path("alertname").asText())
                            && pipeline.equals(l.path("pipeline").asText()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /// @throws IOException also when it is not answered as asked
    private String body(String address) throws IOException, InterruptedException {
        HttpResponse<String> answer = get(address);
        if (answer.statusCode() != 200) {
            throw new IOException(address + " answers " + answer.statusCode() + ": " + answer.body());
        }
        return answer.body();
    }

    private HttpResponse<String> get(String address) throws IOException, InterruptedException {
        return web.send(
                HttpRequest.newBuilder(URI.create(address))
                        .timeout(Duration.ofSeconds(10))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    @Override
    public void close() throws InterruptedException, IOException {
        // By SIGKILL: their data is of no use to anybody, and Prometheus takes long to put it in order.
        processes.forEach(Process::destroyForcibly);
        for (Process process : processes) {
            process.waitFor();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
