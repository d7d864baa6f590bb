package dev.sluice.source.mongo;

import com.mongodb.MongoCommandException;
import com.mongodb.MongoException;
import com.mongodb.ReadPreference;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.Sorts;
import dev.sluice.change.Watermark;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.BsonTimestamp;
import org.bson.conversions.Bson;
import org.jspecify.annotations.Nullable;

/// How far back the oplog goes of the server that answers. Any thread.
public final class Oplog {
    private static final Duration ANSWER_MAX = Duration.ofSeconds(10);

    private final MongoClient client;

    Oplog(MongoClient client) {
        this.client = client;
    }

    /// Where it begins, or why that is not known.
    public sealed interface Start {
        /// @param oldest the time of its oldest entry
        /// @param whole whether nothing has been dropped from it yet: it goes back to the day the replica set
        ///     was made, and holds whatever a position before that would need
        record At(BsonTimestamp oldest, boolean whole) implements Start {}

        /// @param reason what is missing, and what to do; a sentence or two
        record Unknown(String reason) implements Start {}
    }

    /// From the oldest entry to the newest.
    ///
    /// @param whole as for [Start.At]
    public record Window(Instant oldest, Instant newest, boolean whole) {
        public long seconds() {
            return Math.max(0, Duration.between(oldest, newest).toSeconds());
        }
    }

    /// Asks for the oldest entry. Does not throw.
    public Start start() {
        try {
            BsonDocument first = entry(Sorts.ascending("$natural"));
            return first != null && first.get("ts") instanceof BsonTimestamp ts
                    ? new Start.At(ts, isTheFirst(first))
                    : new Start.Unknown("The server shows no oplog: a router of a sharded cluster has none."
                            + " Watch the oplog of each shard.");
        } catch (MongoCommandException refused) {
            return new Start.Unknown("MongoDB refused to show its oplog (" + refused.getErrorCode() + " "
                    + refused.getErrorCodeName() + "). Give the user of MONGO_URI the right to read local.oplog.rs,"
                    + " such as the role read on the database local.");
        } catch (MongoException away) {
            return new Start.Unknown("MongoDB did not answer.");
        }
    }

    /// Empty where it can't be read.
    public Optional<Window> window() {
        try {
            BsonDocument last = entry(Sorts.descending("$natural"));
            return start() instanceof Start.At start && last != null && last.get("ts") instanceof BsonTimestamp newest
                    ? Optional.of(
                            new Window(MongoSource.instant(start.oldest()), MongoSource.instant(newest), start.whole()))
                    : Optional.empty();
        } catch (MongoException notReadable) {
            return Optional.empty();
        }
    }

    private @Nullable BsonDocument entry(Bson order) {
        MongoCollection<BsonDocument> oplog = client.getDatabase("local").getCollection("oplog.rs", BsonDocument.class);
        return oplog.find()
                .sort(order)
                .projection(Projections.include("ts", "op", "o.msg"))
                .maxTime(ANSWER_MAX.toMillis(), TimeUnit.MILLISECONDS)
                .first();
    }

    /// The note with which the oplog of every replica set begins.
    private static boolean isTheFirst(BsonDocument entry) {
        return new BsonString("n").equals(entry.get("op"))
                && entry.get("o") instanceof BsonDocument note
                && new BsonString("initiating set").equals(note.get("msg"));
    }

    /// Looks whether the oplog holds everything from a time on. Where it can't be read, nothing is said.
    ///
    /// @param time null where it is not known
    /// @param asked who asks for the time, as the beginning of a sentence: "Sluice was at"
    /// @throws SluiceException of kind HISTORY_LOST, with the gap, when it does not
    void requireHolds(@Nullable BsonTimestamp time, String asked) {
        if (time != null && start() instanceof Start.At start && !start.whole() && time.compareTo(start.oldest()) < 0) {
            throw lost(time, start.oldest(), asked);
        }
    }

    /// Whether the oplog goes back to a time and certainly has no operation of it. False where it can't be
    /// read. The primary's: a secondary may not have it yet.
    public boolean lacks(BsonTimestamp time) {
        try {
            return start() instanceof Start.At start
                    && time.compareTo(start.oldest()) >= 0
                    && client.getDatabase("local")
                                    .withReadPreference(ReadPreference.primary())
                                    .getCollection("oplog.rs", BsonDocument.class)
                                    .find(Filters.eq("ts", time))
                                    .projection(Projections.include("ts"))
                                    .maxTime(ANSWER_MAX.toMillis(), TimeUnit.MILLISECONDS)
                                    .first()
                            == null;
        } catch (MongoException notReadable) {
            return false;
        }
    }

    /// What is said when MongoDB refused a time for being older than its oplog.
    SluiceException lost(@Nullable BsonTimestamp time, String asked, MongoException refused) {
        if (time != null && start() instanceof Start.At start) {
            return lost(time, start.oldest(), asked);
        }
        return new SluiceException(
                FailureKind.HISTORY_LOST,
                asked + " " + (time == null ? "an unknown time" : MongoSource.instant(time))
                        + "; the oplog's oldest entry can't be read, so the gap is not known.",
                refused);
    }

    private static SluiceException lost(BsonTimestamp time, BsonTimestamp oldest, String asked) {
        long seconds = Math.max(1, Watermark.seconds(oldest) - Watermark.seconds(time));
        return new SluiceException(
                FailureKind.HISTORY_LOST,
                asked + " " + MongoSource.instant(time) + ", the oplog now starts at " + MongoSource.instant(oldest)
                        + ". Changes of " + seconds + " s are gone, deletes among them.");
    }
}
