package dev.sluice.service.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.postgres.PostgresUri;
import dev.sluice.schema.Catalog;
import dev.sluice.service.config.Settings;
import dev.sluice.service.pipeline.PipelineStatus;
import dev.sluice.sink.postgres.check.TargetDatabase;
import dev.sluice.testkit.TestingServers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Dead letters over HTTP, and who may change something there.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DeadLetterHttpIT {
    private static final String TOKEN = "s3cret/with+signs";

    private final PostgresConnector connector =
            new PostgresConnector(PostgresUri.parse(TestingServers.postgres().createDatabase()));

    @SuppressWarnings("NullAway.Init")
    private HttpService open;

    @SuppressWarnings("NullAway.Init")
    private HttpService guarded;

    private long users;
    private long gone;

    @BeforeAll
    void serve() {
        new TargetDatabase(connector.uri()).migrate(Catalog.load("demo"));
        PipelineStatus status = new PipelineStatus("demo", List.of("users", "orders"));
        open = HttpService.start(Settings.read(Map.of("SLUICE_HTTP_PORT", "0"), Map.of()), status, connector);
        guarded = HttpService.start(
                Settings.read(Map.of("SLUICE_HTTP_PORT", "0", "SLUICE_API_TOKEN", TOKEN), Map.of()), status, connector);
    }

    @AfterAll
    void end() {
        open.close();
        guarded.close();
    }

    @BeforeEach
    void park() {
        execute("DELETE FROM sluice.dead_letter; DELETE FROM sluice.resync; DELETE FROM sluice.audit");
        users = park("users", "{\"$oid\": \"65f0c0ffee65f0c0ffee65f0\"}");
        gone = park("carts", "\"c\"");
    }

    private long park(String collection, String key) {
        return Long.parseLong(query("INSERT INTO sluice.dead_letter (pipeline, collection, document_key, operation,"
                + " document, reason, sqlstate) VALUES ('demo', '" + collection + "', '" + key
                + "', 'upsert', '{\"name\": \"a secret\"}', 'null value in column name', '23502') RETURNING id"));
    }

    // --- What they do -----------------------------------------------------------------------------------------

    @Test
    void theyAreListedWithoutTheDocuments() throws IOException {
        Answer all = call(open, "GET", "/api/dead-letters", null);
        Answer some = call(open, "GET", "/api/dead-letters?collection=users&limit=1", null);

        assertThat(all.status()).isEqualTo(200);
        assertThat(all.json().path("pipeline").asText()).isEqualTo("demo");
        assertThat(all.json().path("total").asLong()).isEqualTo(2);
        assertThat(all.json().path("dead_letters").findValuesAsText("collection"))
                .containsExactly("users", "carts");
        JsonNode letter = some.json().path("dead_letters").get(0);
        assertThat(some.json().path("dead_letters")).hasSize(1);
        assertThat(letter.path("id").asLong()).isEqualTo(users);
        assertThat(letter.path("document_key").asText()).isEqualTo("{\"$oid\": \"65f0c0ffee65f0c0ffee65f0\"}");
        assertThat(letter.path("sqlstate").asText()).isEqualTo("23502");
        assertThat(letter.path("attempts").asInt()).isEqualTo(1);
        assertThat(letter.path("first_failed_at").asText()).endsWith("Z");
        assertThat(letter.path("age_seconds").asDouble()).isBetween(0.0, 600.0);
        assertThat(all.body()).doesNotContain("secret");
        assertThat(call(open, "GET", "/api/dead-letters?limit=0", null).status())
                .isEqualTo(400);
    }

    @Test
    void aRetryPutsTheDocumentOnTheListAndSaysSo() throws IOException {
        Answer answer = call(open, "POST", "/api/dead-letters/" + users + "/retry", null);

        assertThat(answer.status()).isEqualTo(202);
        assertThat(answer.json().path("outcome").asText()).isEqualTo("queued");
        assertThat(query("SELECT collection || ' ' || document_key || ' ' || reason FROM sluice.resync"))
                .isEqualTo("users {\"$oid\": \"65f0c0ffee65f0c0ffee65f0\"} dead_letter");
        assertThat(query("SELECT action || ' ' || actor FROM sluice.audit"))
                .isEqualTo("retry REST call from 127.0.0.1");
    }

    @Test
    void aRetryOfWhatIsNotMappedAnyMoreIsRefused() throws IOException {
        Answer answer = call(open, "POST", "/api/dead-letters/" + gone + "/retry", null);

        assertThat(answer.status()).isEqualTo(409);
        assertThat(answer.json().path("detail").asText()).contains("no collection carts");
        assertThat(query("SELECT count(*) FROM sluice.resync")).isEqualTo("0");
    }

    @Test
    void aDiscardForgetsTheDocumentAndNotesWho() throws IOException {
        call(open, "POST", "/api/dead-letters/" + users + "/retry", null);

        Answer why = call(open, "POST", "/api/dead-letters/" + users + "/discard", "{\"reason\": \"a test\"}");
        Answer plain = call(open, "POST", "/api/dead-letters/" + gone + "/discard", null);

        assertThat(why.status()).as(why.body()).isEqualTo(200);
        assertThat(why.json().path("discarded").get(0).asLong()).isEqualTo(users);
        assertThat(plain.status()).as(plain.body()).isEqualTo(200);
        assertThat(query("SELECT count(*) FROM sluice.dead_letter")).isEqualTo("0");
        assertThat(query("SELECT count(*) FROM sluice.resync")).isEqualTo("0");
        assertThat(query("SELECT detail FROM sluice.audit WHERE action = 'discard' AND collection = 'users'"))
                .contains("a test", "65f0c0ffee65f0c0ffee65f0")
                .doesNotContain("secret");
        assertThat(query("SELECT count(*) FROM sluice.audit WHERE action = 'discard'"))
                .isEqualTo("2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"retry", "discard"})
    void oneThatIsNotThereIsNotFound(String verb) throws IOException {
        Answer answer = call(open, "POST", "/api/dead-letters/999999/" + verb, null);

        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.json().path("detail").asText()).contains("no dead letter 999999");
    }

    // --- Who may ----------------------------------------------------------------------------------------------

    @Test
    void withATokenOnlyThoseWhoHaveItChangeSomething() throws IOException {
        String path = "/api/dead-letters/" + users + "/retry";

        Answer without = call(guarded, "POST", path, null);
        Answer wrong = call(guarded, "POST", path, null, "Authorization: Bearer " + TOKEN + "x");
        Answer half = call(guarded, "POST", path, null, "Authorization: Bearer " + TOKEN.substring(1));
        Answer empty = call(guarded, "POST", path, null, "Authorization: Bearer ");
        Answer basic = call(guarded, "POST", path, null, "Authorization: Basic " + TOKEN);

        for (Answer refused : List.of(without, wrong, half, empty, basic)) {
            assertThat(refused.status()).isEqualTo(401);
            assertThat(refused.head()).containsIgnoringCase("WWW-Authenticate: Bearer");
            assertThat(refused.body()).contains("SLUICE_API_TOKEN").doesNotContain(TOKEN);
        }
        assertThat(query("SELECT count(*) FROM sluice.resync")).isEqualTo("0");
        assertThat(call(guarded, "POST", path, null, "authorization: bearer " + TOKEN)
                        .status())
                .isEqualTo(202);
        assertThat(call(guarded, "GET", "/api/dead-letters", null).status()).isEqualTo(200);
        assertThat(call(guarded, "GET", "/api/status", null).status()).isEqualTo(200);
    }

    @Test
    void withATokenItDoesNotMatterWhereTheCallComesFrom() throws IOException {
        String path = "/api/dead-letters/" + users + "/retry";

        assertThat(call(
                                guarded,
                                "POST",
                                path,
                                null,
                                "Authorization: Bearer " + TOKEN,
                                "X-Forwarded-For: 203.0.113.9",
                                "Host: sluice.example",
                                "Origin: https://sluice.example")
                        .status())
                .isEqualTo(202);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "X-Forwarded-For: 203.0.113.9",
                "Forwarded: for=203.0.113.9",
                "Host: rebound.example",
                "Host: 127.0.0.1.rebound.example",
                "Host: 203.0.113.9"
            })
    void withoutATokenACallThatMayBeSomebodyElsesIsRefused(String header) throws IOException {
        Answer answer = call(open, "POST", "/api/dead-letters/" + users + "/discard", null, header);

        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.json().path("detail").asText()).contains("SLUICE_API_TOKEN");
        assertThat(query("SELECT count(*) FROM sluice.dead_letter")).isEqualTo("2");
        // To look is everybody's.
        assertThat(call(open, "GET", "/api/dead-letters", null, header).status())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"https://elsewhere.example", "http://localhost:1", "null", "http://%zz"})
    void withoutATokenAnotherPageInABrowserOnThisMachineIsRefused(String origin) throws IOException {
        Answer answer = call(open, "POST", "/api/dead-letters/" + users + "/discard", null, "Origin: " + origin);

        assertThat(answer.status()).isEqualTo(403);
        assertThat(query("SELECT count(*) FROM sluice.dead_letter")).isEqualTo("2");
    }

    @Test
    void withoutATokenThePageItServesItselfMayCall() throws IOException {
        String here = "localhost:" + open.port();

        assertThat(call(
                                open,
                                "POST",
                                "/api/dead-letters/" + users + "/retry",
                                null,
                                "Host: " + here,
                                "Origin: http://" + here)
                        .status())
                .isEqualTo(202);
    }

    @Test
    void withoutATokenACallFromAnotherAddressThanLoopbackIsRefused() throws IOException {
        Optional<InetAddress> own = Collections.list(NetworkInterface.getNetworkInterfaces()).stream()
                .flatMap(i -> Collections.list(i.getInetAddresses()).stream())
                .filter(a -> !a.isLoopbackAddress() && !a.isLinkLocalAddress() && a.getAddress().length == 4)
                .findFirst();
        assumeThat(own).as("an address of this machine that is not loopback").isPresent();

        Answer answer =
                call(own.get(), open, "POST", "/api/dead-letters/" + users + "/discard", null, "Host: localhost");

        assertThat(answer.status()).isEqualTo(403);
        assertThat(query("SELECT count(*) FROM sluice.dead_letter")).isEqualTo("2");
    }

    // --- What the tests are made of ---------------------------------------------------------------------------

    private record Answer(int status, String head, String body) {
        JsonNode json() throws IOException {
            return JsonMapper.builder().build().readTree(body);
        }
    }

    private static Answer call(
            HttpService service, String method, String path, @Nullable String body, String... headers)
            throws IOException {
        return call(InetAddress.getLoopbackAddress(), service, method, path, body, headers);
    }

    /// By hand, since Java's client sets the headers itself that these tests are about.
    private static Answer call(
            InetAddress address,
            HttpService service,
            String method,
            String path,
            @Nullable String body,
            String... headers)
            throws IOException {
        boolean hosted = List.of(headers).stream().anyMatch(h -> h.startsWith("Host:"));
        StringBuilder text = new StringBuilder(method + " " + path + " HTTP/1.1\r\n");
        if (!hosted) {
            text.append("Host: 127.0.0.1:").append(service.port()).append("\r\n");
        }
        for (String header : headers) {
            text.append(header).append("\r\n");
        }
        if (body != null) {
            text.append("Content-Type: application/json\r\nContent-Length: ")
                    .append(body.length())
                    .append("\r\n");
        } else if (method.equals("POST")) {
            text.append("Content-Length: 0\r\n");
        }
        text.append("Connection: close\r\n\r\n").append(body == null ? "" : body);
        try (Socket socket = new Socket(address, service.port())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(text.toString().getBytes(StandardCharsets.UTF_8));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int blank = answer.indexOf("\r\n\r\n");
            return new Answer(
                    Integer.parseInt(answer.split(" ", 3)[1]), answer.substring(0, blank), answer.substring(blank + 4));
        }
    }

    private void execute(String sql) {
        try (Connection connection = connector.openForLongWork();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }

    private String query(String sql) {
        try (Connection connection = connector.openForLongWork();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }
}
