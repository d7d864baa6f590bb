package dev.sluice.service.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bson.Document;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/// Calls that are generated from our OpenAPI description, right ones and wrong ones, to a pipeline that runs: none is
/// answered with a fault of ours, and none with what is not described. By Schemathesis, which Python's package
/// index has; `SLUICE_TEST_SCHEMATHESIS` names another one than that.
class GeneratedCallsIT {
    private static final String PACKAGE = "schemathesis==4.32.5";
    private static final Duration BOUND = Duration.ofMinutes(2);
    private static final Pattern CALLS = Pattern.compile("(\\d[\\d,]*) generated");

    @Test
    @Tag("long")
    @DisplayName("10,000 generated calls find no fault, and no answer that is not described")
    void calls(@TempDir Path folder, TestReporter reporter) throws Exception {
        Path program = program(folder);
        try (ServedPipeline served =
                        new ServedPipeline("SLUICE_API_TOKEN", "operate", "SLUICE_API_READ_TOKEN", "look");
                MongoClient client = MongoClients.create(served.mongoUri())) {
            client.getDatabase("shop").getCollection("users").insertOne(new Document("_id", "a").append("name", "N"));
            served.start();
            await().atMost(BOUND).until(() -> served.get("/health/lag").statusCode() == 200);
            // By what it waits for and not by what is wrong with the server, await may be answered with 504.
            Files.writeString(folder.resolve("schemathesis.toml"), """
                    [[operations]]
                    include-path = "/api/await"
                    checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", "504"]

                    # It has no end for minutes; EventsIT listens to it.
                    [[operations]]
                    include-path = "/api/events"
                    enabled = false
                    """);
            List<String> command = new ArrayList<>(List.of(
                    program.toString(),
                    "--config-file",
                    "schemathesis.toml",
                    "run",
                    "http://127.0.0.1:" + served.port() + "/swagger/sluice.yml",
                    "--url",
                    "http://127.0.0.1:" + served.port(),
                    "--header",
                    "Authorization: Bearer operate",
                    "--checks",
                    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
                    "--max-examples",
                    System.getProperty("sluice.generated.examples", "500"),
                    "--continue-on-failure",
                    "--no-color",
                    "--generation-database",
                    "none"));
            Finished run = run(folder, command, Duration.ofHours(1));

            reporter.publishEntry(run.output());
            Matcher calls = CALLS.matcher(run.output());
            assertThat(run.exitCode()).as(run.output()).isZero();
            assertThat(calls.find()).as(run.output()).isTrue();
            assertThat(Integer.parseInt(calls.group(1).replace(",", ""))).isGreaterThan(10_000);
            assertThat(served.get("/health/liveness").statusCode()).isEqualTo(200);
        }
    }

    private static Path program(Path folder) throws IOException, InterruptedException {
        String given = System.getenv("SLUICE_TEST_SCHEMATHESIS");
        if (given != null) {
            return Path.of(given);
        }
        Path environment = folder.resolve("python");
        Finished made = run(folder, List.of("python3", "-m", "venv", environment.toString()), BOUND);
        assumeThat(made.exitCode())
                .as("python3 makes a virtual environment: " + made.output())
                .isZero();
        Finished installed =
                run(folder, List.of(environment.resolve("bin/pip").toString(), "install", "-q", PACKAGE), BOUND);
        assumeThat(installed.exitCode())
                .as(PACKAGE + " can be had: " + installed.output())
                .isZero();
        return environment.resolve("bin/schemathesis");
    }

    private record Finished(int exitCode, String output) {}

    private static Finished run(Path folder, List<String> command, Duration longest)
            throws IOException, InterruptedException {
        Path output = Files.createTempFile(folder, "output", ".txt");
        Process process;
        try {
            process = new ProcessBuilder(command)
                    .directory(folder.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
        } catch (IOException none) {
            return new Finished(127, String.valueOf(none.getMessage()));
        }
        if (!process.waitFor(longest.toSeconds(), TimeUnit.SECONDS)) {
            process.destroyForcibly();
            return new Finished(124, Files.readString(output));
        }
        return new Finished(process.exitValue(), Files.readString(output));
    }
}
