package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.service.cli.Cli.Result;
import dev.sluice.service.cli.Servers.Place;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.stream.IntStream;
import org.bson.Document;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// MongoDB is read no faster than an operator allows.
class LimitCommandIT {
    private static final Duration BOUND = Duration.ofSeconds(60);
    private static final int USERS = 4_000;

    @Test
    @DisplayName("a copy keeps the limit from its first document on, and goes on at full speed when it is taken back")
    void copies() throws Exception {
        Place place = Servers.migratedPlace();
        place.mongo()
                .getCollection("users")
                .insertMany(IntStream.range(0, USERS)
                        .mapToObj(i -> new Document("_id", "u" + i).append("name", "n" + i))
                        .toList());
        int port = GateCommandIT.freePort();
        Map<String, String> settings = Cli.with(place.settings(), "SLUICE_HTTP_PORT", Integer.toString(port));

        Result set = Cli.runHere(place.settings(), "limit", "--documents", "100", "--megabytes", "1.5");
        assertThat(set.exitCode()).as(set.said()).isZero();
        assertThat(set.out()).contains("no more than 100 documents/s and 1.5 MB/s by each process beside the stream");

        try (Cli run = Cli.start(settings, "run")) {
            await().atMost(BOUND).until(() -> place.count("users") > 100);
            long copied = place.count("users");
            assertThat(copied).isLessThan(USERS);
            assertThat(run.err())
                    .contains("MongoDB is read at no more than 100 documents/s and 1.5 MB/s beside the stream");
            assertThat(Cli.runHere(place.settings(), "status").out())
                    .contains("MongoDB is read at no more than 100 documents/s and 1.5 MB/s beside the stream");
            assertThat(get(port, "/metrics"))
                    .containsPattern("sluice_read_limit_documents\\{pipeline=\"demo\",?} 100\\.0")
                    .containsPattern("sluice_documents_read_total\\{pipeline=\"demo\",?} [1-9]");
            assertThat(get(port, "/api/limit"))
                    .contains("\"documents_per_second\":100", "\"bytes_per_second\":1500000");

            assertThat(post(port, "{}").statusCode()).isEqualTo(200);
            await().atMost(Duration.ofSeconds(20)).until(() -> place.count("users") == USERS);
            assertThat(run.err()).contains("MongoDB is read without a limit again.");
        }
        assertThat(Cli.runHere(place.settings(), "limit").out()).contains("MongoDB is read without a limit.");
        assertThat(place.text(
                        "SELECT string_agg(action || coalesce(detail ->> 'documents_per_second', '-'), ',' ORDER BY id)"
                                + " FROM sluice.audit WHERE action = 'limit'"))
                .isEqualTo("limit100,limit-");
    }

    @Test
    @DisplayName("a comparison keeps it")
    void comparisons() {
        Place place = Servers.migratedPlace();
        place.mongo()
                .getCollection("users")
                .insertMany(IntStream.range(0, 300)
                        .mapToObj(i -> new Document("_id", "u" + i).append("name", "n" + i))
                        .toList());
        assertThat(Cli.runHere(place.settings(), "backfill").exitCode()).isZero();
        Cli.runHere(place.settings(), "limit", "--documents", "100");

        long began = System.nanoTime();
        Result verified = Cli.runHere(place.settings(), "verify");

        assertThat(verified.exitCode()).as(verified.said()).isZero();
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isGreaterThan(Duration.ofMillis(2_800));
    }

    @Test
    @DisplayName("wrong use is refused, and nothing is set")
    void wrongUse() {
        Place place = Servers.migratedPlace();

        for (String[] wrong : new String[][] {
            {"limit", "--documents", "0"}, {"limit", "--megabytes", "0.0000001"}, {"limit", "--off", "--documents", "5"}
        }) {
            Result refused = Cli.runHere(place.settings(), wrong);
            assertThat(refused.exitCode()).as(refused.said()).isEqualTo(2);
        }
        assertThat(place.count("sluice.read_limit")).isZero();
        assertThat(place.count("sluice.audit")).isZero();
    }

    private static String get(int port, String path) throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }

    private static HttpResponse<String> post(int port, String body) throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/limit"))
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString(body))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
    }
}
