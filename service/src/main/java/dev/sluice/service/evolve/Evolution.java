package dev.sluice.service.evolve;

import dev.sluice.backfill.Backfill;
import dev.sluice.control.BackfillStore;
import dev.sluice.control.MappingVersions;
import dev.sluice.control.MappingVersions.Version;
import dev.sluice.control.MappingVersions.Wanted;
import dev.sluice.control.ResyncStore;
import dev.sluice.cutover.RouteStore;
import dev.sluice.failure.Failpoint;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.gate.Gate;
import dev.sluice.gate.GateStore;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.positions.PipelineLock;
import dev.sluice.positions.Transaction;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.schema.Catalog;
import dev.sluice.service.evolve.Evolved.Migration;
import dev.sluice.service.evolve.Evolved.Written;
import dev.sluice.service.ops.Routes;
import dev.sluice.service.pipeline.CopyRun;
import dev.sluice.service.pipeline.VerifyRun;
import dev.sluice.service.pipeline.WrittenWith;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.check.TargetDatabase;
import dev.sluice.sink.postgres.check.TargetTables;
import dev.sluice.verify.Mode;
import dev.sluice.verify.Origin;
import dev.sluice.verify.Verifier;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// From the mapping that rows are written with to that of the file, while the pipeline runs.
///
/// The pipeline is held ([Hold]): the process that writes applies what it has read and waits. The
/// tables are changed, and the mapping is noted as wanted, which shuts each gate. Then the pipeline
/// goes on: that process takes the wanted mapping over at its position, and copies the collections
/// again whose rows need it, beside the stream; where no process runs, this one copies. At last these
/// collections are compared.
///
/// No step is done twice or half: tables and their migration's note change in one transaction, the
/// mapping is wanted in one, and taken over in one. A process that is killed leaves what the next one
/// goes on from. For one thread.
public final class Evolution {
    /// How long a process has to take the mapping over: it looks once a second, and starts its pipeline
    /// anew.
    private static final Duration TAKE_OVER_MAX = Duration.ofSeconds(60);

    /// How long a process may be without the pipeline's lock between two pipelines.
    private static final Duration HANDOVER_MAX = Duration.ofSeconds(15);

    private static final Duration LOOK_EVERY = Duration.ofMillis(200);

    /// Less than the time after which PostgreSQL looks for a deadlock (1 s), and short enough for readers, which wait
    /// behind a statement that waits.
    private static final Duration LOCK_WAIT = Duration.ofMillis(100);

    private static final Pattern REPLACED = Pattern.compile("ALTER TABLE (\\S+) RENAME COLUMN \\S+ TO (\\S+)");

    private final Sides sides;
    private final Wish wish;
    private final Listener listener;
    private final BooleanSupplier stopped;
    private final OutlookReader reader;
    private final String pipeline;
    private final PostgresConnector connector;

    /// What it works on.
    ///
    /// @param spec with all collections of the file's mapping whose writes have not moved
    /// @param entry the file
    public record Sides(PipelineSpec spec, Catalog.Entry entry, TargetDatabase database) {}

    /// How it is done.
    ///
    /// @param lockMax for how long a table may be locked to rewrite it
    /// @param patience how long locks on tables are tried to be had
    /// @param grace how long to wait after readers were moved back, for those that remember where they
    ///     read; null where readers are not moved
    /// @param verify whether what was written anew is compared
    /// @param actor who asks, for the audit
    public record Wish(
            Duration lockMax, Duration patience, @Nullable Duration grace, boolean verify, String actor) {}

    /// Is told what happens.
    public interface Listener {
        /// @param what a sentence
        void onStep(String what);

        /// @param documents of the collection that are read again so far
        void onFilling(String collection, long documents);

        /// Is told how far a copy is that this process makes.
        CopyRun.Listener copy();

        /// Is told how far a comparison is.
        Verifier.Listener comparison();
    }

