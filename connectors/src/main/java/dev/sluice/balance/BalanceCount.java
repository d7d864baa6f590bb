package dev.sluice.balance;

import dev.sluice.balance.CountedDocuments.Tally;
import dev.sluice.bson.ExactBson;
import dev.sluice.change.IdText;
import dev.sluice.control.BackfillStore;
import dev.sluice.failure.Failures;
import dev.sluice.mapping.KeyResult;
import dev.sluice.mapping.row.MappingResult;
import dev.sluice.memory.MemoryBudget;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.schema.CollectionMapping;
import dev.sluice.schema.ColumnMapping.Misfit;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.table.RowIdentity;
import dev.sluice.source.mongo.MongoSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// Counts both sides of a collection, and the terms of their difference, from the data and not by bookkeeping.
///
/// The `_id`s of all documents are read, which takes an index and no document, and their rows' keys put into a
/// temporary table. Then one snapshot of PostgreSQL tells of each document whether it has a row and, if not,
/// why, and of each row whether it has a document. Documents that have no row and no reason there are read: a
/// rule of the mapping may skip them. For one thread at a time.
public final class BalanceCount {
    private static final int IDS_AT_ONCE = 20_000;
    private static final int DOCUMENTS_AT_ONCE = 500;
    private static final int OPEN_MAX = 10_000;
    private static final long BYTES_MAX = MemoryBudget.piece();

    private final MongoSource source;
    private final PipelineSpec pipeline;
    private final BalanceStore store;

    public BalanceCount(PipelineSpec pipeline) {
        this.source = pipeline.source();
        this.pipeline = pipeline;
        this.store = new BalanceStore(pipeline.name());
    }

