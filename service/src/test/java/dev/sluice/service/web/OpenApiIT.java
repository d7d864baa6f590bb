package dev.sluice.service.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.after.AfterProgress;
import dev.sluice.after.AfterStore;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.postgres.PostgresUri;
import dev.sluice.schema.Catalog;
import dev.sluice.service.config.Settings;
import dev.sluice.service.ops.SnakeCaseJson;
import dev.sluice.service.pipeline.PipelineStatus;
import dev.sluice.sink.postgres.check.TargetDatabase;
import dev.sluice.testkit.TestingServers;
import io.micronaut.web.router.Router;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The description of the REST interface, and that what is answered is what it describes.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OpenApiIT {
    private final PostgresConnector connector =
            new PostgresConnector(PostgresUri.parse(TestingServers.postgres().createDatabase()));
    private final HttpClient web = HttpClient.newHttpClient();

    @SuppressWarnings("NullAway.Init")
    private HttpService http;

    @SuppressWarnings("NullAway.Init")
    private Described described;

    @BeforeAll
    void serve() throws Exception {
        new TargetDatabase(connector.uri()).migrate(Catalog.load("demo"));
        PipelineStatus status = new PipelineStatus("demo", List.of("users", "orders"));
        http = HttpService.start(Settings.read(Map.of("SLUICE_HTTP_PORT", "0"), Map.of()), status, connector);
        described = Described.of(send("GET", "/swagger/sluice.yml", "").body());
        execute("INSERT INTO sluice.dead_letter (pipeline, collection, document_key, operation, document, reason)"
                + " VALUES ('demo', 'users', '\"a\"', 'upsert', '{}', 'no name'),"
                + " ('demo', 'users', '\"b\"', 'upsert', '{}', 'no name')");
        execute("INSERT INTO sluice.drift (pipeline, collection, table_name, kind, row_key, columns, rows)"
                + " VALUES ('demo', 'users', 'users', 'different', 'a', '{name}', 1)");
        execute("INSERT INTO sluice.verification (pipeline, collection, mode, origin, state, phase)"
                + " VALUES ('demo', 'users', 'full', 'asked', 'done', 'settling')");
        execute(
                "INSERT INTO sluice.quarantine (pipeline, collection, document_key, column_name, path, bson_type, value,"
                        + " reason) VALUES ('demo', 'users', '\"a\"', 'users.age', 'age', 'string', '\"old\"', 'is no number')");
        execute("INSERT INTO sluice.backfill (pipeline, collection, state) VALUES ('demo', 'users', 'done')");
    }

    @AfterAll
    void end() {
        http.close();
    }

    @Test
    @DisplayName("it describes each route under /api, and /health/lag and /health/leader, and no other")
    void everyRoute() {
        Set<String> routes = http.context()
                .getBean(Router.class)
                .uriRoutes()
                .map(route -> route.getHttpMethodName() + " " + route.getUriMatchTemplate())
                .filter(route -> route.matches("(GET|POST|DELETE) (/api/.*|/health/lag|/health/leader)"))
                // Micronaut writes the parameters of a query behind the path.
                .map(route -> route.replaceFirst("\\{\\?.*}$", ""))
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(described.operations()).isEqualTo(routes);
    }

    @Test
    @DisplayName("each operation that is described is tried below")
    void everyOperationHasACase() {
        Set<String> tried = Arrays.stream(OpenApiIT.class.getDeclaredMethods())
                .map(method -> method.getAnnotation(CsvSource.class))
                .filter(Objects::nonNull)
                .flatMap(cases -> Arrays.stream(cases.value()))
                .map(line -> template(line.split("[,|]")[0].strip()))
                .collect(Collectors.toSet());

        // It does not end; EventsIT listens to it.
        tried.add("GET /api/events");
        assertThat(tried).containsAll(described.operations());
    }

    /// `POST /api/quarantine/{id}/accept` for `POST /api/quarantine/1/accept`.
    private static String template(String operation) {
        return operation.replaceFirst("/\\d+/", "/{id}/").replaceFirst("/(users|carts)/", "/{collection}/");
    }

    @ParameterizedTest
    @CsvSource({
        "GET /api/status, /api/status, 200",
        "GET /api/dead-letters, /api/dead-letters, 200",
        "GET /api/dead-letters, /api/dead-letters?limit=0, 400",
        "GET /api/dead-letters, /api/dead-letters?limit=many, 400",
        "GET /api/checkpoints, /api/checkpoints, 200",
        "POST /api/checkpoints/{name}, /api/checkpoints/before, 409",
        "POST /api/checkpoints/{name}, /api/checkpoints/auto-1, 400",
        "DELETE /api/checkpoints/{name}, /api/checkpoints/before, 404",
        "GET /api/replays, /api/replays, 200",
        "GET /api/quarantine, /api/quarantine, 200",
        "GET /api/gates, /api/gates, 200",
        "GET /api/collections/{collection}, /api/collections/users, 200",
        "GET /api/collections/{collection}, /api/collections/carts, 404",
        "GET /api/collections/{collection}/gate, /api/collections/users/gate, 200",
        "GET /api/collections/{collection}/gate, /api/collections/carts/gate, 404",
        "GET /api/live, /api/live, 200",
        "GET /api/audit, /api/audit, 200",
        "GET /api/audit, /api/audit?collection=users&limit=5, 200",
        "GET /api/audit, /api/audit?limit=0, 400",
        "GET /api/collections/{collection}/history, /api/collections/users/history, 200",
        "GET /api/collections/{collection}/history, /api/collections/carts/history, 404",
        "GET /api/collections/{collection}/mapping, /api/collections/users/mapping, 404",
        "GET /api/collections/{collection}/mapping, /api/collections/carts/mapping, 404",
        "GET /api/routes, /api/routes, 200",
        "GET /api/routes/{collection}, /api/routes/users, 200",
        "GET /api/routes/{collection}, /api/routes/carts, 404",
        "POST /api/collections/{collection}/rollback, /api/collections/users/rollback, 200",
        "POST /api/collections/{collection}/rollback, /api/collections/carts/rollback, 404",
        "GET /api/shadow-reads, /api/shadow-reads, 200",
        "GET /api/shadow-reads, /api/shadow-reads?collection=users, 200",
        "GET /api/shadow-reads, /api/shadow-reads?collection=carts, 404",
        "GET /api/pause, /api/pause, 200",
        "GET /api/limit, /api/limit, 200",
        "GET /api/certificates, /api/certificates, 200",
        "GET /api/schema-changes, /api/schema-changes, 200",
        "GET /api/verifications, /api/verifications, 200",
        "GET /api/drift, /api/drift, 200",
        "GET /api/drift, /api/drift?collection=a%00, 400",
        "GET /api/quarantine, /api/quarantine?collection=%00, 400",
        "DELETE /api/checkpoints/{name}, /api/checkpoints/a%00, 400",
        "GET /api/await, /api/await?operationTime=1.1&timeout=1ms, 504",
        "GET /api/await, /api/await?operationTime=soon, 400",
        "GET /api/await, /api/await?operationTime=1.1&collection=carts, 404",
        "GET /health/lag, /health/lag, 503",
        "GET /health/leader, /health/leader, 503",
        "POST /api/dead-letters/{id}/retry, /api/dead-letters/1/retry, 202",
        "POST /api/dead-letters/{id}/retry, /api/dead-letters/99/retry, 404",
        "POST /api/dead-letters/{id}/discard, /api/dead-letters/2/discard, 200"
    })
    @DisplayName("each answer has the status, the media type and the fields that are described")
    void answersAreAsDescribed(String operation, String path, int status) throws Exception {
        HttpResponse<String> answer = send(operation.split(" ")[0], path, "");

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        described.require(operation, status, contentType(answer), json(answer));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "POST /api/collections/users/cutover | {} | 409 | the gate is shut",
                "POST /api/collections/users/cutover | {\"percent\": 0} | 200 | ''",
                "POST /api/collections/users/cutover | {\"percent\": 101} | 400 | from 0 to 100",
                "POST /api/collections/users/cutover | {\"wait_seconds\": -1} | 400 | from 0 to 600",
                "POST /api/collections/carts/cutover | {} | 404 | no collection carts",
                "POST /api/cutover | {\"collections\": [\"users\", \"orders\"], \"percent\": 0} | 200 | ''",
                "POST /api/cutover | {\"collections\": [\"users\", \"orders\"]} | 409 | the gate is shut",
                "POST /api/cutover | {\"collections\": []} | 400 | collections is missing or empty",
                "POST /api/cutover | {\"collections\": [\"carts\"]} | 404 | no collection carts",
                "POST /api/rollback | {\"collections\": [\"users\", \"orders\"]} | 200 | ''",
                "POST /api/finish | {} | 400 | collections is missing or empty",
                "POST /api/finish | {\"collections\": [\"carts\"]} | 404 | no collection carts",
                "POST /api/rollback | {} | 400 | collections is missing or empty",
                "POST /api/rollback | {\"collections\": [\"users\", \"carts\"]} | 404 | no collection carts",
                "POST /api/pause | {\"reason\": \"maintenance\", \"seconds\": 60} | 200 | ''",
                "POST /api/pause | {\"seconds\": 0} | 400 | at least 1",
                "POST /api/pause | {\"reason\": \"a\\u0000b\"} | 400 | NUL",
                "POST /api/resume | {} | 200 | ''",
                "POST /api/limit | {\"documents_per_second\": 500, \"bytes_per_second\": 1000000} | 200 | ''",
                "POST /api/limit | {\"documents_per_second\": 0} | 400 | at least 1 a second",
                "POST /api/limit | {\"documents_per_second\": \"many\"} | 400 | documents_per_second must be",
                "POST /api/limit | {} | 200 | ''",
                "POST /api/dead-letters/1/accept | {\"reason\": \"old\"} | 200 | ''",
                "POST /api/dead-letters/1/accept | {} | 400 | reason is missing",
                "POST /api/dead-letters/99/accept | {\"reason\": \"old\"} | 404 | no dead letter 99",
                "POST /api/quarantine/1/accept | {\"reason\": \"old\"} | 200 | ''",
                "POST /api/quarantine/99/accept | {\"reason\": \"old\"} | 404 | no value 99",
                "POST /api/shadow-reads | {\"reads\": [{\"collection\": \"users\", \"key\": {\"$oid\":"
                        + " \"0123456789abcdef01234567\"}, \"result\": \"different\"}, {\"collection\": \"users\","
                        + " \"name\": \"l\", \"result\": \"equal\", \"mongodb_ms\": 1}]} | 200 | ''",
                "POST /api/shadow-reads | {\"reads\": []} | 400 | 1 to 1000 reads",
                "POST /api/collections/users/cutover | {\"percent\": 10.5} | 400 | percent must be a whole number.",
                "POST /api/collections/users/cutover | {\"percent\": 0.9} | 400 | percent must be a whole number.",
                "POST /api/collections/users/cutover | {\"percent\": \"10\"} | 400 | percent must be a whole number.",
                "POST /api/collections/users/cutover | {\"percent\": \"\"} | 400 | percent must be a whole number.",
                "POST /api/collections/users/cutover | {\"percent\": true} | 400 | percent must be a whole number.",
                "POST /api/collections/users/cutover | {\"percent\": 99999999999} | 400 | percent is too large a number.",
                "POST /api/collections/users/cutover | {\"percent\": -1} | 400 | from 0 to 100",
                "POST /api/collections/users/cutover | {\"percent\": 2147483647, \"shadow_percent\": 1} | 400 | from 0 to 100",
                "POST /api/collections/users/cutover | {\"shadow_percent\": 0} | 200 | ''",
                "POST /api/collections/users/cutover | {\"dry_run\": \"true\"} | 400 | dry_run must be true or false.",
                "POST /api/collections/users/cutover | {\"dry_run\": 1} | 400 | dry_run must be true or false.",
                "POST /api/collections/users/cutover | [] | 400 | The body must be an object.",
                "POST /api/collections/users/cutover | \"\" | 400 | The body must be an object.",
                "POST /api/collections/users/cutover | 5 | 400 | The body must be an object.",
                "POST /api/cutover | {\"collections\": \"users\"} | 400 | collections must be an array.",
                "POST /api/cutover | {\"collections\": [7]} | 400 | collections[0] must be a string.",
                "POST /api/cutover | null | 400 | The body is missing: send a JSON object.",
                "POST /api/cutover | {} {} | 400 | The body has something behind its JSON.",
                "POST /api/verify | {\"collections\": \"users\"} | 400 | collections must be an array.",
                "POST /api/pause | {\"reason\": 7} | 400 | reason must be a string.",
                "POST /api/shadow-reads | {\"reads\": {}} | 400 | reads must be an array.",
                "POST /api/shadow-reads | [] | 400 | The body must be an object.",
                "POST /api/shadow-reads | {\"reads\": [{\"collection\": \"users\", \"name\": \"l\", \"result\":"
                        + " \"same\"}]} | 400 | reads[0].result must be one of",
                "POST /api/shadow-reads | {\"reads\": [{\"collection\": \"users\", \"name\": \"l\", \"result\": 0}]}"
                        + " | 400 | reads[0].result",
                "POST /api/shadow-reads | {\"reads\": [{\"collection\": \"users\", \"key\": {\"a\": 1, \"a\": 2},"
                        + " \"result\": \"equal\"}]} | 400 | the same name twice",
                "POST /api/verify | {\"mode\": \"quick\"} | 400 | mode is counts, sample or full",
                "POST /api/verify | {\"colections\": [\"users\"]} | 400 | colections",
                "POST /api/verify | {\"collections\": | 400 | ''",
                "POST /api/verify | {\"collections\": [null]} | 400 | ''",
                "POST /api/replay | {\"from\": \"1h\", \"collections\": [null]} | 400 | ''",
                "POST /api/shadow-reads | {\"reads\": [null]} | 400 | ''",
                "POST /api/verify | {} | 503 | no MongoDB",
                "POST /api/replay | {} | 400 | Say from where",
                "POST /api/replay | {\"from\": \"1h\", \"dry_run\": \"perhaps\"} | 400 | dry",
                "POST /api/replay | {\"from\": \"1h\"} | 503 | no MongoDB"
            })
    @DisplayName("a body that can't be understood is refused, a field that nobody knows too")
    void bodies(String operation, String body, int status, String detail) throws Exception {
        String[] parts = operation.split(" ");

        HttpResponse<String> answer = send(parts[0], parts[1], body);

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        described.require(template(operation), status, contentType(answer), json(answer));
        assertThat(json(answer).path("detail").asText())
                .contains(detail)
                .doesNotContain("dev.sluice", "java.", "$", "Body [", "Failed to convert", "JsonToken");
    }

    @ParameterizedTest
    @CsvSource({
        "/api/cutover,The body is missing: send a JSON object.",
        "/api/rollback,The body is missing: send a JSON object.",
        "/api/finish,The body is missing: send a JSON object.",
        "/api/shadow-reads,reads is a list of 1 to 1000 reads."
    })
    @DisplayName("a body that is missing is said to be missing")
    void withoutBody(String path, String detail) throws Exception {
        HttpResponse<String> answer = send("POST", path, "");

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(json(answer).path("detail").asText()).isEqualTo(detail);
    }

    @ParameterizedTest
    @CsvSource({
        "RouteController.Cutover, percent, 0, 100",
        "RouteController.Cutover, shadow_percent, 0, 100",
        "RouteController.Cutover, wait_seconds, 0, 600",
        "RouteController.CutoverOfSeveral, percent, 0, 100",
        "FinishController.Asked, quiet_seconds, 1, 600"
    })
    @DisplayName("the description has the least and the largest value of a number")
    void bounds(String schema, String field, int least, int largest) {
        JsonNode described = this.described.schema(schema).path("properties").path(field);

        assertThat(described.path("minimum").asText()).isEqualTo(Integer.toString(least));
        assertThat(described.path("maximum").asText()).isEqualTo(Integer.toString(largest));
    }

    @ParameterizedTest
    @CsvSource({"GET, /api/nothing, 404", "PUT, /api/status, 405", "DELETE, /api/dead-letters, 405"})
    @DisplayName("what the server refuses by itself is a problem like any other")
    void whatIsNotThere(String method, String path, int status) throws Exception {
        HttpResponse<String> answer = send(method, path, "");

        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(contentType(answer)).startsWith("application/problem+json");
        assertThat(json(answer).path("status").asInt()).isEqualTo(status);
        assertThat(json(answer).path("title").asText()).isNotBlank();
    }

    @Test
    @DisplayName("how many after-migrations are done is a number, and their states are in small letters")
    void afterMigrations() throws Exception {
        JsonNode after = new JsonMapper()
                .readTree(SnakeCaseJson.write(new AfterProgress(
                        1,
                        2,
                        List.of(new AfterProgress.Open(
                                "V1", 2, "CREATE", AfterStore.State.FAILED, false, null, null, null, null)),
                        3,
                        List.of())));

        assertThat(after.path("done").asText()).isEqualTo("1");
        assertThat(after.path("open").get(0).path("state").asText()).isEqualTo("failed");
        assertThat(described.schema("AfterStore.State").toString()).contains("\"failed\"");
    }

    @Test
    @DisplayName("each call that takes a body says how large it may be")
    void bodiesAreLimited() {
        assertThat(described.operations())
                .filteredOn(operation -> operation.startsWith("POST "))
                .allSatisfy(operation -> assertThat(
                                described.operation(operation).path("responses").has("413"))
                        .isTrue());
    }

    @Test
    @DisplayName("the page that shows the interface loads nothing from another host")
    void thePage() throws Exception {
        HttpResponse<String> page = send("GET", "/swagger", "");

        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.body()).contains("swagger-ui-bundle.js").doesNotContainPattern("(src|href)=.?https?://");
    }

    private HttpResponse<String> send(String method, String path, String body)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + http.port() + path))
                .timeout(Duration.ofSeconds(20))
                .method(
                        method,
                        body.isEmpty()
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(body));
        if (!body.isEmpty()) {
            request.header("Content-Type", "application/json");
        }
        HttpResponse<String> answer = web.send(request.build(), HttpResponse.BodyHandlers.ofString());
        return answer.statusCode() / 100 == 3
                ? send(method, answer.headers().firstValue("location").orElseThrow(), body)
                : answer;
    }

    private static String contentType(HttpResponse<String> answer) {
        return answer.headers().firstValue("content-type").orElse("");
    }

    private static JsonNode json(HttpResponse<String> answer) throws IOException {
        return JsonMapper.builder().build().readTree(answer.body());
    }

    private void execute(String sql) {
        try (Connection connection = connector.openForLongWork();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }
}