    public Evolution(Sides sides, Wish wish, Listener listener, BooleanSupplier stopped) {
        this.sides = sides;
        this.wish = wish;
        this.listener = listener;
        this.stopped = stopped;
        this.pipeline = sides.spec().name();
        this.connector = sides.spec().connector();
        this.reader = new OutlookReader(
                pipeline,
                sides.entry(),
                CollectionTarget.of(sides.entry().mapping()),
                sides.database(),
                wish.lockMax());
    }

    /// What is to be done. Changes nothing.
    public Outlook look() throws SQLException {
        return reader.read(connector);
    }

    /// Does it, or goes on with what a process that was killed has begun.
    ///
    /// @throws SluiceException of kind BAD_SETTING, before anything is changed, when something is in
    ///     the way
    public Evolved run() throws SQLException, InterruptedException {
        sides.database().migrateControl(sides.entry());
        Outlook outlook = look();
        if (!outlook.obstacles().isEmpty() && wish.grace() != null) {
            rollBackReads(outlook);
            outlook = look();
        }
        requireFree(outlook);
        if (outlook.version() == null) {
            throw new SluiceException(
                    FailureKind.BAD_SETTING,
                    "No rows of the pipeline " + pipeline
                            + " are noted yet, so that there is nothing to go on from. `sluice"
                            + " run` begins with the mapping of the file.");
        }
        List<Migration> migrations = new ArrayList<>();
        long held = 0;
        boolean ran = false;
        if (!outlook.isEmpty() || isWanted()) {
            try (Hold hold = Hold.take(connector, pipeline, wish.actor(), stopped)) {
                ran = hold.ran();
                Failpoint.EVOLVE_HELD.hit();
                outlook = changeTables(outlook, migrations);
                want(outlook);
                held = hold.length().toMillis();
            }
            listener.onStep("The pipeline was held for " + held + " ms, and goes on with the mapping of the file.");
            Failpoint.EVOLVE_WANTED.hit();
        }
        List<String> left = new ArrayList<>();
        outlook.statements().forEach(statement -> drop(statement.sql(), left));
        List<String> written = written(outlook);
        boolean elsewhere = awaitBegun(ran);
        boolean complete = elsewhere ? awaitFilled(written) : copy(written);
        Failpoint.EVOLVE_FILLED.hit();
        return new Evolved(
                outlook,
                version().number(),
                migrations,
                held,
                elsewhere,
                complete
                        ? compare(written)
                        : written.stream().map(c -> new Written(c, 0, null)).toList(),
                left,
                complete && !stopped.getAsBoolean());
    }

    private void requireFree(Outlook outlook) {
        if (!outlook.obstacles().isEmpty()) {
            throw new SluiceException(
                    FailureKind.BAD_SETTING, "Nothing was changed: " + String.join(" Also, ", outlook.obstacles()));
        }
    }

    private void rollBackReads(Outlook outlook) throws SQLException, InterruptedException {
        List<String> read;
        try (Connection connection = connector.open()) {
            read = reader.readFromPostgres(connection, outlook.collections());
        }
        Duration grace = wish.grace();
        if (read.isEmpty() || grace == null) {
            return;
        }
        new Routes(connector, pipeline, read).rollback(read, false, wish.actor());
        listener.onStep("All reads of " + String.join(", ", read) + " are on MongoDB; waiting " + grace.toSeconds()
                + " s for readers that remember where they read.");
        for (long until = System.nanoTime() + grace.toNanos();
                System.nanoTime() - until < 0 && !stopped.getAsBoolean(); ) {
            Thread.sleep(LOOK_EVERY);
        }
    }

    private boolean isWanted() throws SQLException {
        try (Connection connection = connector.open()) {
            return new MappingVersions(pipeline).wanted(connection).isPresent();
        }
    }

