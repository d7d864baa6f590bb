package dev.sluice.service.pipeline;

import dev.sluice.mapping.DocumentMapper;
import dev.sluice.schema.CollectionMapping;
import dev.sluice.schema.Mapping;
import dev.sluice.sink.ChangeMapper;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.postgres.PostgresConnector;
import dev.sluice.source.mongo.MongoSource;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// One MongoDB database into one PostgreSQL database: the parts, and the order in which they work.
///
/// ```
/// MongoDB -> source -> change -> mapping -> sink -> PostgreSQL
/// ```
///
/// A run ([PipelineRun]) takes the pipeline over, checks the target, finds the position, and then does five
/// things at once: the engine reads and maps changes, the applier writes them with their position in one
/// transaction each, the backfill copies in fenced chunks what was there before, the resync takes anew the
/// documents that waited for others, and the clock asks MongoDB how far it is. The [Supervisor] starts a
/// new run from the committed position whenever one breaks off.
public final class Pipeline {
    private final String name;
    private final MongoSource source;
    private final PostgresConnector connector;
    private final List<CollectionTarget> targets;
    private final ChangeMapper mapper;
    private final SourceClock clock;
    private final PipelineStatus status;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final CountDownLatch stopped = new CountDownLatch(1);
    private volatile @Nullable ContinuousVerification verification;
    private volatile boolean standsBy = true;
    private boolean fencedOut;
    private long epoch;

    public Pipeline(String name, Mapping mapping, MongoSource source, PostgresConnector connector) {
        this.name = name;
        this.source = source;
        this.connector = connector;
        this.targets = targets(mapping);
        this.mapper = ChangeMapper.of(targets);
        this.clock = new SourceClock(source.clock());
        this.status = new PipelineStatus(
                name, targets.stream().map(CollectionTarget::collection).toList(), clock);
    }

    /// The collections of a mapping with their compiled mappers.
    ///
    /// @throws dev.sluice.schema.MappingException when a literal in it does not fit its column
    public static List<CollectionTarget> targets(Mapping mapping) {
        List<CollectionTarget> targets = new ArrayList<>();
        for (CollectionMapping collection : mapping.collections()) {
            targets.add(new CollectionTarget(targets.size(), collection, DocumentMapper.of(collection)));
        }
        return List.copyOf(targets);
    }

    /// Verifies beside the stream. To be called before [#run].
    ///
    /// @param share of the time that the verification may work, up to 1; 0 turns it off, as it is at first
    public void verifyContinuously(double share) {
        verification = share > 0 ? new ContinuousVerification(this, share) : null;
    }

    /// Whether this process waits while another one writes the pipeline, as it does at first, or ends then.
    /// To be called before [#run].
    public void standBy(boolean wanted) {
        standsBy = wanted;
    }

    boolean standsBy() {
        return standsBy;
    }

    /// Runs until [#stop] is called or something fails that trying again can't mend.
    ///
    /// @return how it ended: Stopped or Failed
    public PipelineState run() throws InterruptedException {
        // Neither is part of a run: the oplog moves on while PostgreSQL is away, which is when somebody has to know,
        // and no run has to wait for a comparison that hangs.
        ContinuousVerification verifying = verification;
        try (OplogWatch watch = OplogWatch.start(source, status);
                ContinuousVerification started = verifying == null ? null : verifying.start();
                ContinuousCount count = ContinuousCount.start(this)) {
            return new Supervisor(this, stop).run();
        } finally {
            stopped.countDown();
        }
    }

    /// Hears of the changes of each transaction of the stream once it is committed.
    void onWritten(List<RowChange> changes) {
        ContinuousVerification verifying = verification;
        if (verifying != null) {
            verifying.onWritten(changes);
        }
    }

    /// Asks for the end: reading stops, what is read is applied, then [#run] returns. Any thread; again is
    /// harmless.
    public void stop() {
        stop.countDown();
    }

    /// Waits until [#run] has returned.
    public void awaitStopped() throws InterruptedException {
        stopped.await();
    }

    /// Where a run begins. The pipeline is taken over at the first run, and only checked at later ones, since
    /// somebody who took over meanwhile is to keep it.
    synchronized Start start(Start.Claim claim) throws SQLException {
        Start start = Start.take(claim, epoch);
        epoch = start.epoch();
        fencedOut = false;
        return start;
    }

    /// Another process took the pipeline over; this one has to take it over again.
    synchronized void onFencedOut() {
        epoch = 0;
        fencedOut = true;
    }

    /// Whether the pipeline was taken from this process, and it has not had it since.
    synchronized boolean wasFencedOut() {
        return fencedOut;
    }

    /// As the other, for so long.
    ///
    /// @return whether it has
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

    public String name() {
        return name;
    }

    public PipelineStatus status() {
        return status;
    }

    SourceClock clock() {
        return clock;
    }

    MongoSource source() {
        return source;
    }

    PostgresConnector connector() {
        return connector;
    }

    List<CollectionTarget> targets() {
        return targets;
    }

    ChangeMapper mapper() {
        return mapper;
    }
}
