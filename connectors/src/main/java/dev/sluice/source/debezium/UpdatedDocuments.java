package dev.sluice.source.debezium;

import dev.sluice.bson.ExactBson;
import dev.sluice.source.mongo.LookUps;
import dev.sluice.source.mongo.StreamEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bson.BsonBinary;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// Gives updates their documents: those of many events are read with one command, each of them once
/// however often it was updated, and not from before the last of these events. So an event has its
/// document as it was after the event, or later; what made it later has an event behind this one.
/// Without a document is an event whose document is gone: the event that says so follows, too. For
/// one thread.
final class UpdatedDocuments {
    private static final int IDS_MAX = 1_000;

    /// How many bytes of documents are wanted at a time, about: they are held besides what their
    /// events hold.
    private static final long BYTES = 4 << 20;

    /// What a document takes of a collection of which none was read yet, for the first question not
    /// to be too large.
    private static final long UNKNOWN_BYTES = 64 << 10;

    private final Reader reader;
    private final Map<String, Long> bytes = new HashMap<>();

    /// Asks MongoDB.
    @FunctionalInterface
    interface Reader {
        /// As [LookUps#read].
        LookUps.Found read(String collection, @Nullable BsonBinary uuid, List<BsonValue> ids, BsonTimestamp notBefore);
    }

    /// Takes what MongoDB gave, in its order.
    @FunctionalInterface
    interface Next {
        /// @param document of an event whose document is looked up; null where there is none, and
        ///     otherwise
        void take(Fetched fetched, @Nullable RawBsonDocument document) throws InterruptedException;
    }

    UpdatedDocuments(Reader reader) {
        this.reader = reader;
    }

    /// A collection with its identifier, where that is known.
    private record Source(String collection, @Nullable BsonBinary uuid) {}

    /// What is asked for at a time: of events from one up to and without another.
    ///
    /// @param newest the time of the last of them
    private record Portion(int from, int to, Map<Source, Map<Object, BsonValue>> wanted, BsonTimestamp newest) {}

    /// Hands events on in their order, with the documents that are looked up.
    void complete(List<Fetched> fetched, Next next) throws InterruptedException {
        int from = 0;
        while (from < fetched.size()) {
            Portion portion = portion(fetched, from);
            from = handOn(fetched, portion, find(portion), next);
        }
    }

    private Portion portion(List<Fetched> fetched, int from) {
        Map<Source, Map<Object, BsonValue>> wanted = new LinkedHashMap<>();
        BsonTimestamp newest = new BsonTimestamp(0);
        long expected = 0;
        int ids = 0;
        int to = from;
        while (to < fetched.size() && ids < IDS_MAX && expected < BYTES) {
            if (fetched.get(to) instanceof Fetched.Event event && event.lookUp()) {
                StreamEvent change = event.change();
                BsonValue id = id(change);
                Object known = wanted.computeIfAbsent(source(change), s -> new LinkedHashMap<>())
                        .put(LookUps.identity(id), id);
                if (known == null) {
                    ids++;
                    expected += bytes.getOrDefault(change.collection(), UNKNOWN_BYTES);
                }
                newest = change.clusterTime();
            }
            to++;
        }
        return new Portion(from, to, wanted, newest);
    }

    private Map<Source, LookUps.Found> find(Portion portion) {
        Map<Source, LookUps.Found> found = new HashMap<>();
        portion.wanted()
                .forEach((source, ids) ->
                        found.put(source, read(source, new ArrayList<>(ids.values()), portion.newest())));
        return found;
    }

    /// @return up to where it came: not beyond an event whose document had no room
    private int handOn(List<Fetched> fetched, Portion portion, Map<Source, LookUps.Found> found, Next next)
            throws InterruptedException {
        for (int i = portion.from(); i < portion.to(); i++) {
            RawBsonDocument document = null;
            if (fetched.get(i) instanceof Fetched.Event event && event.lookUp()) {
                Source source = source(event.change());
                BsonValue id = id(event.change());
                LookUps.Found all = found.getOrDefault(source, LookUps.NOTHING);
                if (all.isUnread(id) && i > portion.from()) {
                    return i;
                }
                // The first one, asked for by itself, has room whatever its size.
                document = (all.isUnread(id) ? read(source, List.of(id), portion.newest()) : all).document(id);
            }
            next.take(fetched.get(i), document);
        }
        return portion.to();
    }

    private LookUps.Found read(Source source, List<BsonValue> ids, BsonTimestamp notBefore) {
        LookUps.Found found = reader.read(source.collection(), source.uuid(), ids, notBefore);
        if (found.size() > 0) {
            long mean = found.bytes() / found.size();
            // Large ones count at once, small ones only when they keep coming.
            bytes.merge(source.collection(), mean, (before, now) -> Math.max(now, (3 * before + now) / 4));
        }
        return found;
    }

    private static Source source(StreamEvent change) {
        return new Source(change.collection(), change.collectionUuid());
    }

    private static BsonValue id(StreamEvent change) {
        RawBsonDocument key = change.key();
        if (key == null) {
            throw new IllegalArgumentException("the change is of no document");
        }
        return ExactBson.id(key);
    }
}
