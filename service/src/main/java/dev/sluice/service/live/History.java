package dev.sluice.service.live;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// The last hour, a second a number. It is lost with the process. Bounded: 72 KB for the pipeline,
/// and for each collection 29 KB, of at most [#COLLECTIONS_OF_AN_HOUR]; where there are more, fewer
/// seconds of each are kept. Any thread.
public final class History {
    static final int SECONDS = 3600;

    /// Of so many collections a whole hour is kept.
    static final int COLLECTIONS_OF_AN_HOUR = 200;

    private final Series lag = new Series(SECONDS);
    private final Series p50 = new Series(SECONDS);
    private final Series p99 = new Series(SECONDS);
    private final Series changes = new Series(SECONDS);
    private final Series rows = new Series(SECONDS);
    private final SequencedMap<String, OfCollection> collections = new LinkedHashMap<>();
    private @Nullable Instant last;

    private record OfCollection(Series lag, Series changes) {}

    /// Numbers of the seconds up to and with `through`, the oldest first, null for unknown.
    ///
    /// @param through the time of the last number; null when there is none
    /// @param latencyP50Seconds null for a collection, as is p99 and the rows
    public record Numbers(
            @Nullable Instant through,
            List<@Nullable Float> lagSeconds,
            @Nullable List<@Nullable Float> latencyP50Seconds,
            @Nullable List<@Nullable Float> latencyP99Seconds,
            List<@Nullable Float> changesPerSecond,
            @Nullable List<@Nullable Float> rowsPerSecond) {}

    History(Iterable<String> names) {
        List<String> all = new ArrayList<>();
        names.forEach(all::add);
        int seconds = all.size() <= COLLECTIONS_OF_AN_HOUR
                ? SECONDS
                : Math.max(60, (int) ((long) SECONDS * COLLECTIONS_OF_AN_HOUR / all.size()));
        all.forEach(name -> collections.put(name, new OfCollection(new Series(seconds), new Series(seconds))));
    }

    /// Of the collections, in the order of the ticks.
    List<String> names() {
        return List.copyOf(collections.sequencedKeySet());
    }

    synchronized void add(Tick tick) {
        last = tick.at();
        lag.add(tick.lagSeconds());
        p50.add(tick.latencyP50Seconds());
        p99.add(tick.latencyP99Seconds());
        changes.add(tick.changesPerSecond());
        rows.add(tick.rowsPerSecond());
        int i = 0;
        for (OfCollection collection : collections.values()) {
            Tick.OfCollection now = tick.collections().get(i++);
            collection.lag().add(now.lagSeconds());
            collection.changes().add(now.changesPerSecond());
        }
    }

    synchronized Numbers pipeline(int seconds) {
        return new Numbers(
                last,
                lag.newest(seconds),
                p50.newest(seconds),
                p99.newest(seconds),
                changes.newest(seconds),
                rows.newest(seconds));
    }

    /// @param name a collection of the pipeline
    synchronized Numbers of(String name, int seconds) {
        OfCollection collection = collections.get(name);
        if (collection == null) {
            throw new IllegalArgumentException("there is no collection " + name);
        }
        return new Numbers(
                last,
                collection.lag().newest(seconds),
                null,
                null,
                collection.changes().newest(seconds),
                null);
    }

    /// The lag of each collection.
    synchronized Map<String, List<@Nullable Float>> lags(int seconds) {
        Map<String, List<@Nullable Float>> lags = new LinkedHashMap<>();
        collections.forEach(
                (name, collection) -> lags.put(name, collection.lag().newest(seconds)));
        return lags;
    }
}
