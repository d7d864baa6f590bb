package dev.sluice.service.live;

import dev.sluice.service.ops.LatestReading;
import dev.sluice.service.ops.LatestReading.Pace;
import dev.sluice.service.ops.LatestReading.Reading;
import dev.sluice.service.ops.LatestReading.Source;
import dev.sluice.service.ops.SnakeCaseJson;
import dev.sluice.service.pipeline.PipelineState;
import dev.sluice.service.pipeline.PipelineStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What happens in a pipeline, second by second, for all who look: an event is made and written as
/// JSON once, whatever their number. Keeps an hour of numbers, the last events, by which one who
/// was away catches up, and the last entries of the log; all of it bounded and lost with the
/// process. Every method may be called by any thread.
public final class LiveFeed implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LiveFeed.class);

    /// Two minutes of ticks, and more of the others than come in that time.
    private static final int EVENTS_KEPT = 300;

    private static final int LOG_KEPT = 500;

    /// How many may be told at the same time.
    public static final int VIEWERS_MAX = 500;

    private static final int SPARK_SECONDS = 300;
    private static final long SECOND_MILLIS = 1000;
    private static final Pace PACE = new Pace(Duration.ofSeconds(1), 20, Duration.ofSeconds(4));

    private final String pipeline;
    private final String boot = UUID.randomUUID().toString().substring(0, 8);
    private final TickClock clock;
    private final History history;
    private final LatestReading<Stored> stored;
    private final Thread ticking;
    private final Set<Consumer<Event>> viewers = new CopyOnWriteArraySet<>();

    /// Guards what follows, so that events have the order of their numbers.
    private final Object lock = new Object();

    private final Deque<Event> events = new ArrayDeque<>();
    private final Deque<LogEntry> log = new ArrayDeque<>();
    private long number;
    private @Nullable Tick tick;
    private @Nullable PipelineState state;
    private Map<String, CollectionView> collections = Map.of();
    private List<String> notes = List.of();
    private @Nullable Stored before;

    /// What viewers are told.
    ///
    /// @param id rises within one process; another process has others
    /// @param type `tick`, `collections`, `notes`, `log`, or `reset` for one who has missed more
    ///     than is kept
    /// @param data as JSON
    public record Event(String id, String type, String data) {}

    /// All that a viewer has to know to begin with.
    ///
    /// @param id of the last event that is in it
    /// @param names of the collections, in the mapping's order, which that of the ticks is, too
    /// @param tick null in the first second
    /// @param log the newest first
    /// @param lags of each collection for the last five minutes, a second a number, the oldest first
    public record Snapshot(
            String pipeline,
            String id,
            List<String> names,
            @Nullable Tick tick,
            List<CollectionView> collections,
            List<String> notes,
            List<LogEntry> log,
            History.Numbers history,
            Map<String, List<@Nullable Float>> lags) {}

    private LiveFeed(PipelineStatus status, StoredReader reader) {
        this.pipeline = status.pipeline();
        this.clock = new TickClock(status);
        this.history = new History(status.collections().keySet());
        this.stored = LatestReading.of("sluice-page-stored", PACE, new Source<>() {
            @Override
            public Stored read() {
                return reader.read();
            }

            @Override
            public void hasRead(Stored now) {
                take(now);
            }

            @Override
            public void reset() {
                reader.close();
            }
        });
        this.ticking =
                Thread.ofPlatform().name("sluice-page-ticks").daemon(true).unstarted(this::tickEachSecond);
    }

    /// @param reader asked by a thread of this class
    public static LiveFeed start(PipelineStatus status, StoredReader reader) {
        LiveFeed feed = new LiveFeed(status, reader);
        feed.stored.start();
        feed.ticking.start();
        return feed;
    }

    /// Tells a viewer what happens from now on.
    ///
    /// @param lastId of the last event that it has seen; null for none. It is told those that came
    ///     since, or `reset` where they are not kept any more
    /// @param viewer called by threads of this class, in order; it must not wait. Called at once
    ///     with what it has missed
    /// @return ends it; empty where [#VIEWERS_MAX] are told already
    public Optional<Runnable> watch(@Nullable String lastId, Consumer<Event> viewer) {
        synchronized (lock) {
            if (isFull()) {
                return Optional.empty();
            }
            missed(lastId).forEach(viewer);
            viewers.add(viewer);
        }
        return Optional.of(() -> viewers.remove(viewer));
    }

    /// Whether as many are told as may be.
    public boolean isFull() {
        return viewers.size() >= VIEWERS_MAX;
    }

    private List<Event> missed(@Nullable String lastId) {
        List<Event> since = new ArrayList<>();
        if (lastId != null) {
            if (lastId.equals(id())) {
                return since;
            }
            boolean found = false;
            for (Event event : events) {
                if (found) {
                    since.add(event);
                }
                found |= event.id().equals(lastId);
            }
            if (found) {
                return since;
            }
        }
        return List.of(new Event(id(), "reset", "{}"));
    }

    public Snapshot snapshot() {
        synchronized (lock) {
            return new Snapshot(
                    pipeline,
                    id(),
                    history.names(),
                    tick,
                    List.copyOf(collections.values()),
                    notes,
                    List.copyOf(log),
                    history.pipeline(History.SECONDS),
                    history.lags(SPARK_SECONDS));
        }
    }

    /// The last hour of one collection.
    ///
    /// @param collection one of the pipeline
    public History.Numbers history(String collection) {
        return history.of(collection, History.SECONDS);
    }

    private String id() {
        return boot + "-" + number;
    }

    private void tickEachSecond() {
        long next = System.currentTimeMillis();
        try {
            while (!Thread.currentThread().isInterrupted()) {
                next += SECOND_MILLIS;
                Thread.sleep(Math.max(0, next - System.currentTimeMillis()));
                try {
                    Reading<Stored> last = stored.last();
                    PipelineState current = clock.state();
                    take(clock.next(current, last != null && last.stale()), current);
                } catch (RuntimeException unexpected) {
                    // The page goes on with the next second; what it shows is said to be old meanwhile.
                    LOG.warn("The page's numbers of this second could not be gathered.", unexpected);
                }
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    private void take(Tick now, PipelineState current) {
        synchronized (lock) {
            List<LogEntry> said = WhatChanged.between(state, current, now);
            tick = now;
            state = current;
            history.add(now);
            tell("tick", now);
            say(said);
        }
    }

    private void take(Stored now) {
        synchronized (lock) {
            List<CollectionView> changed = now.changedSince(collections);
            Stored last = before;
            before = now;
            collections = now.collections();
            if (!changed.isEmpty()) {
                tell("collections", changed);
            }
            if (!notes.equals(now.notes())) {
                notes = now.notes();
                tell("notes", notes);
            }
            say(
                    last == null
                            ? now.audit().reversed().stream()
                                    .map(WhatChanged::of)
                                    .toList()
                            : WhatChanged.between(last, now, Instant.now()));
        }
    }

    private void say(List<LogEntry> entries) {
        for (LogEntry entry : entries) {
            log.addFirst(entry);
            if (log.size() > LOG_KEPT) {
                log.removeLast();
            }
            tell("log", entry);
        }
    }

    private void tell(String type, Object data) {
        number++;
        Event event = new Event(id(), type, SnakeCaseJson.write(data));
        events.addLast(event);
        if (events.size() > EVENTS_KEPT) {
            events.removeFirst();
        }
        viewers.forEach(viewer -> viewer.accept(event));
    }

    @Override
    public void close() {
        ticking.interrupt();
        stored.close();
    }
}
