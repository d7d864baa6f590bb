package dev.sluice.backfill;

import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// How many workers a backfill has, and how many documents a chunk has. Both are found by trying, and
/// reduced when one of the databases slows down. Any thread.
///
/// - A chunk should take PostgreSQL about a quarter of a second: longer, and the stream waits too long
/// behind it; much shorter, and the fixed costs of a chunk count.
/// - One more worker is tried every few seconds, and kept when the documents per second rise by a twentieth.
/// - When a commit takes many times as long as the fastest one, or MongoDB many times as long for a document,
/// or a replica of PostgreSQL falls behind, half the workers stop until that is over.
///
/// Values that the user has fixed are not changed, except while waiting for replicas.
final class Pace {
    private static final Logger LOG = LoggerFactory.getLogger(Pace.class);

    private static final long CHUNK_NANOS_WANTED = Duration.ofMillis(250).toNanos();
    private static final int DOCUMENTS_LEAST = 200;
    private static final int DOCUMENTS_MOST = 20_000;
    private static final int DOCUMENTS_FIRST = 2_000;

    private static final int WORKERS_FIRST = 2;

    private static final long WINDOW_NANOS = Duration.ofMillis(1_500).toNanos();
    private static final long PROBE_NANOS = Duration.ofSeconds(15).toNanos();
    private static final long RECOVER_NANOS = Duration.ofSeconds(5).toNanos();
    private static final double GAIN = 1.05;

    /// Documents of more than this part of a chunk are large.
    private static final int LARGE_SHARE = 4;

    /// Commits faster than this are no sign of distress, however fast they were before.
    private static final double COMMIT_NANOS_FINE =
            (double) Duration.ofMillis(50).toNanos();

    /// The same of reading, for a document: most come out of a batch that was sent before, so the best is
    /// next to nothing.
    private static final double READ_NANOS_FINE = 100_000;

    private static final double SUFFERING = 8;
    private static final double SMOOTHING = 0.2;

    /// What one chunk took.
    ///
    /// @param reading for MongoDB to give its documents
    /// @param writing for PostgreSQL to take them, the commit included
    record Taken(int documents, Duration reading, Duration writing, long commitNanos) {}

    private final int workersMax;
    private final boolean workersFixed;
    private final boolean documentsFixed;
    private int workers;
    private int documents;

    private double commitNanos;
    private double commitBest = Double.MAX_VALUE;
    private double readNanos;
    private double readBest = Double.MAX_VALUE;

    private long windowStart;
    private long windowDocuments;
    private double rateBefore;
    private boolean probing;
    private long probeAt;
    private boolean replicasLate;

    private final long bytesMax;
    private long documentsRead;
    private long bytesRead;
    private boolean largeDocuments;
    private boolean fullChunkSeen;

    /// @param workersMax most workers that may be admitted; those that are when it is fixed
    /// @param now nanoseconds, from any start
    Pace(Backfill.Limits limits, int workersMax, long now) {
        this.workersMax = workersMax;
        this.workersFixed = limits.workersFixed();
        this.documentsFixed = limits.documentsFixed();
        this.bytesMax = limits.bytesMax();
        this.workers = workersFixed ? workersMax : Math.min(WORKERS_FIRST, workersMax);
        this.documents = documentsFixed ? limits.documentsMax() : Math.min(DOCUMENTS_FIRST, limits.documentsMax());
        this.windowStart = now;
        this.probeAt = now + WINDOW_NANOS;
    }

    /// Most documents of the next chunk.
    synchronized int documents() {
        return documents;
    }

    /// Whether a worker may take another chunk.
    ///
    /// @param worker its number, from 0; the first always may
    synchronized boolean admits(int worker) {
        return worker < workers();
    }

    synchronized int workers() {
        return replicasLate || largeDocuments || !fullChunkSeen ? 1 : workers;
    }

    /// A second worker comes when the first has read a full chunk: before, there may not be more. A
    /// document larger than a chunk passes alone. Several of them at once would be more memory than is
    /// planned for, so where documents are large on average, one works.
    synchronized void onRead(int newDocuments, long newBytes) {
        fullChunkSeen |= newDocuments >= documents || newBytes >= bytesMax;
        documentsRead += newDocuments;
        bytesRead += newBytes;
        largeDocuments = bytesRead > documentsRead * (bytesMax / LARGE_SHARE);
    }

    /// @return whether that is news
    synchronized boolean onReplicas(boolean late) {
        boolean news = late != replicasLate;
        replicasLate = late;
        return news;
    }

    /// @param now nanoseconds, as in the constructor
    synchronized void onChunk(Taken taken, long now) {
        if (taken.documents() == 0) {
            return;
        }
        if (!documentsFixed) {
            double wanted = (double) CHUNK_NANOS_WANTED
                    / (double) Math.max(1, taken.writing().toNanos())
                    * taken.documents();
            double next = Math.clamp(wanted, documents / 2.0, documents * 1.5);
            documents = (int) Math.clamp(next, DOCUMENTS_LEAST, DOCUMENTS_MOST);
        }
        commitNanos = smoothed(commitNanos, (double) taken.commitNanos());
        commitBest = Math.min(commitBest, commitNanos);
        readNanos = smoothed(readNanos, (double) taken.reading().toNanos() / taken.documents());
        readBest = Math.min(readBest, readNanos);
        windowDocuments += taken.documents();
        if (now - windowStart >= WINDOW_NANOS) {
            double rate = windowDocuments * 1e9 / (now - windowStart);
            windowStart = now;
            windowDocuments = 0;
            if (!workersFixed) {
                adjust(rate, now);
            }
        }
    }

    private void adjust(double rate, long now) {
        boolean postgresSuffers = commitNanos > Math.max(COMMIT_NANOS_FINE, SUFFERING * commitBest);
        // Workers share MongoDB's processors: so many times slower are so many workers, and no distress.
        boolean mongoSuffers = readNanos > Math.max(READ_NANOS_FINE, SUFFERING * readBest * workers);
        if (postgresSuffers || mongoSuffers) {
            if (workers > 1) {
                workers = workers / 2;
                LOG.info(
                        "{} is slow now ({}), so the backfill continues with {} at once.",
                        postgresSuffers ? "PostgreSQL" : "MongoDB",
                        postgresSuffers
                                ? String.format("%.0f ms for a commit", commitNanos / 1e6)
                                : String.format("%.0f µs for a document", readNanos / 1e3),
                        workers);
            }
            probing = false;
            probeAt = now + RECOVER_NANOS;
            rateBefore = 0;
        } else if (probing) {
            probing = false;
            if (rate < rateBefore * GAIN) {
                workers--;
                probeAt = now + PROBE_NANOS;
            } else {
                // It was worth it; perhaps one more is, too.
                rateBefore = rate;
                probe(now);
            }
        } else {
            rateBefore = rate;
            if (now - probeAt >= 0) {
                probe(now);
            }
        }
    }

    private void probe(long now) {
        if (workers < workersMax) {
            workers++;
            probing = true;
        } else {
            probeAt = now + PROBE_NANOS;
        }
    }

    private static double smoothed(double before, double next) {
        return before == 0 ? next : before + SMOOTHING * (next - before);
    }
}
