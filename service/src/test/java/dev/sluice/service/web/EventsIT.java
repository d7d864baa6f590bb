package dev.sluice.service.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.service.live.LiveFeed;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// The events that the page lives on, as any client of server-sent events sees them.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EventsIT {
    private final ServedPipeline served =
            new ServedPipeline("SLUICE_API_READ_TOKEN", "to-look", "SLUICE_API_TOKEN", "to-act");
    private final HttpClient web = HttpClient.newHttpClient();

    private record Told(String id, String type, JsonNode data) {}

    @BeforeAll
    void begin() {
        served.start();
        await().atMost(Duration.ofSeconds(60))
                .until(() -> served.json("/api/live")
                        .path("tick")
                        .path("state")
                        .asText()
                        .equals("streaming"));
    }

    @AfterAll
    void end() throws InterruptedException {
        web.shutdownNow();
        served.close();
    }

    private HttpResponse<InputStream> listen(@Nullable String lastId, @Nullable String token)
            throws IOException, InterruptedException {
        return web.send(request(lastId, token), HttpResponse.BodyHandlers.ofInputStream());
    }

    private HttpRequest request(@Nullable String lastId, @Nullable String token) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + served.port() + "/api/events"));
        if (lastId != null) {
            request.header("Last-Event-ID", lastId);
        }
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        return request.build();
    }

    /// The first events that one hears.
    private List<Told> hear(@Nullable String lastId, int count) throws IOException, InterruptedException {
        return hear(lastId, heard -> heard.size() == count);
    }

    private List<Told> hear(@Nullable String lastId, Predicate<List<Told>> enough)
            throws IOException, InterruptedException {
        List<Told> heard = new ArrayList<>();
        try (BufferedReader lines = new BufferedReader(
                new InputStreamReader(listen(lastId, "to-look").body(), StandardCharsets.UTF_8))) {
            String id = "";
            String type = "";
            while (!enough.test(heard)) {
                String line = lines.readLine();
                if (line == null) {
                    throw new AssertionError("it ended after " + heard);
                }
                if (line.startsWith("id: ")) {
                    id = line.substring(4);
                } else if (line.startsWith("event: ")) {
                    type = line.substring(7);
                } else if (line.startsWith("data: ")) {
                    heard.add(new Told(id, type, JsonMapper.builder().build().readTree(line.substring(6))));
                }
            }
        }
        return heard;
    }

    @Test
    @DisplayName("one who has seen nothing is told to begin anew, and then each second")
    void fromTheBeginning() throws Exception {
        // A process that is just up says its first collections and entries of the log before its first tick.
        List<Told> heard = hear(null, told -> ticks(told).size() == 2);

        assertThat(heard.getFirst().type()).isEqualTo("reset");
        JsonNode tick = ticks(heard).getFirst().data();
        assertThat(tick.path("state").asText()).isEqualTo("streaming");
        assertThat(tick.has("lag_seconds")).isTrue();
        assertThat(tick.path("collections")).hasSize(2);
    }

    @Test
    @DisplayName("one who was away for seconds is told what it missed, each event once and in order")
    void catchesUp() throws Exception {
        List<Told> before = hear(null, 4);
        String last = before.getLast().id();
        List<Told> first = hear(last, 4);
        List<Told> again = hear(last, 4);

        assertThat(first.stream().map(Told::id))
                .containsExactlyElementsOf(again.stream().map(Told::id).toList());
        List<Long> numbers = first.stream().map(told -> number(told.id())).toList();
        assertThat(numbers).containsExactly(number(last) + 1, number(last) + 2, number(last) + 3, number(last) + 4);
        assertThat(first.stream().map(Told::type)).doesNotContain("reset");
    }

    @Test
    @DisplayName("500 may listen, also when more come at the same moment; the others are refused")
    void noMoreThanFiveHundred() {
        List<CompletableFuture<HttpResponse<InputStream>>> asked = new ArrayList<>();
        for (int i = 0; i < LiveFeed.VIEWERS_MAX + 20; i++) {
            asked.add(web.sendAsync(request(null, "to-look"), HttpResponse.BodyHandlers.ofInputStream()));
        }
        int told = 0;
        for (CompletableFuture<HttpResponse<InputStream>> each : asked) {
            told += begins(each.join()) ? 1 : 0;
        }

        assertThat(told).isEqualTo(LiveFeed.VIEWERS_MAX);
        for (CompletableFuture<HttpResponse<InputStream>> each : asked) {
            close(each.join().body());
        }
        // They make room again.
        await().atMost(Duration.ofSeconds(30)).until(() -> {
            HttpResponse<InputStream> next = listen(null, "to-look");
            try (InputStream body = next.body()) {
                return next.statusCode() == 200 && body.read() >= 0;
            }
        });
    }

    private static void close(InputStream body) {
        try {
            body.close();
        } catch (IOException broken) {
            // It was to be closed.
        }
    }

    /// Whether a caller is told something, as each is at once.
    private static boolean begins(HttpResponse<InputStream> response) {
        try {
            return response.statusCode() == 200 && response.body().read() >= 0;
        } catch (IOException refused) {
            return false;
        }
    }

    private static List<Told> ticks(List<Told> heard) {
        return heard.stream().filter(told -> told.type().equals("tick")).toList();
    }

    private static long number(String id) {
        return Long.parseLong(id.substring(id.indexOf('-') + 1));
    }

    @Test
    @DisplayName("one who knows an event of an earlier process begins anew")
    void ofAnotherProcess() throws Exception {
        assertThat(hear("0badcafe-7", 1).getFirst().type()).isEqualTo("reset");
    }

    @Test
    @DisplayName("looking takes the token that is set for it")
    void takesAToken() throws Exception {
        assertThat(listen(null, null).statusCode()).isEqualTo(401);
        assertThat(listen(null, "wrong").statusCode()).isEqualTo(401);
    }

    @Test
    @DisplayName("/ is open, holds no data, and may load nothing from elsewhere")
    void thePage() throws Exception {
        HttpResponse<String> page = web.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + served.port() + "/"))
                        .build(),
                HttpResponse.BodyHandlers.ofString());

        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValue("Content-Security-Policy").orElse(""))
                .contains("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'")
                .doesNotContain("unsafe");
        assertThat(page.body()).contains("<title>Sluice</title>").doesNotContain("http://", "https://");
    }

    @Test
    @DisplayName("what begins the page has the hour so far, and the log")
    void snapshot() throws Exception {
        JsonNode live = served.json("/api/live");

        assertThat(live.path("history").path("lag_seconds").size()).isPositive();
        assertThat(live.path("lags").path("users").isArray()).isTrue();
        assertThat(live.path("log").toString()).contains("The pipeline is streaming");
        JsonNode history = served.json("/api/collections/users/history");
        assertThat(history.path("changes_per_second").size()).isPositive();
        assertThat(served.json("/api/collections/users/mapping")
                        .path("tables")
                        .get(0)
                        .path("columns")
                        .toString())
                .contains("\"column\":\"signed_up_at\",\"from\":\"signedUpAt\"");
    }
}
