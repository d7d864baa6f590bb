package dev.sluice.service.finish;

import dev.sluice.control.DeadLetterStore;
import dev.sluice.control.QuarantineStore;
import dev.sluice.cutover.FinishStore;
import dev.sluice.cutover.FinishStore.Made;
import dev.sluice.cutover.ReplicationSlot;
import dev.sluice.cutover.TargetHandover;
import dev.sluice.failure.Failpoint;
import dev.sluice.failure.SluiceException;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.positions.MovedWrites;
import dev.sluice.positions.PositionStore;
import dev.sluice.service.finish.Finish.Outcome;
import dev.sluice.service.finish.Finish.Wish;
import dev.sluice.service.ops.SnakeCaseJson;
import dev.sluice.service.text.Counted;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.table.TouchedCollections;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.source.mongo.SourceDuties.Duty;
import dev.sluice.verify.VerificationReports;
import dev.sluice.verify.VerificationReports.LastFull;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;

/// One move of the writes of collections, from the first comparison to the commit: see [Finish]. For one thread.
final class Move {
    private static final Duration POLL = Duration.ofMillis(200);

    private final PipelineSpec pipeline;
    private final MongoSource source;
    private final Wish wish;
    private final Connection connection;
    private final FinishStore store;
    private final Consumer<String> said;
    private final BooleanSupplier stopped;
    private final WrittenSince written;
    private final Map<String, LastFull> verified = new HashMap<>();
    private final Map<String, Long> again = new HashMap<>();
    private final Map<String, List<BsonValue>> open = new HashMap<>();
    private boolean slotMade;

    /// Whether the transaction that moves was sent, and how it ended is not known.
    private boolean unsure;

    private boolean moved;

    /// @param pipeline with all collections whose writes have not moved
    /// @param connection in auto-commit mode, without time-outs
    Move(PipelineSpec pipeline, Wish wish, Connection connection, Consumer<String> said, BooleanSupplier stopped) {
        this.pipeline = pipeline;
        this.source = pipeline.source();
        this.wish = wish;
        this.connection = connection;
        this.store = new FinishStore(pipeline.name());
        this.said = said;
        this.stopped = stopped;
        this.written = new WrittenSince(pipeline, stopped);
    }

    Outcome run(List<CollectionTarget> chosen, FinishChecks checks) throws SQLException, InterruptedException {
        boolean last = chosen.size() == pipeline.targets().size();
        WriterStop writers = new WriterStop(pipeline, written, connection, chosen, wish.actor());
        try {
            requireNoLeftBlock();
            dropLeftSlot();
            BsonTimestamp begun = source.newestWrite();
            compareWhileWritten(chosen, begun);
            long since = System.nanoTime();
            if (wish.blockWrites()) {
                writers.block();
                since = System.nanoTime();
                said.accept("MongoDB refuses all writes now, on the whole server.");
            } else {
                said.accept("Watching that nobody writes to MongoDB for "
                        + Counted.of(wish.quiet().toSeconds(), "second") + ".");
                writers.awaitQuiet(wish.quiet(), this::rest);
            }
            BsonTimestamp end = source.newestWrite();
            awaitApplied(chosen, end);
            try (BothSides counts = BothSides.count(pipeline, chosen)) {
                compareAtTheEnd(chosen, begun, end);
                SequencedMap<String, Certificate.Target> readied = ready(chosen);
                makeSlot(chosen);
                counts.await();
                // Last, so that as little time as can be lies between being sure of it and the move.
                writers.requireQuiet();
                refuse(checks.gates());
                List<Certificate> certificates = new ArrayList<>();
                for (CollectionTarget target : chosen) {
                    certificates.add(certificate(target, counts, readied, end, (System.nanoTime() - since) / 1e9));
                }
                move(certificates);
                return new Outcome.Finished(certificates, writers.isBlocked() && last);
            }
        } catch (StopException stop) {
            return new Outcome.Refused(stop.obstacles());
        } finally {
            takeBack(writers, last);
        }
    }

    private void requireNoLeftBlock() throws SQLException, StopException {
        Optional<FinishStore.Noted> left = store.noted(connection, Made.WRITE_BLOCK);
        if (left.isPresent() && !wish.blockWrites()) {
            throw new StopException(
                    String.join(", ", wish.collections()),
                    "MongoDB refuses all writes, on the whole server, since "
                            + left.get().since().toInstant() + ", as an earlier `sluice finish --block-writes` that was"
                            + " killed has left it. Say --block-writes again to go on from there, or"
                            + " `sluice finish --unblock` to end it.");
        }
    }

