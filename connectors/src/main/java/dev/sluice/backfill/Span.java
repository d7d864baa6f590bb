package dev.sluice.backfill;

import dev.sluice.bson.ExactBson;
import dev.sluice.change.Chunk;
import dev.sluice.change.IdBracket;
import dev.sluice.failure.SluiceException;
import dev.sluice.sink.Fence;
import dev.sluice.source.mongo.DocumentReader;
import dev.sluice.source.mongo.DocumentSource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What one cursor reads: a chunk that is not done, or all of a collection when nothing of it is. It is
/// read in parts, each a chunk of its own, by one worker at a time; several may be writing parts of it.
///
/// Its flight opens before its cursor and lands with its last part. A cursor may deliver a document long
/// after it has read it, so everything the stream touches since the cursor was opened counts for every
/// part.
final class Span {
    private static final Logger LOG = LoggerFactory.getLogger(Span.class);

    /// A flight remembers every key that the stream touches; with so many, a new cursor costs less.
    private static final int TOUCHED_MAX = 100_000;

    /// Documents that MongoDB sends at a time: enough that asking costs nothing.
    private static final int BATCH_MAX = 10_000;

    /// Those that are not read to their ends, each in a bracket of its own. In a span of a whole collection
    /// all brackets stay here until its end, which alone proves that there is nothing more in them.
    private final Map<IdBracket, Chunk> chunks = new EnumMap<>(IdBracket.class);

    private final boolean whole;
    private @Nullable Opened opened;
    private boolean otherSeen;
    private boolean progress;

    /// The cursor and the flight, from the first read on.
    private static final class Opened {
        private final DocumentReader reader;
        private final Fence.Flight flight;
        private boolean ended;
        private int parts;

        Opened(DocumentReader reader, Fence.Flight flight) {
            this.reader = reader;
            this.flight = flight;
        }

        synchronized void partBegins() {
            parts++;
        }

        synchronized void partEnds() {
            parts--;
            landWhenDone();
        }

        synchronized void end() {
            ended = true;
            reader.close();
            landWhenDone();
        }

        private void landWhenDone() {
            if (ended && parts == 0) {
                flight.close();
            }
        }
    }

    private Span(List<Chunk> chunks, boolean whole) {
        this.whole = whole;
        chunks.forEach(chunk -> this.chunks.put(chunk.bracket(), chunk));
    }

    static Span of(Chunk chunk) {
        return new Span(List.of(chunk), false);
    }

    /// @param chunks one for each bracket there is, none cut
    static Span ofAll(List<Chunk> chunks) {
        return new Span(chunks, true);
    }

    /// What is read of a span at a time.
    sealed interface Read {
        /// @param chunk ends with the last of the documents
        /// @param bytes of the documents
        /// @param rest what is left of the chunk that it was cut from; null when nothing is
        /// @param flight since before the documents were read
        /// @param landed to be run when the part is written or discarded
        record Part(
                Chunk chunk,
                List<RawBsonDocument> documents,
                long bytes,
                @Nullable Chunk rest,
                Fence.Flight flight,
                Runnable landed)
                implements Read {}

        /// The cursor will read no more.
        ///
        /// @param empty chunks in which there is nothing, or nothing any more
        /// @param left chunks that others have to read
        record End(List<Chunk> empty, List<Chunk> left) implements Read {}
    }

    /// What spans are read with.
    ///
    /// @param position where the stream is applied to
    /// @param numbers gives numbers to new chunks
    record Reading(
            DocumentSource source,
            Fence fence,
            Supplier<@Nullable BsonTimestamp> position,
            Supplier<Integer> numbers) {}

    /// How much is read at a time.
    ///
    /// @param batch most documents that MongoDB is to send at a time
    /// @param documentsMax of a part
    /// @param bytesMax a part ends with the document that reaches it
    record Size(int batch, int documentsMax, long bytesMax) {}

