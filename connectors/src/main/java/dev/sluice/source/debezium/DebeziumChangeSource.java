package dev.sluice.source.debezium;

import dev.sluice.change.Change;
import dev.sluice.change.ChangeBatch;
import dev.sluice.change.CollectionChange;
import dev.sluice.change.Position;
import dev.sluice.change.Watermark;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.memory.MemoryBudget;
import dev.sluice.source.ChangeSource;
import io.debezium.embedded.Connect;
import io.debezium.engine.ChangeEvent;
import io.debezium.engine.DebeziumEngine;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntConsumer;
import org.apache.kafka.connect.source.SourceRecord;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One run of Debezium's embedded engine: started from a position, ended for good when it fails or
/// is closed. It never restarts internally (`errors.max.retries=0`), since a restart that we don't
/// see would deliver changes again that are waiting to be applied; the supervisor starts a new one
/// from the committed position.
///
/// Three threads: one reads from MongoDB ([EventFetcher]), the engine's makes records, ours decodes
/// and delivers them.
public final class DebeziumChangeSource implements ChangeSource {
    private static final Logger LOG = LoggerFactory.getLogger(DebeziumChangeSource.class);

    /// The engine waits 40 s for its task; after a little longer than that, we no longer wait for it.
    private static final Duration CLOSE = Duration.ofSeconds(50);

    private static final Duration CLOSE_RETRY = Duration.ofMillis(50);

    private static final Duration FOREVER = Duration.ofDays(1);

    /// After a batch of this many changes, more are expected: the next batch waits a little, since
    /// delivering each change separately costs more than the change. Smaller batches are delivered
    /// at once.
    private static final int BUSY = 16;

    private final DebeziumEngine<ChangeEvent<SourceRecord, SourceRecord>> engine;
    private final String reference = UUID.randomUUID().toString();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final EngineProperties settings;
    private final HandOver<Arrival> arrivals = new HandOver<>();
    private final MemoryBudget memory;
    private final Arrivals handler;
    private final Thread engineThread;
    private final Thread deliveryThread;
    private volatile boolean closing;
    private volatile @Nullable Throwable failure;

    /// Takes what arrives, in the order of the source.
    private interface Arrivals {
        /// @param lease what all of them held
        void take(List<Arrival> arrivals, MemoryBudget.Lease lease) throws InterruptedException;

        default void take(CollectionChange change) {}

        default void reconnected() {}

        default void passedOver(String collection) {}
    }

    /// Hands over what is decoded.
    private record ToHandler(Handler handler) implements Arrivals {
        @Override
        public void take(List<Arrival> arrivals, MemoryBudget.Lease lease) throws InterruptedException {
            handler.onBatch(batch(arrivals), lease);
        }

        @Override
        public void take(CollectionChange change) {
            handler.onCollectionChange(change);
        }

        @Override
        public void reconnected() {
            handler.onReconnected();
        }

        @Override
        public void passedOver(String collection) {
            handler.onIrrelevant(collection);
        }
    }

    /// Counts what comes, decoded or not.
    private record ToCounter(IntConsumer counted) implements Arrivals {
        @Override
        public void take(List<Arrival> arrivals, MemoryBudget.Lease lease) {
            counted.accept((int)
                    arrivals.stream().filter(Arrival.Recorded.class::isInstance).count());
            lease.close();
        }

        @Override
        public void passedOver(String collection) {
            counted.accept(1);
        }
    }

    private DebeziumChangeSource(EngineProperties settings, MemoryBudget memory, Position from, Arrivals handler) {
        this.settings = settings;
        this.memory = memory;
        this.handler = handler;
        new StreamRun(settings, arrivals, memory, handler::reconnected, handler::passedOver).register(reference);
        CommittedOffset.register(reference, from);
        Properties properties = settings.toProperties();
        properties.setProperty(CommittedOffset.REFERENCE, reference);
        engine = DebeziumEngine.create(Connect.class)
                .using(properties)
                .using(DebeziumChangeSource.class.getClassLoader())
                .using(this::onEnd)
                // Only where the engine reads by itself.
                .notifying((records, committer) -> records.forEach(
                        event -> arrivals.put(new Arrival.Recorded(event.value(), false, memory.acquireNothing()))))
                .build();
        engineThread = Thread.ofPlatform().name("sluice-engine").daemon(true).unstarted(engine);
        deliveryThread = Thread.ofPlatform().name("sluice-stream").daemon(true).unstarted(this::deliverAll);
    }

    /// Opens the stream behind a position.
    ///
    /// @param memory for what was read and is not written yet; closed by the caller, after the source
    /// @param from changes behind it are delivered, nothing before
    public static DebeziumChangeSource start(
            EngineProperties settings, MemoryBudget memory, Position from, Handler handler) {
        return started(new DebeziumChangeSource(settings, memory, from, new ToHandler(handler)));
    }

    /// Opens the stream into nothing: changes are counted and not even decoded. What the engine
    /// itself can do, for measuring.
    ///
    /// @param memory as for [#start]
    /// @param counted called by several threads
    public static DebeziumChangeSource startCounting(
            EngineProperties settings, MemoryBudget memory, Position from, IntConsumer counted) {
        return started(new DebeziumChangeSource(settings, memory, from, new ToCounter(counted)));
    }

    private static DebeziumChangeSource started(DebeziumChangeSource source) {
        source.deliveryThread.start();
        source.engineThread.start();
        return source;
    }

