package dev.sluice.service.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoDatabase;
import dev.sluice.service.ops.Metric;
import dev.sluice.service.ops.RuntimeMetric;
import dev.sluice.service.ops.SeriesBound;
import dev.sluice.service.program.OnPath;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.bson.Document;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// What Prometheus gets of a real run, against the list of metrics.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MetricsIT {
    private static final Duration BOUND = Duration.ofSeconds(60);
    private static final Pattern TYPE = Pattern.compile("^# TYPE (\\S+) (\\S+)$", Pattern.MULTILINE);
    private static final Pattern HELP = Pattern.compile("^# HELP (\\S+) (.+)$", Pattern.MULTILINE);

    private final ServedPipeline served = new ServedPipeline();
    private final MongoClient client = MongoClients.create(served.mongoUri());
    private final MongoDatabase shop = client.getDatabase("shop");
    private String scraped = "";

    @BeforeAll
    void run() throws Exception {
        shop.getCollection("users").insertOne(user("a"));
        served.start();
        await().atMost(BOUND)
                .until(() -> scrape().contains("sluice_pipeline_state{pipeline=\"demo\",state=\"streaming\"} 1.0"));
        shop.getCollection("users")
                .insertMany(IntStream.range(0, 50).mapToObj(i -> user("u" + i)).toList());
        await().atMost(BOUND)
                .until(() -> scrape().contains(
                                "sluice_apply_latency_seconds_count{collection=\"users\",pipeline=\"demo\"} 50"));
        scraped = scrape();
    }

    @AfterAll
    void end() throws InterruptedException {
        client.close();
        served.close();
    }

    private static Document user(String id) {
        return new Document("_id", id).append("email", id + "@shop.example").append("name", id);
    }

    private String scrape() throws IOException, InterruptedException {
        return served.get("/prometheus").body();
    }

    @Test
    @DisplayName("they are at /metrics as well, where a scraper looks that is told no path")
    void atMetrics() throws IOException, InterruptedException {
        HttpResponse<String> answer = served.get("/metrics");

        assertThat(answer.headers().firstValue("Content-Type").orElseThrow()).startsWith("text/plain; version=0.0.4");
        assertThat(answer.body().lines().filter(line -> line.startsWith("# TYPE")))
                .containsExactlyInAnyOrderElementsOf(scrape().lines()
                        .filter(line -> line.startsWith("# TYPE"))
                        .toList());
    }

    @Test
    @DisplayName("every metric that is scraped is in the list, with the type and the help that the list says")
    void allAreListed() {
        Map<String, String> listed = new TreeMap<>();
        for (Metric metric : Metric.values()) {
            listed.put(metric.prometheusName(), metric.kind().word());
            if (metric.kind().isHistogram()) {
                listed.put(metric.prometheusName() + "_max", "gauge");
            }
        }
        for (RuntimeMetric metric : RuntimeMetric.values()) {
            listed.put(metric.prometheusName(), metric.type());
            if ("summary".equals(metric.type())) {
                listed.put(metric.prometheusName() + "_max", "gauge");
            }
        }

        assertThat(found(TYPE)).isNotEmpty();
        assertThat(listed).containsAllEntriesOf(found(TYPE));
        Map<String, String> helps = found(HELP);
        for (Metric metric : Metric.values()) {
            if (helps.containsKey(metric.prometheusName())) {
                assertThat(helps).containsEntry(metric.prometheusName(), metric.help());
            }
        }
        // All but those that are there once there is one.
        List<String> missing = Arrays.stream(Metric.values())
                .map(Metric::prometheusName)
                .filter(name -> !helps.containsKey(name))
                .toList();
        assertThat(missing)
                .containsExactly(
                        "sluice_quarantined_values_total",
                        "sluice_skipped_documents_total",
                        "sluice_schema_changes_total",
                        "sluice_late_writes_total",
                        "sluice_shadow_reads_total",
                        "sluice_shadow_read_seconds");
    }

    @Test
    @DisplayName("a collection has as many series as the page says, and no more")
    void seriesOfACollection() {
        for (String collection : List.of("users", "orders")) {
            assertThat(scraped.lines()
                            .filter(line -> line.contains("collection=\"" + collection + "\""))
                            .toList())
                    .as(collection)
                    .hasSize(SeriesBound.OF_COLLECTION);
        }
    }

    @Test
    @DisplayName("which Sluice runs on which Java is told")
    void theBuild() {
        assertThat(scraped)
                .containsPattern("sluice_build_info\\{java=\"[0-9.+A-Za-z-]+\",version=\"[0-9A-Za-z.-]+\"} 1");
    }

    @Test
    @DisplayName("promtool finds nothing to say of what is scraped")
    void promtool() throws Exception {
        Assumptions.assumeTrue(OnPath.has("promtool"), "there is no promtool on PATH");
        Process check = new ProcessBuilder("promtool", "check", "metrics")
                .redirectErrorStream(true)
                .start();
        try (var in = check.getOutputStream()) {
            in.write(scraped.getBytes(StandardCharsets.UTF_8));
        }
        String said = new String(check.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(check.waitFor()).as(said).isZero();
        assertThat(said).isEmpty();
    }

    private Map<String, String> found(Pattern pattern) {
        Map<String, String> found = new TreeMap<>();
        Matcher line = pattern.matcher(scraped);
        while (line.find()) {
            found.put(line.group(1), line.group(2));
        }
        return found;
    }
}