    private void dropLeftSlot() throws SQLException {
        Optional<FinishStore.Noted> left = store.noted(connection, Made.SLOT);
        if (left.isPresent()) {
            new ReplicationSlot(connection, left.get().name()).drop();
            store.strike(connection, Made.SLOT);
        }
    }

    private void compareWhileWritten(List<CollectionTarget> chosen, BsonTimestamp begun)
            throws SQLException, StopException {
        VerificationReports reports = new VerificationReports(pipeline.name());
        said.accept("Comparing what was written since the last full verification; writers go on.");
        for (CollectionTarget target : chosen) {
            String collection = target.collection();
            LastFull last = reports.lastFull(connection, collection)
                    .orElseThrow(() -> new StopException(
                            collection,
                            "No full verification was completed since the copy. Run `sluice verify " + collection
                                    + "` first."));
            verified.put(collection, last);
            WrittenSince.Found found = written.compare(target, last.from(), begun, List.of());
            requireEqual(target, found);
            again.put(collection, found.documents());
            // Each was written again after the beginning, or the stream stands still: at the end it has to be equal.
            open.put(collection, found.open());
        }
    }

    private void compareAtTheEnd(List<CollectionTarget> chosen, BsonTimestamp begun, BsonTimestamp end)
            throws StopException {
        said.accept("The rows have everything. Comparing what was written meanwhile.");
        for (CollectionTarget target : chosen) {
            String collection = target.collection();
            WrittenSince.Found found = written.compare(target, begun, end, open.getOrDefault(collection, List.of()));
            requireEqual(target, found);
            if (!found.open().isEmpty()) {
                throw new StopException(
                        collection,
                        "Of " + Counted.of(found.open().size(), "document")
                                + " it could not be decided whether the rows are as they should be. Try again.");
            }
            again.merge(collection, found.documents(), Long::sum);
        }
    }

    private void requireEqual(CollectionTarget target, WrittenSince.Found found) throws StopException {
        requireGoing();
        String collection = target.collection();
        if (found.differing() > 0) {
            throw new StopException(
                    collection,
                    Counted.of(found.differing(), "document has rows", "documents have rows")
                            + " that are not as they should be: SELECT * FROM sluice.drift. `sluice verify --repair "
                            + "--collection " + collection + "` resyncs them.");
        }
        if (found.changedItself()) {
            throw new StopException(
                    collection,
                    "It was dropped, renamed or replaced since the last full verification. `sluice verify --collection "
                            + collection + "` compares all of it.");
        }
    }

    private void awaitApplied(List<CollectionTarget> chosen, BsonTimestamp end)
            throws SQLException, StopException, InterruptedException {
        long until = System.nanoTime() + wish.patience().toNanos();
        PositionStore positions = new PositionStore(pipeline.name());
        for (CollectionTarget target : chosen) {
            while (!positions.isApplied(connection, target.collection(), end)) {
                requireGoing();
                if (System.nanoTime() > until) {
                    throw new StopException(
                            target.collection(),
                            "Its rows did not have everything within "
                                    + Counted.of(wish.patience().toSeconds(), "second")
                                    + ". `sluice status` shows the lag; --wait takes longer.");
                }
            }
        }
    }

    /// Checks constraints and sets sequences.
    private SequencedMap<String, Certificate.Target> ready(List<CollectionTarget> chosen)
            throws SQLException, StopException {
        SequencedMap<String, Certificate.Target> readied = new LinkedHashMap<>();
        for (CollectionTarget target : chosen) {
            TargetHandover tables = new TargetHandover(
                    connection, TouchedCollections.tables(target).toList());
            List<String> validated = new ArrayList<>();
            for (TargetHandover.Named constraint : tables.notValidated()) {
                said.accept("Checking the constraint " + constraint + " against every row.");
                try {
                    tables.validate(constraint);
                } catch (SluiceException refused) {
                    throw new StopException(
                            target.collection(),
                            "The constraint " + constraint + " could not be validated: " + refused.getMessage());
                }
                validated.add(constraint.toString());
            }
            List<String> advanced = new ArrayList<>();
            for (TargetHandover.Sequence sequence : tables.sequences()) {
                if (tables.advance(sequence)) {
                    advanced.add(sequence.name());
                }
            }
            readied.put(
                    target.collection(),
                    new Certificate.Target(
                            advanced,
                            validated,
                            tables.disabledTriggers().stream()
                                    .map(TargetHandover.Named::toString)
                                    .toList()));
        }
        return readied;
    }

