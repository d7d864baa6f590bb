package dev.sluice.backfill;

import dev.sluice.change.Change;
import dev.sluice.change.Chunk;
import dev.sluice.change.IdBracket;
import dev.sluice.failure.Failures;
import dev.sluice.sink.ChangeMapper;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.Fence;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.WriteSummary;
import dev.sluice.sink.postgres.BackfillStore;
import dev.sluice.sink.postgres.ChunkSink;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.source.mongo.MongoSource.Piece;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.bson.BsonNull;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Copies collections in `_id` order, chunk by chunk, beside the stream or without it. A chunk that is done
/// is not read again; a process that ends in the middle leaves a state the next one goes on from. For one
/// thread.
public final class Backfill {
    private static final Logger LOG = LoggerFactory.getLogger(Backfill.class);

    /// Hears how the copy goes on; called on the backfill's thread.
    public interface Listener {
        /// @param documents how many there are, about
        /// @param alreadyCopied how many an earlier run has copied
        void onEstimate(CollectionTarget target, long documents, long alreadyCopied);

        void onChunk(CollectionTarget target, int documents, WriteSummary summary);

        void onDone(CollectionTarget target);
    }

    /// @param documentsMax most documents in a chunk
    /// @param bytesMax a chunk ends with the document that reaches this many bytes of BSON
    public record Limits(int documentsMax, long bytesMax) {
        public static final Limits DEFAULT = new Limits(5_000, 16L << 20);

        public Limits {
            if (documentsMax < 1 || bytesMax < 1) {
                throw new IllegalArgumentException("a chunk holds at least one document");
            }
        }
    }

    private final MongoSource source;
    private final Connection connection;
    private final ChunkSink sink;
    private final BackfillStore store;
    private final ChangeMapper mapper;
    private final List<Fence> fences;
    private final Supplier<@Nullable BsonTimestamp> streamPosition;
    private final Limits limits;
    private final Listener listener;
    private final BooleanSupplier stopped;

    /// @param connection for bookkeeping; in auto-commit mode
    /// @param fences one for each collection, by its number, shared with the stream's sink
    /// @param streamPosition where the stream is applied to, asked before each chunk is read
    /// @param stopped asked between chunks
    public Backfill(
            MongoSource source,
            Connection connection,
            ChunkSink sink,
            BackfillStore store,
            ChangeMapper mapper,
            List<Fence> fences,
            Supplier<@Nullable BsonTimestamp> streamPosition,
            Limits limits,
            Listener listener,
            BooleanSupplier stopped) {
        this.source = source;
        this.connection = connection;
        this.sink = sink;
        this.store = store;
        this.mapper = mapper;
        this.fences = List.copyOf(fences);
        this.streamPosition = streamPosition;
        this.limits = limits;
        this.listener = listener;
        this.stopped = stopped;
    }

    /// Copies what is not copied yet of a collection.
    ///
    /// @return whether the collection is copied; false when the backfill was stopped before
    /// @throws dev.sluice.failure.SluiceException when it could not go on; what is done stays done
    public boolean copy(CollectionTarget target) {
        String collection = target.collection();
        try {
            if (store.done(connection, collection)) {
                listener.onDone(target);
                return true;
            }
            long estimate = source.estimate(collection);
            store.start(connection, collection, estimate);
            listener.onEstimate(target, estimate, store.copied(connection, collection));
            Optional<Chunk> last = store.lastDone(connection, collection);
            last.ifPresent(chunk -> LOG.info("Backfill of {} goes on behind chunk {}.", collection, chunk.number()));
            int number = last.map(c -> c.number() + 1).orElse(0);
            IdBracket from = last.map(Chunk::bracket).orElse(IdBracket.MIN_KEY);
            for (IdBracket bracket : IdBracket.values()) {
                if (bracket.compareTo(from) < 0) {
                    continue;
                }
                BsonValue after = null;
                if (last.isPresent() && bracket == from) {
                    after = last.get().upper();
                    if (after == null) {
                        continue;
                    }
                }
                for (boolean complete = false; !complete; ) {
                    if (stopped.getAsBoolean()) {
                        return false;
                    }
                    Piece piece = copyPiece(target, bracket, after, number);
                    number += piece.documents().isEmpty() ? 0 : 1;
                    after = piece.lastId();
                    complete = piece.complete();
                }
            }
            store.finish(connection, collection);
            listener.onDone(target);
            return true;
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    private Piece copyPiece(CollectionTarget target, IdBracket bracket, @Nullable BsonValue after, int number)
            throws SQLException {
        try (Fence.Flight flight = fences.get(target.index()).open()) {
            // The flight opens first, then the position is asked for: what the stream applies from here on is noted,
            // and
            // what it applied before is at or before that position, which the read is not behind.
            BsonTimestamp notBefore = streamPosition.get();
            Piece piece = source.read(
                    target.collection(), bracket, after, limits.documentsMax(), limits.bytesMax(), notBefore);
            if (piece.documents().isEmpty()) {
                return piece;
            }
            List<RowChange> rows = new ArrayList<>(piece.documents().size());
            for (RawBsonDocument document : piece.documents()) {
                RowChange row = mapper.map(new Change.Upsert(
                        target.collection(), document.get("_id", BsonNull.VALUE), document, new BsonTimestamp(0), 0));
                if (row != null) {
                    rows.add(row);
                }
            }
            Chunk chunk =
                    new Chunk(target.collection(), number, bracket, after, piece.complete() ? null : piece.lastId());
            WriteSummary summary = sink.apply(chunk, rows, flight);
            listener.onChunk(target, piece.documents().size(), summary);
            return piece;
        }
    }
}
