package dev.sluice.service.ops;

import dev.sluice.cutover.ReadTimes;
import dev.sluice.cutover.ShadowCounts;
import dev.sluice.cutover.ShadowReadStore;
import dev.sluice.cutover.ShadowResult;
import dev.sluice.cutover.ShadowTally;
import dev.sluice.failure.Failures;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.positions.MovedWrites;
import dev.sluice.postgres.PostgresConnector;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// Reads of both sides that applications report while a route is `both`: counts them, and compares the
/// documents of those that they found different. Any thread; each call has a connection of its own.
///
/// Reads are stored before a call is answered. One that is to be compared is stored as unchecked until
/// it was, so that nothing is lost, and nothing is claimed, when this process ends before.
public final class ShadowReads implements AutoCloseable {
    private static final Listener NOBODY = new Listener() {
        @Override
        public void counted(String collection, ShadowResult result, long reads) {}

        @Override
        public void took(String collection, @Nullable Double mongodbMillis, @Nullable Double postgresMillis) {}
    };

    private final PostgresConnector connector;
    private final List<String> mapped;
    private final ShadowReadStore store;
    private final MovedWrites movedWrites;
    private final @Nullable ShadowComparisons comparisons;
    private volatile Listener listener = NOBODY;

    /// For a process without a source: differences of documents stay unchecked.
    ///
    /// @param mapped the collections that the mapping has
    public ShadowReads(PostgresConnector connector, String pipeline, Collection<String> mapped) {
        this.connector = connector;
        this.mapped = List.copyOf(mapped);
        this.store = new ShadowReadStore(pipeline);
        this.movedWrites = new MovedWrites(pipeline);
        this.comparisons = null;
    }

    /// For one that can compare documents.
    public ShadowReads(PipelineSpec spec) {
        this.connector = spec.connector();
        this.mapped = spec.collections();
        this.store = new ShadowReadStore(spec.name());
        this.movedWrites = new MovedWrites(spec.name());
        this.comparisons = ShadowComparisons.start(spec, this::settled);
    }

    /// Hears of each read once its result is known; any thread.
    public interface Listener {
        void counted(String collection, ShadowResult result, long reads);

        /// @param mongodbMillis null when it was not told
        /// @param postgresMillis null when it was not told
        void took(String collection, @Nullable Double mongodbMillis, @Nullable Double postgresMillis);
    }

    /// A read that an application has made on both sides.
    ///
    /// @param collection a mapped one
    /// @param ids of the documents that were read; empty for a list
    /// @param list what the application calls the query for a list; null for documents
    /// @param equal what the application found
    /// @param mongodbMillis how long MongoDB took; null when it is not known
    /// @param postgresMillis how long PostgreSQL took; null when it is not known
    public record Read(
            String collection,
            List<BsonValue> ids,
            @Nullable String list,
            boolean equal,
            @Nullable Double mongodbMillis,
            @Nullable Double postgresMillis) {
        public Read {
            ids = List.copyOf(ids);
            if (ids.isEmpty() == (list == null)) {
                throw new IllegalArgumentException("a read is of documents, or of a list");
            }
        }
    }

    /// What became of a report. Each read is in one of the numbers.
    ///
    /// @param toCompare differences that are compared now
    /// @param reported differences of lists
    /// @param unchecked differences that are not compared
    /// @param why they are not, for people; null where there are none
    public record Taken(
            int equal,
            int toCompare,
            int reported,
            int unchecked,
            @Nullable String why) {}

    /// How long one side took lately.
    ///
    /// @param reads that were timed
    /// @param p50Ms half of them took no longer, milliseconds; null when none was timed
    /// @param p95Ms as `p50Ms`, of 95 %
    public record Times(
            long reads, @Nullable Double p50Ms, @Nullable Double p95Ms) {
        static Times of(ReadTimes times) {
            return new Times(times.total(), rounded(times.percentile(50)), rounded(times.percentile(95)));
        }

        private static @Nullable Double rounded(@Nullable Double millis) {
            return millis == null ? null : Math.round(millis * 100) / 100.0;
        }
    }

    /// The shadow reads of a collection since it was last copied.
    ///
    /// @param equal the application found both sides equal
    /// @param different the application found a difference, and the rows do differ: drift
    /// @param unconfirmed the application found a difference, and the rows are as they should be: it was
    ///     lag, or the application queries or compares something else
    /// @param reported differences of lists, as the application says
    /// @param unchecked differences that were not compared, or not yet
    /// @param consecutiveEqual equal ones since the last that is different or reported
    /// @param lastDifferentAt when one was last counted that is different or reported; null when none
    ///     was
    /// @param mongodb how long MongoDB took in the last ten to twenty minutes of reading
    /// @param postgres how long PostgreSQL took then
    /// @param lists those of lists, which are in the other numbers too
    public record ShadowReport(
            String collection,
            long equal,
            long different,
            long unconfirmed,
            long reported,
            long unchecked,
            long consecutiveEqual,
            @Nullable Instant lastDifferentAt,
            Times mongodb,
            Times postgres,
            List<ShadowCounts.OfList> lists) {
        public ShadowReport {
            lists = List.copyOf(lists);
        }

        static ShadowReport of(ShadowCounts counts) {
            return new ShadowReport(
                    counts.collection(),
                    counts.of(ShadowResult.EQUAL),
                    counts.of(ShadowResult.DIFFERENT),
                    counts.of(ShadowResult.UNCONFIRMED),
                    counts.of(ShadowResult.REPORTED),
                    counts.of(ShadowResult.UNCHECKED),
                    counts.consecutiveEqual(),
                    counts.lastDifferentAt(),
                    Times.of(counts.mongodb()),
                    Times.of(counts.postgres()),
                    counts.lists());
        }
    }

