package dev.sluice.service.pipeline;

import dev.sluice.change.Watermark;
import dev.sluice.service.pipeline.PipelineStatus.Headroom;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.source.mongo.Oplog;
import java.time.Duration;
import java.util.Locale;
import org.bson.BsonTimestamp;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Watches the distance between the oplog's oldest entry and the pipeline's position, from the pipeline's
/// start to its end, on a thread of its own: at zero, changes that were not read are lost (promise 6). And how
/// late MongoDB's secondaries are.
final class OplogWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OplogWatch.class);

    private static final Duration EVERY = Duration.ofSeconds(15);

    /// Before there is a position there is nothing to compare.
    private static final Duration EVERY_AT_FIRST = Duration.ofSeconds(1);

    private static final Duration CLOSE = Duration.ofSeconds(5);

    private final MongoSource source;
    private final PipelineStatus status;
    private final HeadroomAlarm alarm = new HeadroomAlarm();
    private final Thread thread;

    private OplogWatch(MongoSource source, PipelineStatus status) {
        this.source = source;
        this.status = status;
        this.thread = Thread.ofPlatform().name("sluice-oplog").daemon(true).unstarted(this::watch);
    }

    static OplogWatch start(MongoSource source, PipelineStatus status) {
        OplogWatch watch = new OplogWatch(source, status);
        watch.thread.start();
        return watch;
    }

    private void watch() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                BsonTimestamp position = status.position();
                if (position != null) {
                    Headroom found = headroom(source.oplog().start(), position);
                    status.onHeadroom(found);
                    if (alarm.isDue(found.seconds())) {
                        LOG.warn(warning(found.seconds()));
                    }
                }
                status.onReplicaLag(source.replicaLag());
                Thread.sleep(position == null ? EVERY_AT_FIRST : EVERY);
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    static Headroom headroom(Oplog.Start start, BsonTimestamp position) {
        return switch (start) {
            case Oplog.Start.At at ->
                new Headroom(Watermark.seconds(position) - (double) Watermark.seconds(at.oldest()), at.whole(), null);
            case Oplog.Start.Unknown unknown ->
                new Headroom(
                        Double.NaN,
                        false,
                        "How long until MongoDB's oplog forgets the position is not known. " + unknown.reason());
        };
    }

    private static String warning(double seconds) {
        return String.format(
                Locale.ROOT,
                "MongoDB's oplog still reaches %.0f s further back than this pipeline's position, and that shrinks. When it"
                        + " is used up, the changes in between are lost, and everything must be copied again. See why the"
                        + " pipeline is behind (`sluice status`), or make the oplog larger (replSetResizeOplog).",
                seconds);
    }

    /// Waits for the thread, which must not ask a connection that is closed meanwhile.
    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join(CLOSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// When to warn of little headroom: once, when it is less than an hour and shrinks, and again
    /// only after it was sufficient.
    static final class HeadroomAlarm {
        private static final double LITTLE_SECONDS = 3_600;

        /// So many readings, about a minute.
        private static final int READINGS = 4;

        /// It may shrink by less than this without the pipeline being behind.
        private static final double SHRUNK_SECONDS = 10;

        private final double[] readings = new double[READINGS];
        private int count;
        private boolean said;

        /// @param seconds the latest reading; NaN when it could not be read
        boolean isDue(double seconds) {
            if (Double.isNaN(seconds)) {
                return false;
            }
            double before = readings[count % READINGS];
            boolean shrinks = count >= READINGS && before - seconds >= SHRUNK_SECONDS;
            readings[count % READINGS] = seconds;
            count++;
            if (seconds >= LITTLE_SECONDS) {
                said = false;
                return false;
            }
            boolean due = shrinks && !said;
            said |= due;
            return due;
        }
    }
}
