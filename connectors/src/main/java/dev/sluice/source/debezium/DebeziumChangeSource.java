package dev.sluice.source.debezium;

import dev.sluice.change.Change;
import dev.sluice.change.ChangeBatch;
import dev.sluice.change.Position;
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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One run of Debezium's embedded engine: started from a position, ended for good when it breaks off or is
/// closed. It never restarts inside (`errors.max.retries=0`), since a restart behind our back would deliver
/// changes again that are waiting to be applied; whoever runs it builds a new one from the committed
/// position.
public final class DebeziumChangeSource implements ChangeSource {
    private static final Logger LOG = LoggerFactory.getLogger(DebeziumChangeSource.class);

    /// The engine waits 40 s for its task; a little longer than that, and it is left to itself.
    private static final Duration CLOSE = Duration.ofSeconds(50);

    private static final Duration CLOSE_RETRY = Duration.ofMillis(50);

    private final DebeziumEngine<ChangeEvent<SourceRecord, SourceRecord>> engine;
    private final String reference = UUID.randomUUID().toString();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Thread thread;
    private volatile boolean closing;

    /// Takes a batch of the engine's records.
    private interface Records {
        void take(List<ChangeEvent<SourceRecord, SourceRecord>> records) throws InterruptedException;
    }

    private DebeziumChangeSource(EngineProperties settings, Position from, Records handler) {
        CommittedOffset.register(reference, from);
        Properties properties = settings.toProperties();
        properties.setProperty(CommittedOffset.REFERENCE, reference);
        engine = DebeziumEngine.create(Connect.class)
                .using(properties)
                .using(DebeziumChangeSource.class.getClassLoader())
                .using(this::onEnd)
                .notifying((records, committer) -> handler.take(records))
                .build();
        thread = Thread.ofPlatform().name("sluice-engine").daemon(true).unstarted(engine);
    }

    /// Opens the stream behind a position.
    ///
    /// @param from changes behind it are delivered, nothing before
    public static DebeziumChangeSource start(EngineProperties settings, Position from, Handler handler) {
        RecordDecoder decoder = new RecordDecoder(settings.rawDocuments());
        return started(new DebeziumChangeSource(settings, from, records -> deliver(records, decoder, handler)));
    }

    /// Opens the stream into nothing: changes are counted and not even decoded. What the engine itself can
    /// do, for measuring.
    public static DebeziumChangeSource startCounting(EngineProperties settings, Position from, IntConsumer counted) {
        return started(new DebeziumChangeSource(settings, from, records -> {
            int changes = 0;
            for (ChangeEvent<SourceRecord, SourceRecord> event : records) {
                changes += RecordDecoder.isHeartbeat(event.value()) ? 0 : 1;
            }
            counted.accept(changes);
        }));
    }

    private static DebeziumChangeSource started(DebeziumChangeSource source) {
        source.thread.start();
        return source;
    }

    // The committer is not used: the position goes with the rows, and nothing is ever stored by the engine (promise 1).
    private static void deliver(
            List<ChangeEvent<SourceRecord, SourceRecord>> records, RecordDecoder decoder, Handler handler)
            throws InterruptedException {
        List<Change> changes = new ArrayList<>(records.size());
        Position upTo = null;
        long idleSince = 0;
        for (ChangeEvent<SourceRecord, SourceRecord> event : records) {
            SourceRecord record = event.value();
            if (record == null) {
                continue;
            }
            Position position = RecordDecoder.position(record);
            if (position != null) {
                upTo = position;
            }
            if (RecordDecoder.isHeartbeat(record)) {
                idleSince = RecordDecoder.heartbeatMillis(record);
                continue;
            }
            idleSince = 0;
            Change change = decoder.change(record);
            if (change != null) {
                changes.add(change);
            }
        }
        try {
            handler.onBatch(new ChangeBatch(changes, upTo, idleSince));
        } catch (org.apache.kafka.connect.errors.RetriableException trap) {
            // The engine would poll the next batch and lose this one.
            throw new IllegalStateException("the handler failed", trap);
        }
    }

    private void onEnd(boolean success, @Nullable String message, @Nullable Throwable error) {
        CommittedOffset.forget(reference);
        if (success || closing) {
            ended.complete(null);
        } else {
            ended.completeExceptionally(
                    error != null
                            ? error
                            : new SluiceException(
                                    FailureKind.ENGINE, message == null ? "The engine gave no reason." : message));
        }
    }

    @Override
    public CompletableFuture<Void> ended() {
        return ended;
    }

    @Override
    public void close() {
        closing = true;
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
            ended.complete(null);
        }
        CommittedOffset.forget(reference);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
