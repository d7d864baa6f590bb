package dev.sluice.service.bench;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import dev.sluice.change.Position;
import dev.sluice.schema.Catalog;
import dev.sluice.source.mongo.MongoSource;
import java.io.PrintStream;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.bson.Document;
import org.jspecify.annotations.Nullable;

/// What a process costs from its start on: `sluice run` that drains a backlog and `sluice backfill` that copies, as
/// their launcher starts them, beside the bare loops as processes and beside another launcher's program.
public final class ColdBench {
    static final String BARE = "bare loop";
    static final String SLUICE = "Sluice";
    private static final String OTHER = "other Sluice";
    private static final Duration PATIENCE = Duration.ofHours(1);
    private static final long SEED = 1;

    /// Users that are there before the changes; their numbers are no change's.
    private static final int THERE_BEFORE = 1_000;

    private static final long FIRST_BEFORE = 500_000_000;

    private final PrintStream progress;
    private final Wish wish;

    /// What is to be measured.
    ///
    /// @param changes that are drained; 0 leaves the drain out
    /// @param documents that are copied; 0 leaves the copy out
    /// @param launcher of the program that is measured; null for the one that runs here
    /// @param other of another program, measured besides; null for none
    public record Wish(
            int changes,
            long documents,
            int runs,
            @Nullable Path launcher,
            @Nullable Path other) {}

    public ColdBench(PrintStream progress, Wish wish) {
        this.progress = progress;
        this.wish = wish;
    }

    public Report run() throws SQLException, InterruptedException {
        List<Launcher> launchers = new ArrayList<>(List.of(Launcher.of(SLUICE, Launcher.OPTION, wish.launcher())));
        if (wish.other() != null) {
            launchers.add(Launcher.of(OTHER, "--other", wish.other()));
        }
        for (Launcher launcher : launchers) {
            launcher.prepare(progress);
        }
        try (Servers servers = Servers.start();
                MappingFolder mapping = MappingFolder.ofDemo()) {
            List<ColdReport.Table> tables = new ArrayList<>();
            if (wish.changes() > 0) {
                tables.add(drain(servers, mapping, launchers));
            }
            if (wish.documents() > 0) {
                tables.add(copy(servers, mapping, launchers));
            }
            Map<String, String> programs = new LinkedHashMap<>();
            launchers.forEach(l -> programs.put(l.name(), l.script().toString()));
            return new ColdReport("cold", wish.runs(), programs, Machine.of(servers), tables);
        }
    }

    /// One run of one contender, checked.
    private interface Work {
        ColdReport.Run run(List<String> javaOptions) throws SQLException, InterruptedException;
    }

    private ColdReport.Table drain(Servers servers, MappingFolder mapping, List<Launcher> launchers)
            throws SQLException, InterruptedException {
        MongoDatabase database = servers.newDatabase();
        MongoCollection<Document> users = database.getCollection(Users.COLLECTION);
        Random random = new Random(SEED);
        Filling.fill(users, THERE_BEFORE, n -> Users.user(FIRST_BEFORE + n, random), progress);
        List<Target> bases = new ArrayList<>();
        try (MongoSource source = new MongoSource(servers.mongo().uri(), database.getName());
                Target bare = Target.create(servers.postgres(), Catalog.load(mapping.text()))) {
            Position from = source.currentPosition();
            Map<String, Work> contenders = new LinkedHashMap<>();
            List<String> expected = new ArrayList<>();
            runToEnd(
                    BareProcess.command("copy", Place.ownJavaOptions()),
                    BareProcess.settings(servers, database, bare, from));
            contenders.put(
                    BARE,
                    options -> drained(
                            bare,
                            target -> ColdProcess.start(
                                    BareProcess.command("drain", options),
                                    BareProcess.settings(servers, database, target, from)),
                            users,
                            expected));
            for (Launcher launcher : launchers) {
                // Its own copy notes the position from which its run goes on.
                Target base = Target.empty(servers.postgres());
                bases.add(base);
                Place place = new Place(servers, database.getName(), base, mapping.text());
                runToEnd(launcher.command("backfill"), place.settings(List.of()));
                contenders.put(
                        launcher.name(),
                        options -> drained(
                                base,
                                target -> ColdProcess.start(
                                        launcher.command("run"),
                                        new Place(servers, database.getName(), target, mapping.text())
                                                .settings(options)),
                                users,
                                expected));
            }
            progress.printf(Locale.ROOT, "Writing %,d changes of users ...%n", wish.changes());
            UserChanges.write(users, wish.changes());
            UserChanges.writeLast(users);
            return contest(String.format(Locale.ROOT, "Draining %,d changes", wish.changes()), "changes", contenders);
        } finally {
            for (Target base : bases) {
                base.close();
            }
            database.drop();
        }
    }

    /// Starts a process that works on a database.
    private interface Start {
        ColdProcess on(Target target);
    }

