package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.CDPSession;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import com.mongodb.client.model.ReplaceOptions;
import dev.sluice.sandbox.SandboxMongo;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bson.Document;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The page while it is looked at for long, by many, of a pipeline with many collections.
@Tag("long")
class ManyViewersIT {
    private static final int COLLECTIONS = 50;
    private static final int CHANGES_PER_SECOND = 1000;
    private static final int VIEWERS = 100;
    private static final Duration LENGTH = Duration.ofSeconds(Integer.getInteger("sluice.page.seconds", 900));

    /// A tick of /proc, which counts in hundredths of a second everywhere that this runs.
    private static final double TICKS_PER_SECOND = 100;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @Test
    @DisplayName("15 minutes at 1,000 changes/s, 50 collections, 100 viewers: the browser's memory stays, and the page"
            + " takes under 2 % of a core")
    void lookedAt() throws Exception {
        try (Chromium chromium = Chromium.start();
                LiveSystem system = LiveSystem.start(mapping().toString(), SandboxMongo.Options.DEFAULTS);
                ServiceProcess process = ServiceProcess.run(
                        system, Map.of("SLUICE_MAPPING", mapping().toString(), "AUTO_MIGRATE", "true"))) {
            process.awaitSaid("/api/status");
            String address = process.address();
            AtomicBoolean stop = new AtomicBoolean();
            Thread writer = Thread.ofPlatform().start(() -> write(system, stop));
            double alone = cpuSeconds(process.pid());
            Instant before = Instant.now();
            awaitTicks(address, 30);
            double idle = (cpuSeconds(process.pid()) - alone)
                    / Duration.between(before, Instant.now()).toMillis()
                    * 1000;

            AtomicIntegerArray ticks = new AtomicIntegerArray(VIEWERS);
            List<Thread> viewers = IntStream.range(0, VIEWERS)
                    .mapToObj(i -> Thread.ofVirtual().start(() -> view(address, stop, ticks, i)))
                    .toList();
            Page page = chromium.open(address, 1440, ColorScheme.LIGHT);
            CDPSession devtools = page.context().newCDPSession(page);
            List<Double> heaps = new ArrayList<>();
            double began = cpuSeconds(process.pid());
            Instant start = Instant.now();
            while (Instant.now().isBefore(start.plus(LENGTH))) {
                page.waitForTimeout(10_000);
                devtools.send("HeapProfiler.collectGarbage");
                heaps.add(((Number) page.evaluate("() => performance.memory.usedJSHeapSize")).doubleValue() / 1e6);
            }
            double seconds = Duration.between(start, Instant.now()).toMillis() / 1000.0;
            double share = (cpuSeconds(process.pid()) - began) / seconds;
            stop.set(true);
            writer.join();
            viewers.forEach(Thread::interrupt);
            int fewest = IntStream.range(0, VIEWERS).map(ticks::get).min().orElseThrow();
            System.out.printf(
                    "viewers %d, collections %d, %.0f s: the page's threads took %.2f %% of a core (%.2f %% with no viewer);"
                            + " heap %.1f MB after a minute, %.1f MB at the end, most %.1f MB; fewest ticks %d%n",
                    VIEWERS,
                    COLLECTIONS,
                    seconds,
                    share * 100,
                    idle * 100,
                    heaps.get(Math.min(6, heaps.size() - 1)),
                    heaps.getLast(),
                    heaps.stream().mapToDouble(h -> h).max().orElseThrow(),
                    fewest);
            assertThat(share).isLessThan(0.02);
            assertThat((double) fewest).isGreaterThan(seconds * 0.95);
            // An hour of numbers fills while it is looked at: eight bytes each of some 100 rows of numbers.
            assertThat(heaps.getLast() - heaps.get(Math.min(6, heaps.size() - 1)))
                    .isLessThan(8);
            assertThat(page.locator("body").getAttribute("data-connection")).isEqualTo("live");
        }
    }

