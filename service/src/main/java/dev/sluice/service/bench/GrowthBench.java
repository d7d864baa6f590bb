package dev.sluice.service.bench;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.InsertOneModel;
import com.mongodb.client.model.UpdateOneModel;
import com.mongodb.client.model.Updates;
import com.mongodb.client.model.WriteModel;
import dev.sluice.control.BackfillStore;
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
import java.util.TreeMap;
import org.bson.Document;
import org.jspecify.annotations.Nullable;

/// Curves, not points: how rate, memory and the work for one change go with the number of documents, collections,
/// elements of an array, indexes and changes. Each point is measured in new processes, in databases of its own that
/// are gone afterwards.
public final class GrowthBench {
    private static final Duration PATIENCE = Duration.ofHours(6);
    private static final double KILLED_AT = 0.9;
    private static final int WRITES_PER_SECOND = 500;
    private static final int CHANGES_PART = 10;
    private static final int THERE_BEFORE = 1_000;
    private static final long FIRST_BEFORE = 500_000_000;
    private static final int BATCH = 1_000;
    private static final long SEED = 1;
    private static final String RATE_OF_DOCUMENTS = "documents/s";
    private static final String RATE_OF_CHANGES = "changes/s";
    private static final String MEMORY = "MB resident";
    private static final List<String> INDEXED =
            List.of("city", "postcode", "last_seen_at", "balance", "name", "age", "country", "signed_up_at");

    private final PrintStream progress;
    private final Wish wish;
    private final Map<CurveFile.Point, Curve> points = new LinkedHashMap<>();

    /// What is to be measured.
    ///
    /// @param at the sizes; none for the usual ones of each curve
    /// @param documents in all where it is not they that grow
    /// @param out where the points are written, behind those that are there; null for nowhere
    /// @param launcher of the program that is measured; null for the one that runs here
    public record Wish(
            List<Curve> curves,
            List<Long> at,
            long documents,
            int runs,
            @Nullable Path out,
            @Nullable Path launcher) {}

    public GrowthBench(PrintStream progress, Wish wish) {
        this.progress = progress;
        this.wish = wish;
    }

    public Report run() throws SQLException, InterruptedException {
        CurveFile file = wish.out() == null ? null : new CurveFile(wish.out());
        Launcher launcher = Launcher.of("Sluice", Launcher.OPTION, wish.launcher());
        launcher.prepare(progress);
        try (Servers servers = Servers.start()) {
            Machine machine = Machine.of(servers);
            for (Curve curve : wish.curves()) {
                for (long x : wish.at().isEmpty() ? curve.usual() : wish.at()) {
                    for (int run = 1; run <= wish.runs(); run++) {
                        try (Round round = new Round(servers, launcher, curve, x)) {
                            round.measure();
                            for (Figure figure : round.figures) {
                                CurveFile.Point point =
                                        new CurveFile.Point(figure.curve(), x, figure.y(), figure.unit(), run);
                                points.put(point, curve);
                                progress.printf(
                                        Locale.ROOT,
                                        "%s at %,d, run %d of %d: %,.2f %s%n",
                                        point.curve(),
                                        x,
                                        run,
                                        wish.runs(),
                                        point.y(),
                                        point.unit());
                                if (file != null) {
                                    file.append(point, machine);
                                }
                            }
                        }
                    }
                }
            }
            return GrowthReport.of(wish.runs(), Machine.of(servers), points);
        }
    }

    /// What was measured in a round.
    private record Figure(String curve, double y, String unit) {}

    /// One run of one point, with all that has to be removed after it.
    private final class Round implements AutoCloseable {
        private final Servers servers;
        private final Launcher launcher;
        private final Curve curve;
        private final long x;
        private final MongoDatabase database;
        private final MongoCollection<Document> users;
        private final MappingFolder mapping;
        private final List<Target> targets = new ArrayList<>();
        private final List<Figure> figures = new ArrayList<>();

        Round(Servers servers, Launcher launcher, Curve curve, long x) {
            this.servers = servers;
            this.launcher = launcher;
            this.curve = curve;
            this.x = x;
            this.database = servers.newDatabase();
            this.users = database.getCollection(Users.COLLECTION);
            this.mapping = curve == Curve.COLLECTIONS ? MappingFolder.ofCollections((int) x) : MappingFolder.ofDemo();
        }