    /// Applies the scripts that are there, then writes and applies what the tables lack beyond them.
    ///
    /// @return what was done
    private Outlook changeTables(Outlook outlook, List<Migration> migrations)
            throws SQLException, InterruptedException {
        Outlook now = outlook;
        if (!now.scripts().isEmpty()) {
            migrate(migrations);
            Outlook rest = look();
            requireFree(rest);
            now = new Outlook(
                    pipeline,
                    outlook.version(),
                    outlook.collections(),
                    outlook.scripts(),
                    rest.statements(),
                    rest.script(),
                    List.of(),
                    outlook.unmapped());
        }
        OutlookReader.Written file = reader.write(now).orElse(null);
        if (file != null) {
            listener.onStep("Wrote " + file.file() + ".");
            Failpoint.EVOLVE_SCRIPT_WRITTEN.hit();
            migrate(migrations);
        }
        Failpoint.EVOLVE_TABLES_CHANGED.hit();
        TargetTables.check(connector, sides.spec().targets());
        return now;
    }

    private void migrate(List<Migration> migrations) throws InterruptedException {
        boolean[] said = {false};
        for (TargetDatabase.Applied applied : sides.database()
                .migratePatiently(sides.entry(), new TargetDatabase.Patience(LOCK_WAIT, wish.patience(), what -> {
                    if (!said[0]) {
                        said[0] = true;
                        listener.onStep(what);
                    }
                }))) {
            migrations.add(new Migration(applied.name(), applied.milliseconds()));
            listener.onStep("Applied the migration " + applied.name() + " in " + applied.milliseconds() + " ms.");
        }
    }

    /// Asks for the mapping, unless readers have come meanwhile. From then on no gate lets any come.
    private void want(Outlook outlook) throws SQLException {
        try (Connection connection = connector.open()) {
            Transaction.run(connection, () -> {
                new RouteStore(pipeline).lock(connection);
                List<String> read = reader.readFromPostgres(connection, outlook.collections());
                if (!read.isEmpty()) {
                    throw new SluiceException(
                            FailureKind.BAD_SETTING,
                            "Readers of " + String.join(", ", read)
                                    + " have come to PostgreSQL meanwhile. The tables are changed, the mapping is not. Run"
                                    + " the same command again with --rollback-reads.");
                }
                MappingVersions versions = new MappingVersions(pipeline);
                String text = sides.entry().text();
                // A process may have taken it over since this one looked, asked for by one that was killed.
                boolean begun = versions.latest(connection)
                        .filter(now -> !Objects.equals(now.number(), outlook.version())
                                && now.text().equals(text))
                        .isPresent();
                if (!begun) {
                    versions.want(connection, text, wish.actor());
                }
            });
        }
    }

    private static void drop(String sql, List<String> left) {
        Matcher matcher = REPLACED.matcher(sql);
        if (matcher.matches()) {
            left.add("ALTER TABLE " + matcher.group(1) + " DROP COLUMN " + matcher.group(2) + ";");
        }
    }

    /// The collections that are written anew; where the mapping was taken over already, those of it
    /// that are not written or compared yet.
    private List<String> written(Outlook outlook) throws SQLException {
        if (!outlook.isEmpty()) {
            return outlook.written();
        }
        try (Connection connection = connector.open()) {
            Version now = version();
            List<String> open = new ArrayList<>();
            List<String> by = reader.writtenBy(connection, now);
            GateStore gates = new GateStore(pipeline);
            for (Gate gate : gates.of(connection, by).values()) {
                if (gate.conditions().stream()
                        .anyMatch(c -> !c.met()
                                && (c.name().equals("copied") || c.name().equals("verified")))) {
                    open.add(gate.collection());
                }
            }
            return open;
        }
    }

    private Version version() throws SQLException {
        try (Connection connection = connector.open()) {
            return new MappingVersions(pipeline)
                    .latest(connection)
                    .orElseThrow(() -> new IllegalStateException("a pipeline whose mapping changes has one"));
        }
    }

