package dev.sluice.service.pipeline;

import dev.sluice.after.AfterRun;
import dev.sluice.after.AfterScripts;
import dev.sluice.failure.Failures;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.pipeline.ReadByMapping;
import dev.sluice.positions.MovedWrites;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.RowChange;
import dev.sluice.source.RelevantFields;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One MongoDB database into one PostgreSQL database: the parts, and the order in which they work.
///
/// ```
/// MongoDB -> source -> change -> mapping -> sink -> PostgreSQL
/// ```
///
/// A run ([PipelineRun]) takes the pipeline over, checks target and source, finds the position, and
/// starts the flow ([DataFlow]): the engine reads and maps changes ([StreamReader]), and the [Applier]
/// writes them with their position, one transaction each. Concurrently with these two run the parts:
/// the [BackfillPart] copies in fenced chunks the documents that existed before, the [ResyncPart]
/// resyncs documents that waited for others or were asked for, the [SchemaPart] handles collections
/// that are dropped, renamed or replaced, the [ClockPart] asks MongoDB for its newest operation, the
/// [CheckpointPart] stores checkpoints, and, by [EachSecond], the run ends when a user pauses the
/// pipeline or another mapping is in force. The [Supervisor] starts a new run from the committed
/// position whenever one fails, or a pause is over. Beside the runs, [AfterCopy] does what comes after
/// the copy, and [FinishWatch] looks for writes that reach MongoDB after they have moved to PostgreSQL.
public final class Pipeline {
    private static final Logger LOG = LoggerFactory.getLogger(Pipeline.class);

    /// Nothing waits for a statement that tries to get its locks, so this is for as long as it takes.
    private static final Duration AFTER_PATIENCE = Duration.ofDays(365);

    private final PipelineSpec described;
    private final SourceClock clock;
    private final PipelineStatus status;
    private final RunningTime running = new RunningTime(System::nanoTime);
    private final CountDownLatch stop = new CountDownLatch(1);
    private final CountDownLatch stopped = new CountDownLatch(1);
    private volatile PipelineSpec spec;
    private volatile CountDownLatch runEnd = new CountDownLatch(1);
    private volatile @Nullable ContinuousVerification verification;
    private volatile AfterRun.Limits afterLimits = new AfterRun.Limits(1, true, AFTER_PATIENCE);
    private volatile AfterScripts afterScripts = AfterScripts.none("public");
    private volatile WrittenWith writtenWith = WrittenWith.unknown();
    private volatile boolean standsBy = true;
    private volatile boolean takesEveryUpdate;
    private volatile boolean owned;
    private volatile boolean superseded;
    private boolean fencedOut;
    private boolean started;
    private long epoch;

    public Pipeline(PipelineSpec spec) {
        this.described = spec;
        this.spec = spec;
        this.clock = new SourceClock(spec.source().clock());
        this.status = new PipelineStatus(spec.name(), spec.collections(), clock);
    }

    /// Turns on continuous verification. To be called before [#run].
    ///
    /// @param share of the time that the verification may work, up to 1; 0 turns it off, the default
    public void verifyContinuously(double share) {
        verification = share > 0 ? new ContinuousVerification(this, share) : null;
    }

    /// Looks up and writes also updates that touch nothing that the mapping reads, to measure what they cost. To be
    /// called before [#run].
    public void takeEveryUpdate() {
        takesEveryUpdate = true;
    }

    /// Which fields an update has to touch to be looked up and written, by collection; any, where it is not there.
    Map<String, RelevantFields> relevantFields() {
        return takesEveryUpdate
                ? Map.of()
                : ReadByMapping.of(
                        spec.targets().stream().map(CollectionTarget::mapping).toList());
    }

    /// The mapping that it writes with, so that rows are written again where it is another one than before. To be
    /// called before [#run].
    public void writeWith(WrittenWith mapping) {
        writtenWith = mapping;
    }

    WrittenWith writtenWith() {
        return writtenWith;
    }

    /// Ends the pipeline where another mapping is in force than the one it works with: what was read is
    /// applied, and [#run] returns. Any thread.
    ///
    /// @return whether it ends
    boolean endIfSuperseded(Connection connection) throws SQLException {
        WrittenWith.InForce other = writtenWith.superseded(connection, name()).orElse(null);
        if (other == null) {
            return false;
        }
        if (!superseded) {
            superseded = true;
            LOG.info(
                    "Version {} of the mapping of the pipeline {} is in force from now on. {}",
                    other.version(),
                    name(),
                    other.why());
        }
        stop();
        return true;
    }

    /// Whether it ended since another mapping is in force than the one it worked with. A new pipeline
    /// goes on with that one.
    public boolean isSuperseded() {
        return superseded;
    }

    /// What comes after the copy, beside that every table is analyzed. To be called before [#run].
    ///
    /// @param parallel how many statements of a script run at once
    /// @param apply whether this process applies them, or `sluice migrate --after`
    public void afterCopy(AfterScripts scripts, int parallel, boolean apply) {
        afterScripts = scripts;
        afterLimits = new AfterRun.Limits(parallel, apply, AFTER_PATIENCE);
    }