    /// Those of several collections.
    ///
    /// @param waiting reads that wait to be compared in the process that answers
    public record All(List<ShadowReport> collections, long waiting) {
        public All {
            collections = List.copyOf(collections);
        }
    }

    /// At most one.
    public void onCounted(Listener listener) {
        this.listener = listener;
    }

    public boolean isMapped(String collection) {
        return mapped.contains(collection);
    }

    /// Those of all mapped collections, or of one.
    ///
    /// @param collection a mapped one; null for all
    /// @throws dev.sluice.failure.SluiceException when PostgreSQL can't be asked
    public All all(@Nullable String collection) {
        try (Connection connection = connector.open()) {
            Map<String, ShadowCounts> counts = store.counts(connection);
            return new All(
                    mapped.stream()
                            .filter(name -> collection == null || name.equals(collection))
                            .map(name -> ShadowReport.of(counts.getOrDefault(name, ShadowCounts.none(name))))
                            .toList(),
                    comparisons == null ? 0 : comparisons.waiting());
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// Counts reads, and has the documents compared of those that differ.
    ///
    /// @throws dev.sluice.failure.SluiceException when PostgreSQL can't be asked; then none is counted,
    ///     and the application has to report them again
    public Taken take(List<Read> reads) {
        SortedMap<String, ShadowTally> tallies = new TreeMap<>();
        for (Read read : reads) {
            ShadowTally tally = tallies.computeIfAbsent(read.collection(), c -> new ShadowTally());
            if (read.list() != null) {
                tally.addList(read.list(), read.equal());
            } else {
                tally.add(read.equal() ? ShadowResult.EQUAL : ShadowResult.UNCHECKED, 1);
            }
            if (read.mongodbMillis() != null) {
                tally.mongodb().add(read.mongodbMillis());
            }
            if (read.postgresMillis() != null) {
                tally.postgres().add(read.postgresMillis());
            }
        }
        Set<String> moved = store(tallies);
        int toCompare = 0;
        int unchecked = 0;
        Set<String> reasons = new LinkedHashSet<>();
        for (Read read : reads) {
            listener.took(read.collection(), read.mongodbMillis(), read.postgresMillis());
            if (read.list() == null && !read.equal()) {
                String why = whyUnchecked(read, moved);
                if (why == null) {
                    toCompare++;
                } else {
                    unchecked++;
                    reasons.add(why);
                    listener.counted(read.collection(), ShadowResult.UNCHECKED, 1);
                }
            }
        }
        int equal = 0;
        int reported = 0;
        for (Map.Entry<String, ShadowTally> tally : tallies.entrySet()) {
            equal += count(tally, ShadowResult.EQUAL);
            reported += count(tally, ShadowResult.REPORTED);
        }
        return new Taken(equal, toCompare, reported, unchecked, reasons.isEmpty() ? null : String.join(" ", reasons));
    }

    private int count(Map.Entry<String, ShadowTally> tally, ShadowResult result) {
        long reads = tally.getValue().of(result);
        listener.counted(tally.getKey(), result, reads);
        return (int) reads;
    }

    /// Has the documents of a read compared.
    ///
    /// @param moved the collections whose writes have moved to PostgreSQL
    /// @return why they are not, in a sentence; null when they are
    private @Nullable String whyUnchecked(Read read, Set<String> moved) {
        if (moved.contains(read.collection())) {
            return "Writes have moved to PostgreSQL, and MongoDB no longer says how rows should be.";
        }
        return comparisons == null
                ? "This process has no MongoDB to read from, so it compares no documents."
                : comparisons.offer(read.collection(), read.ids());
    }

    /// @return the collections whose writes have moved to PostgreSQL
    private Set<String> store(SortedMap<String, ShadowTally> tallies) {
        try (Connection connection = connector.open()) {
            store.add(connection, tallies);
            return movedWrites.load(connection);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// Reads that were stored as unchecked.
    private void settled(String collection, Map<ShadowResult, Long> reads) {
        ShadowTally tally = new ShadowTally();
        reads.forEach((result, count) -> tally.add(result, count).add(ShadowResult.UNCHECKED, -count));
        if (reads.keySet().stream().anyMatch(result -> result != ShadowResult.UNCHECKED)) {
            store(new TreeMap<>(Map.of(collection, tally)));
        }
        reads.forEach((result, count) -> listener.counted(collection, result, count));
    }

    @Override
    public void close() {
        if (comparisons != null) {
            comparisons.close();
        }
    }
}
