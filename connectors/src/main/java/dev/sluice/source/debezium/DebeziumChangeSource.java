package dev.sluice.source.debezium;

import dev.sluice.change.Change;
import dev.sluice.change.ChangeBatch;
import dev.sluice.change.Position;
import dev.sluice.change.Watermark;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
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

/// One run of Debezium's embedded engine: started from a position, ended for good when it breaks off or is
/// closed. It never restarts inside (`errors.max.retries=0`), since a restart behind our back would deliver
/// changes again that are waiting to be applied; whoever runs it builds a new one from the committed
/// position.
///
/// Two threads: the engine's makes records, ours decodes and delivers them.
public final class DebeziumChangeSource implements ChangeSource {
    private static final Logger LOG = LoggerFactory.getLogger(DebeziumChangeSource.class);

    /// The engine waits 40 s for its task; a little longer than that, and it is left to itself.
    private static final Duration CLOSE = Duration.ofSeconds(50);

    private static final Duration CLOSE_RETRY = Duration.ofMillis(50);

    /// A batch of this many says that there is more to come: then the next waits a little, since passing on
    /// every change by itself costs more than the change. A stream that brings less is passed on at once.
    private static final int BUSY = 16;

    private final DebeziumEngine<ChangeEvent<SourceRecord, SourceRecord>> engine;
    private final String reference = UUID.randomUUID().toString();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final EngineProperties settings;
    private final HandOver handOver;
    private final Records handler;
    private final Thread engineThread;
    private final Thread deliveryThread;
    private volatile boolean closing;
    private volatile @Nullable Throwable failure;

    /// Takes records, in the order of the source.
    private interface Records {
        void take(List<SourceRecord> records) throws InterruptedException;
    }

    private DebeziumChangeSource(EngineProperties settings, Position from, Polls polls, Records handler) {
        this.settings = settings;
        this.handler = handler;
        this.handOver = new HandOver(4 * settings.batchMax(), settings.queueBytesMax());
        handOver.register(reference);
        polls.register(reference);
        CommittedOffset.register(reference, from);
        Properties properties = settings.toProperties();
        properties.setProperty(CommittedOffset.REFERENCE, reference);
        engine = DebeziumEngine.create(Connect.class)
                .using(properties)
                .using(DebeziumChangeSource.class.getClassLoader())
                .using(this::onEnd)
                // Only where the engine has a queue of its own.
                .notifying((records, committer) -> {
                    for (ChangeEvent<SourceRecord, SourceRecord> event : records) {
                        handOver.put(event.value());
                    }
                })
                .build();
        engineThread = Thread.ofPlatform().name("sluice-engine").daemon(true).unstarted(engine);
        deliveryThread = Thread.ofPlatform().name("sluice-stream").daemon(true).unstarted(this::deliverAll);
    }

    /// Opens the stream behind a position.
    ///
    /// @param from changes behind it are delivered, nothing before
    public static DebeziumChangeSource start(EngineProperties settings, Position from, Handler handler) {
        RecordDecoder decoder = new RecordDecoder(settings.rawDocuments());
        Polls polls = new Polls();
        // The hook that hears of polls is the one that leaves documents as they are.
        Polls heard = settings.rawDocuments() ? polls : null;
        return started(
                new DebeziumChangeSource(settings, from, polls, records -> deliver(records, decoder, heard, handler)));
    }

    /// Opens the stream into nothing: changes are counted and not even decoded. What the engine itself can
    /// do, for measuring.
    public static DebeziumChangeSource startCounting(EngineProperties settings, Position from, IntConsumer counted) {
        return started(new DebeziumChangeSource(
                settings,
                from,
                new Polls(),
                records -> counted.accept((int) records.stream()
                        .filter(r -> !RecordDecoder.isHeartbeat(r))
                        .count())));
    }

    private static DebeziumChangeSource started(DebeziumChangeSource source) {
        source.deliveryThread.start();
        source.engineThread.start();
        return source;
    }

    private void deliverAll() {
        try {
            int before = 0;
            for (List<SourceRecord> records = next(before); !records.isEmpty(); records = next(before)) {
                handler.take(records);
                before = records.size();
            }
        } catch (InterruptedException e) {
            if (!closing) {
                stopAfter(e);
            }
        } catch (RuntimeException | Error e) {
            stopAfter(e);
        }
    }

    private List<SourceRecord> next(int before) throws InterruptedException {
        return handOver.take(settings.batchMax(), before >= BUSY ? settings.linger() : Duration.ZERO);
    }

    private void stopAfter(Throwable thrown) {
        failure = thrown;
        handOver.close();
        stopEngine();
    }

    // The engine's committer is not used: the position goes with the rows, and nothing is ever stored by the engine
    // (promise 1).
    private static void deliver(
            List<SourceRecord> records, RecordDecoder decoder, @Nullable Polls polls, Handler handler)
            throws InterruptedException {
        List<Change> changes = new ArrayList<>(records.size());
        Position upTo = null;
        SourceRecord last = null;
        long idleSince = 0;
        for (int i = records.size() - 1; i >= 0 && upTo == null; i--) {
            upTo = RecordDecoder.position(records.get(i));
        }
        for (SourceRecord record : records) {
            if (RecordDecoder.isHeartbeat(record)) {
                idleSince = idleSince(record, polls);
                continue;
            }
            idleSince = 0;
            Change change = decoder.change(record);
            if (change != null) {
                changes.add(change);
                last = record;
            }
        }
        handler.onBatch(new ChangeBatch(changes, upTo, last == null ? null : through(last, polls), idleSince));
    }

    private static long idleSince(SourceRecord heartbeat, @Nullable Polls polls) {
        if (polls == null) {
            return RecordDecoder.heartbeatMillis(heartbeat);
        }
        Position position = RecordDecoder.position(heartbeat);
        return position == null ? 0 : polls.idleSince(position.resumeToken());
    }

    /// Up to which cluster time everything is delivered with this record. Up to the one before its own is
    /// certain. Its own may be shared by changes that are still to come: those of a transaction, and since
    /// MongoDB 8.0 those of one insert of many documents. Unless MongoDB had nothing more when it gave this
    /// one.
    private static @Nullable BsonTimestamp through(SourceRecord last, @Nullable Polls polls) {
        Position position = RecordDecoder.position(last);
        BsonTimestamp time = position == null ? null : position.clusterTime();
        if (position == null || time == null) {
            return null;
        }
        boolean complete = polls != null && polls.isLast(position.resumeToken());
        return complete ? time : Watermark.before(time);
    }

    @Override
    public int pending() {
        return handOver.changes();
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
        HandOver.forget(reference);
        Polls.forget(reference);
    }

    @Override
    public CompletableFuture<Void> ended() {
        return ended;
    }

    @Override
    public void close() {
        closing = true;
        handOver.close();
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