    /// Whether this process waits while another one writes the pipeline, the default, or ends then.
    /// To be called before [#run].
    public void standBy(boolean wanted) {
        standsBy = wanted;
    }

    boolean standsBy() {
        return standsBy;
    }

    /// Runs until [#stop] is called or something fails that a retry can't fix.
    ///
    /// @return how it ended: Stopped or Failed
    public PipelineState run() throws InterruptedException {
        // None is part of a run: the oplog moves on while PostgreSQL is away, and exactly then an
        // operator needs to know; a MongoDB that hangs keeps a run from saying so; and no run has to wait for a
        // comparison that hangs.
        ContinuousVerification verifying = verification;
        try (SourcePulse pulse = SourcePulse.start(spec.source(), status, running);
                OplogWatch watch = OplogWatch.start(spec.source(), status);
                FinishWatch finish = FinishWatch.start(described, status);
                ContinuousVerification started = verifying == null ? null : verifying.start();
                ContinuousCount count = ContinuousCount.start(this);
                LifeSign sign = LifeSign.start(this);
                AfterCopy after = AfterCopy.start(this, afterRun(), afterLimits)) {
            return new Supervisor(status, new PipelineRuns(this, stop), standsBy, stop).run();
        } finally {
            stopped.countDown();
        }
    }

    private AfterRun afterRun() {
        return new AfterRun(described.name(), afterScripts, described.targets(), described.connector());
    }

    /// Hears of the changes of each transaction of the stream once it is committed.
    void onWritten(List<RowChange> changes) {
        ContinuousVerification verifying = verification;
        if (verifying != null) {
            verifying.onWritten(changes);
        }
    }

    /// By collection, the documents that the stream has written and that are still to be compared again; empty
    /// where nothing is verified continuously.
    Map<String, Long> rechecks() {
        ContinuousVerification verifying = verification;
        return verifying == null ? Map.of() : verifying.rechecks();
    }

    /// Asks for the end: reading stops, changes that were read are applied, then [#run] returns. Any
    /// thread; may be called again.
    public void stop() {
        stop.countDown();
        runEnd.countDown();
    }

    /// Begins a run.
    ///
    /// @return counted down when that run is to end, because of [#stop] or [#endRun]
    CountDownLatch beginRun() {
        CountDownLatch end = new CountDownLatch(1);
        runEnd = end;
        if (stop.getCount() == 0) {
            end.countDown();
        }
        return end;
    }

    /// Ends the run: reading stops, and changes that were read are applied. Any thread.
    void endRun() {
        runEnd.countDown();
    }

    /// Waits until [#run] has returned.
    public void awaitStopped() throws InterruptedException {
        stopped.await();
    }

    /// Where a run begins. The pipeline is taken over at the first run, and only checked at later ones, so that
    /// another process that took it over meanwhile keeps it.
    synchronized Start start(Start.Claim claim) throws SQLException {
        Start start = Start.take(claim, epoch);
        epoch = start.epoch();
        started = true;
        fencedOut = false;
        return start;
    }

    /// Whether this process has had the pipeline.
    synchronized boolean hasStarted() {
        return started;
    }

    /// This process has the pipeline's lock, or had it last.
    void onOwned() {
        owned = true;
    }

    /// Another process has it.
    void onStandby() {
        owned = false;
    }

    /// Whether this process has the pipeline's lock, or had it last and does not stand by.
    boolean isOwned() {
        return owned;
    }

    /// Another process took the pipeline over; this one has to take it over again.
    synchronized void onFencedOut() {
        owned = false;
        epoch = 0;
        fencedOut = true;
    }

    /// Whether the pipeline was taken from this process, and it has not had it since.
    synchronized boolean wasFencedOut() {
        return fencedOut;
    }

    /// Waits until the pipeline has stopped.
    ///
    /// @param longest how long to wait
    /// @return whether it has stopped
    public boolean awaitStopped(Duration longest) throws InterruptedException {
        return stopped.await(longest.toMillis(), TimeUnit.MILLISECONDS);
    }

    /// How this process describes itself to others: host and process id.
    public static String owner() {
        String host;
        try {
            host = InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            host = "unknown host";
        }
        return "process " + ManagementFactory.getRuntimeMXBean().getPid() + " on " + host;
    }

    /// What it works on now: without the collections whose writes have moved to PostgreSQL. The answer changes between
    /// two runs.
    public PipelineSpec spec() {
        return spec;
    }

    /// Leaves out the collections whose writes have moved to PostgreSQL. Between two runs.
    ///
    /// @return whether there is a collection left
    boolean leaveOutMoved() {
        try (Connection connection = described.connector().open()) {
            Set<String> moved = new MovedWrites(described.name()).load(connection);
            spec = described.without(moved);
            status.onWritesMoved(moved);
            return !spec.targets().isEmpty();
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    public String name() {
        return spec.name();
    }

    public PipelineStatus status() {
        return status;
    }

    SourceClock clock() {
        return clock;
    }

    /// How long this process has run; it ticks while [#run] runs.
    RunningTime running() {
        return running;
    }
}
