package dev.sluice.service.bench;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import dev.sluice.failure.SluiceException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.bson.Document;
import org.jspecify.annotations.Nullable;

/// What heap costs and brings: copying, streaming and verifying documents of three sizes, in new processes with
/// several heaps.
public final class MemoryBench {
    /// A heap that is left to the JVM.
    static final String DEFAULT = "default";

    private static final Duration PATIENCE = Duration.ofMinutes(20);
    /// The collection must be there for its copy to be done before the stream begins.
    private static final int THERE_BEFORE = 1;
    private static final long FIRST_BEFORE = 500_000_000;
    private static final long SEED = 1;
    private static final int UPDATED = 2;

    private final PrintStream progress;
    private final Wish wish;

    /// What is to be measured.
    ///
    /// @param heaps as `-Xmx` has them, such as `256m`; `default` for the JVM's own choice
    /// @param percent of the usual number of documents
    /// @param launcher of the program that is measured; null for the one that runs here
    public record Wish(
            List<String> heaps,
            int percent,
            int runs,
            @Nullable Path launcher) {}

    public MemoryBench(PrintStream progress, Wish wish) {
        this.progress = progress;
        this.wish = wish;
    }

    public Report run() throws SQLException, InterruptedException {
        Launcher launcher = Launcher.of("Sluice", Launcher.OPTION, wish.launcher());
        launcher.prepare(progress);
        try (Servers servers = Servers.start();
                MappingFolder mapping = MappingFolder.ofDemo()) {
            List<MemoryReport.Line> lines = new ArrayList<>();
            for (BulkyUsers users : BulkyUsers.sizes(wish.percent())) {
                lines.addAll(new Size(servers, mapping, launcher, users).measure());
            }
            return new MemoryReport("memory", wish.runs(), Machine.of(servers), lines);
        }
    }

    /// Documents of one size, with every heap.
    private final class Size {
        private final Servers servers;
        private final MappingFolder mapping;
        private final Launcher launcher;
        private final BulkyUsers users;
        private final MongoDatabase database;
        private final MongoCollection<Document> collection;
        private long changes;
        private double documentBytes;

        Size(Servers servers, MappingFolder mapping, Launcher launcher, BulkyUsers users) {
            this.servers = servers;
            this.mapping = mapping;
            this.launcher = launcher;
            this.users = users;
            this.database = servers.newDatabase();
            this.collection = database.getCollection(Users.COLLECTION);
        }

        List<MemoryReport.Line> measure() throws SQLException, InterruptedException {
            Map<String, List<MemoryReport.Run>> runs = new LinkedHashMap<>();
            try (Target fresh = Target.empty(servers.postgres());
                    Target before = Target.empty(servers.postgres())) {
                prepare(fresh, before);
                for (int run = 1; run <= wish.runs(); run++) {
                    for (String heap : wish.heaps()) {
                        List<String> options = heap.equals(DEFAULT) ? List.of() : List.of("-Xmx" + heap);
                        add(runs, "copy", heap, () -> copied(fresh, options));
                        add(runs, "verify", heap, () -> verified(fresh, options));
                        add(runs, "stream", heap, () -> streamed(before, options));
                    }
                }
            } finally {
                database.drop();
            }
            List<MemoryReport.Line> lines = new ArrayList<>();
            runs.forEach((key, own) -> {
                String[] parts = key.split("/", 2);
                lines.add(MemoryReport.Line.of(new MemoryReport.Cell(users.size(), parts[0], parts[1]), own));
            });
            lines.sort(Comparator.comparing(line -> line.cell().work()));
            return lines;
        }

        private void prepare(Target fresh, Target before) throws InterruptedException {
            Random random = new Random(SEED);
            Filling.fill(collection, THERE_BEFORE, n -> Users.user(FIRST_BEFORE + n, random), progress);
            end(launcher.command("migrate"), fresh, List.of());
            end(launcher.command("backfill"), before, List.of());
            Filling.fillFast(collection, users.documents(), users::user, progress);
            changes = users.documents() + 1;
            // A document is read again for an update, unlike for an insert.
            for (long n = 1; n <= users.documents(); n += UPDATED) {
                collection.updateOne(Filters.eq("_id", Users.id(n)), Updates.set("age", -1));
                changes++;
            }
            UserChanges.writeLast(collection);
            Document stats = database.runCommand(new Document("collStats", Users.COLLECTION));
            documentBytes = ((Number) Objects.requireNonNull(stats.get("size"))).doubleValue()
                    / ((Number) Objects.requireNonNull(stats.get("count"))).doubleValue();
        }

        private ColdProcess.Usage end(List<String> command, Target target, List<String> options)
                throws InterruptedException {
            try (ColdProcess process = ColdProcess.start(command, place(target).settings(options))) {
                return process.awaitGoodEnd(PATIENCE);
            }
        }

        private Place place(Target target) {
            return new Place(servers, database.getName(), target, mapping.text());
        }

        private MemoryReport.Run copied(Target fresh, List<String> options) throws SQLException, InterruptedException {
            try (Target target = fresh.copy()) {
                target.checkpoint();
                ColdProcess.Usage usage = end(launcher.command("backfill"), target, options);
                Check.equal("rows of users", collection.countDocuments(), target.count("users"));
                return of(collection.countDocuments(), usage);
            }
        }

        /// A process that ends with 0 has found both sides equal.
        private MemoryReport.Run verified(Target fresh, List<String> options)
                throws SQLException, InterruptedException {
            try (Target target = fresh.copy()) {
                end(launcher.command("backfill"), target, List.of());
                target.checkpoint();
                return of(collection.countDocuments(), end(launcher.command("verify"), target, options));
            }
        }

        private MemoryReport.Run streamed(Target before, List<String> options)
                throws SQLException, InterruptedException {
            try (Target target = before.copy();
                    Arrival arrival = Arrival.ofLastUser(target, PATIENCE);
                    ColdProcess process = ColdProcess.start(
                            launcher.command("run"), place(target).settings(options))) {
                ColdProcess.Usage usage = arrival.await(process);
                process.end();
                Check.equal("rows of users", collection.countDocuments(), target.count("users"));
                return of(changes, usage);
            }
        }

        private MemoryReport.Run of(long count, ColdProcess.Usage usage) {
            return new MemoryReport.Run(
                    count, documentBytes, usage.seconds(), usage.cpuSeconds(), usage.peakRssBytes(), null);
        }

        private void add(Map<String, List<MemoryReport.Run>> runs, String work, String heap, Work measured)
                throws SQLException, InterruptedException {
            MemoryReport.Run run;
            try {
                run = measured.run();
                progress.printf(
                        Locale.ROOT,
                        "%s, %s, heap %s: %,.1f/s, %.1f MB/s%n",
                        users.size(),
                        work,
                        heap,
                        run.perSecond(),
                        run.megabytesPerSecond());
            } catch (SluiceException e) {
                // That it does not work with so little is what is measured.
                run = new MemoryReport.Run(0, documentBytes, 0, null, null, String.valueOf(e.getMessage()));
                progress.printf("%s, %s, heap %s: %s%n", users.size(), work, heap, e.getMessage());
            }
            runs.computeIfAbsent(work + "/" + heap, key -> new ArrayList<>()).add(run);
        }
    }

    private interface Work {
        MemoryReport.Run run() throws SQLException, InterruptedException;
    }
}
