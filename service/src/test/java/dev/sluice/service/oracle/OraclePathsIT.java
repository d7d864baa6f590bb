package dev.sluice.service.oracle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.backfill.Backfill;
import dev.sluice.backfill.Prune.Pruned;
import dev.sluice.control.DeadLetterStore;
import dev.sluice.control.ResyncStore.Cause;
import dev.sluice.failure.SluiceException;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.replay.Replay;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.service.chaos.LiveSystem;
import dev.sluice.service.chaos.RunningPipeline;
import dev.sluice.service.ops.Verifications;
import dev.sluice.service.oracle.BsonBytes.Value;
import dev.sluice.service.oracle.Oracle.Column;
import dev.sluice.service.oracle.Oracle.Expected;
import dev.sluice.service.oracle.Oracle.Kind;
import dev.sluice.service.oracle.Oracle.Table;
import dev.sluice.service.pipeline.CopyRun;
import dev.sluice.service.pipeline.ListDrain;
import dev.sluice.service.pipeline.ReplayRun;
import dev.sluice.service.pipeline.ResyncRun;
import dev.sluice.service.pipeline.VerifyRun;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.verify.Mode;
import dev.sluice.verify.Origin;
import dev.sluice.verify.Verifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Odd documents on every path: what PostgreSQL holds is each time what an oracle says that shares no code with the
/// mapper. A failure names the seed; `-Dsluice.oracle.seeds=7,8` runs those alone.
class OraclePathsIT {
    private static final String SEEDS = System.getProperty("sluice.oracle.seeds", "");
    private static final int FRESH = 1 << 20;
    private static final int DOCUMENTS = 26;
    private static final int CHANGES = 12;
    private static final Backfill.Limits PIECES =
            Backfill.Limits.adaptive().withDocuments(5).withWorkers(2);
    private static final int CHUNKS_AT_ONCE = 20;
    private static final Verifier.Wish FULL = new Verifier.Wish(Mode.FULL, Origin.ASKED, 1_000, 1, 2, true);

    /// Those who wait for a value are looked for every 15 seconds.
    private static final Duration SWEPT = Duration.ofSeconds(50);

    private final Path folder;

