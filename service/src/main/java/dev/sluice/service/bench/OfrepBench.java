package dev.sluice.service.bench;

import dev.sluice.cutover.RouteStore;
import dev.sluice.cutover.Share;
import dev.sluice.schema.Catalog;
import dev.sluice.service.config.Settings;
import dev.sluice.service.pipeline.PipelineStatus;
import dev.sluice.service.web.HttpService;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;

/// How many evaluations of a route a process answers in a second, and how soon, beside an endpoint of the same server
/// that does nothing: what the HTTP server itself takes is in both.
public final class OfrepBench {
    private static final String PIPELINE = "bench";
    private static final String FLAGS = "/ofrep/v1/evaluate/flags";
    private static final int CONNECTIONS = 8;
    private static final int KEYS = 1_000;
    private static final int WARM_UP_SECONDS_MAX = 5;
    private static final int KNOWN_SECONDS_MAX = 30;

    private final PrintStream progress;
    private final int seconds;
    private final int runs;

    /// @param seconds that each run measures
    public OfrepBench(PrintStream progress, int seconds, int runs) {
        this.progress = progress;
        this.seconds = seconds;
        this.runs = runs;
    }

    /// @param status that each call is answered with
    private record Asked(String name, List<byte[]> calls, int status) {}

    public Report run() throws SQLException, InterruptedException {
        Catalog.Entry entry = Catalog.load("demo");
        try (Servers servers = Servers.start();
                Target target = Target.create(servers.postgres(), entry)) {
            // By the targeting key, which takes most.
            try (Connection connection = target.connector().open()) {
                new RouteStore(PIPELINE).set(connection, "users", new Share(30, 20));
            }
            PipelineStatus status = new PipelineStatus(
                    PIPELINE, List.copyOf(entry.mapping().byCollection().keySet()));
            Settings settings =
                    Settings.read(Map.of("SLUICE_HTTP_PORT", "0", "SLUICE_HTTP_HOST", "127.0.0.1"), Map.of());
            try (HttpService http = HttpService.startForBench(settings, status, target.connector())) {
                return measure(http.port(), servers);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private Report measure(int port, Servers servers) throws IOException, InterruptedException {
        String etag = awaitKnown(port);
        List<Asked> contenders = List.of(
                new Asked("an endpoint that does nothing", calls("/nothing", ""), 200),
                new Asked("one flag", calls(FLAGS + "/users", ""), 200),
                new Asked("all flags", calls(FLAGS, ""), 200),
                new Asked(
                        "all flags, unchanged",
                        List.of(calls(FLAGS, "If-None-Match: " + etag + "\r\n").getFirst()),
                        304));
        progress.println("Warming up ...");
        for (Asked contender : contenders) {
            ask(port, contender, Math.min(seconds, WARM_UP_SECONDS_MAX));
        }
        Map<String, List<OfrepReport.Run>> measured = new LinkedHashMap<>();
        for (int run = 1; run <= runs; run++) {
            for (Asked contender : contenders) {
                ProcessMeter.collectGarbage();
                OfrepReport.Run result = ask(port, contender, seconds);
                measured.computeIfAbsent(contender.name(), n -> new ArrayList<>())
                        .add(result);
                progress.printf(
                        Locale.ROOT,
                        "run %d of %d: %s %,.0f/s, p99 %.2f ms%n",
                        run,
                        runs,
                        contender.name(),
                        result.perSecond(),
                        result.millis().p99());
            }
        }
        List<OfrepReport.Run> limit = measured.values().iterator().next();
        List<OfrepReport.Line> lines = new ArrayList<>();
        measured.forEach((name, all) -> lines.add(OfrepReport.Line.of(name, all == limit, all, limit)));
        return new OfrepReport("ofrep", runs, seconds, CONNECTIONS, Machine.of(servers), lines);
    }

    /// With contexts as applications have them.
    private static List<byte[]> calls(String path, String headers) {
        return IntStream.range(0, KEYS)
                .mapToObj(i -> HttpCaller.call(
                        path,
                        headers,
                        "{\"context\":{\"targetingKey\":\"user-" + i
                                + "\",\"email\":\"user@shop.example\",\"plan\":\"premium\",\"country\":\"CA\"}}"))
                .toList();
    }

    /// @return the ETag of the first key's flags
    private static String awaitKnown(int port) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + FLAGS))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"context\":{\"targetingKey\":\"user-0\"}}"))
                .build();
        try (HttpClient client = HttpClient.newHttpClient()) {
            long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(KNOWN_SECONDS_MAX);
            while (true) {
                HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
                if (answer.statusCode() == 200) {
                    return answer.headers().firstValue("ETag").orElseThrow();
                }
                if (System.nanoTime() > until) {
                    throw new IOException("The routes were not known within " + KNOWN_SECONDS_MAX + " s.");
                }
                TimeUnit.MILLISECONDS.sleep(50);
            }
        }
    }

    private static OfrepReport.Run ask(int port, Asked asked, int seconds) throws IOException, InterruptedException {
        Histogram all = new Histogram(3);
        long calls = 0;
        long began = System.nanoTime();
        long end = began + TimeUnit.SECONDS.toNanos(seconds);
        try (ExecutorService callers = Executors.newFixedThreadPool(CONNECTIONS)) {
            List<Future<Histogram>> running = new ArrayList<>();
            for (int i = 0; i < CONNECTIONS; i++) {
                running.add(callers.submit(() -> {
                    Histogram micros = new Histogram(3);
                    try (HttpCaller caller = new HttpCaller(port)) {
                        caller.callUntil(end, asked.calls(), asked.status(), micros);
                    }
                    return micros;
                }));
            }
            for (Future<Histogram> one : running) {
                Histogram micros = one.get();
                calls += micros.getTotalCount();
                all.add(micros);
            }
        } catch (ExecutionException e) {
            throw new IOException("The calls of \"" + asked.name() + "\" could not be made.", e);
        }
        return new OfrepReport.Run(calls, calls / ((System.nanoTime() - began) / 1e9), Percentiles.of(all));
    }
}
