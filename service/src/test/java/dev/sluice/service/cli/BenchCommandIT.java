package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.service.cli.Cli.Result;
import dev.sluice.service.program.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// That a bench of any size says what it promises to say. How fast anything is, no test can ask.
class BenchCommandIT {
    private final Path folder;

    BenchCommandIT(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    @Tag("long")
    void aCopyIsMeasuredBesideItsLimitsAndChecked() throws IOException {
        JsonNode report = report("backfill", "--documents", "2400", "--runs", "1");

        assertThat(report.path("bench").asText()).isEqualTo("backfill");
        assertThat(report.path("runs").asInt()).isEqualTo(1);
        assertThat(report.path("machine").path("mongo").asText()).isNotEmpty();
        assertThat(report.path("machine").path("postgres").asText()).startsWith("PostgreSQL ");
        assertThat(report.path("machine").path("cores").asInt()).isPositive();
        assertThat(report.path("tables")).hasSize(4);
        for (JsonNode table : report.path("tables")) {
            assertThat(table.path("unit").asText()).isEqualTo("rows");
            assertThat(names(table)).anyMatch(name -> name.startsWith("Sluice"));
            table.path("lines").forEach(line -> assertLine(line, 1));
        }
        assertThat(names(report.path("tables").get(0)))
                .containsExactly(
                        "find, raw, into nothing",
                        "COPY of ready bytes",
                        "bare loop: find, own codec, COPY",
                        "Sluice: backfill");
        assertThat(report.path("tables")
                        .get(2)
                        .path("lines")
                        .get(0)
                        .path("runs")
                        .get(0)
                        .path("count")
                        .asLong())
                .as("rows of 400 orders with 5 lines each")
                .isEqualTo(2_400);
    }

    // Each step starts an engine of its own.
    @Test
    @Tag("long")
    void theStreamIsMeasuredBesideTheDriverAndTheEngine() throws IOException {
        JsonNode report = report("stream", "--changes", "5000", "--runs", "1", "--steps");

        assertThat(report.path("tables")).hasSize(1);
        JsonNode table = report.path("tables").get(0);
        assertThat(table.path("unit").asText()).isEqualTo("changes");
        assertThat(names(table))
                .startsWith("raw change stream, into nothing", "Debezium's defaults")
                .endsWith(
                        "Debezium into nothing, our settings, JSON",
                        "our reader into nothing, MongoDB looks up",
                        "our reader into nothing, look-ups in batches",
                        "bare loop into PostgreSQL, MongoDB looks up",
                        "Sluice into PostgreSQL");
        table.path("lines").forEach(line -> assertLine(line, 1));
    }

    @Test
    @Tag("long")
    void theStreamIsMeasuredWithAndWithoutIrrelevantUpdates() throws IOException {
        JsonNode table = report("stream", "--changes", "5000", "--runs", "1", "--irrelevant")
                .path("tables")
                .get(0);

        assertThat(names(table))
                .containsSubsequence(
                        "our reader into nothing, look-ups in batches",
                        "our reader into nothing, relevant updates only",
                        "Sluice into PostgreSQL, every update",
                        "Sluice into PostgreSQL");
        table.path("lines").forEach(line -> assertLine(line, 1));
    }

    @Test
    @Tag("long")
    void latencyIsMeasuredAtEachRateBesideTheBareLoop() throws IOException {
        JsonNode report = report("latency", "--rate", "50", "--rate", "200", "--seconds", "2", "--runs", "1");

        assertThat(report.path("seconds").asInt()).isEqualTo(2);
        assertThat(report.path("lines")).hasSize(4);
        List<String> lines = new ArrayList<>();
        for (JsonNode line : report.path("lines")) {
            lines.add(line.path("asked_per_second").asInt() + " "
                    + line.path("name").asText());
            assertSpread(line.path("achieved_per_second"));
            assertSpread(line.path("p99"));
            assertSpread(line.path("p99_ratio_to_limit"));
            JsonNode run = line.path("runs").get(0);
            assertThat(run.path("changes").asLong())
                    .isEqualTo(2 * line.path("asked_per_second").asLong());
            assertThat(run.path("highest_backlog").asLong()).isPositive();
            for (String part : List.of("total", "delivered", "waited", "written", "writer_late")) {
                assertThat(run.path(part).path("p99").asDouble())
                        .as(part)
                        .isBetween(0.0, run.path(part).path("max").asDouble());
            }
        }
        assertThat(lines).containsExactly("50 bare loop", "50 Sluice", "200 bare loop", "200 Sluice");
    }

    @Test
    @Tag("long")
    void coldProcessesAreMeasuredBesideTheBareLoopsAndCountedWhole() throws IOException {
        JsonNode report =
                report("cold", "--changes", "1000", "--documents", "1000", "--runs", "1", "--launcher", launcher());

        assertThat(report.path("programs").path("Sluice").asText()).isEqualTo(launcher());
        assertThat(report.path("tables")).hasSize(2);
        for (JsonNode table : report.path("tables")) {
            assertThat(names(table)).containsExactly("bare loop", "Sluice");
            for (JsonNode line : table.path("lines")) {
                assertSpread(line.path("seconds"));
                assertSpread(line.path("per_second"));
                assertSpread(line.path("cpu_seconds"));
                assertSpread(line.path("peak_rss_mb"));
                assertThat(line.path("runs").get(0).path("count").asInt()).isEqualTo(1_000);
                assertThat(line.path("longest_pause_millis").isNumber())
                        .as("a collector's log was read")
                        .isTrue();
            }
            assertThat(table.path("lines").get(0).path("ratio").isNull()).isTrue();
            assertSpread(table.path("lines").get(1).path("ratio"));
            assertSpread(table.path("lines").get(1).path("cpu_ratio"));
        }
    }

    @Test
    @Tag("long")
    void eachHeapIsMeasuredWithDocumentsOfThreeSizes() throws IOException {
        JsonNode report = report("memory", "--heap", "256m", "--percent", "1", "--runs", "1", "--launcher", launcher());

        List<String> cells = new ArrayList<>();
        for (JsonNode line : report.path("lines")) {
            cells.add(line.path("cell").path("documents").asText() + " "
                    + line.path("cell").path("work").asText());
            assertThat(line.path("failure").isNull()).as(line.toString()).isTrue();
            assertSpread(line.path("per_second"));
            assertSpread(line.path("peak_rss_mb"));
        }
        assertThat(cells)
                .containsExactly(
                        "0.5 KB copy",
                        "0.5 KB stream",
                        "0.5 KB verify",
                        "50 KB copy",
                        "50 KB stream",
                        "50 KB verify",
                        "5 MB copy",
                        "5 MB stream",
                        "5 MB verify");
    }

    @Test
    @Tag("long")
    void anAppendIsCountedAndItsPointsAreWritten() throws IOException {
        Path points = folder.resolve("points.csv");
        JsonNode report = report(
                "growth",
                "--curve",
                "children",
                "--at",
                "1",
                "--at",
                "100",
                "--runs",
                "1",
                "--out",
                points.toString(),
                "--launcher",
                launcher());

        for (JsonNode line : report.path("lines")) {
            if (line.path("unit").asText().equals("child rows written")) {
                assertThat(line.path("figure").path("median").asDouble()).isEqualTo(1);
            }
        }
        assertThat(report.path("lines")).hasSize(8);
        assertThat(Files.readAllLines(points))
                .hasSize(9)
                .startsWith("curve,x,y,unit,run,date,versions")
                .filteredOn(line -> line.startsWith("children,100,1.000,child rows written,1,"))
                .hasSize(1);
    }

    @Test
    @Tag("long")
    void aKilledCopyIsMeasuredToItsEnd() throws IOException {
        JsonNode report =
                report("growth", "--curve", "resume", "--at", "20000", "--runs", "1", "--launcher", launcher());

        assertThat(report.path("lines")).hasSize(2);
        assertThat(report.path("lines").get(1).path("unit").asText()).isEqualTo("s");
    }

    /// As `./sluice` starts the program, without anything to build.
    private String launcher() throws IOException {
        Path script = folder.resolve("sluice");
        if (!Files.exists(script)) {
            List<String> command = Program.command(List.of("-Xmx256m"), List.of());
            Files.writeString(
                    script,
                    "#!/bin/sh\nexec '" + String.join("' '", command.subList(0, 1)) + "' ${SLUICE_JAVA_OPTS:-} '"
                            + String.join("' '", command.subList(1, command.size())) + "' \"$@\"\n");
            assertThat(script.toFile().setExecutable(true)).isTrue();
        }
        return script.toString();
    }

    @Test
    @Tag("long")
    void comparingIsMeasuredBesideCopyingAndFindsWhatWasChanged() throws IOException {
        JsonNode report = report("verify", "--documents", "6000", "--runs", "1");

        assertThat(report.path("bench").asText()).isEqualTo("verify");
        assertThat(report.path("tables")).hasSize(2);
        for (JsonNode table : report.path("tables")) {
            assertThat(names(table))
                    .containsExactly(
                            "find, raw, into nothing",
                            "Sluice: backfill",
                            "Sluice: verify, equal",
                            "Sluice: verify, one in 1,000 differs");
            table.path("lines").forEach(line -> assertLine(line, 1));
        }
    }

    @Test
    @Tag("long")
    void formsOfTheFilterLetThroughWhatTheyShouldAndAreMeasuredBesideNone() throws IOException {
        JsonNode report = report("filter", "--events", "1000", "--runs", "1");

        assertThat(report.path("bench").asText()).isEqualTo("filter");
        assertThat(report.path("tables")).hasSize(8);
        for (JsonNode table : report.path("tables")) {
            assertThat(names(table))
                    .containsExactly(
                            "no names in it",
                            "ns: {$in: [{db, coll}, ..]}, Debezium's",
                            "ns.coll: {$in: [..]}",
                            "Sluice's");
            for (JsonNode line : table.path("lines")) {
                assertSpread(line.path("per_second"));
                assertSpread(line.path("ratio_to_first"));
            }
        }
    }

    @Test
    void evaluationsAreMeasuredBesideAnEndpointThatDoesNothing() throws IOException {
        JsonNode report = report("ofrep", "--seconds", "1", "--runs", "1");

        assertThat(report.path("bench").asText()).isEqualTo("ofrep");
        assertThat(names(report))
                .containsExactly("an endpoint that does nothing", "one flag", "all flags", "all flags, unchanged");
        for (JsonNode line : report.path("lines")) {
            assertSpread(line.path("per_second"));
            assertSpread(line.path("ratio_to_limit"));
            assertSpread(line.path("p99"));
            assertThat(line.path("runs").get(0).path("calls").asLong()).isPositive();
        }
    }

    @Test
    void aSizeThatMeasuresNothingIsRefusedWithTheRange() {
        assertRefused("--documents is from 1,000 to 100,000,000.", "backfill", "--documents", "999");
        assertRefused("--changes is from 5,000 to 10,000,000.", "stream", "--changes", "4999");
        assertRefused("--events is from 1,000 to 10,000,000.", "filter", "--events", "1");
        assertRefused("--runs is from 1 to 100.", "stream", "--runs", "0");
        assertRefused("--rate is from 1 to 100,000.", "latency", "--rate", "500", "--rate", "0");
        assertRefused("--seconds is from 1 to 3,600.", "latency", "--seconds", "0");
        assertRefused("--seconds is from 1 to 3,600.", "ofrep", "--seconds", "3601");
        assertRefused("--heap is a size such as 256m or 1g, or default.", "memory", "--heap", "256");
        assertRefused("--percent is from 1 to 10,000.", "memory", "--percent", "0");
        assertRefused("--at is for one --curve.", "growth", "--at", "1000");
        assertRefused("--at is from 0 to 8 for this curve.", "growth", "--curve", "indexes", "--at", "9");
        assertRefused("--changes is 0 or from 1,000 to 10,000,000.", "cold", "--changes", "1");
        assertRefused(
                "--changes 0 and --documents 0 leave nothing to measure; leave one of them out.",
                "cold",
                "--changes",
                "0",
                "--documents",
                "0");
        assertRefused(
                "What is to be measured is missing: backfill, stream, cold, memory, growth, filter, latency, verify,"
                        + " ofrep, drift or finish.");
    }

    @Test
    void aLauncherIsAskedWhetherItIsOneBeforeAnythingIsMeasured() {
        Result absent =
                Cli.run(Servers.asSandboxes(), "bench", "cold", "--launcher", "/bin/true", "--other", "/no/sluice");
        assertThat(absent.exitCode()).isEqualTo(2);
        assertThat(absent.err())
                .contains("There is no launcher /no/sluice", "with --other", "`sluice bench cold --help`");

        Result foreign = Cli.run(Servers.asSandboxes(), "bench", "cold", "--launcher", "/bin/ls");
        assertThat(foreign.exitCode()).isEqualTo(2);
        assertThat(foreign.err())
                .contains("The launcher /bin/ls does not start Sluice", "asked for --version", "--launcher");
        assertThat(foreign.out()).doesNotContain("Draining");
    }

    @Test
    void pointsThatCanNotBeWrittenAreSaidWithTheReason() {
        Result refused = Cli.run(Servers.asSandboxes(), "bench", "growth", "--out", "/nowhere/x.csv");

        assertThat(refused.exitCode()).isEqualTo(2);
        assertThat(refused.err())
                .contains("Can't write /nowhere/x.csv: the folder that it would be in does not exist", "--out");
    }

    @Test
    void theHelpSaysWhatTheColumnsMean() {
        Result help = Cli.run(Map.of(), "bench", "--help");

        assertThat(help.exitCode()).isZero();
        assertThat(help.out()).contains("backfill", "stream", "filter", "latency", "CPU s/100k", "of [n]", "peak RSS");
    }

    private static void assertRefused(String message, String... arguments) {
        List<String> command = new ArrayList<>(List.of("bench"));
        command.addAll(List.of(arguments));
        Result result = Cli.run(Map.of(), command.toArray(String[]::new));

        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.err()).startsWith(message).contains("--help");
        assertThat(result.out()).isEmpty();
    }

