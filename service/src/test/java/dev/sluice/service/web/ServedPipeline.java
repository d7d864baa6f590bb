package dev.sluice.service.web;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.postgres.PostgresUri;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.sandbox.SandboxPostgres;
import dev.sluice.schema.Catalog;
import dev.sluice.service.config.Settings;
import dev.sluice.service.pipeline.Pipeline;
import dev.sluice.sink.postgres.check.TargetDatabase;
import dev.sluice.source.mongo.MongoSource;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The demo's pipeline in this process with two servers of its own, served over HTTP from before it runs until
/// after its end.
final class ServedPipeline implements AutoCloseable {
    private final SandboxPostgres postgres = SandboxPostgres.start();
    private final SandboxMongo mongo = SandboxMongo.start();
    private final HttpClient web = HttpClient.newHttpClient();
    private final MongoSource source = new MongoSource(mongo.uri(), "shop");
    private final PostgresConnector connector;
    private final Pipeline pipeline;
    private final HttpService http;
    private final Thread running;
    private final @Nullable String token;

    /// @param settings besides the port
    ServedPipeline(String... settings) {
        PostgresUri target = PostgresUri.parse(postgres.createDatabase());
        Catalog.Entry demo = Catalog.load("demo");
        new TargetDatabase(target).migrate(demo);
        connector = new PostgresConnector(target);
        pipeline = new Pipeline(PipelineSpec.of("demo", demo.mapping(), source, connector));
        Map<String, String> environment = new java.util.TreeMap<>(Map.of("SLUICE_HTTP_PORT", "0"));
        for (int i = 0; i < settings.length; i += 2) {
            environment.put(settings[i], settings[i + 1]);
        }
        http = HttpService.start(
                Settings.read(environment, Map.of()), pipeline.status(), pipeline.spec(), pipeline::spec);
        token = environment.get("SLUICE_API_TOKEN");
        running = Thread.ofPlatform().name("pipeline").unstarted(() -> {
            try {
                pipeline.run();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    void start() {
        running.start();
    }

    /// Stops the pipeline, not what serves it.
    void stop() throws InterruptedException {
        pipeline.stop();
        if (running.isAlive()) {
            running.join();
        }
    }

    SandboxPostgres postgres() {
        return postgres;
    }

    SandboxMongo mongo() {
        return mongo;
    }

    String mongoUri() {
        return mongo.uri();
    }

    MongoSource source() {
        return source;
    }

    PostgresConnector connector() {
        return connector;
    }

    int port() {
        return http.port();
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return web.send(request(path).build(), HttpResponse.BodyHandlers.ofString());
    }

    HttpResponse<String> post(String path, String json) throws IOException, InterruptedException {
        return web.send(
                request(path)
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(json))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + http.port() + path))
                .timeout(Duration.ofSeconds(20));
        return token == null ? request : request.header("Authorization", "Bearer " + token);
    }

    JsonNode json(String path) throws IOException, InterruptedException {
        return JsonMapper.builder().build().readTree(get(path).body());
    }

    @Override
    public void close() throws InterruptedException {
        stop();
        http.close();
        source.close();
        mongo.close();
        postgres.close();
    }
}