        void measure() throws SQLException, InterruptedException {
            switch (curve) {
                case DOCUMENTS -> documents();
                case COLLECTIONS -> collections();
                case CHILDREN -> children();
                case INDEXES -> indexes();
                case BACKLOG -> backlog();
                case RESUME -> resume();
                case VERIFY -> verify();
            }
        }

        private void add(String curveOfIt, double y, String unit) {
            figures.add(new Figure(curveOfIt, y, unit));
        }

        private void addRate(String curveOfIt, long count, ColdProcess.Usage usage, String unit) {
            add(curveOfIt, count / usage.seconds(), unit);
            Long bytes = usage.peakRssBytes();
            if (bytes != null) {
                add(curveOfIt, bytes / (double) (1 << 20), MEMORY);
            }
        }

        private Target target() throws InterruptedException {
            Target target = Target.empty(servers.postgres());
            targets.add(target);
            end("migrate", target);
            return target;
        }

        private ColdProcess start(Target target, String... arguments) {
            return ColdProcess.start(launcher.command(arguments), settings(target));
        }

        private Map<String, String> settings(Target target) {
            return new Place(servers, database.getName(), target, mapping.text()).settings(List.of());
        }

        /// So that what is read and asked is the stream's alone.
        private ColdProcess startWithoutVerification(Target target) {
            Map<String, String> settings = new TreeMap<>(settings(target));
            settings.put("SLUICE_VERIFY_BUDGET", "0");
            return ColdProcess.start(launcher.command("run"), settings);
        }

        private ColdProcess.Usage end(String command, Target target) throws InterruptedException {
            try (ColdProcess process = start(target, command)) {
                return process.awaitGoodEnd(PATIENCE);
            }
        }

        private ColdProcess.Usage copied(Target target, long expected) throws SQLException, InterruptedException {
            target.checkpoint();
            ColdProcess.Usage usage = end("backfill", target);
            Check.equal("rows of users", expected, target.count("users"));
            return usage;
        }

        private ColdProcess.Usage drained(Target target, String lastTable) throws SQLException, InterruptedException {
            String question = "SELECT 1 FROM " + lastTable + " WHERE id = '" + UserChanges.LAST + "'";
            target.checkpoint();
            try (Arrival arrival = new Arrival(target, question, PATIENCE);
                    ColdProcess process = start(target, "run")) {
                ColdProcess.Usage usage = arrival.await(process);
                process.end();
                return usage;
            }
        }

        private void documents() throws SQLException, InterruptedException {
            Filling.fillFast(users, x, Users::user, progress);
            addRate("documents", x, copied(target(), x), RATE_OF_DOCUMENTS);
        }

        private void fillBefore() {
            Random random = new Random(SEED);
            Filling.fill(users, THERE_BEFORE, n -> Users.user(FIRST_BEFORE + n, random), progress);
        }

        private void writeBacklog(int changes) {
            progress.printf(Locale.ROOT, "Writing %,d changes of users ...%n", changes);
            UserChanges.write(users, changes);
            UserChanges.writeLast(users);
        }

        private void backlog() throws SQLException, InterruptedException {
            fillBefore();
            Target target = target();
            copied(target, THERE_BEFORE);
            writeBacklog((int) x);
            addRate("backlog", x, drained(target, "users"), RATE_OF_CHANGES);
            Check.equal("rows of users", users.countDocuments(), target.count("users"));
        }

        private void indexes() throws SQLException, InterruptedException {
            fillBefore();
            Target streamed = target();
            copied(streamed, THERE_BEFORE);
            Target copied = target();
            for (String column : INDEXED.subList(0, (int) Math.min(x, INDEXED.size()))) {
                streamed.execute("CREATE INDEX ON users (" + column + ")");
                copied.execute("CREATE INDEX ON users (" + column + ")");
            }
            writeBacklog((int) (wish.documents() / CHANGES_PART));
            addRate("indexes-stream", wish.documents() / CHANGES_PART, drained(streamed, "users"), RATE_OF_CHANGES);
            users.drop();
            Filling.fillFast(users, wish.documents(), Users::user, progress);
            addRate("indexes-copy", wish.documents(), copied(copied, wish.documents()), RATE_OF_DOCUMENTS);
        }