    private static JsonNode report(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("bench"));
        command.addAll(List.of(arguments));
        command.add("--json");
        Result result = Cli.run(
                // Nobody warms a launcher up for a test.
                Cli.with(Servers.asSandboxes(), "SLUICE_START_CACHE", "no"), command.toArray(String[]::new));

        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.out().lines()).hasSize(1);
        assertThat(result.err()).contains("run 1 of ");
        return JsonMapper.builder().build().readTree(result.out());
    }

    private static List<String> names(JsonNode table) {
        List<String> names = new ArrayList<>();
        table.path("lines").forEach(line -> names.add(line.path("name").asText().strip()));
        return names;
    }

    private static void assertLine(JsonNode line, int runs) {
        assertSpread(line.path("per_second"));
        line.path("ratio_to").forEach(BenchCommandIT::assertSpread);
        assertThat(line.path("runs")).hasSize(runs);
        for (String field : List.of("cpu_seconds_per100k", "peak_rss_mb")) {
            assertThat(line.has(field)).as(field).isTrue();
            assertThat(line.path(field).isNull()
                            || line.path(field).isObject()
                            || line.path(field).asDouble() > 0)
                    .as("%s is unknown or a figure, never 0", field)
                    .isTrue();
        }
    }

    private static void assertSpread(JsonNode spread) {
        assertThat(spread.path("min").asDouble()).isPositive();
        assertThat(spread.path("median").asDouble())
                .isBetween(spread.path("min").asDouble(), spread.path("max").asDouble());
    }
}