    OraclePathsIT(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    @DisplayName("copied, stopped and resumed, followed, replayed, resynced, repaired and pruned, odd documents have"
            + " the rows, dead letters and quarantine that an oracle of its own says, and no path writes what another does"
            + " not")
    void everyPath() throws Exception {
        Stream<Long> fixed = Stream.of(1L);
        everyPath(SEEDS.isEmpty() ? Stream.concat(fixed, fresh(1)).toList() : asked());
    }

    @Test
    @Tag("long")
    @DisplayName("so do those of many seeds")
    void manySeeds() throws Exception {
        for (int round = 0; round < 20; round++) {
            everyPath(SEEDS.isEmpty() ? fresh(12).toList() : asked());
        }
    }

    private static Stream<Long> fresh(int seeds) {
        return LongStream.range(0, seeds)
                .map(i -> 1_000 + (System.nanoTime() + i * 7_919) % FRESH)
                .boxed();
    }

    private static List<Long> asked() {
        return Arrays.stream(SEEDS.split(",")).map(Long::valueOf).toList();
    }

    private void everyPath(List<Long> seeds) throws Exception {
        System.out.println("Seeds: " + seeds);
        List<OddTables> all = seeds.stream().distinct().map(OddTables::of).toList();
        try (Round round = new Round(system(all), all)) {
            round.insert();
            round.copyWhole();
            round.copyInPieces();
            try (RunningPipeline running = RunningPipeline.start(round.system)) {
                running.awaitStreaming();
                BsonTimestamp before = round.now();
                round.change();
                running.awaitApplied();
                round.check("followed");
                round.replay(before);
                round.resync(false, "resynced");
                round.retry(running);
                round.verify();
                round.repair();
                round.orphans();
                round.resync(true, "pruned");
            }
            round.copyAgain();
            round.refuse();
        }
    }

    private LiveSystem system(List<OddTables> all) throws IOException {
        Path here = Files.createTempDirectory(folder, "round");
        Path mapping = Files.writeString(here.resolve("mapping.yaml"), OddTables.mapping(all));
        Files.writeString(
                Files.createDirectory(here.resolve("migrations")).resolve("V0001__odd.sql"), OddTables.ddl(all));
        return LiveSystem.start(mapping.toString(), SandboxMongo.Options.DEFAULTS);
    }

    /// All seeds go through one pipeline at once.
    private static final class Round implements AutoCloseable {
        private final LiveSystem system;
        private final List<OddTables> all;
        private final OddSystem sides;
        private final MongoSource source;
        private final List<CollectionTarget> targets;
        private final String pipeline;
        private final Map<String, OddDocuments> made = new HashMap<>();
        private final Random random;

        Round(LiveSystem system, List<OddTables> all) {
            this.system = system;
            this.all = all;
            this.sides = new OddSystem(system);
            this.source = system.source();
            this.targets = CollectionTarget.of(system.entry().mapping());
            this.pipeline = system.entry().mapping().name();
            this.random = new Random(all.getFirst().seed());
            for (OddTables tables : all) {
                for (Table table : tables.tables()) {
                    made.put(table.name(), new OddDocuments(table, new Random(tables.seed())));
                }
            }
        }

        private OddDocuments made(Table table) {
            return made.getOrDefault(table.name(), new OddDocuments(table, random));
        }

        private List<Table> tables() {
            return all.stream().flatMap(tables -> tables.tables().stream()).toList();
        }

        BsonTimestamp now() {
            return Objects.requireNonNull(source.hello().lastWrite());
        }

        /// After a path everything is as the oracle says.
        void check(String path) {
            await().atMost(SWEPT)
                    .pollInterval(Duration.ofMillis(500))
                    .untilAsserted(() -> assertThat(differences()).as(path).isEmpty());
            System.out.println("As the oracle says: " + path + " at " + Instant.now());
        }

        private void checkAtOnce(String path) throws SQLException {
            assertThat(differences()).as(path).isEmpty();
            System.out.println("As the oracle says: " + path + " at " + Instant.now());
        }

        private List<String> differences() throws SQLException {
            List<String> differences = new ArrayList<>();
            for (OddTables tables : all) {
                differences.addAll(sides.differences(tables));
            }
            return differences;
        }

        void insert() {
            for (Table table : tables()) {
                assertThat(sides.insert(table, made(table).documents(DOCUMENTS)))
                        .as(table.name())
                        .isGreaterThan(DOCUMENTS / 2);
            }
        }

        // The copy

        void copyWhole() throws Exception {
            assertThat(copy(Backfill.Limits.adaptive(), OraclePathsIT::never, new AtomicInteger())
                            .complete())
                    .isTrue();
            checkAtOnce("copied whole");
        }

        void copyInPieces() throws Exception {
            system.execute("TRUNCATE sluice.dead_letter, sluice.quarantine, sluice.resync, sluice.waiting, "
                    + all.stream().flatMap(t -> t.names().stream()).collect(Collectors.joining(", ")));
            int runs = 0;
            for (boolean complete = false; !complete; runs++) {
                AtomicInteger chunks = new AtomicInteger();
                complete = copy(PIECES, () -> chunks.get() >= CHUNKS_AT_ONCE * all.size(), chunks)
                        .complete();
            }
            assertThat(runs).isGreaterThan(1);
            checkAtOnce("copied in " + runs + " runs");
        }

        void copyAgain() throws Exception {
            assertThat(copy(Backfill.Limits.adaptive(), OraclePathsIT::never, new AtomicInteger())
                            .complete())
                    .isTrue();
            checkAtOnce("copied over what the stream brought");
        }

        private CopyRun.Result copy(Backfill.Limits limits, BooleanSupplier stopped, AtomicInteger chunks)
                throws Exception {
            CopyRun.Result result = new CopyRun(PipelineSpec.of(pipeline, targets, source, system.connector()))
                    .run(
                            new CopyRun.Wish(targets, limits, new CopyRun.Onward.AsItWas(), false, Duration.ZERO),
                            new Counting(chunks),
                            stopped);
            assertThat(result.failed()).isEmpty();
            return result;
        }

        // The stream

        /// Some of everything, one by one; whoever has what others wait for goes.
        void change() {
            for (Table table : tables()) {
                OddDocuments odd = made(table);
                for (int i = 0; i < CHANGES; i++) {
                    List<String> documents = sides.documents(table);
                    Value id = id(odd.pick(documents));
                    switch (i % 4) {
                        case 0 -> sides.insert(table, odd.documents(1));
                        case 1 -> sides.replace(table, id, odd.document(id));
                        case 2 -> {
                            Column column = odd.pick(table.columns());
                            sides.set(table, id, column.kind() == Kind.REST ? "y" : column.name(), odd.value(column));
                        }
                        default -> {
                            Expected now = Oracle.expect(table, documents);
                            Value gone = documents.stream()
                                    .map(Round::id)
                                    .filter(one -> now.contested().contains(Oracle.key(table.key(), one)))
                                    .findFirst()
                                    .orElse(id);
                            assertThat(sides.delete(table, gone)).as("deleted").isOne();
                            if (i > CHANGES / 2) {
                                sides.insert(table, List.of(odd.document(gone)));
                            }
                        }
                    }
                }
            }
        }

        private static Value id(String document) {
            return BsonBytes.first(BsonBytes.fields(document), "_id");
        }

        // What resyncs documents

        void replay(BsonTimestamp from) throws Exception {
            ReplayRun run = new ReplayRun(PipelineSpec.of(pipeline, targets, source, system.connector()));
            ReplayRun.Result result = Objects.requireNonNull(run.run(
                    new ReplayRun.Wish(from, "before the changes", null, targets, "a test"),
                    true,
                    new Silent(),
                    OraclePathsIT::never));
            assertThat(result.left()).isZero();
            assertThat(result.differing()).contains(0L);
            check("replayed");
        }

        void resync(boolean prune, String path) throws Exception {
            ResyncRun run = new ResyncRun(PipelineSpec.of(pipeline, targets, source, system.connector()));
            assertThat(run.await(run.list(targets, prune, "a test"), ListDrain.SILENT, OraclePathsIT::never))
                    .isZero();
            check(path);
        }

        void retry(RunningPipeline running) throws SQLException {
            DeadLetterStore letters = new DeadLetterStore(pipeline);
            try (Connection connection = system.connector().open()) {
                letters.retry(connection, letters.list(connection, null, 10_000), "a test");
            }
            running.awaitApplied();
            check("retried");
        }

        // Verification

        void verify() throws InterruptedException {
            for (CollectionTarget target : targets) {
                assertThat(compared(target))
                        .as("%s is equal: %s", target.collection(), drift())
                        .matches(Verifier.Result::equal);
            }
        }

        private Verifier.Result compared(CollectionTarget target) throws InterruptedException {
            return run().verify(target, FULL, (t, progress) -> {}, OraclePathsIT::never);
        }

        private VerifyRun run() {
            return new VerifyRun(PipelineSpec.of(pipeline, targets, source, system.connector()));
        }

        private SortedSet<String> drift() {
            Map<String, Table> byName = tables().stream().collect(Collectors.toMap(Table::name, t -> t));
            SortedSet<String> found = new TreeSet<>();
            for (Verifications.Drift drift : new Verifications(system.connector(), pipeline).drift(null, 10_000)) {
                Table table = byName.get(drift.collection());
                found.add((drift.table().replace("public.", "") + " "
                                + (table == null ? drift.rowKey() : OddSystem.key(table, drift.rowKey())) + " "
                                + drift.kind() + " "
                                + drift.columns().stream().sorted().collect(Collectors.joining(",")))
                        .strip());
            }
            return found;
        }

        /// Rows that go, change and come behind everybody's back are found, these and no others, and put right.
        void repair() throws Exception {
            SortedSet<String> damaged = damage();
            List<Verifier.Result> results = new ArrayList<>();
            for (CollectionTarget target : targets) {
                results.add(compared(target));
            }
            assertThat(drift()).as("found by the verification").isEqualTo(damaged);
            for (int i = 0; i < targets.size(); i++) {
                assertThat(run().repair(
                                        targets.get(i),
                                        results.get(i),
                                        "a test",
                                        ListDrain.SILENT,
                                        OraclePathsIT::never))
                        .hasValueSatisfying(
                                repaired -> assertThat(repaired.left()).isZero());
            }
            assertThat(drift()).isEmpty();
            check("repaired");
        }

        private SortedSet<String> damage() throws SQLException {
            SortedSet<String> damaged = new TreeSet<>();
            Map<String, String[]> damages = OddTables.damages();
            for (Table table : tables()) {
                List<String> keys = untouchable(table);
                String kind = table.name().substring(0, table.name().indexOf('_'));
                String[] change = damages.getOrDefault(kind, new String[0]);
                Collections.shuffle(keys, random);
                String gone = keys.get(0);
                String changed = keys.get(1);
                system.execute("DELETE FROM " + table.name() + " WHERE id::text = " + literal(gone));
                damaged.add(table.name() + " " + OddSystem.key(table, gone) + " missing");
                system.execute(
                        "UPDATE " + table.name() + " SET " + change[0] + " WHERE id::text = " + literal(changed));
                damaged.add(table.name() + " " + OddSystem.key(table, changed) + " different " + change[1]);
            }
            damaged.addAll(orphans());
            return damaged;
        }

        /// The keys of rows that nobody waits for: where one of the others went, the next document would come in.
        private List<String> untouchable(Table table) throws SQLException {
            Expected expected = Oracle.expect(table, sides.documents(table));
            List<String> keys = new ArrayList<>();
            for (List<@Nullable String> row : sides.rows("SELECT id::text FROM " + table.name() + " ORDER BY 1")) {
                if (!expected.contested().contains(OddSystem.key(table, row.getFirst()))) {
                    keys.add(String.valueOf(row.getFirst()));
                }
            }
            return keys;
        }

        SortedSet<String> orphans() throws SQLException {
            SortedSet<String> damaged = new TreeSet<>();
            for (Table table : tables()) {
                String orphan = table.key() == Oracle.Key.WHOLE
                        ? "999999"
                        : table.key() == Oracle.Key.TYPED ? "\"orphan\"" : "orphan";
                system.execute("INSERT INTO " + table.name() + " (id) VALUES (" + literal(orphan) + ")");
                damaged.add(table.name() + " " + OddSystem.key(table, orphan) + " extra");
            }
            return damaged;
        }

        private static String literal(String text) {
            return "'" + text.replace("'", "''") + "'";
        }

        // Keys that PostgreSQL takes for equal

        /// A key column that is altered so that it takes two keys for one stops each path, before it writes anything.
        void refuse() throws Exception {
            String table = "folded_" + all.getFirst().seed();
            for (String type : List.of("citext", "char(1100)", "text COLLATE ci")) {
                system.execute("ALTER TABLE " + table + " ALTER id TYPE " + type);
                List<List<@Nullable String>> before = sides.rows("SELECT xmin, t.* FROM " + table + " t ORDER BY ctid");
                assertThatThrownBy(() -> copy(PIECES, OraclePathsIT::never, new AtomicInteger()))
                        .as("copied with " + type)
                        .isInstanceOf(SluiceException.class);
                assertThatThrownBy(this::verify).as("verified with " + type).isInstanceOf(SluiceException.class);
                assertThatThrownBy(() -> new ReplayRun(PipelineSpec.of(pipeline, targets, source, system.connector()))
                                .run(
                                        new ReplayRun.Wish(now(), "now", null, targets, "a test"),
                                        true,
                                        new Silent(),
                                        OraclePathsIT::never))
                        .as("replayed with " + type)
                        .isInstanceOf(SluiceException.class);
                assertThatThrownBy(() -> new ReplayRun(PipelineSpec.of(pipeline, targets, source, system.connector()))
                                .list(
                                        new ReplayRun.Wish(now(), "now", null, targets, "a test"),
                                        new Silent(),
                                        OraclePathsIT::never))
                        .as("listed for a replay with " + type)
                        .isInstanceOf(SluiceException.class);
                assertThat(sides.rows("SELECT xmin, t.* FROM " + table + " t ORDER BY ctid"))
                        .as("rows with " + type)
                        .isEqualTo(before);
            }
        }

        @Override
        public void close() {
            source.close();
            system.close();
        }
    }

    private static final class Counting implements CopyRun.Listener {
        private final AtomicInteger chunks;

        Counting(AtomicInteger chunks) {
            this.chunks = chunks;
        }

        @Override
        public void onEstimate(CollectionTarget target, long documents, long alreadyCopied) {}

        @Override
        public void onChunk(CollectionTarget target, Backfill.Done done) {
            chunks.incrementAndGet();
        }

        @Override
        public void onDone(CollectionTarget target) {}

        @Override
        public void onHeld(String holder) {}

        @Override
        public void onPassed(BsonTimestamp change, List<CollectionTarget> copied) {}

        @Override
        public void onCopiedBefore(CollectionTarget target) {}

        @Override
        public void onFailed(CollectionTarget target, SluiceException failure) {}

        @Override
        public void onResynced(Cause cause, int documents) {}

        @Override
        public void onPruned(CollectionTarget target, Pruned pruned) {}
    }

    private static final class Silent implements ReplayRun.Listener {
        @Override
        public void onListed(Replay.Listed listed) {}

        @Override
        public void onRead(long events, @Nullable Instant reached) {}

        @Override
        public void onLeft(long left) {}

        @Override
        public void onNoHolder(Duration patience) {}

        @Override
        public void onTakenOver() {}
    }

    /// Nobody asks these paths to stop.
    private static boolean never() {
        return false;
    }
}