        private void collections() throws SQLException, InterruptedException {
            int count = (int) x;
            long each = Math.max(1, wish.documents() / count);
            progress.printf(Locale.ROOT, "Writing %,d documents into each of %,d collections ...%n", each, count);
            Random random = new Random(SEED);
            for (int n = 0; n < count; n++) {
                List<Document> batch = new ArrayList<>(BATCH);
                for (long number = 1; number <= each; number++) {
                    batch.add(Users.user(number, random));
                    if (batch.size() == BATCH || number == each) {
                        database.getCollection(MappingFolder.collection(n)).insertMany(batch);
                        batch.clear();
                    }
                }
            }
            Target target = target();
            target.checkpoint();
            ColdProcess.Usage usage = end("backfill", target);
            for (int n = 0; n < count; n++) {
                Check.equal("rows of a collection", each, target.count(MappingFolder.collection(n)));
            }
            addRate("collections-copy", each * count, usage, RATE_OF_DOCUMENTS);
            long changes = changeAll(count, each, random);
            addRate("collections-stream", changes, drained(target, MappingFolder.collection(0)), RATE_OF_CHANGES);
        }

        /// Changes one collection after the other, ten at a time, as an application does that works on several.
        private long changeAll(int count, long each, Random random) {
            int changes = (int) Math.max(count, wish.documents() / CHANGES_PART);
            progress.printf(Locale.ROOT, "Writing %,d changes ...%n", changes);
            int written = 0;
            while (written < changes) {
                List<WriteModel<Document>> batch = new ArrayList<>();
                int more = Math.min(10, changes - written);
                for (int n = 0; n < more; n++) {
                    batch.add(
                            random.nextInt(3) == 0
                                    ? new InsertOneModel<>(Users.user(each + 1 + written + n, random))
                                    : new UpdateOneModel<>(
                                            Filters.eq("_id", Users.id(1 + random.nextLong(each))),
                                            Updates.set("age", written + n)));
                }
                database.getCollection(MappingFolder.collection(random.nextInt(count)))
                        .bulkWrite(batch);
                written += more;
            }
            UserChanges.writeLast(database.getCollection(MappingFolder.collection(0)));
            return changes + 1L;
        }

        private void resume() throws SQLException, InterruptedException {
            Filling.fillFast(users, x, Users::user, progress);
            double whole = copied(target(), x).seconds();
            Target target = target();
            target.checkpoint();
            BackfillStore progress = new BackfillStore("demo");
            Arrival.Question killedAt =
                    connection -> progress.copied(connection, Users.COLLECTION) >= (long) (x * KILLED_AT);
            try (Arrival arrival = new Arrival(target, killedAt, PATIENCE);
                    ColdProcess process = start(target, "backfill")) {
                arrival.await(process);
                process.kill();
            }
            target.checkpoint();
            ColdProcess.Usage rest;
            try (ColdProcess process = start(target, "backfill", "--wait", "30s")) {
                rest = process.awaitGoodEnd(PATIENCE);
            }
            Check.equal("rows of users", x, target.count("users"));
            add("resume", rest.seconds() / whole, "of the time of a whole copy");
            add("resume", rest.seconds(), "s");
        }

        private void verify() throws SQLException, InterruptedException {
            Filling.fillFast(users, x, Users::user, progress);
            Target target = target();
            copied(target, x);
            target.checkpoint();
            addRate("verify", x, end("verify", target), RATE_OF_DOCUMENTS);
            try (Arrival ready = Arrival.ofLastUser(target, PATIENCE);
                    ColdProcess running = start(target, "run");
                    WritersBeside writers = new WritersBeside(users, x, WRITES_PER_SECOND)) {
                // What changes meanwhile is undecided until the stream applies it.
                UserChanges.writeLast(users);
                ready.await(running);
                writers.start();
                addRate("verify-beside-writes", x, end("verify", target), RATE_OF_DOCUMENTS);
                running.requireRunning();
                add("verify-beside-writes", writers.stop(), "writes/s");
                running.end();
            }
        }

        private void children() throws SQLException, InterruptedException {
            Target target = target();
            figures.addAll(new Append(database, target, x)
                    .measure(() -> end("backfill", target), () -> startWithoutVerification(target)).stream()
                            .map(f -> new Figure("children", f.y(), f.unit()))
                            .toList());
        }

        @Override
        public void close() throws SQLException {
            for (Target target : targets) {
                target.close();
            }
            database.drop();
            mapping.close();
        }
    }
}