    private Path mapping() throws IOException {
        Path file = folder.resolve("mapping.yaml");
        if (!Files.exists(file)) {
            StringBuilder mapping = new StringBuilder("mapping: many\ndatabase: many\ncollections:\n");
            StringBuilder tables = new StringBuilder();
            for (int i = 0; i < COLLECTIONS; i++) {
                mapping.append("  things")
                        .append(i)
                        .append(":\n    table: things")
                        .append(i)
                        .append(
                                "\n    key: {column: id, type: bigint}\n    columns:\n      n: integer\n      t: text\n");
                tables.append("CREATE TABLE things").append(i).append(" (id bigint PRIMARY KEY, n integer, t text);\n");
            }
            Files.writeString(file, mapping);
            Files.writeString(
                    Files.createDirectory(folder.resolve("migrations")).resolve("V0001__many.sql"), tables);
        }
        return file;
    }

    private static void write(LiveSystem system, AtomicBoolean stop) {
        long began = System.nanoTime();
        for (long i = 0; !stop.get(); i++) {
            long due = began + i * 1_000_000_000L / CHANGES_PER_SECOND;
            LockSupport.parkNanos(due - System.nanoTime());
            system.database()
                    .getCollection("things" + i % COLLECTIONS)
                    .replaceOne(
                            new Document("_id", i % 5000),
                            new Document("n", (int) i).append("t", "text " + i),
                            new ReplaceOptions().upsert(true));
        }
    }

    private static void awaitTicks(String address, int ticks) throws IOException, InterruptedException {
        AtomicIntegerArray seen = new AtomicIntegerArray(1);
        AtomicBoolean stop = new AtomicBoolean();
        Thread one = Thread.ofVirtual().start(() -> view(address, stop, seen, 0));
        await().atMost(Duration.ofSeconds(ticks * 3L)).until(() -> seen.get(0) >= ticks);
        stop.set(true);
        one.interrupt();
        one.join();
    }

    /// A viewer that comes back as the page does.
    private static void view(String address, AtomicBoolean stop, AtomicIntegerArray ticks, int own) {
        String lastId = "none";
        try (HttpClient web = HttpClient.newHttpClient()) {
            while (!stop.get() && !Thread.currentThread().isInterrupted()) {
                HttpResponse<InputStream> response = web.send(
                        HttpRequest.newBuilder(URI.create(address + "api/events"))
                                .header("Last-Event-ID", lastId)
                                .build(),
                        HttpResponse.BodyHandlers.ofInputStream());
                try (Stream<String> lines =
                        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8)).lines()) {
                    for (String line : (Iterable<String>) lines::iterator) {
                        if (line.startsWith("id: ")) {
                            lastId = line.substring(4);
                        } else if (line.equals("event: tick")) {
                            ticks.incrementAndGet(own);
                        }
                        if (stop.get()) {
                            return;
                        }
                    }
                }
            }
        } catch (IOException | UncheckedIOException | InterruptedException ended) {
            // The test is over; a viewer that was let go before it has too few ticks.
        }
    }

    /// What the threads have taken that gather, write and send what the page shows. The threads
    /// that send also take other calls, of which there are none here but the page's own.
    private static double cpuSeconds(long pid) throws IOException {
        double ticks = 0;
        int senders = 0;
        try (Stream<Path> threads = Files.list(Path.of("/proc/" + pid + "/task"))) {
            for (Path thread : (Iterable<Path>) threads::iterator) {
                String name = Files.readString(thread.resolve("comm")).strip();
                boolean sends = name.startsWith("default-eventLo");
                senders += sends ? 1 : 0;
                if (sends || name.startsWith("sluice-page")) {
                    String stat = Files.readString(thread.resolve("stat"));
                    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
                    ticks += Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
                }
            }
        }
        // The name is the framework's: a later release may give another, and then nothing would be counted.
        assertThat(senders).as("threads that send").isPositive();
        return ticks / TICKS_PER_SECOND;
    }
}