    private void makeSlot(List<CollectionTarget> chosen) throws SQLException {
        if (wish.slot() != null) {
            store.note(connection, Made.SLOT, wish.slot(), wish.actor());
            slotMade = true;
            new ReplicationSlot(connection, wish.slot()).make(FinishChecks.tables(chosen));
            Failpoint.SLOT_MADE.hit();
        }
    }

    private Certificate certificate(
            CollectionTarget target,
            BothSides counts,
            Map<String, Certificate.Target> readied,
            BsonTimestamp end,
            double seconds)
            throws SQLException, InterruptedException {
        String collection = target.collection();
        LastFull last = Objects.requireNonNull(verified.get(collection));
        List<Duty> duties = source.duties().of(List.of(collection));
        return new Certificate(
                pipeline.name(),
                collection,
                source.database(),
                Instant.now(),
                wish.actor(),
                MongoSource.instant(end),
                wish.blockWrites()
                        ? "MongoDB refused all writes, on the whole server"
                        : "nobody wrote for " + Counted.of(wish.quiet().toSeconds(), "second"),
                seconds,
                counts.documents(target),
                counts.rows(target),
                new Certificate.Compared(last.asOf(), last.documents(), again.getOrDefault(collection, 0L)),
                new Certificate.Accepted(
                        new DeadLetterStore(pipeline.name()).accepted(connection, collection),
                        new QuarantineStore(pipeline.name()).accepted(connection, collection)),
                Objects.requireNonNull(readied.get(collection)),
                new Certificate.Duties(
                        duties.stream()
                                .filter(Duty.Ttl.class::isInstance)
                                .map(Duty.Ttl.class::cast)
                                .map(ttl -> new Certificate.Duties.Ttl(ttl.index(), ttl.field(), ttl.afterSeconds()))
                                .toList(),
                        duties.stream().anyMatch(Duty.Capped.class::isInstance),
                        duties.stream().anyMatch(Duty.Validator.class::isInstance),
                        source.duties().readers().orElse(null)),
                wish.slot());
    }

    private void move(List<Certificate> certificates) throws SQLException, StopException {
        requireGoing();
        SequencedMap<String, String> texts = certificates.stream()
                .collect(Collectors.toMap(
                        Certificate::collection, SnakeCaseJson::write, (a, b) -> a, LinkedHashMap::new));
        unsure = true;
        FinishStore.Outcome outcome = store.move(connection, texts, wish.actor());
        unsure = false;
        refuse(
                switch (outcome) {
                    case FinishStore.Outcome.Moved done -> List.of();
                    case FinishStore.Outcome.NotRead not ->
                        not.collections().stream().map(FinishChecks::notRead).toList();
                    case FinishStore.Outcome.Shut shut ->
                        shut.gates().stream().map(FinishChecks::shut).toList();
                });
        moved = true;
    }

    private static void refuse(List<Obstacle> obstacles) throws StopException {
        if (!obstacles.isEmpty()) {
            throw new StopException(obstacles);
        }
    }

    private void requireGoing() throws StopException {
        if (stopped.getAsBoolean()) {
            throw new StopException(
                    String.join(", ", wish.collections()),
                    "Stopped, or another `sluice finish` took its place. Nothing has moved.");
        }
    }

    private void rest() throws StopException, InterruptedException {
        requireGoing();
        Thread.sleep(POLL);
    }

    /// Takes back what was made for a move that did not come to be.
    private void takeBack(WriterStop writers, boolean last) {
        if (!slotMade && !writers.isBlocked()) {
            return;
        }
        try (Connection fresh = pipeline.connector().open()) {
            if (unsure) {
                moved = new MovedWrites(pipeline.name()).load(fresh).containsAll(wish.collections());
            }
            if (slotMade && !moved && wish.slot() != null) {
                new ReplicationSlot(fresh, wish.slot()).drop();
                store.strike(fresh, Made.SLOT);
            }
            if (moved && last) {
                writers.keep(fresh);
            } else {
                writers.release(fresh);
            }
        } catch (SQLException | SluiceException away) {
            said.accept("What was made for it could not be taken back"
                    + (writers.isBlocked() ? "; MongoDB may still refuse all writes (`sluice finish --unblock`)" : "")
                    + (slotMade ? "; the replication slot " + wish.slot() + " may still be there" : "")
                    + ". The next `sluice finish` takes it up.");
        }
    }
}