    /// Waits until a process has taken the mapping over.
    ///
    /// @param ran whether there is one
    /// @return whether one has, or had before
    private boolean awaitBegun(boolean ran) throws SQLException, InterruptedException {
        long until = System.nanoTime() + (ran ? TAKE_OVER_MAX.toNanos() : 0);
        try (Connection connection = connector.open()) {
            Wanted wanted = new MappingVersions(pipeline).wanted(connection).orElse(null);
            if (wanted == null) {
                return awaitRunning(connection);
            }
            while (new MappingVersions(pipeline).wanted(connection).isPresent()) {
                if (stopped.getAsBoolean() || System.nanoTime() - until >= 0) {
                    return false;
                }
                Thread.sleep(LOOK_EVERY);
            }
            listener.onStep("Version " + version().number() + " of the mapping was taken over by the process that runs"
                    + " the pipeline.");
            return true;
        }
    }

    /// Gives a process that has just taken the mapping over the time to begin its pipeline.
    ///
    /// @return whether one runs it
    private boolean awaitRunning(Connection connection) throws SQLException, InterruptedException {
        long until = System.nanoTime() + HANDOVER_MAX.toNanos();
        while (!PipelineLock.isTaken(connection, pipeline)) {
            boolean mayBegin = Hold.isRun(connection, pipeline)
                    || version().since().isAfter(Instant.now().minus(HANDOVER_MAX));
            if (!mayBegin || stopped.getAsBoolean() || System.nanoTime() - until >= 0) {
                return false;
            }
            Thread.sleep(LOOK_EVERY);
        }
        return true;
    }

    private boolean awaitFilled(List<String> written) throws SQLException, InterruptedException {
        BackfillStore copies = new BackfillStore(pipeline);
        ResyncStore list = new ResyncStore(pipeline);
        try (Connection connection = connector.open()) {
            for (String collection : written) {
                while (!copies.done(connection, collection) || list.hasWhole(connection, collection)) {
                    if (stopped.getAsBoolean()) {
                        return false;
                    }
                    listener.onFilling(collection, copies.copied(connection, collection));
                    Thread.sleep(LOOK_EVERY);
                }
                listener.onStep(collection + ": all documents are read again.");
            }
        }
        return true;
    }

    /// Copies, where no process runs the pipeline.
    private boolean copy(List<String> written) throws InterruptedException {
        if (stopped.getAsBoolean()) {
            return false;
        }
        listener.onStep("No process runs the pipeline, so this one copies.");
        CopyRun.Result result = new CopyRun(sides.spec(), WrittenWith.mapping(sides.entry()))
                .run(
                        new CopyRun.Wish(
                                targets(written),
                                Backfill.Limits.adaptive(),
                                new CopyRun.Onward.AsItWas(),
                                false,
                                Duration.ZERO),
                        listener.copy(),
                        stopped);
        result.failed().values().stream().findFirst().ifPresent(failure -> {
            throw failure;
        });
        return result.complete();
    }

    private List<CollectionTarget> targets(List<String> names) {
        return sides.spec().targets().stream()
                .filter(target -> names.contains(target.collection()))
                .toList();
    }

    private List<Written> compare(List<String> written) throws InterruptedException {
        List<Written> compared = new ArrayList<>();
        VerifyRun run = new VerifyRun(sides.spec());
        for (CollectionTarget target : targets(written)) {
            if (!wish.verify() || stopped.getAsBoolean()) {
                compared.add(new Written(target.collection(), 0, null));
                continue;
            }
            Verifier.Result result = run.verify(
                    target,
                    new Verifier.Wish(Mode.FULL, Origin.ASKED, 1_000, 1, Verifier.Wish.WORKERS, true),
                    listener.comparison(),
                    stopped);
            boolean equal = result.drift().values().stream().allMatch(rows -> rows == 0) && result.undecided() == 0;
            compared.add(new Written(target.collection(), result.documents(), result.complete() ? equal : null));
            listener.onStep(target.collection() + ": "
                    + (result.complete()
                            ? equal ? "compared, both sides are equal." : "compared, and rows differ."
                            : "not compared to the end."));
        }
        return compared;
    }
}