    private void deliverAll() {
        try {
            int before = 0;
            for (List<Arrival> arrived = next(before); !arrived.isEmpty(); arrived = next(before)) {
                List<Arrival> changes = new ArrayList<>(arrived.size());
                for (Arrival arrival : arrived) {
                    switch (arrival) {
                        // The changes before it are delivered first.
                        case Arrival.OfCollection changed -> {
                            deliver(changes);
                            changes.clear();
                            handler.take(changed.change());
                        }
                        case Arrival.Broken broken -> {
                            deliver(changes);
                            stopAfter(broken.failure());
                            return;
                        }
                        case Arrival.Recorded recorded -> changes.add(recorded);
                        case Arrival.Reached reached -> changes.add(reached);
                    }
                }
                deliver(changes);
                before = arrived.size();
            }
        } catch (InterruptedException e) {
            if (!closing) {
                stopAfter(e);
            }
        } catch (RuntimeException | Error e) {
            stopAfter(e);
        }
    }

    private void deliver(List<Arrival> changes) throws InterruptedException {
        if (!changes.isEmpty()) {
            handler.take(List.copyOf(changes), leaseOf(changes));
        }
    }

    private List<Arrival> next(int before) throws InterruptedException {
        return arrivals.take(settings.batchMax(), FOREVER, before >= BUSY ? settings.linger() : Duration.ZERO);
    }

    private MemoryBudget.Lease leaseOf(List<Arrival> arrived) {
        MemoryBudget.Lease all = memory.acquireNothing();
        for (Arrival arrival : arrived) {
            if (arrival instanceof Arrival.Recorded recorded) {
                all.takeOver(recorded.lease());
            }
        }
        return all;
    }

    private void stopAfter(Throwable thrown) {
        failure = thrown;
        arrivals.close();
        stopEngine();
    }

    // The engine's committer is not used: the position goes with the rows, and nothing is ever stored by the engine
    // (promise 1).
    private static ChangeBatch batch(List<Arrival> arrivals) {
        List<Change> changes = new ArrayList<>(arrivals.size());
        Position upTo = null;
        BsonTimestamp through = null;
        for (int i = 0; i < arrivals.size(); i++) {
            switch (arrivals.get(i)) {
                case Arrival.Recorded recorded -> {
                    Change change = EventRecord.change(recorded.record());
                    changes.add(change);
                    through = recorded.lastOfItsTime() ? change.clusterTime() : Watermark.before(change.clusterTime());
                    // Only the last one's is wanted, and takes some work.
                    if (i == arrivals.size() - 1) {
                        upTo = EventRecord.position(recorded.record());
                    }
                }
                case Arrival.Reached reached -> {
                    upTo = reached.position();
                    through = reached.through();
                }
                case Arrival.OfCollection changed -> throw new IllegalStateException("not a change of a document");
                case Arrival.Broken broken ->
                    throw new IllegalStateException("nothing comes behind it", broken.failure());
            }
        }
        return new ChangeBatch(changes, upTo, through);
    }

    @Override
    public int pending() {
        return arrivals.size();
    }

    private void onEnd(boolean success, @Nullable String message, @Nullable Throwable error) {
        forget();
        Throwable ours = failure;
        if (ours != null) {
            ended.completeExceptionally(ours);
        } else if (success || closing) {
            ended.complete(null);
        } else {
            ended.completeExceptionally(
                    error != null
                            ? error
                            : new SluiceException(
                                    FailureKind.ENGINE, message == null ? "The engine gave no reason." : message));
        }
    }

    private void forget() {
        CommittedOffset.forget(reference);
        StreamRun.forget(reference);
    }

    @Override
    public CompletableFuture<Void> ended() {
        return ended;
    }

    @Override
    public void close() {
        closing = true;
        arrivals.close();
        deliveryThread.interrupt();
        boolean interrupted = stopEngine();
        for (boolean gone = false; !gone; ) {
            try {
                gone = deliveryThread.join(CLOSE);
                if (!gone) {
                    LOG.warn("A batch of the stream is still being handled after {} s.", CLOSE.toSeconds());
                    gone = true;
                }
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /// Returns when the engine has ended, or after a while without it.
    ///
    /// @return whether the thread was interrupted meanwhile
    private boolean stopEngine() {
        Instant deadline = Instant.now().plus(CLOSE);
        boolean interrupted = false;
        while (!ended.isDone() && Instant.now().isBefore(deadline)) {
            try {
                engine.close();
            } catch (IllegalStateException betweenStates) {
                // Not while it starts its task, and not twice: wait for the next state.
                LOG.debug("The engine can't be closed at this moment: {}", betweenStates.getMessage());
            } catch (IOException e) {
                LOG.warn("The engine did not close cleanly: {}", e.getMessage());
            }
            try {
                ended.get(CLOSE_RETRY.toMillis(), TimeUnit.MILLISECONDS);
            } catch (TimeoutException | ExecutionException waitOn) {
                LOG.trace("Still closing");
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (!ended.isDone()) {
            LOG.warn("The engine did not end within {} s and is left behind.", CLOSE.toSeconds());
            Throwable ours = failure;
            if (ours != null) {
                ended.completeExceptionally(ours);
            } else {
                ended.complete(null);
            }
        }
        forget();
        return interrupted;
    }
}
