package dev.sluice.service.web;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.postgres.PostgresConnector;
import dev.sluice.postgres.PostgresUri;
import dev.sluice.schema.Catalog;
import dev.sluice.service.config.Settings;
import dev.sluice.service.pipeline.PipelineStatus;
import dev.sluice.sink.postgres.check.TargetDatabase;
import dev.sluice.testkit.TestingServers;
import io.micronaut.web.router.Router;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// How much a caller may send, whatever it says of its length. Sockets, since no HTTP client lies.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BodyLimitIT {
    private static final int LIMIT = 1 << 20;
    private static final int PATIENCE_MILLIS = 20_000;

    private final PostgresConnector connector =
            new PostgresConnector(PostgresUri.parse(TestingServers.postgres().createDatabase()));

    @SuppressWarnings("NullAway.Init")
    private HttpService http;

    @BeforeAll
    void serve() {
        new TargetDatabase(connector.uri()).migrate(Catalog.load("demo"));
        http = HttpService.start(
                Settings.read(Map.of("SLUICE_HTTP_PORT", "0"), Map.of()),
                new PipelineStatus("demo", List.of("users", "orders")),
                connector);
    }

    @AfterAll
    void end() {
        http.close();
    }

    private Set<String> changing() {
        return http.context()
                .getBean(Router.class)
                .uriRoutes()
                .map(route -> route.getHttpMethodName() + " "
                        + route.getUriMatchTemplate()
                                .toString()
                                .replaceFirst("\\{\\?.*}$", "")
                                .replace("{id}", "99")
                                .replace("{collection}", "users")
                                .replaceAll("\\{[^}]*}", "none"))
                .filter(route -> route.matches("(POST|DELETE|PUT) /(api|ofrep)/.*"))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /// The routes that take no body, which leave unread what is sent in chunks.
    private static final Set<String> UNREAD = Set.of(
            "DELETE /api/checkpoints/none",
            "POST /api/checkpoints/none",
            "POST /api/collections/users/rollback",
            "POST /api/dead-letters/99/retry",
            "POST /api/resume");

    @Test
    @DisplayName("a body of more than 1 MiB is refused by each route, with a length and in chunks")
    void tooLarge() throws IOException {
        assertThat(changing())
                .hasSizeGreaterThan(12)
                .contains("POST /ofrep/v1/evaluate/flags", "POST /api/shadow-reads");
        for (String route : changing()) {
            String withLength =
                    answer(head(route) + "Content-Length: " + (LIMIT + 1) + "\r\n\r\n", " ".repeat(LIMIT + 1));
            assertThat(withLength).as(route).startsWith("HTTP/1.1 413 ");
            assertRefusal(route, withLength);

            String chunked = answer(head(route) + "Transfer-Encoding: chunked\r\n\r\n", chunks(LIMIT + 1));
            if (UNREAD.contains(route)) {
                assertThat(chunked).as(route).containsPattern("^HTTP/1.1 (200|404|409|413) ");
            } else {
                assertThat(chunked).as(route).startsWith("HTTP/1.1 413 ");
                assertRefusal(route, chunked);
            }
        }
    }

    private static void assertRefusal(String route, String answer) {
        if (route.contains("/ofrep/")) {
            assertThat(answer).as(route).contains("\"errorCode\":\"GENERAL\"");
        } else {
            assertThat(answer).as(route).contains("application/problem+json").contains("\"status\":413");
        }
        assertThat(answer).as(route).contains("1,048,576 bytes");
    }

    @Test
    @DisplayName("a body of exactly 1 MiB is read")
    void atTheLimit() throws IOException {
        String body = "{}" + " ".repeat(LIMIT - 2);

        assertThat(answer(head("POST /ofrep/v1/evaluate/flags") + "Content-Length: " + LIMIT + "\r\n\r\n", body))
                .doesNotContain(" 413 ");
        assertThat(answer(
                        head("POST /api/shadow-reads") + "Transfer-Encoding: chunked\r\n\r\n",
                        chunk(body) + "0\r\n\r\n"))
                .startsWith("HTTP/1.1 400 ")
                .contains("reads is a list");
    }

    @Test
    @DisplayName("one that announces too much is refused before it has sent anything")
    void announced() throws IOException {
        for (String length : List.of("1048577", "10737418240", "9223372036854775807")) {
            assertThat(answer(head("POST /api/verify") + "Content-Length: " + length + "\r\n\r\n", ""))
                    .as(length)
                    .startsWith("HTTP/1.1 413 ");
        }
    }

    @Test
    @DisplayName("one that lies about its length is cut where it said, and what follows is no call")
    void lies() throws IOException {
        String longer = answer(
                head("POST /api/shadow-reads").replace("Connection: close", "Connection: keep-alive")
                        + "Content-Length: 2\r\n\r\n",
                "{}" + "x".repeat(LIMIT));
        assertThat(longer).startsWith("HTTP/1.1 400 ").contains("reads is a list");
        for (String wrong : List.of("-1", "two", "2, 3", "99999999999999999999")) {
            assertThat(answer(head("POST /api/verify") + "Content-Length: " + wrong + "\r\n\r\n", "{}"))
                    .as(wrong)
                    .startsWith("HTTP/1.1 400 ");
        }
        assertThat(answer(
                        head("POST /api/verify") + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
                        chunk("{\"mode\": \"quick\"}") + "0\r\n\r\n"))
                .as("both at once, as in smuggling")
                .startsWith("HTTP/1.1 400 ");
        assertThat(answer(head("GET /health/liveness") + "\r\n", "")).startsWith("HTTP/1.1 200 ");
    }

    private static String head(String route) {
        return route + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n";
    }

    private static String chunks(int size) {
        StringBuilder chunks = new StringBuilder();
        for (int left = size; left > 0; left -= 16_384) {
            chunks.append(chunk(" ".repeat(Math.min(left, 16_384))));
        }
        return chunks.append("0\r\n\r\n").toString();
    }

    private static String chunk(String text) {
        return Integer.toHexString(text.length()) + "\r\n" + text + "\r\n";
    }

    /// What the server says until it ends the connection, or until it has been silent for long.
    private String answer(String head, String body) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), http.port())) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            Thread sending = Thread.ofVirtual().start(() -> {
                try {
                    OutputStream out = socket.getOutputStream();
                    out.write((head + body).getBytes(StandardCharsets.ISO_8859_1));
                    out.flush();
                } catch (IOException refused) {
                    // The server need not read all of it.
                }
            });
            StringBuilder said = new StringBuilder();
            byte[] buffer = new byte[8_192];
            try {
                for (int n = socket.getInputStream().read(buffer);
                        n > 0;
                        n = socket.getInputStream().read(buffer)) {
                    said.append(new String(buffer, 0, n, StandardCharsets.ISO_8859_1));
                    if (isComplete(said.toString())) {
                        break;
                    }
                }
            } catch (IOException reset) {
                // It closes while we still send.
            }
            sending.interrupt();
            return said.toString();
        }
    }

    private static boolean isComplete(String said) {
        int end = said.indexOf("\r\n\r\n");
        String head = said.toLowerCase(java.util.Locale.ROOT);
        int length = head.indexOf("content-length: ");
        return end > 0
                && length > 0
                && said.length() >= end + 4 + Integer.parseInt(head.substring(length + 16, head.indexOf('\r', length)));
    }
}