    /// @param expected the checksum of the first contender's rows; empty before
    private ColdReport.Run drained(Target base, Start start, MongoCollection<Document> users, List<String> expected)
            throws SQLException, InterruptedException {
        try (Target target = base.copy();
                Arrival arrival = Arrival.ofLastUser(target, PATIENCE)) {
            target.checkpoint();
            ColdProcess.Usage usage;
            try (ColdProcess process = start.on(target)) {
                usage = arrival.await(process);
                process.end();
            }
            check(target, users, expected);
            return new ColdReport.Run(wish.changes(), usage.seconds(), usage.cpuSeconds(), usage.peakRssBytes(), null);
        }
    }

    private static void check(Target target, MongoCollection<Document> users, List<String> expected)
            throws SQLException {
        Check.equal("rows of users", users.countDocuments(), target.count("users"));
        String sum = target.checksum("users");
        if (expected.isEmpty()) {
            expected.add(sum);
        }
        Check.equal("the checksum of users", expected.getFirst(), sum);
    }

    private ColdReport.Table copy(Servers servers, MappingFolder mapping, List<Launcher> launchers)
            throws SQLException, InterruptedException {
        MongoDatabase database = servers.newDatabase();
        MongoCollection<Document> users = database.getCollection(Users.COLLECTION);
        Filling.fillFast(users, wish.documents(), Users::user, progress);
        List<Target> bases = new ArrayList<>();
        try (MongoSource source = new MongoSource(servers.mongo().uri(), database.getName());
                Target bare = Target.create(servers.postgres(), Catalog.load(mapping.text()))) {
            Position from = source.currentPosition();
            Map<String, Work> contenders = new LinkedHashMap<>();
            List<String> expected = new ArrayList<>();
            contenders.put(
                    BARE,
                    options -> copied(
                            bare,
                            target -> ColdProcess.start(
                                    BareProcess.command("copy", options),
                                    BareProcess.settings(servers, database, target, from)),
                            users,
                            expected));
            for (Launcher launcher : launchers) {
                Target base = Target.empty(servers.postgres());
                bases.add(base);
                runToEnd(
                        launcher.command("migrate"),
                        new Place(servers, database.getName(), base, mapping.text()).settings(List.of()));
                contenders.put(
                        launcher.name(),
                        options -> copied(
                                base,
                                target -> ColdProcess.start(
                                        launcher.command("backfill"),
                                        new Place(servers, database.getName(), target, mapping.text())
                                                .settings(options)),
                                users,
                                expected));
            }
            return contest(
                    String.format(Locale.ROOT, "Copying %,d documents", wish.documents()), "documents", contenders);
        } finally {
            for (Target base : bases) {
                base.close();
            }
            database.drop();
        }
    }

    private ColdReport.Run copied(Target base, Start start, MongoCollection<Document> users, List<String> expected)
            throws SQLException, InterruptedException {
        try (Target target = base.copy()) {
            target.checkpoint();
            ColdProcess.Usage usage;
            try (ColdProcess process = start.on(target)) {
                usage = process.awaitGoodEnd(PATIENCE);
            }
            check(target, users, expected);
            return new ColdReport.Run(
                    wish.documents(), usage.seconds(), usage.cpuSeconds(), usage.peakRssBytes(), null);
        }
    }

    private static void runToEnd(List<String> command, Map<String, String> settings) throws InterruptedException {
        try (ColdProcess process = ColdProcess.start(command, settings)) {
            process.awaitGoodEnd(PATIENCE);
        }
    }

    /// Each run has every contender once, every other one in the opposite order.
    private ColdReport.Table contest(String title, String unit, Map<String, Work> contenders)
            throws SQLException, InterruptedException {
        Map<String, List<ColdReport.Run>> runs = new LinkedHashMap<>();
        for (int run = 1; run <= wish.runs(); run++) {
            List<Map.Entry<String, Work>> order = List.copyOf(contenders.entrySet());
            for (Map.Entry<String, Work> contender : run % 2 == 1 ? order : order.reversed()) {
                String name = contender.getKey();
                ColdReport.Run result = withPauses(contender.getValue());
                runs.computeIfAbsent(name, n -> new ArrayList<>()).add(result);
                progress.printf(
                        Locale.ROOT,
                        "%s, run %d of %d: %s %.1f s, %,.0f %s/s%n",
                        title,
                        run,
                        wish.runs(),
                        name,
                        result.seconds(),
                        result.perSecond(),
                        unit);
            }
        }
        return ColdReport.Table.of(title, unit, runs);
    }

    private static ColdReport.Run withPauses(Work work) throws SQLException, InterruptedException {
        // A name without a file: the JVM moves what it finds there out of its way.
        Path log = WorkFolder.fresh("collector.log");
        try {
            List<String> options = new ArrayList<>(Place.ownJavaOptions());
            options.add(Place.logOfCollector(log));
            return work.run(options).with(Pauses.of(log));
        } finally {
            log.toFile().delete();
        }
    }
}