    /// Counts one collection after the other, of those that are copied, and keeps the counts.
    ///
    /// @param stopped asked between steps
    /// @return by collection, in the order given; without those that are not copied yet, and without the rest
    ///     when it was stopped
    /// @throws dev.sluice.failure.SluiceException when a side could not be asked
    public SequencedMap<String, Balance> ofCopied(List<CollectionTarget> chosen, BooleanSupplier stopped) {
        SequencedMap<String, Balance> balances = new LinkedHashMap<>();
        try (Connection connection = pipeline.connector().openForLongWork()) {
            for (CollectionTarget target : chosen) {
                ifCopied(connection, target, stopped).ifPresent(balance -> balances.put(target.collection(), balance));
            }
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
        return balances;
    }

    /// Counts a collection, if it is copied, and keeps the count.
    ///
    /// @param connection without time-outs, in auto-commit mode; a session that counts again makes no new temporary
    ///     tables
    /// @param stopped asked between steps
    /// @return empty when it is not copied, or it was stopped
    public Optional<Balance> ifCopied(Connection connection, CollectionTarget target, BooleanSupplier stopped)
            throws SQLException {
        if (stopped.getAsBoolean() || !new BackfillStore(pipeline.name()).done(connection, target.collection())) {
            return Optional.empty();
        }
        Optional<Balance> counted = count(connection, target, stopped);
        if (counted.isPresent()) {
            store.put(connection, target.collection(), counted.get());
        }
        return counted;
    }

    /// Counts, and keeps nothing.
    ///
    /// @param connection without time-outs, in auto-commit mode; a session that counts again makes no new temporary
    ///     tables
    /// @param stopped asked between steps
    /// @return empty when it was stopped
    /// @throws dev.sluice.failure.SluiceException when MongoDB could not be asked
    public Optional<Balance> count(Connection connection, CollectionTarget target, BooleanSupplier stopped)
            throws SQLException {
        return open(connection, target, () -> {}, stopped).map(Open::balance);
    }

    /// Does something between the two sides.
    @FunctionalInterface
    public interface Between {
        void documentsAreRead() throws SQLException;
    }

    /// A count with the keys of what is in flight or drift, some ten thousand at most.
    ///
    /// @param rowless keys of the rows that are missing, with their documents' `_id`s as canonical Extended JSON
    /// @param documentless keys of rows that are to be deleted
    public record Open(Balance balance, Map<Object, String> rowless, Set<Object> documentless) {
        public Open {
            rowless = Map.copyOf(rowless);
            documentless = Set.copyOf(documentless);
        }
    }

    /// As [#count].
    ///
    /// @param between called when all documents are read and before rows are looked at
    public Optional<Open> open(Connection connection, CollectionTarget target, Between between, BooleanSupplier stopped)
            throws SQLException {
        CountedDocuments counted = CountedDocuments.begin(connection, pipeline.name(), pipeline.targets(), target);
        BsonTimestamp notBefore = source.newestOperation();
        if (!addAll(target, counted, notBefore, stopped)) {
            return Optional.empty();
        }
        between.documentsAreRead();
        Tally tally = counted.tally();
        Map<Object, String> rowless = new HashMap<>();
        long skipped = maySkip(target) ? skipped(target, counted, notBefore, stopped) : withoutKey(target, counted);
        if (stopped.getAsBoolean()) {
            return Optional.empty();
        }
        Balance balance = new Balance(
                tally.documents(),
                tally.rows(),
                tally.kept(),
                tally.withoutDocument(),
                tally.notOurs(),
                tally.deadLetters(),
                tally.waiting(),
                skipped,
                tally.deduplicated(),
                tally.unexplained() - skipped,
                tally.at());
        if (balance.withoutRow() > 0) {
            for (CountedDocuments.Unexplained document : counted.unexplained(0, OPEN_MAX)) {
                if (target.mapper().key(IdText.parse(document.documentKey())) instanceof KeyResult.Key(Object key)) {
                    rowless.put(key, document.documentKey());
                }
            }
        }
        return Optional.of(new Open(
                balance, rowless, balance.withoutDocument() > 0 ? counted.rowsToBeDeleted(OPEN_MAX) : Set.of()));
    }

    /// What ends reading before its end.
    private static final class BrokenOff extends RuntimeException {
        private static final long serialVersionUID = 1;

        private final @Nullable SQLException why;

        /// @param why null when it was stopped
        BrokenOff(@Nullable SQLException why) {
            super(why);
            this.why = why;
        }
    }

    /// Reads the `_id`s of all documents: by one command, since most collections are small and there are many.
    ///
    /// @return false when stopped
    private boolean addAll(
            CollectionTarget target,
            CountedDocuments counted,
            @Nullable BsonTimestamp notBefore,
            BooleanSupplier stopped)
            throws SQLException {
        List<BsonValue> ids = new ArrayList<>();
        try {
            source.forEachId(target.collection(), notBefore, id -> {
                ids.add(id);
                if (ids.size() >= IDS_AT_ONCE) {
                    hand(ids, counted);
                    if (stopped.getAsBoolean()) {
                        throw new BrokenOff(null);
                    }
                }
            });
            hand(ids, counted);
            return !stopped.getAsBoolean();
        } catch (BrokenOff broken) {
            if (broken.why != null) {
                throw broken.why;
            }
            return false;
        }
    }

    private static void hand(List<BsonValue> ids, CountedDocuments counted) {
        try {
            counted.add(ids);
        } catch (SQLException e) {
            throw new BrokenOff(e);
        }
        ids.clear();
    }

    /// How many of the documents without a row and a reason have an `_id` that is no key, and a dead letter that was
    /// discarded. The others are not applied yet.
    private static long withoutKey(CollectionTarget target, CountedDocuments counted) throws SQLException {
        long found = 0;
        long after = 0;
        for (List<CountedDocuments.Unexplained> some = counted.unexplained(after, OPEN_MAX);
                !some.isEmpty();
                some = counted.unexplained(after, OPEN_MAX)) {
            after = some.getLast().number();
            List<String> rejected = some.stream()
                    .map(CountedDocuments.Unexplained::documentKey)
                    .filter(key -> target.mapper().key(IdText.parse(key)) instanceof KeyResult.NoKey)
                    .toList();
            found += rejected.isEmpty() ? 0 : counted.discarded(rejected).size();
        }
        return found;
    }

    /// How many of the documents without a row and a reason a rule of the mapping skips.
    private long skipped(
            CollectionTarget target,
            CountedDocuments counted,
            @Nullable BsonTimestamp notBefore,
            BooleanSupplier stopped)
            throws SQLException {
        long skipped = 0;
        long after = 0;
        for (List<CountedDocuments.Unexplained> some = counted.unexplained(after, DOCUMENTS_AT_ONCE);
                !some.isEmpty() && !stopped.getAsBoolean();
                some = counted.unexplained(after, DOCUMENTS_AT_ONCE)) {
            after = some.getLast().number();
            Set<String> left = new LinkedHashSet<>();
            some.forEach(u -> left.add(u.documentKey()));
            boolean complete = false;
            while (!left.isEmpty() && !complete) {
                List<BsonValue> ids = left.stream().map(IdText::parse).toList();
                int before = left.size();
                try (MemoryBudget.Lease lease = MemoryBudget.ofProcess().acquireForReadingUninterruptibly()) {
                    MongoSource.Piece piece = source.read(target.collection(), ids, BYTES_MAX, notBefore);
                    lease.set(piece.bytes());
                    List<String> rejected = new ArrayList<>();
                    for (RawBsonDocument document : piece.documents()) {
                        String key = RowIdentity.documentKey(ExactBson.id(document));
                        left.remove(key);
                        switch (target.mapper().mapWithoutRows(document)) {
                            case MappingResult.Mapped mapped -> {}
                            case MappingResult.Skipped byRule -> skipped++;
                            case MappingResult.Rejected unfit -> rejected.add(key);
                        }
                    }
                    skipped +=
                            rejected.isEmpty() ? 0 : counted.discarded(rejected).size();
                    complete = piece.complete() || left.size() == before;
                }
            }
        }
        return skipped;
    }

    private static boolean maySkip(CollectionTarget target) {
        CollectionMapping mapping = target.mapping();
        return !mapping.skips().isEmpty()
                || Stream.concat(
                                mapping.columns().stream(),
                                mapping.children().stream().flatMap(child -> child.columns().stream()))
                        .anyMatch(column -> column.misfit() == Misfit.REJECT);
    }
}