    /// Reads the next part, or returns the end. For one thread at a time.
    ///
    /// @throws SluiceException when MongoDB does not answer, and did not do so before
    Read next(Reading reading, Size size) {
        Opened open = opened == null ? open(reading, Math.min(size.batch(), BATCH_MAX)) : opened;
        if (open.flight.touchedCount() > TOUCHED_MAX) {
            return giveUp();
        }
        try {
            return read(open, size, reading.numbers());
        } catch (SluiceException e) {
            if (!progress) {
                throw e;
            }
            // A cursor does not survive an election, and MongoDB may drop it; a new one resumes where it was.
            LOG.debug("A cursor was lost: {}", e.getMessage());
            return giveUp();
        }
    }

    private Opened open(Reading reading, int batch) {
        Chunk first = chunks.values().iterator().next();
        // The flight opens first, then the position is asked for: what the stream applies from here on is noted, and
        // what it applied before is at or before that position, which the cursor does not read behind.
        Fence.Flight flight = reading.fence().open();
        try {
            BsonTimestamp notBefore = reading.position().get();
            DocumentReader reader = whole
                    ? reading.source().readAll(first.collection(), batch, notBefore)
                    : reading.source().readRange(first.collection(), first.range(), batch, notBefore);
            Opened fresh = new Opened(reader, flight);
            opened = fresh;
            return fresh;
        } catch (RuntimeException e) {
            flight.close();
            throw e;
        }
    }

    private Read read(Opened open, Size size, Supplier<Integer> numbers) {
        DocumentReader reader = open.reader;
        List<RawBsonDocument> documents = new ArrayList<>();
        IdBracket bracket = IdBracket.OTHER;
        long bytes = 0;
        boolean full = false;
        // Nothing more is asked for once the part is full: the cursor may wait for MongoDB, or be lost.
        for (RawBsonDocument document = reader.peek(); document != null; document = full ? null : reader.peek()) {
            IdBracket its = whole ? reader.bracket(document) : onlyBracket();
            if (whole && its == IdBracket.OTHER) {
                // In several places of the order, so no chunk of it can be cut here.
                otherSeen = true;
                reader.take();
                continue;
            }
            if (documents.isEmpty()) {
                bracket = its;
            } else if (its != bracket) {
                break;
            }
            reader.take();
            documents.add(document);
            bytes += document.getByteBuffer().remaining();
            full = !bracket.single() && (documents.size() >= size.documentsMax() || bytes >= size.bytesMax());
        }
        if (documents.isEmpty()) {
            return end(open);
        }
        progress = true;
        return part(open, bracket, documents, bytes, numbers);
    }

    private IdBracket onlyBracket() {
        return chunks.keySet().iterator().next();
    }

    private Read part(
            Opened open, IdBracket bracket, List<RawBsonDocument> documents, long bytes, Supplier<Integer> numbers) {
        Chunk chunk = Objects.requireNonNull(chunks.get(bracket), "a bracket of one document has come twice");
        open.partBegins();
        if (bracket.single()) {
            chunks.remove(bracket);
            return new Read.Part(chunk, List.copyOf(documents), bytes, null, open.flight, open::partEnds);
        }
        BsonValue last = ExactBson.id(documents.getLast());
        Chunk rest = new Chunk(chunk.collection(), numbers.get(), bracket, last, chunk.upper());
        chunks.put(bracket, rest);
        Chunk part = new Chunk(chunk.collection(), chunk.number(), bracket, chunk.lower(), last);
        return new Read.Part(part, List.copyOf(documents), bytes, rest, open.flight, open::partEnds);
    }

    private Read end(Opened open) {
        open.end();
        List<Chunk> left = new ArrayList<>();
        if (whole && otherSeen) {
            left.add(Objects.requireNonNull(chunks.remove(IdBracket.OTHER)));
        }
        return new Read.End(List.copyOf(chunks.values()), left);
    }

    /// Stops the span before its end, so that others can read the rest. Called by the thread that would
    /// read next.
    Read.End giveUp() {
        if (opened != null) {
            opened.end();
        }
        return new Read.End(List.of(), List.copyOf(chunks.values()));
    }

    /// Closes the cursor, no matter how much was read.
    void abandon() {
        if (opened != null) {
            opened.end();
        }
    }
}
